//! What every screen looks like, as text and as styles, against files that people read; and that no size or name breaks one.
//! `ADIT_UPDATE_SNAPSHOTS=1` writes the files anew.

mod frames;
pub(crate) mod keys;
pub(crate) mod made;
pub(crate) mod reports;
pub(crate) mod setup;
pub(crate) mod sheet;
pub(crate) mod stage;
pub(crate) mod wizard;

use std::sync::Arc;

use adit::model::Snapshot;
use adit::tui::{Input, Msg};

use made::{every_state, many, misconfigured, question_of_host_key, question_of_passphrase};
use stage::Stage;

/// The sizes that are looked at by people.
const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];

/// Compares a screen at both sizes with what is on file.
#[track_caller]
pub(crate) fn same(name: &str, snapshot: &Arc<Snapshot>, act: impl Fn(&mut Stage)) {
    for (width, height) in SIZES {
        let mut stage = Stage::new(width, height);
        stage.show(Arc::clone(snapshot));
        act(&mut stage);
        sheet::compare(&format!("{name}-{width}x{height}"), &stage.buffer());
    }
}

#[test]
fn tunnels_in_every_state() {
    let all = every_state();
    for (index, tunnel) in all.tunnels.iter().enumerate() {
        same(&format!("tunnels-{}", tunnel.name), &all, |stage| {
            stage.traffic();
            stage.press(&"j ".repeat(index));
        });
    }
}

#[test]
fn the_other_lists() {
    let all = every_state();
    same("bastions", &all, |stage| stage.press("2"));
    same("bastions-unknown", &all, |stage| stage.press("2 j"));
    same("keys", &all, |stage| stage.press("3"));
    same("keys-broken", &all, |stage| stage.press("3 j j"));
    same("journal", &all, |stage| stage.press("4"));
}

/// Each list while much happens, and while nothing works.
#[test]
fn busy_and_failing() {
    let mut failing = Snapshot::clone(&every_state());
    failing.tunnels.retain(|tunnel| tunnel.fault.is_some());
    failing.keys.retain(|key| key.broken.is_some());
    for (name, state) in [("busy", many(60)), ("failing", Arc::new(failing))] {
        for (keys, screen) in [("1 j j", "tunnels"), ("2", "bastions"), ("3", "keys"), ("4", "journal")] {
            same(&format!("{name}-{screen}"), &state, |stage| {
                stage.traffic();
                stage.press(keys);
            });
        }
    }
}

#[test]
fn grouped_marked_and_copied_of() {
    let all = every_state();
    same("grouped", &all, |stage| {
        stage.press("o O v v");
        stage.wait(5);
    });
    same("marked", &all, |stage| stage.press("* space"));
    same("copy-what", &all, |stage| stage.press("y j"));
    same("rename", &all, |stage| {
        stage.press("R");
        stage.type_in(" x");
    });
}

#[test]
fn nothing_to_show() {
    let nothing = Arc::new(Snapshot::default());
    same("empty-tunnels", &nothing, |_| {});
    same("empty-bastions", &nothing, |stage| stage.press("2"));
    same("empty-keys", &nothing, |stage| stage.press("3"));
    same("empty-journal", &nothing, |stage| stage.press("4"));
    same("nothing-found", &every_state(), |stage| {
        stage.press("/");
        stage.type_in("zzz");
    });
    for (width, height) in SIZES {
        sheet::compare(&format!("waiting-{width}x{height}"), &Stage::new(width, height).buffer());
    }
}

#[test]
fn what_lies_over_a_screen() {
    let all = every_state();
    same("help", &all, |stage| stage.press("?"));
    same("help-search", &all, |stage| {
        stage.press("?");
        stage.type_in("copy");
    });
    same("palette", &all, |stage| stage.press(": down down"));
    same("themes", &all, |stage| stage.press("T"));
    same("themes-previewed", &all, |stage| stage.press("T G"));
    same("filter", &all, |stage| {
        stage.press("/");
        stage.type_in("#prod p");
    });
    same("filter-kept", &all, |stage| {
        stage.press("/");
        stage.type_in("up");
        stage.press("enter");
    });
    same("asks-host-key", &question_of_host_key(), |stage| {
        stage.press("a");
        stage.type_in("SHA256:other");
        stage.press("enter");
    });
    same("asks-passphrase", &question_of_passphrase(true), |stage| {
        stage.press("a");
        stage.type_in("hunter2");
    });
    same("changed-host-key", &every_state(), |stage| {
        stage.select("mirror");
        stage.press("a");
    });
    same("not-copied", &all, |stage| {
        let outcome = Err("postgres://127.0.0.1:15432/shop?application_name=adit".to_owned());
        stage.tell(Msg::Copied { what: "the connection string of orders".to_owned(), outcome });
    });
}

#[test]
fn diagnoses() {
    let page = |stage: &mut Stage| {
        stage.select("ledger");
        stage.press("d");
    };
    same("diagnosis-busy", &reports::shown(reports::busy(), None), page);
    same("diagnosis-failing", &reports::shown(reports::failing(), Some(reports::passing())), page);
    same("diagnosis-pass", &reports::shown(reports::passing(), None), page);
    same("diagnosis-warning", &reports::shown(reports::warning(), None), page);
    same("diagnosis-changed-key", &reports::shown(reports::changed_key(), None), page);
    same("diagnosis-details", &reports::shown(reports::failing(), None), |stage| {
        page(stage);
        stage.press("enter");
    });
    same("diagnosis-chosen", &reports::shown(reports::failing(), None), |stage| {
        page(stage);
        stage.press("k k");
    });
    same("diagnosis-bastion", &reports::shown(reports::bastion(), None), |stage| {
        stage.press("2 d");
    });
    same("diagnosis-asked", &every_state(), page);
    for (width, height) in [(40, 10), (60, 17), (39, 7)] {
        let mut stage = Stage::new(width, height);
        stage.show(reports::shown(reports::failing(), None));
        page(&mut stage);
        sheet::compare(&format!("diagnosis-small-{width}x{height}"), &stage.buffer());
    }
    let mut stage = Stage::with(80, 24, |look| look.ascii = true);
    stage.show(reports::shown(reports::failing(), None));
    page(&mut stage);
    sheet::compare("diagnosis-ascii-80x24", &stage.buffer());
}

#[test]
fn errors_explained() {
    same("explain-empty", &every_state(), |stage| stage.press("E"));
    let explained = |stage: &mut Stage, text: &str| {
        stage.press("E");
        stage.paste(text);
        let reply = adit::service::Reply::Explained { matches: adit::diagnose::explain(text) };
        stage.tell(Msg::Replied { about: "explain".to_owned(), reply });
    };
    same("explain-known", &every_state(), |stage| {
        explained(stage, "User adit not allowed because account is locked\nPermission denied (publickey).");
    });
    same("explain-unknown", &every_state(), |stage| explained(stage, "all is well"));
}

#[test]
fn what_goes_wrong_around_it() {
    same("service-gone", &every_state(), |stage| stage.tell(Msg::Gone));
    same("service-gone-later", &every_state(), |stage| {
        stage.tell(Msg::Gone);
        stage.press("j");
    });
    same("configuration-wrong", &misconfigured(), |_| {});
    same("refused", &every_state(), |stage| {
        let about = "bring up archive".to_owned();
        stage.tell(Msg::Refused { about, why: "there is no tunnel archive; did you mean archives?".to_owned() });
    });
    same("copied", &every_state(), |stage| {
        let outcome = Ok("through the terminal (OSC 52)".to_owned());
        stage.tell(Msg::Copied { what: "the connection string of orders".to_owned(), outcome });
    });
}

#[test]
fn other_looks() {
    let all = every_state();
    for (theme, _) in adit::tui::BUILT_IN {
        let mut stage = Stage::with(80, 24, |look| look.theme = (*theme).to_owned());
        stage.show(Arc::clone(&all));
        stage.traffic();
        stage.press("j j");
        sheet::compare(&format!("theme-{theme}-80x24"), &stage.buffer());
    }
    let mut stage = Stage::with(80, 24, |look| look.ascii = true);
    stage.show(Arc::clone(&all));
    stage.traffic();
    let buffer = stage.buffer();
    sheet::compare("ascii-80x24", &buffer);
    let mut stage = Stage::with(80, 24, |look| look.badge = Some("demo".to_owned()));
    stage.show(all);
    sheet::compare("badge-80x24", &stage.buffer());
}

#[test]
fn small_screens_degrade() {
    for (width, height) in [(40, 10), (40, 8), (39, 7), (20, 2), (60, 17), (96, 12)] {
        let mut stage = Stage::new(width, height);
        stage.show(every_state());
        sheet::compare(&format!("small-{width}x{height}"), &stage.buffer());
    }
}

#[test]
fn no_size_breaks_a_screen() {
    let snapshots = [Arc::new(Snapshot::default()), many(1), many(200), every_state(), question_of_passphrase(false)];
    let layers = ["", "?", ":", "/", "a", "T"];
    let mut sizes: Vec<(u16, u16)> = (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height))).collect();
    sizes.extend([(40, 10), (80, 24), (500, 200), (0, 200), (500, 0), (500, 1), (1, 200), (40, 8), (96, 8), (95, 18)]);
    for snapshot in &snapshots {
        let mut stage = Stage::new(80, 24);
        stage.show(Arc::clone(snapshot));
        for screen in ["1", "2", "3", "4"] {
            for layer in layers {
                stage.press(screen);
                stage.press("G");
                stage.press(layer);
                for (width, height) in &sizes {
                    stage.resize(*width, *height);
                    let _drawn = stage.buffer();
                }
                stage.press("esc");
            }
        }
    }
}

/// The terminal may be another size by the time that a frame is drawn.
#[test]
fn a_screen_laid_out_for_another_size_is_drawn_as_far_as_it_fits() {
    let mut stage = Stage::new(120, 40);
    stage.show(every_state());
    for layer in ["", "?", "esc 2", "esc 3", "esc 4"] {
        stage.press(layer);
        for (width, height) in [(0, 0), (1, 1), (10, 3), (40, 10), (80, 24), (200, 60)] {
            let _drawn = stage.drawn_on(width, height);
        }
    }
}

#[test]
fn text_of_any_width_stays_in_its_place() {
    for words in
        ["日本語データベース", "e\u{301}e\u{301}e\u{301}", "👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "\u{202e}abc", "\u{200b}\u{200d}", "ﷺ﷽﷽", ""]
    {
        for long in [1, 40] {
            let snapshot = made::saying(&words.repeat(long));
            let mut stage = Stage::new(80, 24);
            stage.show(snapshot);
            for screen in ["1", "2", "3", "4"] {
                stage.press(screen);
                for (width, height) in [(40, 8), (80, 24), (97, 30), (120, 40)] {
                    stage.resize(width, height);
                    sheet::frames_are_whole(&stage.buffer());
                }
            }
        }
    }
}

/// What a server or a hand-written file says never reaches the terminal as an escape.
#[test]
fn control_characters_are_not_drawn() {
    let mut stage = Stage::new(120, 40);
    stage.show(made::saying("a\u{1b}[31mred\u{7}\nline\ttab\u{9b}31m\u{85}end"));
    for screen in ["1", "2", "3", "4"] {
        stage.press(screen);
        let text = stage.text();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
    stage.tell(Msg::Input(Input::Paste("\u{1b}]0;title\u{7}".to_owned())));
    stage.tell(Msg::Refused { about: "x\u{1b}[2J".to_owned(), why: "y\u{7}".to_owned() });
    assert!(!stage.text().chars().any(|c| c.is_control() && c != '\n'));
}

/// What turns text around is not drawn, wherever it comes from; the letters of any script are.
#[test]
fn nothing_turns_the_text_around() {
    let turns =
        |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let words = "\u{202e}abc\u{2066}\u{200f}שלום\u{61c}مرحبا👩‍👩‍👧‍👦";
    let mut stage = Stage::new(120, 40);
    stage.show(made::saying(words));
    for keys in ["1", "2", "3", "4", "1 /", "esc ?", "esc E", "esc n"] {
        stage.press(keys);
        stage.paste(words);
        stage.type_in(words);
        let text = stage.text();
        assert!(!text.contains(turns), "{keys}: {text:?}");
    }
    let mut stage = Stage::new(80, 24);
    stage.show(every_state());
    stage.press("/");
    stage.paste("\u{202e}o\u{2066}rders");
    stage.press("enter");
    assert!(stage.text().contains("orders") && !stage.text().contains("billing"), "{}", stage.text());
}
