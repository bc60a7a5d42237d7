//! A pasted text as lines that patterns can be held against: without colours, quote marks and odd blanks. It knows no error.

/// One line that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Which, from 1.
    pub(super) number: usize,
    /// Its text in plain characters, blanks folded.
    pub(super) plain: String,
    /// The same in ASCII lower case, byte for byte.
    pub(super) lowered: String,
    /// True of what ssh or sshd says only when asked for more (`debug1: …`).
    pub(super) is_debug: bool,
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let all = text.split(['\n', '\r']).enumerate().map(|(at, line)| (at + 1, plain(line)));
    all.filter(|(_, plain)| !plain.is_empty())
        .map(|(number, plain)| {
            let lowered = plain.to_ascii_lowercase();
            let is_debug = ["debug1:", "debug2:", "debug3:"].iter().any(|word| lowered.starts_with(word));
            Line { number, plain, lowered, is_debug }
        })
        .collect()
}

/// Without escape sequences and invisible characters; typographic quotes as plain ones; mail's quote marks gone.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '‘' | '’' | '‚' | '′' => out.push('\''),
            '“' | '”' | '„' | '″' => out.push('"'),
            '–' | '—' | '\u{2011}' => out.push('-'),
            c if c.is_whitespace() => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.trim_end().trim_start_matches(['>', '|', ' ']).to_owned()
}

/// Behind an escape: `[` and parameters up to a letter (ECMA-48, 5.4), `]` and a text up to its end, or one character.
fn skip_sequence(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => while chars.next().is_some_and(|c| !('\u{40}'..='\u{7e}').contains(&c)) {},
        Some(']') => while chars.next().is_some_and(|c| c != '\u{7}' && c != '\u{1b}') {},
        Some(_) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_a_person_read() {
        let text = "\u{1b}[31mERROR\u{1b}[0m 1130\n\n> > Host\u{a0}‘db’  is\r\ndebug1: x\n\u{1b}]0;t\u{7}y";
        let found: Vec<_> = lines(text).into_iter().map(|line| (line.number, line.plain, line.is_debug)).collect();
        let expected = [(1, "ERROR 1130", false), (3, "Host 'db' is", false), (5, "debug1: x", true), (6, "y", false)];
        assert_eq!(found, expected.map(|(number, text, debug)| (number, text.to_owned(), debug)));
    }

    #[test]
    fn lower_case_keeps_its_bytes() {
        for line in lines("İSTANBUL ẞ ÄÖ\n\u{fffd}\u{9b}31m") {
            assert_eq!(line.plain.len(), line.lowered.len());
        }
    }
}
