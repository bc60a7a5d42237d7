//! Themes and keys as a person wants them: looked at, kept, and changed in the configuration while the screen is there.

use std::sync::Arc;

use adit::model::{Binding, Preferences, Snapshot};
use adit::service::{Reply, Request};
use adit::tui::{BUILT_IN, Depth, Effect, Ground, Input, Msg, Themes};
use ratatui::style::Color;

use super::{asks_nothing, request};
use crate::screens::made::every_state;
use crate::screens::stage::Stage;

/// What lies behind the middle of the screen's first line.
fn ground(stage: &Stage) -> Color {
    stage.buffer()[(50, 0)].bg
}

const LATTE: Color = Color::Rgb(0xef, 0xf1, 0xf5);
const MOCHA: Color = Color::Rgb(0x1e, 0x1e, 0x2e);

/// Goes to a choice of the list of themes.
fn choose(stage: &mut Stage, name: &str) {
    let place = Themes::load(&[]).choices().iter().position(|choice| choice.name == name).unwrap();
    stage.press("g");
    stage.press(&"j ".repeat(place));
}

fn stage() -> Stage {
    let mut stage = Stage::new(120, 40);
    stage.show(every_state());
    stage
}

#[test]
fn moving_shows_a_theme_esc_goes_back_and_enter_keeps_it() {
    let mut stage = stage();
    let before = stage.buffer();
    stage.press("T");
    assert!(matches!(&stage.asked()[..], [Effect::AskGround]), "a family is among them");
    choose(&mut stage, "catppuccin-latte");
    assert_eq!(ground(&stage), LATTE);
    stage.press("esc");
    assert_eq!(stage.buffer(), before);
    asks_nothing(&mut stage);
    stage.press("T");
    asks_nothing(&mut stage);
    choose(&mut stage, "catppuccin-latte");
    stage.press("enter");
    assert_eq!(ground(&stage), LATTE);
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Prefer { theme } if theme == "catppuccin-latte"));
    assert_eq!(about, "keep the theme catppuccin-latte in the configuration");
    // It is said when it is so.
    stage.sees_not("in the configuration");
    stage.tell(Msg::Refused { about: about.clone(), why: "the disk is full".to_owned() });
    stage.sees("keep the theme catppuccin-latte in the configuration: the disk is full");
    stage.tell(Msg::Replied { about, reply: Reply::Done });
    stage.sees("done: keep the theme catppuccin-latte in the configuration; u undoes it");
    // Every one can be looked at, by any way of moving.
    stage.press("T G");
    for _ in 0..=BUILT_IN.len() {
        stage.press("up");
        let _drawn = stage.buffer();
    }
    stage.press("end home pagedown pageup tab backtab ctrl-d ctrl-u q");
    assert_eq!(ground(&stage), LATTE);
}

#[test]
fn a_family_follows_the_terminal_also_when_it_answers_late() {
    let mut stage = Stage::with(120, 40, |look| look.theme = "catppuccin".to_owned());
    stage.show(every_state());
    assert_eq!(ground(&stage), MOCHA, "most are dark");
    stage.tell(Msg::Input(Input::Ground(Ground::Light)));
    assert_eq!(ground(&stage), LATTE);
    let mut stage = Stage::with(120, 40, |look| {
        look.theme = "catppuccin".to_owned();
        look.ground = Some(Ground::Light);
    });
    assert_eq!(ground(&stage), LATTE, "the environment says so");
    stage.tell(Msg::Input(Input::Ground(Ground::Dark)));
    assert_eq!(ground(&stage), MOCHA, "the terminal knows better");
    // While another one is looked at.
    stage.press("T");
    choose(&mut stage, "nord");
    let nord = ground(&stage);
    stage.tell(Msg::Input(Input::Ground(Ground::Light)));
    assert_eq!(ground(&stage), nord);
    stage.press("esc");
    assert_eq!(ground(&stage), LATTE);
    // Who shows no such colours would show the question.
    let mut stage = Stage::with(80, 24, |look| look.themes = Themes::load(&[]).shown_with(Depth::Sixteen));
    stage.press("T");
    asks_nothing(&mut stage);
}

fn preferring(change: impl FnOnce(&mut Preferences)) -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&every_state());
    change(&mut snapshot.preferences);
    Arc::new(snapshot)
}

fn binding(action: &str, chord: &str) -> Binding {
    Binding {
        action: action.to_owned(),
        chords: vec![chord.to_owned()],
        file: "config.toml".to_owned(),
        action_at: (7, 1),
        chords_at: (7, 11),
    }
}

#[test]
fn a_change_of_the_configuration_is_there_at_once() {
    let mut stage = stage();
    stage.show(preferring(|own| own.theme = Some("catppuccin-latte".to_owned())));
    assert_eq!(ground(&stage), LATTE);
    asks_nothing(&mut stage);
    stage.show(preferring(|own| own.theme = Some("nobodys".to_owned())));
    assert_eq!(ground(&stage), LATTE, "what is in force stays");
    stage.sees("there is no theme \"nobodys\"");
    stage.show(preferring(|own| own.mouse = false));
    assert!(stage.asked().iter().any(|effect| matches!(effect, Effect::Mouse(false))));
    assert_eq!(ground(&stage), Color::Reset, "no theme is named any more");
    // What is the same changes nothing that was chosen here.
    stage.press("M");
    stage.asked();
    stage.show(preferring(|own| own.mouse = false));
    asks_nothing(&mut stage);
}

#[test]
fn keys_of_the_persons_own_count_at_once_and_are_shown_everywhere() {
    let mut stage = stage();
    stage.show(preferring(|own| own.keymap = vec![binding("restart", "f5"), binding("diagnose", "f6")]));
    stage.sees("f6 diagnose");
    stage.press("f5");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Restart { .. }));
    stage.press("r d");
    asks_nothing(&mut stage);
    stage.press("?");
    stage.type_in("restarts the selected");
    stage.sees("f5");
    stage.press("esc");
    // A clash is told with its place, and those in force stay.
    stage.show(preferring(|own| own.keymap = vec![binding("restart", "y")]));
    stage.sees("config.toml:7:11: keymap.restart: \"y\" would be restart and copy in one place");
    stage.press("f5");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Restart { .. }));
    stage.show(preferring(|_| {}));
    stage.press("r");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Restart { .. }));
    stage.press("d");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Diagnose { .. }));
}
