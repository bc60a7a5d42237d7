//! A line's pattern: literal pieces in their order, with gaps between. `*` is a gap, `{name}` one that is kept, `^` and `$`
//! the ends of the line; case does not count. Everything else is literal: there is nothing here that can run away.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What the kept gaps held.
pub(super) type Captures = BTreeMap<String, String>;

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    starts: bool,
    ends: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// In lower case.
    Literal(String),
    Gap(Option<String>),
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        let text = text.to_ascii_lowercase();
        let (starts, text) = text.strip_prefix('^').map_or((false, text.as_str()), |rest| (true, rest));
        let (ends, mut rest) = text.strip_suffix('$').map_or((false, text), |rest| (true, rest));
        let mut pieces = Vec::new();
        let literal = |pieces: &mut Vec<Piece>, text: &str| {
            if !text.is_empty() {
                pieces.push(Piece::Literal(text.to_owned()));
            }
        };
        while let Some(at) = rest.find(['*', '{']) {
            let (before, after) = rest.split_at(at);
            literal(&mut pieces, before);
            if let Some(behind) = after.strip_prefix('*') {
                pieces.push(Piece::Gap(None));
                rest = behind;
            } else {
                let (name, behind) = after.get(1..).and_then(|inner| inner.split_once('}')).unwrap_or((after, ""));
                pieces.push(Piece::Gap(Some(name.to_owned())));
                rest = behind;
            }
        }
        literal(&mut pieces, rest);
        Self { pieces, starts, ends }
    }
}

impl Pattern {
    /// How many characters a text must share with it.
    pub(super) fn weight(&self) -> usize {
        self.literals().map(str::len).sum()
    }

    /// The longest literal piece: a text without it cannot match.
    pub(super) fn longest(&self) -> &str {
        self.literals().max_by_key(|piece| piece.len()).unwrap_or_default()
    }

    /// True of a pattern that is about a debug line.
    pub(super) fn reads_debug(&self) -> bool {
        self.literals().any(|piece| piece.contains("debug") || piece.contains("no mutual signature algorithm"))
    }

    fn literals(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Literal(text) => Some(text.as_str()),
            Piece::Gap(_) => None,
        })
    }

    /// What the kept gaps hold, where the line matches. Each piece is looked for from the left and never again: pieces
    /// that are there in their order are found so, whatever lies between.
    pub(super) fn find(&self, line: &str, lowered: &str) -> Option<Captures> {
        let mut captures = Captures::new();
        let mut at = 0;
        let mut open: Option<Option<&String>> = (!self.starts).then_some(None);
        let last = self.pieces.len().checked_sub(1)?;
        for (index, piece) in self.pieces.iter().enumerate() {
            let text = match piece {
                Piece::Gap(name) => {
                    open = Some(name.as_ref());
                    continue;
                }
                Piece::Literal(text) => text,
            };
            let rest = lowered.get(at..)?;
            let start = match open {
                None if rest.starts_with(text.as_str()) => 0,
                None => return None,
                Some(_) if self.ends && index == last => {
                    rest.len().checked_sub(text.len()).filter(|_| rest.ends_with(text.as_str()))?
                }
                Some(_) => rest.find(text.as_str())?,
            };
            keep(&mut captures, open, line.get(at..at + start));
            at += start + text.len();
            open = None;
        }
        match open {
            // A kept gap at the end is the next word.
            Some(name @ Some(_)) => keep(&mut captures, Some(name), line.get(at..).map(first_word)),
            Some(None) => {}
            None if self.ends && at != lowered.len() => return None,
            None => {}
        }
        Some(captures)
    }
}

fn keep(captures: &mut Captures, gap: Option<Option<&String>>, text: Option<&str>) {
    if let (Some(Some(name)), Some(text)) = (gap, text) {
        let bare = text.trim().trim_matches(['\'', '"', '`', '(', ')', ',', ';']).trim_end_matches(['.', ':']);
        captures.entry(name.clone()).or_insert_with(|| bare.to_owned());
    }
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn find(pattern: &str, line: &str) -> Option<Vec<(String, String)>> {
        let found = Pattern::from(pattern.to_owned()).find(line, &line.to_ascii_lowercase());
        found.map(|captures| captures.into_iter().collect())
    }

    #[track_caller]
    fn kept(pattern: &str, line: &str, expected: &[(&str, &str)]) {
        let owned: Vec<(String, String)> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(find(pattern, line), Some(owned), "{pattern} on {line}");
    }

    #[test]
    fn pieces_stand_in_their_order() {
        kept("open failed*refused", "channel 2: OPEN failed: Connection Refused", &[]);
        assert!(find("refused*open failed", "open failed: refused").is_none());
        kept(
            "host {host} port {port}: refused",
            "to HOST Db.Example port 22: refused",
            &[("host", "Db.Example"), ("port", "22")],
        );
        kept("lookup {host}", "lookup 'db.example', and more", &[("host", "db.example")]);
        kept("a*b*c", "xaxbxcx", &[]);
        assert!(find("a*b*c", "xaxcxbx").is_none());
    }

    #[test]
    fn ends_are_ends() {
        kept("^refused$", "refused", &[]);
        assert!(find("^refused$", "was refused").is_none());
        assert!(find("^refused$", "refused now").is_none());
        kept("refused$", "refused, and refused", &[]);
        kept("^{user}@{host}: refused", "ana@db: refused", &[("host", "db"), ("user", "ana")]);
        kept("^a*a$", "aa", &[]);
        assert!(find("^a*a$", "a").is_none());
    }

    proptest! {
        #[test]
        fn any_pattern_meets_any_line(pattern in r"[\^\$\*\{\}a-cé ]{0,20}", line in r"\PC{0,60}") {
            let lowered = line.to_ascii_lowercase();
            let _ = Pattern::from(pattern).find(&line, &lowered);
        }
    }
}
