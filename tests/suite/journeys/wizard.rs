//! A new tunnel, a question a page: what is asked of the service at each, what is refused, and that nothing is lost.

mod whole;

use std::sync::Arc;

use adit::model::{Access, ChosenBastion, Draft, KeyType, Listen, Page, Snapshot};
use adit::service::{Reply, Request};
use adit::tui::{Effect, Input, Msg};

use crate::screens::made::{self, name};
use crate::screens::stage::Stage;
use crate::screens::wizard::{self as scene, draft};

/// An empty home, the wizard open.
fn begun() -> Stage {
    let mut stage = Stage::new(100, 40);
    stage.show(Arc::new(Snapshot::default()));
    stage.press("n");
    stage
}

/// The one thing that was asked of the service.
#[track_caller]
fn asked(stage: &mut Stage) -> (u64, Request) {
    match &stage.asked()[..] {
        [Effect::Ask { id, request }] => (*id, request.clone()),
        other => panic!("{other:?}\n{}", stage.text()),
    }
}

/// The draft that is to be kept, and what it was called; the service keeps it.
#[track_caller]
fn keeps(stage: &mut Stage) -> (Draft, Option<String>) {
    let (id, request) = asked(stage);
    let Request::SaveDraft { draft, was } = request else { panic!("{request:?}") };
    let was = was.map(|name| name.to_string());
    let kept = Draft::clone(&draft);
    let before = was.clone();
    stage.change(|snapshot| {
        snapshot.drafts.retain(|other| other.name != kept.name && Some(other.name.to_string()) != before);
        snapshot.drafts.push(kept);
    });
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    (*draft, was)
}

#[track_caller]
fn refuses(stage: &mut Stage, why: &str) {
    let (id, _) = asked(stage);
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Refused { code: 2, message: why.to_owned() }) });
}

/// From the first page to the one with the local port.
fn to_local(stage: &mut Stage) {
    stage.type_in("adit@bastion.example.com:2222");
    stage.press("enter");
    keeps(stage);
    stage.press("enter");
    keeps(stage);
    stage.press("enter");
    stage.type_in("10.0.1.12");
    stage.press("enter");
    stage.type_in("app");
    stage.press("enter");
    stage.type_in("orders");
    stage.press("enter");
    keeps(stage);
}

#[test]
fn each_page_keeps_the_draft_and_the_key_is_asked_for_when_its_name_is_settled() {
    let mut stage = begun();
    stage.sees("Through which server does the way lead?");
    stage.type_in("adit@bastion.example.com:2222");
    stage.press("enter");
    let (draft, was) = keeps(&mut stage);
    assert_eq!((draft.name.as_str(), draft.page, was), ("unnamed", Page::Access, None));
    let ChosenBastion::New { name: bastion, endpoint, user } = &draft.bastion else { panic!("{draft:?}") };
    assert_eq!(
        (bastion.as_str(), endpoint.to_string().as_str(), user.as_str()),
        ("bastion", "bastion.example.com:2222", "adit")
    );
    stage.sees("What shall the login show?");
    stage.press("tab right right enter");
    let (draft, was) = keeps(&mut stage);
    assert!(matches!(draft.access, Access::NewKey { kind: KeyType::Rsa, .. }), "{draft:?}");
    assert_eq!((draft.page, was.as_deref()), (Page::Database, Some("unnamed")));
    stage.press("m enter");
    stage.type_in("orders.db.internal");
    stage.press("enter enter enter");
    let (draft, _) = keeps(&mut stage);
    let database = draft.database.unwrap();
    assert_eq!(
        (database.kind.as_str(), database.endpoint().to_string().as_str()),
        ("mysql", "orders.db.internal:3306")
    );
    // The name is proposed, and the key is named after it.
    stage.sees("How do you want to reach it here?");
    stage.press("tab tab");
    stage.type_in("eu prod");
    stage.press("tab space enter");
    let (draft, was) = keeps(&mut stage);
    assert_eq!((draft.name.as_str(), was.as_deref(), draft.page), ("orders", Some("unnamed"), Page::HandOff));
    assert_eq!((draft.listen, draft.autostart, draft.tags), (None, true, vec![name("eu"), name("prod")]));
    assert_eq!(draft.access, Access::NewKey { name: name("orders"), kind: KeyType::Rsa });
    let (id, request) = asked(&mut stage);
    assert!(matches!(request, Request::HandOff { subject: adit::model::Subject::Draft(of) } if of == name("orders")));
    stage.sees("The key orders is being made");
    stage.change(|snapshot| snapshot.keys.push(scene::key("orders")));
    stage.sees("permitopen=\"orders.db.internal:3306\"");
    stage.sees_not("All of it");
    let setup = crate::screens::setup::facts();
    let text = adit::service::sheet(&setup, adit::service::Sheet::Text(None)).unwrap();
    stage.tell(Msg::Told { id, outcome: Ok(Reply::HandOff { setup: Box::new(setup) }) });
    stage.sees("All of it, with firewalls");
    stage.press("Y");
    let copied = stage.asked();
    assert!(matches!(&copied[..], [Effect::Copy { text: whole, .. }] if *whole == text), "{copied:?}");
    stage.press("k");
    let copied = stage.asked();
    let [Effect::Copy { text, .. }] = &copied[..] else { panic!("{copied:?}") };
    assert_eq!(*text, scene::key("orders").public_key);
    stage.press("y");
    let copied = stage.asked();
    let [Effect::Copy { text, .. }] = &copied[..] else { panic!("{copied:?}") };
    let line = text.lines().find(|line| line.starts_with("restrict,port-forwarding,permitopen=")).unwrap();
    assert!(line.ends_with(&scene::key("orders").public_key), "{text}");
}

#[test]
fn back_loses_nothing_and_forward_finds_it_again() {
    let mut stage = begun();
    to_local(&mut stage);
    stage.press("esc");
    stage.sees("10.0.1.12");
    stage.press("esc esc");
    stage.sees("bastion.example.com");
    stage.sees("2222");
    stage.press("enter");
    keeps(&mut stage);
    stage.press("enter");
    keeps(&mut stage);
    for text in ["10.0.1.12", "app", "orders", "[postgres]"] {
        stage.sees(text);
    }
    // Out of the first page, the list has it.
    stage.press("esc esc esc");
    stage.sees("◇ orders");
    stage.sees("enter   goes on where it was left");
    stage.press("enter");
    stage.sees("How do you want to reach it here?");
    stage.sees("orders");
}

#[test]
fn what_is_typed_is_kept_while_it_is_typed_and_when_the_program_is_left() {
    let mut stage = begun();
    stage.type_in("bastion.exa");
    stage.wait(0);
    assert!(stage.asks().is_empty());
    stage.wait(1);
    let (draft, _) = keeps(&mut stage);
    assert_eq!((&draft.bastion, draft.page), (&ChosenBastion::Open, Page::Bastion));
    // Once is enough.
    stage.wait(5);
    assert!(stage.asks().is_empty());
    stage.type_in("mple.com");
    stage.press("ctrl-c");
    stage.sees("one moment");
    let (draft, _) = keeps(&mut stage);
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
    // Another program goes on with it, also with what was not whole.
    let mut stage = Stage::new(80, 24);
    stage.show(Arc::new(Snapshot { drafts: vec![draft], ..Snapshot::default() }));
    stage.sees("not named yet");
    stage.press("enter");
    stage.sees("bastion.example.com");
    // A service that does not answer keeps nobody.
    stage.type_in("x");
    stage.press("ctrl-c");
    stage.asked();
    stage.press("ctrl-c");
    assert!(matches!(stage.asked()[..], [Effect::Quit]));
}

#[test]
fn keys_typed_ahead_count_on_the_next_page() {
    let mut stage = begun();
    stage.type_in("adit@b.example");
    stage.press("enter");
    let (id, _) = asked(&mut stage);
    stage.press("down down down");
    stage.press("enter");
    stage.sees("Through which server");
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    // The agent is the fourth.
    let (draft, _) = keeps(&mut stage);
    assert_eq!(draft.page, Page::Database);
    assert!(
        matches!(&draft.access, Access::Identity(identity) if identity.to_string() == "the SSH agent"),
        "{draft:?}"
    );
    // An answer that never comes keeps nobody either.
    stage.press("enter");
    stage.type_in("db");
    stage.press("enter enter enter");
    stage.asked();
    stage.press("esc");
    stage.sees("Which database");
    stage.press("esc");
    stage.sees("What shall the login show?");
}

#[test]
fn a_refusal_is_said_on_the_page_and_nothing_is_lost() {
    let mut stage = begun();
    to_local(&mut stage);
    stage.press("enter");
    refuses(&mut stage, "there is a tunnel orders already; choose another name");
    stage.sees("there is a tunnel orders already");
    stage.sees("How do you want to reach it here?");
    stage.type_in("-eu");
    stage.sees_not("there is a tunnel orders already");
    stage.press("enter");
    let (draft, was) = keeps(&mut stage);
    assert_eq!((draft.name.as_str(), was.as_deref()), ("orders-eu", Some("unnamed")));
    assert!(stage.asks()[0].contains("HandOff"));
    // The service is lost: said, and what is typed stays.
    stage.tell(Msg::Gone);
    stage.sees("the service is gone: what is typed from now on is not kept");
    stage.press("enter");
    let (id, _) = asked(&mut stage);
    stage.tell(Msg::Told { id, outcome: Err("the service is gone".to_owned()) });
    stage.press("esc");
    stage.sees("orders-eu");
}

#[test]
fn the_local_port_is_looked_at_while_it_is_typed() {
    let mut stage = begun();
    to_local(&mut stage);
    stage.press("tab");
    stage.type_in("154");
    let asks = stage.asked();
    let ids: Vec<u64> = asks
        .iter()
        .map(|effect| match effect {
            Effect::Ask { id, request: Request::CheckListen { but, .. } } => {
                assert_eq!(*but, Some(name("unnamed")));
                *id
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let [_, _, last] = ids[..] else { panic!("{ids:?}") };
    // One that belongs to an older text says nothing.
    stage.tell(Msg::Told { id: ids[0], outcome: Ok(Reply::Refused { code: 1, message: "1 is forbidden".to_owned() }) });
    stage.sees_not("1 is forbidden");
    // Enter waits for the answer.
    stage.press("enter");
    assert!(stage.asks().is_empty());
    let message = "127.0.0.1:154 is held by nginx (7); 127.0.0.1:15432 is free".to_owned();
    stage.tell(Msg::Told { id: last, outcome: Ok(Reply::Refused { code: 1, message }) });
    stage.sees("✗ 127.0.0.1:154 is held by nginx (7)");
    assert!(stage.asks().is_empty());
    stage.press("backspace");
    stage.sees_not("nginx");
    stage.asked();
    for (text, words) in [
        ("0", "0 is not a port: give a number from 1 to 65535"),
        ("65536", "65536 is not a port"),
        ("0.0.0.0:15432", "allow_remote_clients"),
        ("unix:x", "is not a place to listen on"),
    ] {
        stage.press("ctrl-u");
        stage.paste(text);
        stage.sees(words);
        stage.press("enter");
        assert!(!stage.asks().iter().any(|asked| asked.contains("SaveDraft")), "{text}");
    }
    stage.press("ctrl-u");
    stage.paste("15432");
    let (id, _) = asked(&mut stage);
    stage.press("enter");
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    let (draft, _) = keeps(&mut stage);
    assert_eq!(draft.listen, Some(Listen::loopback(15432.try_into().unwrap())));
}

#[test]
fn bad_input_is_refused_where_it_stands() {
    let hosts = [
        ("a b", "is not a host"),
        ("db;rm", "is not a host"),
        ("$(id)", "is not a host"),
        ("-oProxyCommand=x", "is not a host"),
        ("😀", "is not a host"),
        (&"a".repeat(300), "is not a host"),
    ];
    for (text, words) in hosts {
        let mut stage = begun();
        stage.paste(text);
        stage.sees(words);
        stage.press("tab");
        stage.press("enter enter");
        assert!(stage.asks().is_empty(), "{text}");
    }
    // What would turn the text around is not taken: what is seen is what counts.
    let mut stage = begun();
    stage.paste("\u{202e}moc.elpmaxe");
    stage.sees("moc.elpmaxe");
    let mut stage = begun();
    stage.paste("b.example");
    for (tabs, text, words) in [
        ("tab", "65536", "is not a port"),
        ("tab", "$(id)", "is not a login"),
        ("tab", "Name With Blanks", "is not a name"),
    ] {
        stage.press(tabs);
        stage.press("ctrl-u");
        stage.paste(text);
        stage.sees(words);
        stage.press("enter");
    }
    assert!(stage.asks().is_empty());
    // Of a paste with line breaks and escapes the first line counts, and that is said.
    let mut stage = begun();
    stage.paste("\u{1b}]0;x\u{7}adit@b.example:22\r\nrm -rf /\r\n");
    stage.sees("of the pasted lines only the first was taken");
    let text = stage.text();
    assert!(!text.contains("rm -rf") && !text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
}

#[test]
fn localhost_and_a_known_server_are_remarked_on() {
    let mut stage = begun();
    stage.type_in("adit@b.example");
    stage.press("enter");
    keeps(&mut stage);
    stage.press("enter");
    keeps(&mut stage);
    stage.press("enter");
    stage.type_in("localhost");
    stage.sees("is the bastion itself");
    stage.press("ctrl-u");
    stage.type_in("127.0.0.1");
    stage.sees("is the bastion itself");
    // The port follows the kind until it is changed.
    stage.press("up");
    stage.press("r");
    stage.sees("5439");
    stage.press("tab tab");
    stage.press("ctrl-u");
    stage.type_in("15439");
    stage.press("up up right");
    stage.sees("15439");
}

#[test]
fn an_existing_bastion_and_key_are_chosen_from_lists() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::every_state());
    stage.press("n");
    stage.sees("● prod");
    stage.press("home");
    stage.press("enter");
    let (draft, _) = keeps(&mut stage);
    let ChosenBastion::Known(bastion) = &draft.bastion else { panic!("{draft:?}") };
    stage.sees(&format!("what {bastion} uses"));
    stage.press("down enter");
    let (draft, _) = keeps(&mut stage);
    assert_eq!(draft.access, Access::Bastions);
    assert!(draft.new_bastion().is_none());
    // A click chooses as well.
    stage.press("esc");
    let line = stage.text().lines().position(|line| line.contains("a new key of its own")).unwrap();
    stage.tell(Msg::Input(Input::Click(30, u16::try_from(line).unwrap())));
    stage.press("enter");
    let (draft, _) = keeps(&mut stage);
    assert!(matches!(draft.access, Access::NewKey { .. }), "{draft:?}");
    // A file of the person's own.
    stage.press("esc");
    stage.press("end up");
    stage.press("enter");
    stage.type_in("id_rsa");
    stage.sees("begin it with / or ~/");
    stage.press("ctrl-u");
    stage.type_in("~/.ssh/id_rsa.pub");
    stage.sees("looks like the public half");
    stage.press("backspace backspace backspace backspace enter");
    let (draft, _) = keeps(&mut stage);
    assert_eq!(draft.identity().unwrap().to_string(), "identity file ~/.ssh/id_rsa");
}

#[test]
fn a_draft_is_dropped_after_a_question_that_names_it() {
    let mut stage = Stage::new(100, 30);
    stage.show(scene::with_drafts());
    stage.press("G k x");
    stage.sees("Drop the draft ledger?");
    stage.sees("Its key ledger stays");
    stage.press("enter esc");
    assert!(stage.asks().is_empty());
    stage.press("x y");
    let (request, about) = super::request(&mut stage);
    assert!(matches!(request, Request::DropDraft { name: dropped } if dropped == name("ledger")));
    assert_eq!(about, "drop ledger");
}

#[test]
fn a_tunnel_is_changed_on_the_same_pages() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::every_state());
    stage.select("orders");
    stage.press("e");
    stage.sees("Edit orders");
    stage.sees("bastion › access › database › local");
    stage.press("enter");
    stage.sees("What shall the login show?");
    stage.press("enter");
    for words in ["10.0.1.12", "5432", "shop"] {
        stage.sees(words);
    }
    stage.press("tab ctrl-u");
    stage.type_in("10.0.1.99");
    stage.press("enter");
    stage.sees("15432");
    stage.type_in("-eu");
    stage.press("enter");
    let (id, asked) = asked(&mut stage);
    let Request::EditTunnel { name: edited, draft } = asked else { panic!("{asked:?}") };
    assert_eq!((edited, &draft.name), (name("orders"), &name("orders-eu")));
    // What was not touched stays as it stands.
    assert_eq!((&draft.bastion, &draft.access), (&ChosenBastion::Known(name("prod")), &Access::Open));
    assert_eq!(draft.database.unwrap().host.as_str(), "10.0.1.99");
    assert_eq!(draft.listen, Some(Listen::loopback(15432.try_into().unwrap())));
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Refused { code: 2, message: "the disk is full".to_owned() }) });
    stage.sees("the disk is full");
    // Left, nothing is asked; a name that is taken is refused.
    stage.press("ctrl-u");
    stage.type_in("billing");
    stage.sees("there is a tunnel billing already");
    stage.press("esc esc esc esc");
    stage.sees("nothing was changed");
    assert!(stage.asks().is_empty());
    // One that other machines may use stays so.
    stage.change(|snapshot| snapshot.tunnels[0].listen = Some("0.0.0.0:15432".parse().unwrap()));
    stage.press("e enter enter enter enter");
    let (_, asked) = self::asked(&mut stage);
    assert!(
        matches!(asked, Request::EditTunnel { draft, .. } if draft.listen == Some("0.0.0.0:15432".parse().unwrap()))
    );
}

#[test]
fn the_bastion_and_the_login_of_a_tunnel_are_changed_on_the_same_pages() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::every_state());
    stage.select("orders");
    // Another bastion; ctrl-s changes it from any page.
    stage.press("e e ctrl-s");
    let (id, asked) = asked(&mut stage);
    let Request::EditTunnel { draft, .. } = asked else { panic!("{asked:?}") };
    assert_eq!((&draft.bastion, &draft.access), (&ChosenBastion::Known(name("edge")), &Access::Open));
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    stage.sees("orders is changed");
    // An agent, then the bastion's own again.
    stage.press("e enter end ctrl-s");
    let (id, asked) = self::asked(&mut stage);
    let Request::EditTunnel { draft, .. } = asked else { panic!("{asked:?}") };
    assert!(
        matches!(&draft.access, Access::Identity(identity) if identity.to_string() == "the SSH agent"),
        "{draft:?}"
    );
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    stage.change(|snapshot| {
        snapshot.tunnels[0].identity = Some(adit::model::Identity::File("/home/me/.ssh/id_ed25519".into()));
    });
    stage.press("e enter");
    stage.sees("/home/me/.ssh/id_ed25519");
    stage.press("ctrl-s");
    let (id, asked) = self::asked(&mut stage);
    assert!(matches!(&asked, Request::EditTunnel { draft, .. } if draft.access == Access::Open), "{asked:?}");
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    stage.press("e enter home down ctrl-s");
    let (id, asked) = self::asked(&mut stage);
    assert!(matches!(&asked, Request::EditTunnel { draft, .. } if draft.access == Access::Bastions), "{asked:?}");
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    // A new key is made first, then shown by name; a refusal keeps the pages.
    stage.press("e enter home ctrl-s");
    let (id, asked) = self::asked(&mut stage);
    let Request::Key { ask: adit::service::KeyRequest::Make { name: key, kind, .. } } = &asked else {
        panic!("{asked:?}")
    };
    assert_eq!((key, *kind), (&name("orders"), KeyType::Ed25519));
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    let (id, asked) = self::asked(&mut stage);
    let Request::EditTunnel { draft, .. } = asked else { panic!("{asked:?}") };
    assert_eq!(draft.access, Access::Identity(adit::model::Identity::Key(name("orders"))));
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Refused { code: 2, message: "the disk is full".to_owned() }) });
    stage.sees("the disk is full");
    stage.press("ctrl-s");
    assert!(matches!(self::asked(&mut stage).1, Request::EditTunnel { .. }), "the key is there already");
}

#[test]
fn a_bastion_is_changed_on_the_same_pages() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::every_state());
    stage.press("2 e");
    stage.sees("Edit bastion prod");
    stage.sees("bastion › access");
    stage.sees_not("access › database");
    stage.sees("bastion.example.com");
    stage.press("ctrl-u");
    stage.type_in("ops@b.example:2222");
    stage.press("enter");
    stage.sees("What shall the login show?");
    stage.sees("key prod");
    stage.press("enter");
    let (id, asked) = asked(&mut stage);
    let Request::EditBastion { name: edited, draft } = asked else { panic!("{asked:?}") };
    let ChosenBastion::New { name: new, endpoint, user } = &draft.bastion else { panic!("{draft:?}") };
    assert_eq!(
        (edited, new, endpoint.to_string().as_str(), user.as_str()),
        (name("prod"), &name("prod"), "b.example:2222", "ops")
    );
    assert_eq!(draft.access, Access::Open);
    stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
    stage.sees("prod is changed");
    stage.sees("2 Bastions");
    // Another name is checked while it is typed, and esc leaves it as it is, on the same screen.
    stage.press("e tab tab tab ctrl-u");
    stage.type_in("edge");
    stage.sees("there is a bastion edge already");
    stage.press("esc");
    stage.sees("nothing was changed");
    stage.sees("╭ Bastions ─");
    stage.press("e enter end enter");
    let (_, asked) = self::asked(&mut stage);
    assert!(
        matches!(&asked, Request::EditBastion { draft, .. } if matches!(draft.access, Access::Identity(adit::model::Identity::Agent(_)))),
        "{asked:?}"
    );
}

#[test]
fn tunnels_and_bastions_are_removed_after_a_question() {
    let mut stage = Stage::new(100, 40);
    stage.show(made::every_state());
    stage.select("orders");
    stage.press("x");
    stage.sees("Remove the tunnel orders?");
    stage.sees("It is taken down first");
    stage.press("y");
    let (request, about) = super::request(&mut stage);
    assert!(
        matches!(request, Request::Remove { subject: adit::model::Subject::Tunnel(removed) } if removed == name("orders"))
    );
    assert_eq!(about, "remove orders");
    stage.press("2 x");
    stage.sees("remove-bastion: tunnels go through it");
    stage.change(|snapshot| snapshot.bastions[0].tunnels.clear());
    stage.press("x");
    stage.sees("Remove the bastion");
    stage.press("y");
    let (request, _) = super::request(&mut stage);
    assert!(matches!(request, Request::Remove { subject: adit::model::Subject::Bastion(_) }));
}

#[test]
fn a_resumed_draft_is_on_the_page_where_something_is_open() {
    let mut stage = Stage::new(100, 40);
    let mut half = draft("half", Page::HandOff);
    half.database = None;
    stage.show(Arc::new(Snapshot { drafts: vec![half], ..Snapshot::default() }));
    stage.press("enter");
    stage.sees("Which database, as the bastion sees it?");
}
