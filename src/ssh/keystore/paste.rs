//! What editors, mails, forms and variables do to a private key's text, undone and named. It decodes no key and judges none.

use zeroize::Zeroizing;

/// Something that was wrong with the text around a key, and was set right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mended {
    /// A byte order mark in front.
    ByteOrderMark,
    /// UTF-16, as PowerShell writes it.
    Utf16,
    /// Windows or old Macintosh line ends.
    LineEnds,
    /// Characters that nobody sees: zero-width ones, non-breaking blanks.
    Invisible,
    /// Quotation marks around it.
    Quotes,
    /// `\n` written out instead of line breaks.
    WrittenOut,
    /// `>` in front of every line, as in an answered mail.
    Citation,
    /// Blanks before or inside lines.
    Blanks,
    /// All in one line.
    OneLine,
    /// Dashes that are none, or not five of them.
    Dashes,
    /// Text before or behind the key.
    Surroundings,
    /// The line that ends the key is not there.
    LastLine,
    /// The last line has no end.
    LastLineEnd,
}

impl Mended {
    /// What it was, as part of a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ByteOrderMark => "a byte order mark",
            Self::Utf16 => "UTF-16 instead of UTF-8",
            Self::LineEnds => "Windows line ends (CRLF)",
            Self::Invisible => "invisible characters",
            Self::Quotes => "quotation marks around it",
            Self::WrittenOut => "\\n written out instead of line breaks",
            Self::Citation => "> in front of its lines",
            Self::Blanks => "blanks in front of or inside its lines",
            Self::OneLine => "all of it in one line",
            Self::Dashes => "wrong dashes in its first or last line",
            Self::Surroundings => "text around it, which is left out",
            Self::LastLine => "the missing last line (-----END …)",
            Self::LastLineEnd => "the missing end of its last line",
        }
    }
}

/// A text set right.
pub(super) struct Tidy {
    /// The key alone where there is one; else the whole text.
    pub(super) text: Zeroizing<String>,
    /// What was set right, in order.
    pub(super) mended: Vec<Mended>,
    /// How many private keys were in it.
    pub(super) keys: usize,
}

const PPK: &str = "PuTTY-User-Key-File-";
/// The last line of PuTTY's format.
const PPK_END: &str = "Private-MAC:";

/// Sets a text right.
pub(super) fn mend(bytes: &[u8]) -> Tidy {
    let mut mended = Vec::new();
    let text = visible(decoded(bytes, &mut mended), &mut mended);
    let text = line_breaks(without_quotes(text, &mut mended), &mut mended);
    let text = uncited(text, &mut mended);
    let marks = marks(&text);
    let begins: Vec<&Mark> = marks.iter().filter(|mark| mark.begins && is_private(&mark.label)).collect();
    let putty = text.lines().filter(|line| line.trim_start().starts_with(PPK)).count();
    let keys = begins.len() + putty;
    let text = match (keys, begins.first()) {
        // The format of ssh.com has its own marks.
        (1, Some(begin)) if begin.label.starts_with("SSH2 ") => text,
        (1, Some(begin)) => pem(&text, begin, &marks, &mut mended),
        (1, None) => ppk(&text, &mut mended),
        _ => text,
    };
    mended.sort_unstable();
    mended.dedup();
    Tidy { text, mended, keys }
}

fn is_private(label: &str) -> bool {
    label.ends_with("PRIVATE KEY")
}

fn decoded(bytes: &[u8], mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        Zeroizing::new(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
    };
    let narrow = |bytes: &[u8]| Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
    match bytes {
        [0xff, 0xfe, rest @ ..] => {
            mended.push(Mended::Utf16);
            wide(rest, u16::from_le_bytes)
        }
        [0xfe, 0xff, rest @ ..] => {
            mended.push(Mended::Utf16);
            wide(rest, u16::from_be_bytes)
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            mended.push(Mended::ByteOrderMark);
            narrow(rest)
        }
        plain => narrow(plain),
    }
}

/// Without characters that nobody sees, and with blanks that are blanks. A carriage return ends a line.
fn visible(text: Zeroizing<String>, mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let mut clear = Zeroizing::new(String::with_capacity(text.len()));
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                mended.push(Mended::LineEnds);
                if chars.peek() != Some(&'\n') {
                    clear.push('\n');
                }
            }
            '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => mended.push(Mended::Invisible),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => {
                mended.push(Mended::Invisible);
                clear.push(' ');
            }
            c => clear.push(c),
        }
    }
    clear
}

fn without_quotes(text: Zeroizing<String>, mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '„');
    let bare = text.trim();
    let inner = bare.trim_start_matches(quote);
    let inner = match inner.trim_end_matches([',', ';']) {
        // What ends a value in a list counts only behind a quotation mark.
        value if value.ends_with(quote) => value.trim_end_matches(quote),
        _ => inner.trim_end_matches(quote),
    };
    if inner.len() == bare.len() {
        return text;
    }
    mended.push(Mended::Quotes);
    Zeroizing::new(format!("{inner}\n"))
}

/// `\n` becomes a line break where the first line of a key goes on behind one.
fn line_breaks(text: Zeroizing<String>, mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let first = text.lines().find(|line| line.contains("PRIVATE KEY") || line.contains(PPK));
    if !first.is_some_and(|line| line.contains("\\n")) {
        return text;
    }
    mended.push(Mended::WrittenOut);
    let text = Zeroizing::new(text.replace("\\r\\n", "\n"));
    let text = Zeroizing::new(text.replace("\\n", "\n"));
    // JSON may write a slash this way.
    Zeroizing::new(text.replace("\\/", "/"))
}

fn uncited(text: Zeroizing<String>, mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let mut lines = text.lines().map(str::trim_start).filter(|line| !line.is_empty()).peekable();
    if lines.peek().is_none() || !lines.all(|line| line.starts_with('>')) {
        return text;
    }
    mended.push(Mended::Citation);
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.lines() {
        let line = line.trim_start().trim_start_matches('>');
        bare.push_str(line.strip_prefix(' ').unwrap_or(line));
        bare.push('\n');
    }
    bare
}

/// `-----BEGIN LABEL-----` or `-----END LABEL-----`, however its dashes look.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    /// Where its dashes begin, and where they end, in bytes.
    at: std::ops::Range<usize>,
    begins: bool,
    label: String,
    /// It has five dashes on both sides.
    exact: bool,
}

fn is_dash(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{ff0d}')
}

fn marks(text: &str) -> Vec<Mark> {
    let mut found: Vec<Mark> = Vec::new();
    let mut from = 0;
    while let Some((at, begins)) = next_word(text, from) {
        let word = if begins { "BEGIN " } else { "END " };
        from = at + word.len();
        let (Some(before), Some(behind)) = (text.get(..at), text.get(from..)) else { break };
        let bare = before.trim_end_matches(' ').trim_end_matches(is_dash);
        let label_end = behind.find(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == ' '));
        let (label, rest) = behind.split_at(label_end.unwrap_or(behind.len()));
        let tail = rest.trim_start_matches(is_dash);
        if bare.len() == before.trim_end_matches(' ').len() || tail.len() == rest.len() || label.trim().is_empty() {
            continue;
        }
        let end = from + label.len() + (rest.len() - tail.len());
        let exact = before.get(bare.len()..) == Some("-----") && rest.get(..rest.len() - tail.len()) == Some("-----");
        // Two marks in one line share the dashes between them.
        let start = found.last().map_or(bare.len(), |last| bare.len().max(last.at.end.min(at)));
        found.push(Mark { at: start..end, begins, label: label.trim().to_owned(), exact });
    }
    found
}

/// The next `BEGIN ` or `END `.
fn next_word(text: &str, from: usize) -> Option<(usize, bool)> {
    let rest = text.get(from..)?;
    let begin = rest.find("BEGIN ").map(|at| (from + at, true));
    let end = rest.find("END ").map(|at| (from + at, false));
    begin.into_iter().chain(end).min()
}

/// The key between its marks, a line a line.
fn pem(text: &str, begin: &Mark, marks: &[Mark], mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let label = &begin.label;
    let later = || marks.iter().filter(|mark| mark.at.start >= begin.at.end);
    let end = later().find(|mark| !mark.begins && is_private(&mark.label));
    let stop = end.or_else(|| later().next()).map_or(text.len(), |mark| mark.at.start);
    let body = text.get(begin.at.end..stop).unwrap_or_default();
    let before = text.get(..begin.at.start).unwrap_or_default();
    let behind = end.and_then(|mark| text.get(mark.at.end..)).unwrap_or_default();
    if !before.trim().is_empty() || !behind.trim().is_empty() {
        mended.push(Mended::Surroundings);
    }
    if before
        .lines()
        .next_back()
        .is_some_and(|line| !line.is_empty() && line.trim().is_empty() && !before.ends_with('\n'))
    {
        mended.push(Mended::Blanks);
    }
    match end {
        None => mended.push(Mended::LastLine),
        Some(end) if !end.exact => mended.push(Mended::Dashes),
        Some(_) if behind.is_empty() => mended.push(Mended::LastLineEnd),
        Some(_) => {}
    }
    if !begin.exact {
        mended.push(Mended::Dashes);
    }
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 64));
    out.push_str(&format!("-----BEGIN {label}-----\n"));
    if body.contains('\n') {
        lines(body, &mut out, mended);
    } else {
        mended.push(Mended::OneLine);
        one_line(body, &mut out);
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Lines of base64 have no blanks; the headers of the old PEM format (RFC 1421) do.
fn lines(body: &str, out: &mut String, mended: &mut Vec<Mended>) {
    for line in body.lines().filter(|line| !line.trim().is_empty()) {
        let tidy = line.trim();
        if tidy.contains(':') {
            if line.starts_with(char::is_whitespace) {
                mended.push(Mended::Blanks);
            }
            out.push_str(tidy);
        } else {
            if tidy.len() != line.trim_end().len() || tidy.contains(char::is_whitespace) {
                mended.push(Mended::Blanks);
            }
            out.extend(tidy.split_whitespace());
        }
        out.push('\n');
    }
}

/// A body whose line breaks were lost: headers are pairs of words, the rest is base64.
fn one_line(body: &str, out: &mut String) {
    let mut words = body.split_whitespace().peekable();
    while let Some(name) = words.next_if(|word| word.ends_with(':')) {
        out.push_str(name);
        if let Some(value) = words.next() {
            out.push(' ');
            out.push_str(value);
        }
        out.push('\n');
    }
    if words.peek().is_some() {
        out.extend(words);
        out.push('\n');
    }
}

/// A key in PuTTY's format, from its first line to its last. Blanks at the ends of lines belong to it.
fn ppk(text: &str, mended: &mut Vec<Mended>) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 1));
    let mut complete = false;
    for line in text.lines() {
        let tidy = line.trim_start();
        let inside = (tidy.starts_with(PPK) || !out.is_empty()) && !complete;
        if !inside {
            if !tidy.is_empty() {
                mended.push(Mended::Surroundings);
            }
            continue;
        }
        if tidy.is_empty() {
            continue;
        }
        if tidy.len() != line.len() {
            mended.push(Mended::Blanks);
        }
        // An empty comment ends in a blank that editors take away.
        out.push_str(if tidy.trim_end() == "Comment:" { "Comment: " } else { tidy });
        out.push('\n');
        complete = tidy.starts_with(PPK_END);
    }
    if !complete {
        mended.push(Mended::LastLine);
    } else if !text.ends_with('\n') {
        mended.push(Mended::LastLineEnd);
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz\naC1rZXkt\n-----END OPENSSH PRIVATE KEY-----\n";

    fn of(text: &str) -> (String, Vec<Mended>) {
        let tidy = mend(text.as_bytes());
        assert_eq!(tidy.keys, 1, "{text:?}");
        (tidy.text.to_string(), tidy.mended)
    }

    #[test]
    fn a_tidy_key_is_left_alone() {
        assert_eq!(of(KEY), (KEY.to_owned(), Vec::new()));
        let pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\nAAAA\n\
                   -----END RSA PRIVATE KEY-----\n";
        assert_eq!(of(pem), (pem.to_owned(), Vec::new()));
        let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nComment: \nPrivate-MAC: 00\n";
        assert_eq!(of(putty), (putty.to_owned(), Vec::new()));
        let short = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n";
        assert_eq!(of(short), (short.to_owned(), Vec::new()));
    }

    #[test]
    fn what_happens_to_keys_on_their_way_is_undone_and_named() {
        use Mended::*;
        let cases: Vec<(String, Vec<Mended>)> = vec![
            (KEY.replace('\n', "\r\n"), vec![LineEnds]),
            (KEY.replace('\n', "\r"), vec![LineEnds]),
            (format!("\u{feff}{KEY}"), vec![ByteOrderMark]),
            (KEY.trim_end().to_owned(), vec![LastLineEnd]),
            (KEY.trim_end().replace('\n', "\\n"), vec![WrittenOut, LastLineEnd]),
            (KEY.replace('\n', "\\n"), vec![WrittenOut]),
            (format!("\"{}\"", KEY.replace('\n', "\\n")), vec![Quotes, WrittenOut]),
            (format!("'{}',\n", KEY.trim_end()), vec![Quotes]),
            (format!("\"{}\"", KEY.replace('\n', "\\r\\n")), vec![Quotes, WrittenOut]),
            (KEY.lines().map(|line| format!("    {line}\n")).collect(), vec![Blanks]),
            (KEY.lines().map(|line| format!("\t{line} \n")).collect(), vec![Blanks]),
            (KEY.lines().map(|line| format!("> {line}\n")).collect(), vec![Citation]),
            (KEY.replace("-----", "—"), vec![Dashes]),
            (KEY.replace("-----BEGIN", "----BEGIN"), vec![Dashes]),
            (KEY.replace("b3Bl", "b3\u{200b}Bl"), vec![Invisible]),
            (KEY.replace("b3Bl", "b3\u{a0}Bl"), vec![Invisible, Blanks]),
            (format!("Hello, here it is:\n\n{KEY}\nBest wishes\n"), vec![Surroundings]),
            (format!("KEY={KEY}"), vec![Surroundings]),
            (KEY.replace("-----END OPENSSH PRIVATE KEY-----\n", ""), vec![LastLine]),
            (KEY.replace("\nb3", "\n\nb3"), vec![]),
        ];
        for (text, mended) in cases {
            assert_eq!(of(&text), (KEY.to_owned(), mended), "{text:?}");
        }
        let wide: Vec<u8> = [0xfeff].into_iter().chain(KEY.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let tidy = mend(&wide);
        assert_eq!((tidy.text.as_str(), tidy.mended), (KEY, vec![Utf16]));
        let joined = KEY.replace("Nz\n", "Nz");
        assert_eq!(of(&KEY.trim_end().replace('\n', " ")), (joined, vec![OneLine, LastLineEnd]));
    }

    #[test]
    fn headers_of_the_old_format_survive_one_line() {
        let text = "-----BEGIN RSA PRIVATE KEY----- Proc-Type: 4,ENCRYPTED DEK-Info: AES-128-CBC,00 AAAA BBBB \
                    -----END RSA PRIVATE KEY-----\n";
        let tidy = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\nAAAABBBB\n\
                    -----END RSA PRIVATE KEY-----\n";
        assert_eq!(of(text), (tidy.to_owned(), vec![Mended::OneLine]));
    }

    #[test]
    fn a_key_without_a_body_stays_without_one() {
        for (body, tidy) in [(" ", ""), (" Proc-Type: ", "Proc-Type:\n")] {
            let text = format!("-----BEGIN RSA PRIVATE KEY-----{body}-----END RSA PRIVATE KEY-----\n");
            let tidy = format!("-----BEGIN RSA PRIVATE KEY-----\n{tidy}-----END RSA PRIVATE KEY-----\n");
            assert_eq!(of(&text), (tidy.clone(), vec![Mended::OneLine]));
            assert_eq!(of(&tidy), (tidy, vec![]));
        }
    }

    #[test]
    fn puttys_format_keeps_its_blanks() {
        let putty = "PuTTY-User-Key-File-3: ssh-ed25519\nComment: \nPrivate-MAC: 00\n";
        assert_eq!(of(&putty.replace(": \n", ":\n")).0, putty);
        let untidy: String = putty.lines().map(|line| format!("  {line}\r\n")).collect();
        assert_eq!(of(&untidy), (putty.to_owned(), vec![Mended::LineEnds, Mended::Blanks]));
        assert_eq!(of(&putty.replace('\n', "\\n")), (putty.to_owned(), vec![Mended::WrittenOut]));
        let path = "PuTTY-User-Key-File-3: ssh-ed25519\nComment: C:\\new\nPrivate-MAC: 00\n";
        assert_eq!(of(path), (path.to_owned(), Vec::new()));
    }

    #[test]
    fn keys_are_counted_and_parameters_are_none() {
        let count = |text: &str| mend(text.as_bytes()).keys;
        assert_eq!(count(&format!("{KEY}{KEY}")), 2);
        assert_eq!(count(&format!("{}{}", KEY.trim_end(), KEY)), 2);
        assert_eq!(count(&format!("{KEY}PuTTY-User-Key-File-3: ssh-rsa\n")), 2);
        assert_eq!(count("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), 0);
        assert_eq!(count(""), 0);
        let (text, mended) = of(&format!(
            "-----BEGIN EC PARAMETERS-----\nBggq\n-----END EC PARAMETERS-----\n{}",
            KEY.replace("OPENSSH", "EC")
        ));
        assert_eq!((text, mended), (KEY.replace("OPENSSH", "EC"), vec![Mended::Surroundings]));
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "([-–]{0,6}|BEGIN |END |RSA |PRIVATE KEY|PuTTY-User-Key-File-|Private-MAC:|\\\\n|[>\" \r\n]|\\PC){0,40}") {
            let _ = mend(text.as_bytes());
        }

        #[test]
        fn mending_twice_mends_nothing(text in "[ \t]{0,3}(-----BEGIN RSA PRIVATE KEY-----)[ \r\n]{1,2}[A-Za-z0-9+/: \n]{0,60}(-----END RSA PRIVATE KEY-----)?[ \n\"]{0,3}") {
            let once = mend(text.as_bytes());
            let again = mend(once.text.as_bytes());
            prop_assert_eq!(&*once.text, &*again.text);
        }
    }
}
