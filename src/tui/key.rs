//! Keys as adit knows them, independent of any terminal library: parse, print, compare.

use std::fmt;
use std::str::FromStr;

/// Which key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// A character, as typed.
    Char(char),
    /// Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Tabulator with shift.
    BackTab,
    /// Erases to the left.
    Backspace,
    /// Erases to the right.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// First.
    Home,
    /// Last.
    End,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// A function key.
    F(u8),
}

/// A key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With control.
    pub ctrl: bool,
    /// With alt.
    pub alt: bool,
}

impl Key {
    /// A key without modifiers.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false, alt: false }
    }

    /// A character without modifiers.
    #[must_use]
    pub const fn char(c: char) -> Self {
        Self::plain(Code::Char(c))
    }

    /// A character with control.
    #[must_use]
    pub const fn ctrl(c: char) -> Self {
        Self { code: Code::Char(c), ctrl: true, alt: false }
    }

    /// The character that a text field would take.
    #[must_use]
    pub fn text(&self) -> Option<char> {
        match self.code {
            Code::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

const NAMED: &[(&str, Code)] = &[
    ("enter", Code::Enter),
    ("esc", Code::Esc),
    ("tab", Code::Tab),
    ("backtab", Code::BackTab),
    ("backspace", Code::Backspace),
    ("delete", Code::Delete),
    ("up", Code::Up),
    ("down", Code::Down),
    ("left", Code::Left),
    ("right", Code::Right),
    ("home", Code::Home),
    ("end", Code::End),
    ("pageup", Code::PageUp),
    ("pagedown", Code::PageDown),
    ("space", Code::Char(' ')),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        if self.ctrl {
            text.push_str("ctrl-");
        }
        if self.alt {
            text.push_str("alt-");
        }
        match (NAMED.iter().find(|(_, code)| *code == self.code), self.code) {
            (Some((name, _)), _) => text.push_str(name),
            (None, Code::Char(c)) => text.push(c),
            (None, Code::F(number)) => text.push_str(&format!("f{number}")),
            (None, _) => {}
        }
        f.pad(&text)
    }
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key: write a character, a name such as enter, esc, space, up, f5, or ctrl-x, alt-x")]
pub struct KeyError(pub String);

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let error = || KeyError(text.chars().take(40).collect());
        let (mut rest, mut ctrl, mut alt) = (text, false, false);
        while let Some((head, tail)) = rest.split_once('-').filter(|(_, tail)| !tail.is_empty()) {
            match head.to_ascii_lowercase().as_str() {
                "ctrl" if !ctrl => ctrl = true,
                "alt" if !alt => alt = true,
                "shift" if tail.eq_ignore_ascii_case("tab") => return Ok(Self { code: Code::BackTab, ctrl, alt }),
                _ => break,
            }
            rest = tail;
        }
        let mut chars = rest.chars();
        let code = match (chars.next(), chars.next()) {
            // A terminal sends the same for both.
            (Some(c), None) if ctrl && c.is_ascii_uppercase() => Code::Char(c.to_ascii_lowercase()),
            (Some(' '), None) => return Err(error()),
            (Some(c), None) if !c.is_control() => Code::Char(c),
            _ => named(&rest.to_ascii_lowercase()).ok_or_else(error)?,
        };
        // What a terminal sends for these is another key.
        let sent = match code {
            Code::Char('i') if ctrl && !alt => Some(Code::Tab),
            Code::Char('m') if ctrl && !alt => Some(Code::Enter),
            Code::Char('[') if ctrl && !alt => Some(Code::Esc),
            _ => None,
        };
        Ok(sent.map_or(Self { code, ctrl, alt }, Self::plain))
    }
}

fn named(name: &str) -> Option<Code> {
    let alias = match name {
        "escape" => "esc",
        "return" => "enter",
        "del" => "delete",
        "pgup" => "pageup",
        "pgdn" | "pgdown" => "pagedown",
        other => other,
    };
    let function = || name.strip_prefix('f').and_then(|n| n.parse().ok()).filter(|n| (1..=12).contains(n)).map(Code::F);
    NAMED.iter().find(|(name, _)| *name == alias).map(|(_, code)| *code).or_else(function)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_print_as_they_parse() {
        for text in ["a", "G", "/", "?", "space", "enter", "ctrl-c", "alt-x", "f5", "pagedown", "ctrl-space", "-"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        for (text, same) in [
            ("Ctrl-D", "ctrl-d"),
            ("F5", "f5"),
            ("Escape", "esc"),
            ("shift-tab", "backtab"),
            ("ctrl-i", "tab"),
            ("alt--", "alt--"),
        ] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), same);
        }
        for bad in ["", " ", "ctrl-", "hyper-x", "f13", "entr", "\u{7}", "ctrl-ctrl-x", "ab"] {
            assert!(bad.parse::<Key>().is_err(), "{bad:?}");
        }
    }
}
