//! A field for a private key: the path of its file, or the key itself, which is pasted and never shown. It reads no file and does not
//! know what a key is beyond how one begins and ends.

use ratatui::text::{Line, Span};
use zeroize::Zeroizing;

use super::field::Field;
use crate::tui::key::{Code, Key};
use crate::tui::theme::{Role, Theme};

/// A longer text is not kept: no private key comes near.
const LONGEST: usize = 256 << 10;

/// Longer words are no file's name.
const FILE_NAME: usize = 60;

/// A path as far as it is typed, or a text that was pasted.
#[derive(Clone, Default)]
pub(crate) struct Pasted {
    field: Field,
    text: Option<Zeroizing<String>>,
    /// A terminal types the text letter by letter, instead of pasting it.
    typed: bool,
}

// The text is a private key.
impl std::fmt::Debug for Pasted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pasted").field("is_text", &self.text.is_some()).finish_non_exhaustive()
    }
}

impl Pasted {
    /// The path, or the text.
    pub(crate) fn value(&self) -> &str {
        self.text.as_deref().map_or_else(|| self.field.text().trim(), |text| text.as_str())
    }

    /// It is a text, which must be kept nowhere.
    pub(crate) fn is_text(&self) -> bool {
        self.text.is_some()
    }

    /// More was pasted than a key can be.
    pub(crate) fn is_too_long(&self) -> bool {
        self.text.as_ref().is_some_and(|text| text.len() > LONGEST)
    }

    /// Holds this path.
    pub(crate) fn set(&mut self, path: &str) {
        *self = Self { field: Field::of(path), text: None, typed: false };
    }

    /// A key that a terminal types line by line has begun and not ended, so that Enter ends a line of it.
    pub(crate) fn goes_on(&self) -> bool {
        let goes_on = |text: &Zeroizing<String>| !text.contains("-----END") && !text.contains("\nPrivate-MAC:");
        self.typed && self.text.as_ref().is_some_and(goes_on)
    }

    /// Handles a key; says whether it was one for the field.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        let Some(text) = &mut self.text else {
            let known = self.field.key(key);
            if is_beginning(self.field.text()) {
                let typed = Zeroizing::new(self.field.take());
                self.take(&typed);
                self.typed = true;
            }
            return known;
        };
        match (key.code, key.ctrl) {
            (Code::Char('u' | 'w'), true) | (Code::Backspace | Code::Delete, _) => {
                self.text = None;
                true
            }
            (Code::Enter, _) => {
                push(text, "\n");
                true
            }
            _ => match key.text() {
                Some(c) => {
                    push(text, c.encode_utf8(&mut [0; 4]));
                    true
                }
                None => false,
            },
        }
    }

    /// Takes what was pasted: a path, or whatever else it is.
    pub(crate) fn paste(&mut self, pasted: &str) {
        let line = pasted.trim();
        let is_path = line.lines().count() == 1
            && (line.starts_with(['/', '~', '\'', '"'])
                || (line.len() < FILE_NAME && !line.contains(char::is_whitespace)));
        if self.text.is_none() && is_path && !is_beginning(line) {
            self.field.paste(line);
        } else {
            // Another paste is another key.
            self.take(pasted);
        }
    }

    fn take(&mut self, text: &str) {
        self.field.take();
        // Made at once: growing it would leave copies behind.
        let mut kept = Zeroizing::new(String::with_capacity(text.len().clamp(8 << 10, LONGEST + 4)));
        push(&mut kept, text);
        (self.text, self.typed) = (Some(kept), false);
    }

    pub(crate) fn line(&self, width: usize, focus: bool, theme: &Theme) -> Line<'static> {
        let Some(text) = &self.text else {
            return if focus {
                self.field.line(width, theme)
            } else {
                Line::styled(super::text::cut(self.field.text(), width), theme.style(Role::Text))
            };
        };
        let lines = text.lines().filter(|line| !line.trim().is_empty()).count();
        let words = match (self.is_too_long(), lines) {
            (true, _) => "a text that is too long".to_owned(),
            (false, 1) => "pasted: 1 line, not shown".to_owned(),
            (false, lines) => format!("pasted: {lines} lines, not shown"),
        };
        let role = if focus { Role::Input } else { Role::Text };
        Line::from(Span::styled(super::text::cut(&words, width), theme.style(role)))
    }
}

/// Adds as much as is needed to see that it is too long.
fn push(text: &mut String, more: &str) {
    let room = (LONGEST + 4).saturating_sub(text.len());
    let end = (0..=room.min(more.len())).rev().find(|end| more.is_char_boundary(*end)).unwrap_or(0);
    text.push_str(more.get(..end).unwrap_or_default());
}

fn is_beginning(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("-----BEGIN") || text.starts_with("PuTTY-User-Key-File")
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n";

    #[test]
    fn a_path_is_a_path_and_anything_else_a_text() {
        for (pasted, is_text) in [
            ("~/.ssh/id_ed25519\n", false),
            ("/home/me/my keys/id", false),
            ("'/home/me/my keys/id' ", false),
            ("id_ed25519", false),
            (KEY, true),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\\nb3Bl\\n-----END OPENSSH PRIVATE KEY-----", true),
            ("ssh-ed25519 AAAA me", true),
            ("two\nlines", true),
        ] {
            let mut field = Pasted::default();
            field.paste(pasted);
            assert_eq!(field.is_text(), is_text, "{pasted:?}");
            assert!(!format!("{field:?}").contains("b3Bl"));
        }
    }

    #[test]
    fn a_terminal_may_type_the_key_and_enter_ends_its_lines() {
        let mut field = Pasted::default();
        for c in KEY.chars() {
            let key = if c == '\n' { Key::plain(Code::Enter) } else { Key::char(c) };
            assert!(c != '\n' || field.goes_on() || field.value().ends_with("-----"));
            field.key(key);
        }
        assert_eq!((field.value(), field.goes_on()), (KEY, false));
        field.key(Key::plain(Code::Backspace));
        assert_eq!((field.value(), field.is_text()), ("", false));
    }

    #[test]
    fn ten_megabytes_are_too_long_and_not_kept() {
        let mut field = Pasted::default();
        field.paste(&"😀\n".repeat(2 << 20));
        assert!(field.is_too_long() && field.value().len() < LONGEST + 8);
    }
}
