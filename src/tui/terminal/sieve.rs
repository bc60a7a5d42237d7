//! A terminal's answer to the question for its background, picked out of the keys. The library that reads them takes the answer for
//! typed keys, and on a slow line it comes late: so it is never waited for, and what is no answer is handed on as it was typed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::tui::input::Input;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Ground;

/// What asks a terminal for its background (xterm, "OSC Ps ; Pt BEL" with Ps = 11).
pub(super) const QUESTION: &str = "\u{1b}]11;?\u{7}";

/// What an answer begins with, behind the introducer.
const HEAD: &str = "11;rgb";
/// Longer than any answer.
const LONGEST: usize = 40;

/// Between the keys and the screen.
pub(super) struct Sieve {
    /// An answer may come.
    expecting: Arc<AtomicBool>,
    /// Keys that may be the beginning of one.
    held: Vec<Key>,
    text: String,
    /// The last key was Esc: on a line that tears bytes apart it may be an introducer's.
    after_esc: bool,
}

impl Sieve {
    /// Looks for an answer only while one is expected.
    pub(super) fn new(expecting: Arc<AtomicBool>) -> Self {
        Self { expecting, held: Vec::new(), text: String::new(), after_esc: false }
    }

    /// What the screen is to know of this.
    pub(super) fn take(&mut self, input: Input) -> Vec<Input> {
        match input {
            Input::Key(key) if self.expecting.load(Ordering::SeqCst) => self.key(key),
            other => vec![other],
        }
    }

    fn key(&mut self, key: Key) -> Vec<Input> {
        let plain = key.text();
        if self.held.is_empty() {
            let introduced = key == ALT_BRACKET || (self.after_esc && plain == Some(']'));
            self.after_esc = key.code == Code::Esc;
            if !introduced {
                return vec![Input::Key(key)];
            }
            self.held.push(key);
            return Vec::new();
        }
        let torn = self.held.last().is_some_and(|last| last.code == Code::Esc);
        if key == Key::ctrl('g') || key == ALT_BACKSLASH || (torn && plain == Some('\\')) {
            return self.answered(key);
        }
        let fits = match plain {
            Some(c) => !torn && self.fits(c),
            // Perhaps the first half of a terminator.
            None => key.code == Code::Esc && !torn && self.text.len() > HEAD.len(),
        };
        self.held.push(key);
        if fits {
            self.text.extend(plain);
            return Vec::new();
        }
        self.hand_on()
    }

    fn fits(&self, c: char) -> bool {
        match HEAD.chars().nth(self.text.len()) {
            Some(expected) => c == expected,
            None => self.text.len() < LONGEST && (c.is_ascii_hexdigit() || matches!(c, ':' | '/')),
        }
    }

    fn answered(&mut self, last: Key) -> Vec<Input> {
        let ground = self.text.strip_prefix("11;").and_then(Ground::of_answer);
        let Some(ground) = ground else {
            self.held.push(last);
            return self.hand_on();
        };
        self.expecting.store(false, Ordering::SeqCst);
        self.held.clear();
        self.text.clear();
        vec![Input::Ground(ground)]
    }

    /// It was no answer.
    fn hand_on(&mut self) -> Vec<Input> {
        self.text.clear();
        self.held.drain(..).map(Input::Key).collect()
    }
}

const ALT_BRACKET: Key = Key { code: Code::Char(']'), ctrl: false, alt: true };
const ALT_BACKSLASH: Key = Key { code: Code::Char('\\'), ctrl: false, alt: true };

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve(expecting: bool) -> Sieve {
        Sieve::new(Arc::new(AtomicBool::new(expecting)))
    }

    /// Keys as the library makes them of bytes; an escape and the character behind it are one key.
    fn keys(text: &str) -> Vec<Input> {
        let mut out = Vec::new();
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            out.push(Input::Key(match c {
                '\u{1b}' => match chars.next() {
                    Some(c) => Key { code: Code::Char(c), ctrl: false, alt: true },
                    None => Key::plain(Code::Esc),
                },
                '\u{7}' => Key::ctrl('g'),
                // An escape that came by itself.
                '⎋' => Key::plain(Code::Esc),
                c => Key::char(c),
            }));
        }
        out
    }

    fn seen(sieve: &mut Sieve, text: &str) -> Vec<Input> {
        keys(text).into_iter().flat_map(|input| sieve.take(input)).collect()
    }

    #[test]
    fn an_answer_is_picked_out_of_what_is_typed_however_late_it_is() {
        for answer in [
            "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{7}",
            "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{1b}\\",
            "⎋]11;rgb:1E/1E/2E⎋\\",
            "\u{1b}]11;rgba:0000/0000/0000/ffff\u{7}",
        ] {
            let mut all = seen(&mut sieve(true), &format!("jk{answer}r"));
            all.retain(|input| *input != Input::Key(Key::plain(Code::Esc)));
            let typed = keys("jkr");
            let expected = [typed[0].clone(), typed[1].clone(), Input::Ground(Ground::Dark), typed[2].clone()].to_vec();
            assert_eq!(all, expected, "{answer:?}");
        }
        let light = seen(&mut sieve(true), "\u{1b}]11;rgb:ffff/ffff/ffff\u{7}");
        assert_eq!(light, [Input::Ground(Ground::Light)]);
    }

    #[test]
    fn what_is_no_answer_is_handed_on_as_it_was_typed() {
        for text in [
            "\u{1b}]x",
            "\u{1b}]11;rgx",
            "\u{1b}]11;rgb:zz",
            "\u{1b}]11;rgb:1e1e\u{7}j",
            "⎋]q",
            "⎋q",
            "⎋⎋j",
            "\u{1b}]1 1",
            "\u{1b}]11;rgb:1⎋q",
        ] {
            assert_eq!(seen(&mut sieve(true), text), keys(text), "{text:?}");
        }
        // Where nothing was asked, nothing is held back.
        let text = "\u{1b}]11;rgb:1e1e/1e1e/2e2e\u{7}";
        assert_eq!(seen(&mut sieve(false), text), keys(text));
        let mut sieve = sieve(true);
        assert_eq!(seen(&mut sieve, "\u{1b}]11;rgb:0/0/0\u{7}").len(), 1);
        assert_eq!(seen(&mut sieve, text), keys(text), "asked once, answered once");
    }

    proptest::proptest! {
        #[test]
        fn no_key_is_lost_and_none_is_made_up(text in "([\\]\u{7}\\\\;:/1rgb0-9a-f⎋]|\u{1b}[\\]\\\\x]){0,60}") {
            let mut sieve = sieve(true);
            let mut all = seen(&mut sieve, &text);
            proptest::prop_assume!(!all.iter().any(|input| matches!(input, Input::Ground(_))));
            all.extend(sieve.held.iter().copied().map(Input::Key));
            proptest::prop_assert_eq!(all, keys(&text));
        }
    }
}
