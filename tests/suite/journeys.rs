//! What a person does with keys: each journey says what is asked of the service and what is to be seen.

mod diagnosis;
mod keys;
mod looks;
mod notices;
mod random;
mod setup;
mod tunnels;
mod walk;
mod wizard;

use std::sync::Arc;

use adit::model::{Answer, Code, Phase};
use adit::service::Request;
use adit::tui::{Effect, Input, Key, Msg};

use crate::screens::made::{self, every_state, name};
use crate::screens::stage::Stage;

fn stage() -> Stage {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage
}

/// The one request that was made, and what it was about.
#[track_caller]
fn request(stage: &mut Stage) -> (Request, String) {
    let mut asked = stage.asked();
    match (asked.pop(), asked.len()) {
        (Some(Effect::Request { request, about }), 0) => (request, about),
        (last, others) => panic!("{others} before {last:?}\n{}", stage.text()),
    }
}

#[track_caller]
fn asks_nothing(stage: &mut Stage) {
    assert_eq!(stage.asks(), Vec::<String>::new());
}

#[test]
fn space_brings_up_what_is_off_and_takes_down_the_rest() {
    let mut stage = stage();
    for tunnel in every_state().tunnels.iter() {
        stage.select(tunnel.name.as_str());
        stage.press("space");
        if tunnel.phase == Phase::Closing {
            asks_nothing(&mut stage);
            stage.sees("it is closing; press again when it is off");
            continue;
        }
        let (request, about) = request(&mut stage);
        match request {
            Request::Up { names } => {
                assert_eq!((names, tunnel.phase), (vec![tunnel.name.clone()], Phase::Stopped));
                assert_eq!(about, format!("bring up {}", tunnel.name));
            }
            Request::Down { names, now } => {
                assert_eq!((names, now), (vec![tunnel.name.clone()], false));
                assert_ne!(tunnel.phase, Phase::Stopped);
                assert_eq!(about, format!("take down {}", tunnel.name));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_refusal_is_said_until_a_key_is_pressed() {
    let mut stage = stage();
    stage.tell(Msg::Refused { about: "bring up orders".to_owned(), why: "the port is taken".to_owned() });
    stage.wait(3600);
    stage.sees("bring up orders: the port is taken");
    stage.press("j");
    stage.sees_not("the port is taken");
}

#[test]
fn restart_copy_and_client_are_for_the_selected_tunnel() {
    let mut stage = stage();
    stage.press("j r");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Restart { names } if names == [name("billing")]));
    assert_eq!(about, "restart billing");

    stage.press("k y enter");
    let asked = stage.asked();
    let [Effect::Copy { text, what }] = &asked[..] else { panic!("{asked:?}") };
    assert!(text.starts_with("postgres") && text.contains("shop") && text.contains("15432"), "{text}");
    assert_eq!(what, "the connection string of orders");
    let outcome = Ok("through tmux".to_owned());
    stage.tell(Msg::Copied { what: what.clone(), outcome });
    stage.sees("copied through tmux: the connection string of orders");
    stage.wait(5);
    stage.sees_not("through tmux");

    stage.press("enter");
    let asked = stage.asked();
    let [Effect::RunClient { command }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(command, "psql \"host=127.0.0.1 port=15432 user=shop dbname=shop\"");
    stage.tell(Msg::ClientEnded(Err("psql is not installed here; y copies the connection string".to_owned())));
    stage.sees("psql is not installed here");
}

#[test]
fn the_command_that_mends_a_fault_is_copied() {
    let mut stage = stage();
    stage.select("ledger");
    stage.press("Y");
    let asked = stage.asked();
    let [Effect::Copy { text, what }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((text.as_str(), what.as_str()), ("adit key show ledger", "the command that mends ledger"));
}

#[test]
fn what_cannot_be_copied_is_shown() {
    let mut stage = stage();
    let outcome = Err("postgresql://127.0.0.1:15432/shop".to_owned());
    stage.tell(Msg::Copied { what: "the connection string of orders".to_owned(), outcome });
    stage.sees("postgresql://127.0.0.1:15432/shop");
    stage.press("esc");
    stage.sees_not("postgresql://127.0.0.1:15432/shop");
}

#[test]
fn a_disabled_action_says_why() {
    let mut stage = stage();
    let cases = [
        ("archive", "enter", "open-client: the tunnel is not up"),
        ("reports", "enter", "open-client: no client is known for this kind"),
        ("orders", "a", "answer: nothing is asked"),
        ("orders", "Y", "copy-fix: there is no command to copy"),
        ("archive", "y", "copy: its local port is chosen when it first comes up"),
    ];
    for (tunnel, key, words) in cases {
        stage.select(tunnel);
        stage.press(key);
        asks_nothing(&mut stage);
        stage.sees(words);
    }
    stage.press("2 x");
    asks_nothing(&mut stage);
    stage.sees("remove-bastion: tunnels go through it");

    stage.press("1 /");
    stage.type_in("zzz");
    stage.press("enter space");
    asks_nothing(&mut stage);
    stage.sees("toggle: no tunnel is selected");
    stage.press("esc");
    stage.tell(Msg::Gone);
    for key in ["space", "r"] {
        stage.press(key);
        asks_nothing(&mut stage);
        stage.sees("the service is gone");
    }
}

#[test]
fn the_filter_takes_letters_tags_and_states() {
    let mut stage = stage();
    let rows = |stage: &Stage, expected: &[&str]| {
        for tunnel in &every_state().tunnels {
            let named = |line: &str| line.split_whitespace().nth(2) == Some(tunnel.name.as_str());
            let shown = stage.text().lines().any(|line| line.starts_with('│') && named(line));
            assert_eq!(shown, expected.contains(&tunnel.name.as_str()), "{}\n{}", tunnel.name, stage.text());
        }
    };
    stage.press("/");
    stage.type_in("LEDG");
    rows(&stage, &["ledger"]);
    // While it is typed its letters are text, not commands.
    stage.press("ctrl-u");
    stage.type_in("q");
    asks_nothing(&mut stage);
    stage.press("ctrl-u");
    stage.type_in("#pro");
    rows(&stage, &["orders", "billing"]);
    stage.type_in(" maria");
    rows(&stage, &["billing"]);
    stage.press("enter");
    stage.sees("/ #pro maria");
    // The selection is among what is left, and the keys are commands again.
    stage.press("space");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Down { names, .. } if names == [name("billing")]));
    stage.press("esc");
    stage.sees("ledger");
    stage.press("/");
    stage.type_in("needs");
    rows(&stage, &["vault"]);
    stage.press("esc");
    rows(&stage, &every_state().tunnels.iter().map(|t| t.name.as_str()).collect::<Vec<_>>());
}

#[test]
fn a_pasted_filter_has_no_control_characters() {
    let mut stage = stage();
    stage.press("/");
    stage.paste("\nor\u{1b}de\u{7}rs\nand more");
    stage.press("enter");
    stage.sees("/ orders");
    asks_nothing(&mut stage);
    // Pasted into nothing it does nothing: a paste is never a row of commands.
    stage.paste("q\nr");
    asks_nothing(&mut stage);
}

#[test]
fn every_list_has_its_own_filter_and_selection() {
    let mut stage = stage();
    stage.press("j j 2 j /");
    stage.type_in("edge");
    stage.press("enter");
    stage.sees("/ edge");
    stage.press("1");
    stage.sees_not("/ edge");
    stage.press("space");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Down { names, .. } if names == [name("search")]));
}

#[test]
fn screens_by_number_tab_and_click() {
    let mut stage = stage();
    let title = |stage: &Stage, words: &str| stage.sees(&format!("╭ {words} ─"));
    for (key, words) in [("2", "Bastions"), ("3", "Keys"), ("4", "Journal"), ("1", "Tunnels")] {
        stage.press(key);
        title(&stage, words);
    }
    for words in ["Bastions", "Keys", "Journal", "Tunnels"] {
        stage.press("tab");
        title(&stage, words);
    }
    for words in ["Journal", "Keys", "Bastions", "Tunnels"] {
        stage.press("backtab");
        title(&stage, words);
    }
    let head = stage.text().lines().next().unwrap().to_owned();
    for words in ["Bastions", "Keys", "Journal", "Tunnels"] {
        let column = u16::try_from(head.find(words).unwrap()).unwrap();
        for x in [column - 2, column, column + u16::try_from(words.len()).unwrap() - 1] {
            stage.press("1");
            stage.tell(Msg::Input(Input::Click(x, 0)));
            title(&stage, words);
        }
    }
}

#[test]
fn a_click_and_the_wheel_select_lines() {
    let mut stage = stage();
    let line = stage.text().lines().position(|line| line.contains(" ledger ")).unwrap();
    stage.tell(Msg::Input(Input::Click(5, u16::try_from(line).unwrap())));
    stage.sees("╭ ledger ─");
    stage.tell(Msg::Input(Input::Scroll(5, 5, 1)));
    stage.sees("╭ mirror ─");
    stage.tell(Msg::Input(Input::Scroll(5, 5, -1)));
    stage.sees("╭ ledger ─");
    for (x, y) in [(0, 1), (5, 2), (5, 39), (99, 39), (500, 500), (0, 0)] {
        stage.tell(Msg::Input(Input::Click(x, y)));
        stage.sees("╭ ledger ─");
    }
    // Under an overlay nothing is clicked.
    stage.press("?");
    stage.tell(Msg::Input(Input::Click(5, 3)));
    stage.press("esc");
    stage.sees("╭ ledger ─");
    asks_nothing(&mut stage);
}

#[test]
fn the_list_moves_by_line_half_page_and_end() {
    let mut stage = Stage::new(100, 24);
    stage.show(made::many(200));
    let at = |stage: &Stage, n: u32| stage.sees(&format!("╭ t{n:03} ─"));
    for (keys, n) in [("j", 1), ("down down", 3), ("k", 2), ("up up up", 0), ("G", 199), ("j", 199), ("g", 0)] {
        stage.press(keys);
        at(&stage, n);
    }
    stage.press("ctrl-d");
    stage.sees_not("╭ t000 ─");
    stage.press("ctrl-u");
    at(&stage, 0);
    stage.press("end pageup pagedown home");
    at(&stage, 0);
    // A line that goes away takes no other's place: the selection follows the name.
    stage.press("j j j");
    stage.change(|snapshot| drop(snapshot.tunnels.remove(0)));
    at(&stage, 3);
    stage.change(|snapshot| drop(snapshot.tunnels.remove(2)));
    at(&stage, 4);
}

#[test]
fn the_journal_stays_at_its_end_until_a_person_goes_back() {
    let mut stage = Stage::new(80, 24);
    stage.show(made::many(200));
    let last = |stage: &Stage| {
        let text = stage.text();
        let list = text.lines().take_while(|line| !line.starts_with('╰'));
        list.last().unwrap().to_owned()
    };
    let happens = |stage: &mut Stage, words: &str| {
        let mut entry = made::every_state().journal[0].clone();
        entry.message = words.to_owned();
        stage.change(|snapshot| snapshot.journal.push(entry));
    };
    stage.press("4");
    assert!(last(&stage).contains("t199"), "{}", stage.text());
    // A filter that was begun and left changes nothing.
    stage.press("/ esc");
    assert!(last(&stage).contains("t199"), "{}", stage.text());
    happens(&mut stage, "one more");
    assert!(last(&stage).contains("one more"), "{}", stage.text());
    stage.press("g");
    happens(&mut stage, "and another");
    stage.sees("t000");
    stage.press("G");
    happens(&mut stage, "the last one");
    assert!(last(&stage).contains("the last one"), "{}", stage.text());
}

#[test]
fn the_help_finds_an_action_and_runs_it() {
    let mut stage = stage();
    for opening in ["?", ":"] {
        stage.press(opening);
        stage.type_in("rest");
        stage.sees("Restarts the selected tunnel");
        stage.sees_not("Leaves the dashboard");
        stage.press("enter");
        let (asked, _) = request(&mut stage);
        assert!(matches!(asked, Request::Restart { names } if names == [name("orders")]));
        stage.sees_not("Restarts the selected tunnel");
    }
    // What cannot be done says so here as well, before and after.
    stage.press("?");
    stage.type_in("answer");
    stage.sees("Not now: nothing is asked.");
    stage.press("enter");
    asks_nothing(&mut stage);
    stage.sees("answer: nothing is asked");
    // Letters that name nothing run nothing.
    stage.press(":");
    stage.type_in("xyzzy");
    stage.press("enter");
    stage.sees("no command has these letters");
    stage.press("esc");
    asks_nothing(&mut stage);
    stage.press(":");
    stage.type_in("quit");
    stage.press("enter");
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
}

#[test]
fn every_key_of_the_help_does_what_its_line_says() {
    for action in adit::tui::Action::ALL {
        let mut by_key = stage();
        let mut by_name = stage();
        let key = action.keys()[0];
        let screen = match action.scope() {
            adit::tui::Scope::Bastions => "2",
            adit::tui::Scope::Journal => "4",
            adit::tui::Scope::Keys => "3",
            adit::tui::Scope::Key => "3 enter",
            adit::tui::Scope::Rotation => {
                by_key.show(crate::screens::keys::rotating());
                by_name.show(crate::screens::keys::rotating());
                "3 r"
            }
            adit::tui::Scope::Diagnosis => "1 d",
            adit::tui::Scope::Setup => "1 s",
            adit::tui::Scope::Drafts => {
                by_key.show(crate::screens::wizard::with_drafts());
                by_name.show(crate::screens::wizard::with_drafts());
                "1 G"
            }
            _ => "1",
        };
        by_key.press(&format!("{screen} {key}"));
        by_name.press(&format!("{screen} :"));
        by_name.type_in(action.id());
        by_name.press("enter");
        assert_eq!(by_key.text(), by_name.text(), "{action:?}");
        assert_eq!(by_key.asks(), by_name.asks(), "{action:?}");
    }
}

#[test]
fn a_question_opens_by_itself_only_for_a_tunnel_acted_on_here() {
    let mut stage = stage();
    stage.sees_not("Is this edge?");
    // Another tunnel is none of its business.
    stage.press("space");
    stage.change(|_| {});
    stage.sees_not("Is this edge?");
    stage.select("vault");
    stage.press("r");
    stage.change(|_| {});
    stage.sees("Is this edge?");
    // Put off it waits, and comes back when asked for.
    stage.press("esc");
    stage.sees("put off; a asks again");
    stage.change(|_| {});
    stage.sees_not("Is this edge?");
    stage.press("a");
    stage.sees("Is this edge?");
    // It goes when somebody else has answered it.
    stage.change(|snapshot| snapshot.questions.clear());
    stage.sees_not("Is this edge?");
}

#[test]
fn a_question_does_not_open_over_what_a_person_is_reading() {
    let mut stage = stage();
    stage.select("vault");
    stage.press("r ?");
    stage.change(|_| {});
    stage.sees_not("Is this edge?");
    stage.press("esc");
    stage.change(|_| {});
    stage.sees("Is this edge?");
}

#[test]
fn a_host_key_is_trusted_by_yes_or_its_own_fingerprint_only() {
    let trusted = |stage: &mut Stage| {
        let (asked, _) = request(stage);
        let Request::Answer { id: 7, answer: Answer::Trust { fingerprint } } = asked else { panic!("{asked:?}") };
        assert_eq!(fingerprint, made::shown_fingerprint());
        // Until the service has taken the answer the question stays closed.
        stage.change(|_| {});
        stage.sees_not("Is this edge?");
    };
    let mut stage = Stage::new(80, 24);
    stage.show(made::question_of_host_key());
    stage.press("a");
    stage.sees(made::shown_fingerprint());
    stage.sees("[2001:db8::4]:22");
    for (typed, words) in [
        ("", "type yes, or paste"),
        ("y", "type yes, or paste"),
        ("YES", "type yes, or paste"),
        ("SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "this is another fingerprint"),
        (made::known_fingerprint(), "this is another fingerprint"),
        (&made::shown_fingerprint()[..20], "this is another fingerprint"),
    ] {
        stage.press("ctrl-u");
        stage.type_in(typed);
        stage.press("enter");
        asks_nothing(&mut stage);
        stage.sees(words);
    }
    stage.press("ctrl-u");
    stage.paste(&format!("  {}\r\n", made::shown_fingerprint()));
    asks_nothing(&mut stage);
    stage.press("enter");
    trusted(&mut stage);

    let mut stage = Stage::new(80, 24);
    stage.show(made::question_of_host_key());
    stage.press("a");
    stage.type_in("yes");
    stage.press("enter");
    trusted(&mut stage);
}

#[test]
fn what_cannot_be_seen_is_not_answered() {
    for size in [(30, 5), (40, 8)] {
        let mut stage = Stage::new(80, 24);
        stage.show(made::question_of_host_key());
        stage.press("a");
        stage.resize(size.0, size.1);
        stage.type_in("yes");
        stage.press("enter");
        stage.sees("enlarge the window");
        asks_nothing(&mut stage);
        stage.resize(80, 24);
        stage.sees("Is this edge?");
        stage.press("enter");
        stage.sees("type yes, or paste");
    }
    let mut stage = Stage::new(40, 10);
    stage.show(made::question_of_host_key());
    stage.press("a");
    let (first, rest) = made::shown_fingerprint().split_at(36);
    stage.sees(first);
    stage.sees(rest);
    stage.type_in("yes");
    stage.press("enter");
    assert!(matches!(request(&mut stage).0, Request::Answer { .. }));
}

#[test]
fn a_passphrase_shows_as_dots_and_nowhere_else() {
    let mut stage = Stage::new(80, 24);
    stage.show(made::question_of_passphrase(false));
    stage.press("a enter");
    asks_nothing(&mut stage);
    stage.sees("type the passphrase");
    stage.type_in("hun ter2");
    stage.paste("pasted\n");
    stage.sees("••••••••••••••");
    stage.sees_not("hun");
    stage.sees_not("pasted");
    stage.press("enter");
    let asked = stage.asked();
    assert!(!format!("{asked:?}").contains("hun"), "{asked:?}");
    let [Effect::Request { request: Request::Answer { id: 8, answer: Answer::Passphrase { passphrase } }, .. }] =
        &asked[..]
    else {
        panic!("{asked:?}")
    };
    assert_eq!(passphrase.reveal(), "hun ter2pasted");
    stage.sees_not("•••");
    // The wrong one is asked for again by itself, as it was answered here.
    stage.change(|snapshot| {
        let again = made::asks_passphrase("vault", true);
        snapshot.tunnels[0].question = Some(again.id);
        snapshot.questions = vec![again];
    });
    stage.press("a");
    stage.sees("That passphrase does not open the key.");
}

#[test]
fn a_changed_host_key_shows_both_and_offers_no_way_around() {
    let mut stage = stage();
    stage.select("mirror");
    stage.press("r");
    stage.asked();
    stage.press("Y");
    asks_nothing(&mut stage);
    stage.sees("copy-fix: ask the bastion's admin first");
    stage.press("a");
    stage.sees("This host key is not the one that is known");
    stage.sees(made::shown_fingerprint());
    stage.sees(made::known_fingerprint());
    stage.sees("someone may be in between");
    stage.type_in("yes");
    stage.paste(made::shown_fingerprint());
    stage.press("j k tab");
    asks_nothing(&mut stage);
    stage.sees("This host key is not the one that is known");
    stage.press("enter");
    asks_nothing(&mut stage);
    stage.sees_not("This host key is not the one that is known");
}

#[test]
fn leaving() {
    for keys in ["q", "ctrl-c", "? ctrl-c", "/ ctrl-c", "? esc q", "/ esc q"] {
        let mut stage = stage();
        stage.press(keys);
        assert!(matches!(stage.asked()[..], [Effect::Quit]), "{keys}");
    }
    let mut stage = Stage::new(80, 24);
    stage.show(made::question_of_passphrase(false));
    stage.press("a ctrl-c");
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
    stage.tell(Msg::Input(Input::Closed));
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
    stage.press("ctrl-z");
    stage.tell(Msg::Input(Input::Suspend));
    assert!(stage.asked().iter().any(|effect| matches!(effect, Effect::Suspend)));
}

#[test]
fn a_service_that_is_gone_is_said_for_as_long_as_it_is() {
    let mut stage = stage();
    stage.tell(Msg::Gone);
    stage.sees("the service is gone; what is shown is what was last known");
    stage.press("j");
    stage.wait(60);
    assert!(stage.text().lines().next().unwrap().contains("the service is gone"), "{}", stage.text());
    stage.press("q");
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
}

#[test]
fn the_mouse_is_switched_by_key() {
    let mut stage = stage();
    stage.press("M M");
    assert!(matches!(stage.asked()[..], [Effect::Mouse(false), Effect::Mouse(true)]));
}

#[test]
fn rates_count_seconds_restarts_and_clocks_set_back() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::many(1));
    let carry = |stage: &mut Stage, seconds: i64, bytes: u64| {
        stage.now += jiff::SignedDuration::from_secs(seconds);
        stage.change(|snapshot| snapshot.tunnels[0].bytes.from_database = bytes);
    };
    carry(&mut stage, 2, 90_000_000 + 4_000_000);
    stage.sees("2.0 MB/s");
    // A service that began anew counts from zero.
    carry(&mut stage, 1, 500);
    stage.sees("0 B/s");
    carry(&mut stage, -3600, 500);
    carry(&mut stage, 1, 5_500);
    stage.sees("5.0 kB/s");
    // Where nothing flows the service has nothing to tell; a second without news is not yet that.
    stage.wait(1);
    stage.sees("5.0 kB/s");
    stage.wait(2);
    stage.sees_not("kB/s");
}

#[test]
fn a_broken_theme_is_told_of_and_the_rest_goes_on() {
    let mut stage = Stage::with(100, 40, |look| {
        look.themes = adit::tui::Themes::load(&[("mine".to_owned(), "name = ".to_owned())]);
        look.theme = "mine".to_owned();
    });
    stage.sees("themes/mine.toml:1: ");
    stage.show(every_state());
    stage.press("j");
    stage.sees_not("themes/mine.toml:1: ");
    stage.sees("orders");
}

#[test]
fn a_configuration_that_is_not_in_force_is_said_while_it_is_so() {
    let mut stage = stage();
    stage.show(made::misconfigured());
    stage.press("j");
    stage.sees("configuration not in force: config.toml:12:7");
    stage.change(|snapshot| snapshot.config_error = None);
    stage.sees_not("not in force");
}

#[test]
fn a_tunnel_that_fails_says_whose_turn_it_is() {
    let mut stage = stage();
    stage.select("ledger");
    stage.sees("the bastion prod refused the key ledger");
    stage.sees("the bastion's admin must act");
    stage.sees("adit key show ledger");
    stage.select("vault");
    stage.sees("you must act");
    stage.sees("press a to answer");
    let unasked = made::asking(made::asks_host_key("vault"), Code::HostKeyUnknown);
    let mut snapshot = Arc::unwrap_or_clone(unasked);
    snapshot.questions.clear();
    stage.show(Arc::new(snapshot));
    stage.press("g a");
    stage.sees("answer: nothing is asked");
    assert_eq!("ctrl-c".parse::<Key>(), Ok(Key::ctrl('c')));
}
