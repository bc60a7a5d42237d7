//! The screen of keys and its pages.

use std::sync::Arc;

use adit::model::{Rotation, Snapshot};
use adit::service::{KeyDone, KeyLook, Reply};
use adit::tui::{Effect, Msg};

use super::made::{every_state, name};
use super::same;
use super::stage::Stage;

/// Three keys, the first of which is being rotated.
pub(crate) fn rotating() -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&every_state());
    let line = "restrict,port-forwarding,permitopen=\"10.0.1.12:5432\" ssh-ed25519 \
                AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN/Cr3JXqmLW7u+g9pTh+wyqDHpSQEIQczXkVx9q adit:prod:2026-03-05";
    let key = &mut snapshot.keys[0];
    (key.name, key.needed_by) = (name("prod"), Some("the bastion prod and the tunnels orders, billing".to_owned()));
    key.rotation = Some(Rotation {
        fingerprint: "SHA256:bQhYMw1kAyBkUGRwhbk2tSk0k0bhkTJDXkMmPbQ4sYk".to_owned(),
        encrypted: false,
        created: Some("2026-03-05T10:04:00Z".parse().unwrap()),
        authorized_key: line.to_owned(),
        broken: None,
    });
    Arc::new(snapshot)
}

/// The number of the one question that the service was asked.
#[track_caller]
pub(crate) fn number(stage: &mut Stage) -> u64 {
    match stage.asked().pop() {
        Some(Effect::Ask { id, .. }) => id,
        other => panic!("{other:?}\n{}", stage.text()),
    }
}

#[test]
fn lists_of_keys() {
    same("keys-rotating", &rotating(), |stage| stage.press("3"));
    same("keys-unused", &every_state(), |stage| {
        stage.change(|snapshot| {
            let key = &mut snapshot.keys[1];
            (key.used_by, key.needed_by) = (Vec::new(), Some("the unfinished tunnel ledger".to_owned()));
            key.authorized_key = format!("restrict {}", key.public_key);
        });
        stage.press("3 j enter");
    });
}

#[test]
fn pages_that_are_read() {
    same("key", &every_state(), |stage| stage.press("3 enter"));
    same("key-rotating", &rotating(), |stage| stage.press("3 enter"));
    same("rotation", &rotating(), |stage| stage.press("3 r"));
    same("rotation-finishing", &rotating(), |stage| stage.press("3 r f"));
    same("rotation-refused", &rotating(), |stage| {
        stage.press("3 r f");
        let id = number(stage);
        let said = [
            "not every bastion takes the second key, so nothing was changed and prod is the key it was",
            "prod: the server refused the key prod for the user adit (key_refused)",
        ];
        let key = KeyDone { done: false, said: said.map(str::to_owned).to_vec(), admin: Vec::new() };
        stage.tell(Msg::Told { id, outcome: Ok(Reply::Key { key }) });
    });
    same("key-code", &every_state(), |stage| stage.press("3 c"));
}

#[test]
fn pages_that_are_filled_in() {
    same("key-new", &every_state(), |stage| {
        stage.press("3 n");
        stage.type_in("orders");
        stage.press("tab tab tab");
        stage.type_in("secret");
        stage.press("tab");
        stage.type_in("secrets");
    });
    same("key-import", &every_state(), |stage| {
        stage.press("3 i");
        stage.type_in("~/.ssh/id_ed25519");
        let id = number(stage);
        let mended = vec!["Windows line ends (CRLF)".to_owned(), "the missing end of its last line".to_owned()];
        let look = KeyLook { mended, encrypted: true, open_to_others: true, ..KeyLook::default() };
        stage.tell(Msg::Told { id, outcome: Ok(Reply::KeyLook { look }) });
    });
    same("key-import-wrong", &every_state(), |stage| {
        stage.press("3 i");
        stage.paste("-----BEGIN DSA PRIVATE KEY-----\nMIIB\n-----END DSA PRIVATE KEY-----\n");
        let id = number(stage);
        let look = KeyLook {
            problem: Some("cannot import what was pasted: it is a DSA key, which SSH servers refuse".to_owned()),
            command: Some("ssh-keygen -p -f pasted-key".to_owned()),
            ..KeyLook::default()
        };
        stage.tell(Msg::Told { id, outcome: Ok(Reply::KeyLook { look }) });
    });
    same("key-passphrase", &every_state(), |stage| {
        stage.press("3 p");
        stage.type_in("wrong");
        stage.press("enter");
        stage.type_in("new");
        stage.press("enter");
        stage.type_in("new");
        stage.press("enter");
        let id = number(stage);
        let message = "the passphrase is wrong: it does not open /h/keys/prod".to_owned();
        stage.tell(Msg::Told { id, outcome: Ok(Reply::Refused { code: 4, message }) });
    });
    same("key-remove", &every_state(), |stage| {
        stage.change(|snapshot| {
            let key = &mut snapshot.keys[1];
            (key.used_by, key.needed_by) = (Vec::new(), None);
        });
        stage.press("3 j x");
    });
}

#[test]
fn brought_inside_the_wizard() {
    same("wizard-access-import", &every_state(), |stage| {
        stage.press("n enter");
        let id = number(stage);
        stage.tell(Msg::Told { id, outcome: Ok(Reply::Done) });
        stage.paste("-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3Bl\r\n-----END OPENSSH PRIVATE KEY-----");
        let id = number(stage);
        let mended = vec!["Windows line ends (CRLF)".to_owned()];
        let look = KeyLook { mended, encrypted: true, ..KeyLook::default() };
        stage.tell(Msg::Told { id, outcome: Ok(Reply::KeyLook { look }) });
        stage.press("tab tab");
        stage.type_in("secret");
    });
}

#[test]
fn no_size_breaks_a_page() {
    for keys in ["enter", "r", "c", "n", "i", "p", "j x", "r f", "r x"] {
        let mut stage = Stage::new(80, 24);
        stage.show(rotating());
        stage.press(&format!("3 {keys}"));
        for (width, height) in (0..=12).flat_map(|width| (0..=12).map(move |height| (width, height))) {
            stage.resize(width, height);
            let _drawn = stage.buffer();
        }
        for (width, height) in [(40, 8), (60, 17), (80, 24), (300, 100)] {
            stage.resize(width, height);
            stage.press("j k");
            let _drawn = stage.buffer();
        }
    }
}

/// What to have at hand is said before anything is asked, also in a small window.
#[test]
fn the_welcome_is_whole_in_a_small_window() {
    let mut stage = Stage::new(80, 24);
    stage.show(Arc::default());
    for words in ["What a tunnel is", "When to use one", "What to have at hand", "n  ", "adit import", "adit demo"] {
        stage.sees(words);
    }
}
