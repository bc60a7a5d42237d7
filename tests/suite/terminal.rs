//! The screen in a real terminal: what it shows there, and that the terminal is given back on every way out.

mod changes;
mod clients;
mod copying;
pub(crate) mod desk;
mod diagnosis;
mod keys;
mod looks;
mod random;
mod service;
mod ways_out;
mod wizard;

use std::time::Duration;

use vt100::{Color, MouseProtocolMode, Screen};

use crate::support::output::finish;
use crate::support::{Adit, wait_until};
use desk::Desk;

fn demo(width: u16, height: u16) -> (Adit, Desk) {
    let adit = Adit::new();
    let desk = Desk::open(&adit, &["demo"], width, height);
    desk.sees("[demo]");
    (adit, desk)
}

/// The frame stands at all four sides, with head and foot.
fn whole(screen: &Screen, width: u16, height: u16) -> bool {
    let at = |row, column| screen.cell(row, column).map(|cell| cell.contents().to_owned()).unwrap_or_default();
    let lines: Vec<String> = screen.rows(0, width).collect();
    at(1, 0) == "╭"
        && at(1, width - 1) == "╮"
        && at(height - 2, 0) == "╰"
        && at(height - 2, width - 1) == "╯"
        && lines.first().is_some_and(|line| line.contains("adit"))
        && lines.last().is_some_and(|line| line.contains("q quit"))
}

/// The bytes a second behind a label, as far as the screen shows them.
fn rate(screen: &Screen, label: &str) -> Option<String> {
    let contents = screen.contents();
    let line = contents.lines().find(|line| line.contains(label))?;
    let words: Vec<&str> = line.split_whitespace().collect();
    let unit = words.iter().rposition(|word| word.ends_with("B/s"))?;
    Some(format!("{} {}", words.get(unit.checked_sub(1)?)?, words.get(unit)?))
}

#[test]
fn the_demo_shows_traffic_and_names_its_faults() {
    let (adit, mut desk) = demo(120, 40);
    for words in ["key refused", "forward prohibited", "target refused", "wrong protocol", "host key changed"] {
        desk.sees(words);
    }
    for name in ["orders", "billing", "cache", "reports", "events", "payroll", "archive"] {
        desk.sees(name);
    }
    // The selection is on something that moves from the first moment.
    desk.wait("traffic", |screen| rate(screen, "from db").is_some_and(|rate| rate != "0 B/s"));
    let first = desk.look(|screen| rate(screen, "from db"));
    desk.wait("other traffic", |screen| rate(screen, "from db") != first);
    // Nothing of the person's was touched.
    assert!(!adit.home().exists());
    assert_eq!(std::fs::read_dir(adit.user_home()).unwrap().count(), 0);
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn a_storm_of_sizes_leaves_a_whole_screen() {
    let (_adit, mut desk) = demo(80, 24);
    for turn in 0..300_u16 {
        desk.resize(1 + turn * 37 % 200, 1 + turn * 17 % 60);
    }
    desk.resize(1, 1);
    desk.resize(500, 200);
    for (width, height) in [(80, 24), (120, 40)] {
        desk.resize(width, height);
        desk.wait("the whole screen", |screen| whole(screen, width, height));
    }
    // Some lines do not know their size at first.
    desk.resize_to_nothing();
    desk.resize(90, 30);
    desk.wait("the whole screen", |screen| whole(screen, 90, 30));
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

/// The parameters of every "select graphic rendition" (ECMA-48, 8.3.117) that was written.
fn renditions(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw);
    let sequences = text.split("\u{1b}[").skip(1);
    sequences
        .filter_map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
            rest[end..].starts_with('m').then(|| rest[..end].to_owned())
        })
        .collect()
}

/// How many lines of the list are drawn in reverse from side to side.
fn marked(screen: &Screen) -> usize {
    let row = |row: u16| (1..79).filter_map(move |column| screen.cell(row, column));
    let is_marked = |y: &u16| row(*y).any(|cell| cell.has_contents()) && row(*y).all(|cell| cell.inverse());
    (3..8).filter(is_marked).count()
}

#[test]
fn without_colours_the_selected_line_is_still_seen() {
    let adit = Adit::new();
    let mut desk = Desk::with(&adit, &["demo"], 80, 24, &[("NO_COLOR", "1"), ("COLORTERM", "truecolor")]);
    desk.sees("billing");
    desk.send("j?");
    desk.sees("Help");
    desk.send("\u{1b}");
    desk.wait("the help is gone", |screen| !screen.contents().contains("Help"));
    for rendition in renditions(&desk.raw()) {
        for parameter in rendition.split([';', ':']) {
            let number: u32 = parameter.parse().unwrap_or(0);
            let coloured = matches!(number, 30..=38 | 40..=48 | 58 | 90..=107);
            assert!(!coloured, "a colour was written: {rendition}");
        }
    }
    desk.wait("one line is marked", |screen| marked(screen) == 1);
    assert!(desk.look(|screen| screen.cell(3, 3).is_some_and(|cell| cell.fgcolor() == Color::Default)));
    desk.send("q");
    desk.ended();
}

#[test]
fn where_nothing_can_be_drawn_it_says_so_and_prints() {
    let adit = Adit::new();
    // A terminal that cannot move its cursor.
    let mut desk = Desk::with(&adit, &["demo", "--for", "2"], 200, 100, &[("TERM", "dumb")]);
    assert_eq!(desk.ended().code(), Some(0));
    desk.sees("this terminal cannot be drawn on (TERM)");
    desk.sees("key_refused");
    assert!(!desk.raw().contains(&0x1b), "no escape");
    let mut desk = Desk::with(&adit, &[], 200, 24, &[("TERM", "dumb")]);
    assert_eq!(desk.ended().code(), Some(0));
    desk.sees("this terminal cannot be drawn on (TERM); here is the plain status");
    desk.sees("there are no tunnels yet");
    // No terminal at all.
    let printed = finish(adit.command(&["demo", "--for", "2"]), "").expect(0);
    assert!(printed.stderr.contains("there is no terminal to draw on"), "{}", printed.stderr);
    assert!(printed.stdout.lines().count() >= 9, "{}", printed.stdout);
    assert!(printed.stdout.contains("orders") && printed.stdout.contains("key_refused"), "{}", printed.stdout);
    assert!(!printed.stdout.contains('\u{1b}') && !printed.stderr.contains('\u{1b}'));
    let plain = finish(adit.command(&[]), "").expect(0);
    assert!(plain.stderr.contains("there is no terminal to draw on"), "{}", plain.stderr);
    assert_eq!(plain.stdout, "");
}

#[test]
fn an_idle_screen_writes_next_to_nothing() {
    let adit = Adit::new();
    let mut desk = Desk::open(&adit, &[], 120, 40);
    desk.sees("No tunnels yet");
    let before = desk.raw().len();
    // Three ticks.
    assert!(!wait_until(Duration::from_secs(3), || desk.raw().len() > before + 2_000), "a whole screen was written");
    desk.send("q");
    desk.ended();
}

#[test]
fn the_configured_theme_and_mouse_are_there_from_the_start() {
    let adit = Adit::new();
    let colours = [("COLORTERM", "truecolor")];
    let ground = |screen: &Screen| screen.cell(10, 10).map(vt100::Cell::bgcolor);
    let mut desk = Desk::with(&adit, &[], 80, 24, &colours);
    desk.sees("No tunnels yet");
    desk.wait("no ground of its own", |screen| ground(screen) == Some(Color::Default));
    desk.wait("the mouse", |screen| screen.mouse_protocol_mode() != MouseProtocolMode::None);
    desk.send("q");
    desk.ended();
    adit.write_config("[preferences]\ntheme = \"catppuccin-latte\"\nmouse = false\n");
    let mut desk = Desk::with(&adit, &[], 80, 24, &colours);
    desk.sees("No tunnels yet");
    // The palette's base.
    desk.wait("its ground", |screen| ground(screen) == Some(Color::Rgb(0xef, 0xf1, 0xf5)));
    assert_eq!(desk.look(Screen::mouse_protocol_mode), MouseProtocolMode::None);
    desk.send("M");
    desk.sees("mouse on");
    desk.wait("the mouse", |screen| screen.mouse_protocol_mode() != MouseProtocolMode::None);
    desk.send("q");
    desk.ended();
    desk.is_given_back();
    // With sixteen colours only its accents are left, on the terminal's own background.
    let mut desk = Desk::with(&adit, &[], 80, 24, &[("TERM", "linux")]);
    desk.sees("No tunnels yet");
    desk.wait("no ground of its own", |screen| ground(screen) == Some(Color::Default));
    desk.send("q");
    desk.ended();
}

#[test]
fn wrong_themes_are_told_and_the_default_is_drawn() {
    let adit = Adit::new();
    std::fs::create_dir_all(adit.path("themes")).unwrap();
    let ground = |screen: &Screen| screen.cell(10, 10).map(vt100::Cell::bgcolor);
    let broken = ("name = ", "themes/mine.toml:1: ");
    let binary = ("\u{1b}[2J\u{7}", "themes/mine.toml:1: ");
    let own = ("parent = \"mine\"", "themes/mine.toml:1: it names itself as its parent");
    for (text, told) in [broken, binary, own] {
        std::fs::write(adit.path("themes/mine.toml"), text).unwrap();
        adit.write_config("[preferences]\ntheme = \"mine\"\n");
        let mut desk = Desk::open(&adit, &[], 80, 24);
        desk.sees(told);
        desk.sees("No tunnels yet");
        assert_eq!(desk.look(ground), Some(Color::Default), "{text:?}");
        // The next key takes the words away.
        desk.send("j");
        desk.wait("the whole screen", |screen| whole(screen, 80, 24));
        desk.send("q");
        assert_eq!(desk.ended().code(), Some(0));
        desk.is_given_back();
    }
    adit.write_config("[preferences]\ntheme = \"mnoo\"\nmouse = false\n");
    let mut desk = Desk::open(&adit, &[], 120, 24);
    desk.sees("preferences.theme: there is no theme \"mnoo\"; did you mean \"mono\"?");
    assert_eq!(desk.look(Screen::mouse_protocol_mode), MouseProtocolMode::None, "the rest counts");
    desk.send("jq");
    assert_eq!(desk.ended().code(), Some(0));
}

#[test]
fn control_characters_in_a_hand_written_configuration_stay_harmless() {
    let adit = Adit::new();
    let named = "[bastions.\"a\\u001b[2J\\u0007\\u009b31m\"]\nhost = \"h\\u001b]0;title\\u0007\"\nuser = \"u\\u0008\"\nkey = \"k\"\n\
                 [tunnels.\"t\\u001b[?1049l\"]\nbastion = \"b\\u001bc\"\ndatabase = \"\\u001b[31mpostgres\"\nhost = \"h\"\n\
                 [preferences]\ntheme = \"\\u001b[?25h\"\n";
    adit.write_config(named);
    let mut desk = Desk::open(&adit, &[], 120, 30);
    desk.sees("configuration not in force");
    desk.wait("the frame", |screen| {
        let text = screen.contents();
        screen.alternate_screen() && screen.hide_cursor() && text.contains('╭') && text.contains('╯')
    });
    let raw = String::from_utf8_lossy(&desk.raw()).into_owned();
    for escape in ["\u{1b}]0;", "\u{1b}c", "\u{7}", "\u{9b}", "\u{1b}[?1049l", "\u{1b}[?25h"] {
        assert!(!raw.contains(escape), "{escape:?} was written");
    }
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
