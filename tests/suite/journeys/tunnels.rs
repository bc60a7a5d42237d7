//! The list of tunnels by keys: sorted, grouped, marked, renamed, copied of, and what is changed is undone.

use adit::model::{Phase, Subject};
use adit::service::{Reply, Request};
use adit::tui::{Effect, Input, Msg};

use super::{asks_nothing, request, stage};
use crate::screens::made::{self, every_state, name};
use crate::screens::stage::Stage;

/// The tunnels in the order in which they stand.
fn order(stage: &Stage) -> Vec<String> {
    let known = every_state();
    let named = |line: &str| {
        let word = line
            .strip_prefix('│')?
            .chars()
            .take(40)
            .collect::<String>()
            .split_whitespace()
            .find(|word| word.chars().count() > 2)?
            .to_owned();
        known.tunnels.iter().find(|tunnel| tunnel.name.as_str() == word).map(|_| word)
    };
    stage.text().lines().filter_map(named).collect()
}

#[test]
fn tunnels_are_sorted_by_what_needs_a_person_by_slowness_and_by_traffic() {
    let mut stage = stage();
    let by_name = order(&stage);
    stage.select("ledger");
    stage.press("o");
    stage.sees("by state");
    let sorted = order(&stage);
    assert_eq!(sorted.first().map(String::as_str), Some("vault"), "it asks a question: {sorted:?}");
    assert_eq!(sorted.last().map(String::as_str), Some("archive"), "it is off: {sorted:?}");
    // The selection stays with its tunnel.
    stage.sees("╭ ledger ─");
    stage.change(|snapshot| {
        snapshot.tunnels.iter_mut().find(|tunnel| tunnel.name.as_str() == "search").unwrap().rtt_ms = Some(80.0);
    });
    stage.press("o");
    stage.sees("by round trip");
    assert_eq!(order(&stage).first().map(String::as_str), Some("search"));
    stage.press("o");
    stage.sees("by traffic");
    stage.press("o");
    stage.sees("sorted by name");
    assert_eq!(order(&stage), by_name);
}

#[test]
fn headings_are_never_selected_and_a_click_finds_the_line_below_them() {
    let mut stage = stage();
    stage.press("O");
    stage.sees(" #prod");
    stage.sees(" no tag");
    stage.press("g");
    stage.sees("╭ orders ─");
    for _ in 0..every_state().tunnels.len() {
        stage.press("j");
    }
    assert_eq!(order(&stage).len(), every_state().tunnels.len());
    let text = stage.text();
    let at = |words: &str| u16::try_from(text.lines().position(|line| line.contains(words)).unwrap()).unwrap();
    let heading = at(" no tag");
    stage.tell(Msg::Input(Input::Click(5, at(" ledger "))));
    stage.sees("╭ ledger ─");
    stage.tell(Msg::Input(Input::Click(5, heading)));
    stage.sees("╭ ledger ─");
    stage.press("O");
    stage.sees(" through edge");
    stage.press("O");
    stage.sees("no groups");
}

#[test]
fn one_of_many_says_where_it_stands() {
    let mut stage = Stage::new(100, 24);
    stage.show(made::many(200));
    stage.press("O O G");
    stage.sees("grouped by bastion");
    stage.sees("-200 of 200");
    stage.sees("╭ t199 ─");
}

#[test]
fn marked_tunnels_are_named_before_they_are_brought_up_or_down() {
    let mut stage = stage();
    stage.select("archive");
    stage.press("v");
    stage.select("orders");
    stage.press("v");
    stage.sees("2 marked");
    stage.press("space");
    asks_nothing(&mut stage);
    stage.sees("2 tunnels are marked");
    stage.sees("bring up 1");
    stage.sees("take down 1");
    stage.sees("archive");
    stage.press("esc space enter");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Up { names } if names == [name("archive")]), "{about}");
    assert_eq!(about, "bring up archive");
    stage.sees_not("2 marked");

    stage.press("/");
    stage.type_in("#prod");
    stage.press("enter *");
    stage.sees("2 marked");
    stage.press("space d");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Down { names, now: false } if names == [name("orders"), name("billing")]));
    assert_eq!(about, "take down 2");
    stage.press("* r");
    stage.press("enter");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Restart { names } if names.len() == 2));
    // One that is marked needs no question, and it is the one, wherever the selection stands.
    stage.press("esc g v");
    assert!(every_state().tunnels[0].phase != Phase::Stopped);
    stage.press("space");
    let (asked, _) = request(&mut stage);
    assert!(matches!(asked, Request::Down { names, .. } if names == [name("orders")]));
    stage.press("* x");
    asks_nothing(&mut stage);
    stage.sees("remove: some are marked: space acts on them, esc unmarks");
    stage.press("esc");
    stage.sees_not(" 2 marked");
    stage.press("esc x");
    stage.sees("Remove the tunnel");
}

#[test]
fn a_tunnel_that_closes_says_so_instead_of_nothing() {
    let mut stage = stage();
    stage.select("orders");
    stage.change(|snapshot| snapshot.tunnels[0].phase = Phase::Closing);
    stage.press("space");
    asks_nothing(&mut stage);
    stage.sees("toggle: it is closing; press again when it is off");
}

#[test]
fn what_undoing_brings_back_is_selected() {
    let mut stage = stage();
    let orders = every_state().tunnels[0].clone();
    stage.change(|snapshot| drop(snapshot.tunnels.remove(0)));
    stage.select("ledger");
    stage.press("u");
    let (_, about) = request(&mut stage);
    stage.tell(Msg::Replied { about, reply: Reply::Undone { words: "removed orders".to_owned(), again: false } });
    stage.sees("╭ ledger ─");
    stage.change(|snapshot| snapshot.tunnels.insert(0, orders));
    stage.sees("╭ orders ─");
    // Whoever has gone on meanwhile stays there.
    let orders = every_state().tunnels[0].clone();
    stage.change(|snapshot| drop(snapshot.tunnels.remove(0)));
    stage.press("u");
    let _ = request(&mut stage);
    stage.select("ledger");
    stage.change(|snapshot| snapshot.tunnels.insert(0, orders));
    stage.sees("╭ ledger ─");
}

#[test]
fn names_are_checked_while_they_are_typed() {
    let mut stage = stage();
    stage.press("R");
    stage.sees("Rename orders");
    for (typed, words) in [("", "already"), ("-eu\u{202e}🦀 ", "a name"), ("x".repeat(300).as_str(), "a name")] {
        stage.type_in(typed);
        stage.press("enter");
        asks_nothing(&mut stage);
        stage.sees(words);
    }
    stage.press("ctrl-u");
    stage.paste("billing\n");
    stage.press("enter");
    asks_nothing(&mut stage);
    stage.sees("billing is taken");
    stage.press("ctrl-u");
    stage.type_in("sales");
    stage.press("enter");
    let (asked, about) = request(&mut stage);
    assert!(
        matches!(&asked, Request::Rename { subject: Subject::Tunnel(old), to }
        if old.as_str() == "orders" && to.as_str() == "sales"),
        "{asked:?}"
    );
    stage.tell(Msg::Replied { about, reply: Reply::Done });
    stage.change(|snapshot| snapshot.tunnels[0].name = name("sales"));
    stage.sees("╭ sales ─");
    stage.sees("u undoes it");
    stage.press("D enter");
    let (asked, _) = request(&mut stage);
    assert!(matches!(&asked, Request::Copy { name, to } if name.as_str() == "sales" && to.as_str() == "sales-2"));
    stage.press("2 R");
    stage.type_in("-eu");
    stage.press("enter");
    let (asked, _) = request(&mut stage);
    assert!(matches!(&asked, Request::Rename { subject: Subject::Bastion(_), to } if to.as_str() == "prod-eu"));
}

#[test]
fn undoing_says_what_was_undone() {
    let mut stage = stage();
    stage.press("u");
    let (asked, about) = request(&mut stage);
    assert!(matches!(asked, Request::Undo), "{asked:?}");
    let words = "removed orders".to_owned();
    stage.tell(Msg::Replied { about: about.clone(), reply: Reply::Undone { words: words.clone(), again: false } });
    stage.sees("undone: removed orders");
    stage.tell(Msg::Replied { about: about.clone(), reply: Reply::Undone { words, again: true } });
    stage.sees("done again: removed orders");
    stage.tell(Msg::Gone);
    stage.press("j u");
    asks_nothing(&mut stage);
    stage.sees("undo: the service is gone");
}

/// What is offered to be copied, as key and text.
fn offered(stage: &mut Stage, tunnel: &str, keys: &str) -> Vec<Option<String>> {
    let copied = |key: char| {
        stage.select(tunnel);
        stage.press(&format!("y {key}"));
        let asked = stage.asked();
        stage.press("esc");
        match &asked[..] {
            [Effect::Copy { text, .. }] => Some(text.clone()),
            _ => None,
        }
    };
    keys.chars().map(copied).collect()
}

#[test]
fn only_what_fits_a_kind_is_offered_to_be_copied() {
    let mut stage = stage();
    let some = |text: &str| Some(text.to_owned());
    let orders = offered(&mut stage, "orders", "uhcdp");
    assert_eq!(orders[..2], [some("postgresql://shop@127.0.0.1:15432/shop"), some("127.0.0.1:15432")]);
    assert_eq!(orders[2], some("psql \"host=127.0.0.1 port=15432 user=shop dbname=shop\""));
    assert_eq!(
        orders[3..],
        [some("jdbc:postgresql://127.0.0.1:15432/shop?user=shop"), some("127.0.0.1:15432:shop:shop:")]
    );
    let variables = offered(&mut stage, "orders", "es");
    assert!(variables[0].as_ref().unwrap().contains("PGHOST=127.0.0.1"), "{variables:?}");
    assert!(variables[1].as_ref().unwrap().starts_with("ssh-ed25519 "), "{variables:?}");
    let cache = offered(&mut stage, "cache", "ucdpr");
    assert_eq!(cache, [some("redis://127.0.0.1:16379"), some("redis-cli -h 127.0.0.1 -p 16379"), None, None, None]);
    let vault = offered(&mut stage, "vault", "u");
    assert_eq!(vault, [some("mongodb://127.0.0.1:17017/?directConnection=true")]);
    let billing = offered(&mut stage, "billing", "c");
    assert_eq!(billing, [some("mysql --host=127.0.0.1 --port=13306")]);
    // Nothing that has no port yet.
    assert_eq!(offered(&mut stage, "archive", "u"), [None]);
}

#[test]
fn a_line_is_copied_by_a_click_on_it_and_the_wheel_moves_the_mark() {
    let mut stage = stage();
    stage.press("y");
    let text = stage.text();
    let line = text.lines().position(|line| line.contains("JDBC")).unwrap();
    stage.tell(Msg::Input(Input::Click(30, u16::try_from(line).unwrap())));
    let asked = stage.asked();
    assert!(matches!(&asked[..], [Effect::Copy { text, .. }] if text.starts_with("jdbc:")), "{asked:?}");
    stage.press("y");
    stage.tell(Msg::Input(Input::Scroll(5, 5, 1)));
    stage.press("enter");
    let asked = stage.asked();
    assert!(matches!(&asked[..], [Effect::Copy { text, .. }] if text == "127.0.0.1:15432"), "{asked:?}");
    stage.press("?");
    stage.type_in("restart");
    let line = stage.text().lines().position(|line| line.contains("Restarts the")).unwrap();
    stage.tell(Msg::Input(Input::Click(30, u16::try_from(line).unwrap())));
    assert!(matches!(request(&mut stage).0, Request::Restart { .. }));
}

#[test]
fn the_journal_of_one_tunnel_is_a_key_away() {
    let mut stage = stage();
    stage.change(|snapshot| {
        let mut other = snapshot.tunnels[0].clone();
        other.name = name("orders-eu");
        snapshot.tunnels.push(other);
        let mut entry = snapshot.journal[1].clone();
        (entry.tunnel, entry.message) = (Some(name("orders-eu")), "of the other one".to_owned());
        snapshot.journal.push(entry);
    });
    stage.press("J");
    stage.sees("╭ Journal / @orders ");
    stage.sees("up by bastion.example.com");
    stage.sees_not("of the other one");
    stage.sees_not("the bastion closed the session");
    stage.press("esc");
    stage.sees("the bastion closed the session");
}
