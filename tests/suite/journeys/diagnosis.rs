//! One key press says what is broken: the page of a diagnosis, and the overlay that explains pasted errors.

use std::sync::Arc;

use adit::diagnose::explain;
use adit::model::{Diagnosis, Report, Rung, Snapshot, Subject};
use adit::service::{Reply, Request};
use adit::tui::{Effect, Input, Msg};

use super::{asks_nothing, request};
use crate::screens::made::{self, every_state, name};
use crate::screens::reports;
use crate::screens::stage::Stage;

/// The page of ledger's diagnosis.
fn page(report: Report, before: Option<Report>) -> Stage {
    let mut stage = Stage::new(100, 40);
    stage.show(reports::shown(report, before));
    stage.select("ledger");
    stage.press("d");
    stage.asked();
    stage
}

fn learns(stage: &mut Stage, report: Report) {
    stage.change(|snapshot| {
        let at = made::now();
        snapshot.reports = vec![Diagnosis { report: Arc::new(report), at, before: None }];
    });
}

#[track_caller]
fn copied(stage: &mut Stage) -> (String, String) {
    match &stage.asked()[..] {
        [Effect::Copy { text, what }] => (text.clone(), what.clone()),
        other => panic!("{other:?}\n{}", stage.text()),
    }
}

/// The line of a rung.
#[track_caller]
fn rung(stage: &Stage, rung: &str) -> String {
    let text = stage.text();
    let line = text.lines().find(|line| line.split_whitespace().nth(2) == Some(rung));
    line.unwrap_or_else(|| panic!("no {rung} in\n{text}")).to_owned()
}

#[test]
fn the_ladder_lights_up_and_the_broken_rung_opens() {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.select("ledger");
    stage.press("d");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Diagnose { subject: Subject::Tunnel(of), admin: None } if of == name("ledger")));
    assert_eq!(about, "diagnose ledger");
    stage.sees("Diagnosis of ledger");
    stage.sees("Asking the service");

    learns(&mut stage, Report::begin(Subject::Tunnel(name("ledger")), name("prod")));
    assert!(stage.text().contains("bind     looking …"), "{}", stage.text());
    learns(&mut stage, reports::busy());
    assert!(rung(&stage, "reach").contains("198.51.100.4:22 accepts"));
    assert!(rung(&stage, "greet").contains("looking …"));
    stage.sees("looking …");
    learns(&mut stage, reports::failing());
    stage.sees("broken at prove");
    assert!(rung(&stage, "prove").contains("▸ the bastion's admin"));
    assert!(rung(&stage, "open").contains("not reached"));
    for words in ["key_refused, certain · the bastion's admin must act", "without saying why", "broken over two lines"]
    {
        stage.sees(words);
    }
    stage.sees("1  look at the account with a login of your own");
    stage.sees("adit key show ledger --authorized-key");
    stage.press("esc");
    stage.sees("╭ Tunnels ─");
    asks_nothing(&mut stage);
}

#[test]
fn figures_copy_the_commands_that_have_them() {
    let mut stage = page(reports::failing(), None);
    stage.press("1");
    assert_eq!(copied(&mut stage).0, "adit diagnose ledger --admin root@bastion.example.com");
    stage.press("2");
    let (text, what) = copied(&mut stage);
    assert_eq!((text.as_str(), what.as_str()), ("adit key show ledger --authorized-key", "command 2"));
    stage.press("3");
    asks_nothing(&mut stage);
    stage.sees("copy-command: no command has the number 3");
    stage.press("k 1");
    asks_nothing(&mut stage);
    stage.sees("copy-command: there is no command to copy");

    // No key leads around a changed host key.
    let mut stage = page(reports::changed_key(), None);
    stage.sees("adit trust prod --forget");
    stage.press("1");
    asks_nothing(&mut stage);
    stage.sees("ask the bastion's admin first");
}

#[test]
fn any_rung_opens_and_shows_all_of_it() {
    let mut stage = page(reports::failing(), None);
    stage.press("enter");
    stage.sees("login: fail · key_refused · certain · the bastion's admin must act · 41 ms");
    stage.press("esc");
    stage.press("k k");
    stage.press("enter");
    stage.sees("OpenSSH_9.6p1, curve25519-sha256, aes256-gcm@openssh.com");
    stage.sees("banner: pass · 24 ms");
    stage.press("esc");
    let line = stage.text().lines().position(|line| line.contains("resolve  ")).unwrap();
    stage.tell(Msg::Input(Input::Click(20, u16::try_from(line).unwrap())));
    stage.press("enter");
    stage.sees("name: pass · 3.1 ms");
    stage.press("esc");
    stage.tell(Msg::Input(Input::Scroll(5, 5, 1)));
    stage.press("enter");
    stage.sees("tcp: pass");
    stage.press("esc");
    stage.press(&"j ".repeat(20));
    stage.press("enter");
    stage.sees("database: skip");
    stage.press("esc");
    stage.press(&"k ".repeat(20));
    stage.press("enter");
    stage.sees("local port: pass");
    for (x, y) in [(0, 0), (5, 1), (5, 39), (500, 500)] {
        stage.press("esc d");
        stage.tell(Msg::Input(Input::Click(x, y)));
    }
    // Where all is well nothing is open, and the whole report is shown.
    let mut stage = page(reports::passing(), None);
    stage.sees("all is as it should be");
    stage.press("enter");
    stage.sees("The whole report");
    stage.sees("PostgreSQL answers and offers TLS");
}

#[test]
fn again_and_what_changed() {
    let mut stage = page(reports::failing(), None);
    stage.press("=");
    stage.sees("compare: there is no run before it to compare with");
    stage.press("k k a");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Diagnose { subject: Subject::Tunnel(of), .. } if of == name("ledger")));
    stage.show(reports::shown(reports::busy(), Some(reports::failing())));
    stage.press("=");
    stage.sees("compare: wait until it has finished");
    stage.show(reports::shown(reports::passing(), Some(reports::failing())));
    stage.sees("= compares with the run before");
    stage.press("=");
    stage.sees("prove, login: was fail (key_refused), is pass: logged in as adit with key ledger");
    stage.press("esc");
    stage.show(reports::shown(reports::failing(), Some(reports::failing())));
    // The broken rung is open again, whichever was chosen before.
    stage.sees("1  look at the account");
    stage.press("=");
    stage.sees("Nothing changed since the run before.");
}

#[test]
fn the_report_is_copied_and_saved_as_it_is_or_without_names() {
    let mut stage = page(reports::failing(), None);
    stage.press("y");
    let (text, what) = copied(&mut stage);
    assert_eq!(what, "the report of ledger");
    assert!(text.contains("198.51.100.4:22 accepts") && text.contains("key_refused"), "{text}");
    stage.press("Y");
    let (text, what) = copied(&mut stage);
    assert_eq!(what, "the redacted report of ledger");
    assert!(text.contains("address-1:22 accepts") && text.contains("key_refused"), "{text}");
    for secret in ["198.51", "example.com", "bQhYMw1k"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    for (key, expected) in [("w", false), ("W", true)] {
        stage.press(key);
        let (asked, about) = request(&mut stage);
        assert!(matches!(asked, Request::SaveReport { redacted, .. } if redacted == expected));
        assert_eq!(about, "save the report of ledger");
    }
    let path = "/home/ana/.local/state/adit/reports/ledger-20260305T120400123Z.txt".to_owned();
    stage.tell(Msg::Replied {
        about: "save the report of ledger".to_owned(),
        reply: Reply::Saved { path: path.clone() },
    });
    stage.sees(&path);
    stage.press("esc");
    stage.sees("Diagnosis of ledger");
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.press("d");
    stage.asked();
    for (key, words) in [("y", "copy-report"), ("w", "save-report"), ("enter", "details"), ("1", "copy-command")] {
        stage.press(key);
        asks_nothing(&mut stage);
        stage.sees(&format!("{words}: nothing is known yet"));
    }
}

#[test]
fn a_bastion_is_looked_at_from_its_name_to_the_login() {
    let mut stage = Stage::new(100, 40);
    stage.show(reports::shown(reports::bastion(), None));
    let bastion = every_state().bastions.iter().position(|bastion| bastion.name.as_str() == "prod").unwrap();
    stage.press("2 g");
    stage.press(&"j ".repeat(bastion));
    stage.press("d");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Diagnose { subject: Subject::Bastion(of), .. } if of == name("prod")));
    assert_eq!(about, "diagnose bastion:prod");
    stage.sees("logged in as adit with key prod");
    stage.sees_not("bind ");
    stage.sees_not("speak ");
    stage.press("esc");
    stage.sees("╭ Bastions ─");
}

#[test]
fn the_page_is_left_by_esc_and_by_going_elsewhere() {
    for (keys, words) in [("esc", "╭ Tunnels ─"), ("tab", "╭ Bastions ─"), ("backtab", "╭ Journal ─")] {
        let mut stage = page(reports::failing(), None);
        stage.press(keys);
        stage.sees(words);
        stage.sees_not("Diagnosis of ledger");
    }
    let mut stage = page(reports::failing(), None);
    stage.press(":");
    stage.type_in("journal");
    stage.press("enter");
    stage.sees("╭ Journal ─");
    // A service that is gone takes no more requests, and what it said stays readable.
    let mut stage = page(reports::failing(), None);
    stage.tell(Msg::Gone);
    stage.press("a");
    asks_nothing(&mut stage);
    stage.sees("again: the service is gone");
    stage.sees("broken at prove");
    stage.press("esc d");
    asks_nothing(&mut stage);
    stage.sees("diagnose: the service is gone");
}

#[test]
fn a_refusal_leaves_the_page_as_it_was() {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.press("d");
    let why = "a, b, c, d are being looked at already; wait for one to end".to_owned();
    stage.tell(Msg::Refused { about: "diagnose orders".to_owned(), why });
    stage.sees("wait for one to end");
    stage.sees("Asking the service …");
    stage.asked();
    stage.press("a");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Diagnose { .. }));
}

#[test]
fn a_pasted_error_is_explained() {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.press("E");
    stage.sees("What does this error mean?");
    stage.press("enter");
    asks_nothing(&mut stage);
    let text = "debug1: x\r\nUser adit not allowed because account is locked\n";
    stage.paste(text);
    let (asked, about) = request(&mut stage);
    let Request::Explain { text: sent } = asked else { panic!("{asked:?}") };
    assert!(sent.contains("account is locked") && about == "explain");
    stage.tell(Msg::Replied { about, reply: Reply::Explained { matches: explain(&sent) } });
    stage.sees("The account is locked");
    stage.sees("account_locked, certain · the bastion's admin must act");
    stage.sees("sudo usermod -p '*' adit");
    stage.press("ctrl-y");
    assert_eq!(copied(&mut stage).0, "sudo usermod -p '*' adit");
    // The next paste is another text.
    stage.paste("all is well");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Explain { text } if text == "all is well"));
    stage.tell(Msg::Replied { about, reply: Reply::Explained { matches: Vec::new() } });
    stage.sees("No error that is known stands in this text.");
    stage.press("ctrl-u");
    stage.sees("Paste what ssh");
    // A terminal without bracketed paste types line by line.
    stage.type_in("Permission denied (publickey).");
    stage.press("backspace .");
    asks_nothing(&mut stage);
    stage.press("enter");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Explain { text } if text == "Permission denied (publickey).\n"));
    // An answer that comes when it was closed is nobody's.
    stage.press("esc");
    stage.tell(Msg::Replied { about, reply: Reply::Explained { matches: explain("broken pipe") } });
    stage.sees("╭ Tunnels ─");
    // Keys of the list are text here.
    stage.press("E");
    stage.type_in("q");
    asks_nothing(&mut stage);
    // A text without end is cut, and what steers a terminal is not drawn.
    stage.paste(&"\u{1b}]0;x\u{7}\u{202e}word ".repeat(20_000));
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Explain { text } if text.len() <= 64 << 10));
    assert!(!stage.text().chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'));
}

#[test]
fn every_rung_of_every_report_fits_every_size() {
    let all = [reports::busy(), reports::failing(), reports::passing(), reports::warning(), reports::changed_key()];
    let mut sizes: Vec<(u16, u16)> = (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height))).collect();
    sizes.extend([(40, 8), (40, 10), (41, 13), (80, 24), (120, 40), (500, 200), (0, 200), (500, 8)]);
    for report in all {
        let mut stage = page(report, None);
        for _ in 0..Rung::ALL.len() {
            for (width, height) in &sizes {
                stage.resize(*width, *height);
                let _drawn = stage.buffer();
                stage.tell(Msg::Input(Input::Click(width / 2, height / 2)));
            }
            stage.resize(100, 40);
            stage.press("j");
        }
    }
    // On a small screen the opened rung is what shows.
    let mut stage = page(reports::failing(), None);
    stage.resize(60, 8);
    stage.sees("prove");
    stage.sees("key_refused");
    stage.resize(30, 4);
    stage.sees("ledger: broken at prove");
    stage.sees("key refused");
    let mut snapshot = Snapshot::clone(&reports::shown(reports::failing(), None));
    let report = Arc::make_mut(&mut snapshot.reports[0].report);
    for finding in &mut report.findings {
        finding.summary = "日本語データベース \u{202e}👩‍👩‍👧‍👦 ".repeat(9);
    }
    stage.resize(80, 24);
    stage.show(Arc::new(snapshot));
    crate::screens::sheet::frames_are_whole(&stage.buffer());
}
