//! Themes and keys in a real terminal: the question for its background and its late answer, what is kept, what is edited.

use std::os::unix::net::UnixListener;

use vt100::{Cell, Color, Screen};

use super::desk::Desk;
use crate::support::{Adit, soon, wait_until};

const LATTE: Color = Color::Rgb(0xef, 0xf1, 0xf5);
const MOCHA: Color = Color::Rgb(0x1e, 0x1e, 0x2e);

fn ground(screen: &Screen) -> Option<Color> {
    screen.cell(10, 10).map(Cell::bgcolor)
}

fn asked(desk: &Desk) -> bool {
    desk.raw().windows(7).any(|bytes| bytes == b"\x1b]11;?\x07")
}

#[test]
fn a_family_follows_the_terminals_answer_and_no_key_is_lost() {
    let adit = Adit::new();
    adit.write_config("[preferences]\ntheme = \"catppuccin\"\n");
    let colours = [("COLORTERM", "truecolor")];
    let mut desk = Desk::with(&adit, &[], 80, 24, &colours);
    // This terminal does not answer at first; most are dark.
    desk.sees("No tunnels yet");
    assert!(asked(&desk));
    desk.wait("the dark theme", |screen| ground(screen) == Some(MOCHA));
    desk.send("2\u{1b}]11;rgb:ffff/ffff/ffff\u{7}");
    desk.wait("the light theme", |screen| ground(screen) == Some(LATTE));
    desk.sees("╭ Bastions ─");
    desk.send("3");
    desk.sees("╭ Keys ─");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
    // The environment may know.
    let mut desk = Desk::with(&adit, &[], 80, 24, &[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")]);
    desk.sees("No tunnels yet");
    desk.wait("the light theme", |screen| ground(screen) == Some(LATTE));
    desk.send("q");
    desk.ended();
    // Where no family is asked for, nothing is asked of the terminal.
    adit.write_config("[preferences]\ntheme = \"nord\"\n");
    let mut desk = Desk::with(&adit, &[], 80, 24, &colours);
    desk.sees("No tunnels yet");
    assert!(!asked(&desk));
    desk.send("q");
    desk.ended();
}

#[test]
fn a_theme_that_is_kept_stands_in_the_configuration_with_its_comments() {
    let adit = Adit::new();
    let before = "# mine\n[preferences] # how I like it\nmouse = false # not here\n";
    adit.write_config(before);
    let mut desk = Desk::with(&adit, &[], 120, 40, &[("COLORTERM", "truecolor")]);
    desk.sees("No tunnels yet");
    desk.send("T");
    desk.sees("╭ Themes ─");
    desk.send("j");
    desk.wait("the family's dark theme", |screen| ground(screen) == Some(MOCHA));
    desk.send("\u{1b}");
    desk.wait("the theme before", |screen| ground(screen) == Some(Color::Default));
    desk.send("Tj\r");
    desk.sees("done: keep the theme catppuccin in the configuration");
    let written = || std::fs::read_to_string(adit.path("config.toml")).unwrap();
    assert!(wait_until(soon(), || written() == format!("{before}theme = \"catppuccin\"\n")), "{}", written());
    desk.send("q");
    desk.ended();
    let list = adit.ok(&["theme", "list"]);
    assert!(list.contains("* catppuccin "), "{list}");
}

#[test]
fn keys_that_are_edited_count_while_the_screen_is_there() {
    let adit = Adit::new();
    adit.write_config("[keymap]\nbastions = \"f2\"\n");
    let mut desk = Desk::open(&adit, &[], 120, 40);
    desk.sees("No tunnels yet");
    desk.send("\u{1b}OQ");
    desk.sees("╭ Bastions ─");
    desk.send("2");
    adit.write_config("[keymap]\nbastions = \"B\"\nkeys = \"B\"\n");
    desk.sees("config.toml:3:8: keymap.keys: \"B\" would be keys and bastions in one place");
    adit.write_config("[keymap]\nkeys = \"ctrl-k\"\n");
    // Until the service has seen it the key does nothing.
    let there = wait_until(soon(), || {
        desk.send("\u{b}");
        desk.text().contains("╭ Keys ─")
    });
    assert!(there, "{}", desk.text());
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
}

#[test]
fn the_first_frame_does_not_wait_for_the_service() {
    let adit = Adit::new();
    adit.write_config("");
    let socket = adit.ok(&["paths"]);
    let socket = socket.lines().find_map(|line| line.strip_prefix("socket")).unwrap().trim().to_owned();
    let folder = std::path::Path::new(&socket).parent().unwrap();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    // Somebody listens there who never says a word.
    let _mute = UnixListener::bind(&socket).unwrap();
    let mut desk = Desk::open(&adit, &[], 80, 24);
    desk.sees("asking the service");
    desk.sees("1 Tunnels");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
