//! The demo under keys, pastes, clicks and sizes that come as fast as it takes them, as much as a person does in a minute and more.
//! The seed is fixed, so that what breaks it can be seen again.

use std::time::Duration;

use super::desk::Desk;
use super::whole;
use crate::support::{Adit, pace, soon, wait_until};

/// What a hasty person types in a minute, twice.
const STEPS: usize = 800;

/// Pseudo-random numbers (xorshift, Marsaglia, 2003).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// All but what leaves or suspends the program.
const KEYS: [&str; 60] = [
    "j",
    "k",
    "g",
    "G",
    "/",
    "?",
    ":",
    "T",
    "M",
    "E",
    "d",
    "e",
    "a",
    "y",
    "Y",
    "r",
    "x",
    "n",
    "i",
    "p",
    "c",
    "v",
    "w",
    "o",
    "O",
    "u",
    "R",
    "D",
    "J",
    "*",
    " ",
    "1",
    "2",
    "3",
    "4",
    "\t",
    "\u{1b}[Z",
    "\r",
    "\u{1b}",
    "\u{7f}",
    "\u{1b}[A",
    "\u{1b}[B",
    "\u{1b}[C",
    "\u{1b}[D",
    "\u{1b}[H",
    "\u{1b}[F",
    "\u{1b}[5~",
    "\u{1b}[6~",
    "\u{1b}[3~",
    "\u{4}",
    "\u{15}",
    "\u{17}",
    "ö",
    "日",
    "👩‍👩‍👧‍👦",
    "\u{1b}OP",
    "\u{1b}[200~two\nlines\u{7}\u{202e}\u{1b}[201~",
    "\u{1b}[<0;10;5M",
    "\u{1b}[<65;10;5M",
    "\u{1b}x",
];

#[test]
fn a_minute_of_random_keys_and_sizes_leaves_the_demo_whole() {
    let adit = Adit::new();
    // No client is found, so that no other program gets what is typed here.
    let script = "PATH=/nowhere; exec \"$@\"";
    let mut desk = Desk::script_with(&adit, script, &["demo"], 120, 40, &[("COLORTERM", "truecolor")]);
    desk.sees("[demo]");
    let mut dice = Dice(0x2026_0305);
    for step in 0..STEPS {
        desk.send(KEYS[dice.throw(KEYS.len())]);
        if step % 25 == 24 {
            desk.resize(u16::try_from(dice.throw(160)).unwrap() + 1, u16::try_from(dice.throw(50)).unwrap() + 1);
        }
    }
    desk.resize(120, 40);
    // Out of whatever is open; each is an escape by itself only when nothing follows it at once.
    let back = wait_until(soon(), || {
        desk.send("\u{1b}");
        pace(Duration::from_millis(30));
        desk.look(|screen| whole(screen, 120, 40))
    });
    assert!(back, "{}", desk.text());
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
