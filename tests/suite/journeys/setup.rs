//! The set-up for the bastion's admin by keys: what is copied, written and asked; the receipt that comes back; and a look with
//! a login of one's own.

use adit::model::{Admin, Subject};
use adit::service::{Platform, Reply, Request, Sheet};
use adit::tui::{Effect, Input, Msg};

use super::{asks_nothing, request};
use crate::screens::made::{every_state, name};
use crate::screens::reports;
use crate::screens::setup::{answer, facts, receipt};
use crate::screens::stage::Stage;

/// The page of orders, the facts told.
fn opened() -> Stage {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.press("s");
    answer(&mut stage, facts());
    stage
}

#[track_caller]
fn copied(stage: &mut Stage) -> (String, String) {
    match &stage.asked()[..] {
        [Effect::Copy { text, what }] => (text.clone(), what.clone()),
        other => panic!("{other:?}\n{}", stage.text()),
    }
}

#[test]
fn it_opens_on_tunnels_drafts_and_bastions_and_esc_goes_back() {
    let mut stage = Stage::new(100, 40);
    stage.show(crate::screens::wizard::with_drafts());
    for (keys, subject) in [
        ("g s", Subject::Tunnel(name("orders"))),
        ("G k s", Subject::Draft(name("ledger"))),
        ("2 g s", Subject::Bastion(name("prod"))),
    ] {
        stage.press(keys);
        let asked = stage.asked();
        let [Effect::Ask { request: Request::HandOff { subject: of }, .. }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!(*of, subject);
        stage.sees(&format!("Set-up of {}, for the admin", subject.words()));
        stage.sees("Asking the service");
        stage.press("esc");
        stage.sees_not("Set-up of");
    }
    // From a diagnosis it goes back to it.
    stage.press("1 g d s");
    stage.asked();
    stage.sees("Set-up of orders");
    stage.press("esc");
    stage.sees("Diagnosis of orders");
}

#[test]
fn a_refusal_and_a_service_that_is_gone_are_said() {
    let mut stage = Stage::new(100, 40);
    stage.show(every_state());
    stage.press("s");
    let asked = stage.asked();
    let [Effect::Ask { id, .. }] = asked[..] else { panic!("{asked:?}") };
    stage.tell(Msg::Told {
        id,
        outcome: Ok(Reply::Refused { code: 3, message: "nothing is known of it yet".to_owned() }),
    });
    stage.sees("nothing is known of it yet");
    stage.press("y");
    asks_nothing(&mut stage);
    stage.press("esc");
    stage.tell(Msg::Gone);
    stage.press("esc s");
    asks_nothing(&mut stage);
    stage.sees("set-up: the service is gone");
}

#[test]
fn tabs_and_steps_are_walked_and_copied() {
    let mut stage = opened();
    stage.press("y");
    let (line, what) = copied(&mut stage);
    assert!(
        line.starts_with("restrict,port-forwarding,permitopen=\"10.0.1.12:5432\"") && what == "the key's line",
        "{line}"
    );
    stage.press("tab");
    stage.sees("Make the account adit");
    stage.press("j j");
    stage.sees("useradd --create-home");
    stage.press("2");
    assert_eq!(copied(&mut stage).0, "usermod -p '*' adit");
    stage.press("y");
    let (text, what) = copied(&mut stage);
    assert!(text.contains("# as root; its group is made with it\ngetent passwd adit"), "{text}");
    assert!(text.contains("\nusermod -p '*' adit\n") && what == "step 2", "{what}: {text}");
    stage.press("9");
    asks_nothing(&mut stage);
    stage.sees("no command has the number 9");
    stage.press("Y");
    let (text, what) = copied(&mut stage);
    assert_eq!(what, "the set-up of orders for linux");
    assert_eq!(text, adit::service::sheet(&facts(), Sheet::Text(Some(Platform::Linux))).unwrap());
    stage.press("m");
    assert!(copied(&mut stage).0.starts_with("# Set-up of the tunnel orders"));
    // Every platform is a tab, forwards and backwards, and around the end.
    for platform in ["windows", "sshd", "ufw", "firewalld", "nftables", "aws", "azure", "gcp"] {
        stage.press("right Y");
        assert_eq!(copied(&mut stage).1, format!("the set-up of orders for {platform}"));
    }
    stage.press("l l");
    stage.sees("Have the bastion checked");
    stage.press("l");
    stage.press("y");
    assert_eq!(copied(&mut stage).0, line);
    stage.press("h backtab");
    stage.press("Y");
    let (script, what) = copied(&mut stage);
    assert!(
        script.starts_with("#!/bin/sh\n") && script.contains("adit_setup") && what == "the set-up of orders",
        "{what}"
    );
    for (keys, begin) in [("j y", "adit_receipt\n"), ("j y", "adit_undo \"$@\" </dev/null\n")] {
        stage.press(keys);
        assert!(copied(&mut stage).0.ends_with(begin));
    }
}

#[test]
fn files_are_written_by_the_service() {
    let mut stage = opened();
    for (keys, sheet) in [
        ("w", Sheet::Text(None)),
        ("l w", Sheet::Text(Some(Platform::Linux))),
        ("h h h w", Sheet::Script),
        ("j w", Sheet::Check),
        ("j w", Sheet::Undo),
        ("l w", Sheet::Check),
    ] {
        stage.press(keys);
        let (asked, about) = request(&mut stage);
        assert_eq!(about, "write the set-up of orders");
        assert!(
            matches!(&asked, Request::SaveHandOff { subject, sheet: of } if *subject == facts().subject && *of == sheet),
            "{keys}: {asked:?}"
        );
    }
    let reply = Reply::Saved { path: "/state/hand-offs/orders-check.sh".to_owned() };
    stage.tell(Msg::Replied { about: "write the set-up of orders".to_owned(), reply });
    stage.sees("/state/hand-offs/orders-check.sh");
    stage.sees("You alone can read it.");
}

#[test]
fn long_steps_are_read_to_their_end_and_on() {
    let mut stage = Stage::new(80, 24);
    stage.show(every_state());
    stage.press("s");
    answer(&mut stage, facts());
    stage.press("h h");
    stage.sees("Sets the account and its key up");
    stage.sees("more below");
    let mut pages = 0;
    while !stage.text().contains("Only looks, and prints a receipt") {
        stage.press("space");
        pages += 1;
        assert!(pages < 200, "{}", stage.text());
    }
    assert!(pages > 20, "the script is read page by page");
    stage.press("space");
    stage.press("g");
    stage.sees("Sets the account and its key up");
    // What is pressed at the end does not count when they go back.
    stage.press("G");
    stage.press(&"space ".repeat(300));
    let end = stage.text();
    stage.press("pageup");
    assert_ne!(stage.text(), end);
}

#[test]
fn a_receipt_ticks_the_checklist() {
    let mut stage = opened();
    stage.press("p");
    stage.sees("Paste the receipt that the script printed");
    stage.paste(&receipt(str::to_owned));
    stage.sees("adit on prod: all is as sshd demands");
    let ticks = stage.text().matches(" ✓ ").count();
    assert!(ticks >= 12, "{ticks} in\n{}", stage.text());
    stage.press("Y");
    let (text, what) = copied(&mut stage);
    assert!(text.contains("✓ account") && what == "the checklist", "{text}");
    // Another one, with something wrong: it opens, and its repair is copied.
    stage.press("p");
    stage.paste(&receipt(|text| text.replace("d700+1002+1002+-+/home/adit;", "d777+1002+1002+-+/home/adit;")));
    stage.sees("✗");
    stage.sees("home_mode");
    stage.sees("▸ bastion's admin");
    stage.press("1");
    assert!(copied(&mut stage).0.contains("chmod go-w /home/adit"));
    stage.press("y");
    assert!(copied(&mut stage).0.contains("chmod go-w /home/adit"));
}

#[test]
fn what_is_no_receipt_of_this_set_up_gets_its_sentence() {
    let whole = receipt(str::to_owned);
    let cases = [
        (whole.replace("adit-receipt-1-end", ""), "its end is missing"),
        (whole.replace("user=adit", "user=root"), "the receipt was altered on its way"),
        (receipt(|text| text.replace("bastion=prod", "bastion=edge")), "the receipt is from another set-up"),
        (receipt(|text| text.replace("key=SHA256:Ts", "key=SHA256:Xs")), "the receipt is from another set-up"),
        ("hello".to_owned(), "there is no receipt in this text"),
        ("x".repeat(10 << 20), "longer than 1024 KiB"),
    ];
    let mut stage = opened();
    stage.press("p");
    for (text, why) in cases {
        stage.paste(&text);
        stage.sees(why);
        asks_nothing(&mut stage);
    }
    // The right one is taken after all that.
    stage.paste(&whole);
    stage.sees("all is as sshd demands");
}

#[test]
fn a_receipt_typed_by_the_terminal_key_by_key_is_read_as_well() {
    let mut stage = opened();
    stage.press("p");
    for line in receipt(str::to_owned).lines() {
        stage.type_in(line);
        stage.press("enter");
    }
    stage.sees("all is as sshd demands");
    // Keys are commands again; esc of the field only leaves the field.
    stage.press("p");
    stage.type_in("q");
    stage.press("esc");
    stage.sees("all is as sshd demands");
    stage.press("esc");
    stage.sees_not("for the admin");
}

#[test]
fn a_diagnosis_leads_to_the_script_and_the_receipt() {
    let mut stage = Stage::new(100, 40);
    stage.show(reports::shown(reports::failing(), None));
    stage.select("ledger");
    stage.press("d");
    stage.asked();
    stage.press("r");
    answer(&mut stage, facts());
    let (script, what) = copied(&mut stage);
    assert!(script.starts_with("#!/bin/sh\n") && script.ends_with("adit_receipt\n"));
    assert_eq!(what, "the check script: the bastion's admin runs it as root");
    stage.press("p");
    // Whoever is quick pastes before the service has answered.
    let asked = stage.asked();
    stage.paste(&receipt(str::to_owned));
    stage.sees("asking the service");
    stage.put_back(asked);
    answer(&mut stage, facts());
    stage.sees("all is as sshd demands");
    stage.press("esc");
    stage.sees("Diagnosis of ledger");
}

#[test]
fn a_login_of_ones_own_looks_and_is_remembered() {
    let mut stage = Stage::new(100, 40);
    stage.show(reports::shown(reports::failing(), None));
    stage.select("ledger");
    stage.press("d");
    stage.asked();
    stage.press("u");
    stage.sees("Look with a login of your own");
    stage.press("enter");
    stage.sees("type a login of yours on the bastion");
    stage.type_in("ro ot@");
    stage.sees("give USER, USER@HOST or USER@HOST:PORT");
    stage.press("enter");
    asks_nothing(&mut stage);
    stage.press("ctrl-u");
    stage.type_in("ops");
    stage.press("enter");
    let admin = |request: Request| match request {
        Request::Diagnose { subject: Subject::Tunnel(of), admin } => {
            assert_eq!(of, name("ledger"));
            admin.as_ref().map(Admin::to_string)
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(admin(request(&mut stage).0).as_deref(), Some("ops@bastion.example.com:22"));
    // Again means again with it.
    stage.press("a");
    assert_eq!(admin(request(&mut stage).0).as_deref(), Some("ops@bastion.example.com:22"));
    // Another diagnosis begins without, and offers it.
    stage.press("esc d");
    assert_eq!(admin(request(&mut stage).0), None);
    stage.press("u");
    stage.sees("ops@bastion.example.com");
    stage.type_in(":2222");
    stage.press("enter");
    assert_eq!(admin(request(&mut stage).0).as_deref(), Some("ops@bastion.example.com:2222"));
}

#[test]
fn tabs_and_steps_take_clicks_and_the_wheel() {
    let mut stage = opened();
    let place = |stage: &Stage, words: &str| {
        let text = stage.text();
        let (y, line) = text.lines().enumerate().find(|(_, line)| line.contains(words)).unwrap();
        let x = line.split(words).next().unwrap().chars().count();
        (u16::try_from(x).unwrap(), u16::try_from(y).unwrap())
    };
    let (x, y) = place(&stage, "nftables");
    stage.tell(Msg::Input(Input::Click(x, y)));
    stage.sees("First way, nftables");
    let (x, y) = place(&stage, "First way, nftables");
    stage.tell(Msg::Input(Input::Click(x, y)));
    stage.sees("nft insert rule inet filter input ip saddr 203.0.113.7/32 tcp dport 22 accept");
    stage.tell(Msg::Input(Input::Scroll(5, 5, 3)));
    stage.sees_not("nft insert rule inet filter input ip saddr 203.0.113.7/32");
}
