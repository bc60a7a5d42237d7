//! Bytes that a peer sent. The only way out is cleaned text, so nothing a server says can drive the terminal, a log or JSON.

/// Bytes from a server, a key's comment or any other stranger.
#[derive(Clone, PartialEq, Eq)]
pub struct Untrusted(Vec<u8>);

impl Untrusted {
    /// Takes over the bytes; nothing is lost yet.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// One line of at most `max` characters: lossy UTF-8; control characters (C0, DEL, C1), bidirectional controls,
    /// zero-width and tag characters, line and paragraph separators become visible escapes; white space is folded; a
    /// longer text ends in `…`.
    #[must_use]
    pub fn clean(&self, max: usize) -> String {
        let text = String::from_utf8_lossy(&self.0);
        let mut out = String::new();
        let mut count = 0;
        let mut blank = true;
        for c in text.trim().chars() {
            let piece = if matches!(c, '\n' | '\r' | '\t' | ' ') {
                if blank {
                    continue;
                }
                blank = true;
                " ".to_owned()
            } else {
                blank = false;
                if is_hostile(c) { c.escape_unicode().to_string() } else { c.to_string() }
            };
            count += piece.chars().count();
            if count > max {
                out.push('…');
                return out;
            }
            out.push_str(&piece);
        }
        out
    }

    /// True when nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Untrusted({:?})", self.clean(200))
    }
}

/// Characters that move the cursor, hide text or reorder it.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(Untrusted::new(*b"\x1b]52;c;QUJD\x07hi").clean(80), "\\u{1b}]52;c;QUJD\\u{7}hi");
        assert_eq!(Untrusted::new("a\u{202e}b\u{200b}").clean(80), "a\\u{202e}b\\u{200b}");
        assert_eq!(Untrusted::new("  one \r\n\r\n two\n").clean(80), "one two");
        assert_eq!(Untrusted::new(vec![0xe9, b'x', 0x9b]).clean(80), "\u{fffd}x\u{fffd}");
        assert_eq!(Untrusted::new("abcdef").clean(3), "abc…");
    }

    proptest! {
        #[test]
        fn nothing_hostile_survives(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let text = Untrusted::new(bytes).clean(120);
            prop_assert!(!text.chars().any(is_hostile));
            prop_assert!(text.chars().count() <= 121);
        }
    }
}
