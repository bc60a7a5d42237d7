//! Everything that can be done to a key on screen, with a real service behind it: what is made is what OpenSSH says it is, what is
//! brought is mended and said, and no secret is left anywhere.

use std::fs;
use std::path::Path;

use adit::config::Paths;
use adit::model::{Endpoint, KeyType, Secret};
use adit::sandbox::{Bastion, Database, Speaks, Switches, Target};
use adit::service::{KeyDone, KeyRequest, KeySource, Reply, Request};
use adit::tui::{Effect, Msg};

use super::walk::{Walk, home};
use crate::screens::keys::number;
use crate::screens::made::{every_state, name};
use crate::screens::stage::Stage;
use crate::support::tool;

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The fingerprint as OpenSSH tells it.
fn fingerprint(path: &Path) -> String {
    let told = tool("ssh-keygen", &["-lf", text(path)]).expect(0).stdout;
    told.split_whitespace().nth(1).unwrap().to_owned()
}

/// Whether OpenSSH opens it with this passphrase.
fn opens(path: &Path, passphrase: &str) -> bool {
    tool("ssh-keygen", &["-y", "-P", passphrase, "-f", text(path)]).code == 0
}

/// Every file below a folder that has these bytes in it.
fn holding(folder: &Path, secret: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(holding(&path, secret));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(secret.len()).any(|part| part == secret.as_bytes())) {
            found.push(text(&path).to_owned());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_each_type_is_made_and_is_what_openssh_says_it_is() {
    let (_folder, paths) = home();
    let mut walk = Walk::start(&paths).await;
    walk.press("3").await;
    walk.sees("No keys yet").await;
    for (kind, right, bits) in [("ed25519", "", 256), ("ecdsa", "right", 256), ("rsa", "right right", 4096)] {
        walk.keys = 0;
        walk.press("n").await;
        walk.type_in(kind).await;
        if !right.is_empty() {
            walk.press(&format!("tab {right}")).await;
        }
        walk.press("enter").await;
        walk.sees(&format!("{kind}, {bits} bits")).await;
        walk.stage.sees(&fingerprint(&paths.keys.join(kind)));
        walk.stage.sees(&format!("╭ Key {kind} ─"));
        assert!(kind != "ed25519" || walk.keys == 2, "{} keys", walk.keys);
        walk.press("y Y").await;
        let public = fs::read_to_string(paths.keys.join(format!("{kind}.pub"))).unwrap();
        let [line, limited] = &std::mem::take(&mut walk.copied)[..] else { panic!() };
        assert_eq!((line.as_str(), limited.clone()), (public.trim(), format!("restrict {}", public.trim())));
        walk.press("esc").await;
        walk.sees("╭ Keys ─").await;
    }
    // A name that is taken is refused while it is typed.
    walk.press("n").await;
    walk.type_in("rsa").await;
    walk.stage.sees("there is a key rsa already; keys are never overwritten");
    walk.press("enter esc").await;
    assert_eq!(walk.client.latest().keys.len(), 3);
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_set_changed_and_removed_and_left_nowhere() {
    let (folder, paths) = home();
    let mut walk = Walk::start(&paths).await;
    walk.press("3 n").await;
    walk.type_in("k").await;
    walk.press("tab tab tab").await;
    walk.type_in("correct horse").await;
    walk.press("enter").await;
    walk.type_in("correct house").await;
    walk.stage.sees("the two differ");
    walk.stage.sees_not("horse");
    walk.press("ctrl-u").await;
    walk.type_in("correct horse").await;
    walk.press("enter").await;
    walk.sees("passphrase   yes").await;
    let path = paths.keys.join("k");
    assert!(opens(&path, "correct horse") && !opens(&path, ""));

    // Another one: the old one must be right.
    walk.press("p").await;
    walk.type_in("battery").await;
    walk.press("enter").await;
    walk.type_in("staple").await;
    walk.press("enter").await;
    walk.type_in("staple").await;
    walk.press("enter").await;
    walk.sees("the passphrase does not open the private key").await;
    walk.press("ctrl-u").await;
    walk.stage.sees_not("does not open");
    walk.type_in("correct horse").await;
    walk.press("enter").await;
    walk.sees("has another passphrase now").await;
    assert!(opens(&path, "staple") && !opens(&path, "correct horse"));

    walk.press("p").await;
    walk.type_in("staple").await;
    walk.press("tab right enter").await;
    walk.sees("has no passphrase any more").await;
    assert!(opens(&path, ""));
    walk.press("p").await;
    walk.type_in("at last").await;
    walk.press("enter").await;
    walk.type_in("at last").await;
    walk.press("enter").await;
    walk.sees("the key k has a passphrase now").await;
    assert!(opens(&path, "at last"));

    let told = serde_json::to_string(&*walk.client.latest()).unwrap();
    walk.end().await;
    for secret in ["correct horse", "battery", "staple", "at last"] {
        assert!(!told.contains(secret), "{told}");
        assert_eq!(holding(folder.path(), secret), Vec::<String>::new(), "{secret}");
    }
    assert!(!told.contains("PRIVATE KEY"));
}

#[test]
fn what_is_asked_prints_no_secret() {
    let mut stage = Stage::new(100, 34);
    stage.show(every_state());
    stage.press("3 n");
    stage.type_in("k");
    stage.press("tab tab tab");
    stage.type_in("hunter2");
    stage.press("tab");
    stage.type_in("hunter2");
    stage.press("enter");
    let asked = stage.asked();
    assert!(!format!("{asked:?}").contains("hunter2"), "{asked:?}");
    let [Effect::Ask { request: Request::Key { ask: KeyRequest::Make { passphrase, .. } }, .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(passphrase.as_ref().map(Secret::reveal), Some("hunter2"));
    // While the service works nothing of it changes, and a second wish waits.
    stage.sees("making the key");
    stage.press("x enter");
    assert_eq!(stage.asks(), Vec::<String>::new());
    stage.press("esc");
    stage.sees("make the key k goes on");
    stage.press("3 k i esc j x y");
    stage.press("g r");
    assert!(!format!("{:?}", stage.asked()).contains("hunter2"));

    let mut stage = Stage::new(100, 34);
    stage.show(every_state());
    stage.press("3 i");
    let key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----\n";
    // A terminal that types a paste letter by letter ends its lines with Enter.
    for line in key.lines() {
        stage.type_in(line);
        stage.press("enter");
    }
    stage.sees("pasted: 3 lines, not shown");
    stage.sees_not("b3Bl");
    let asked = stage.asked();
    assert!(!format!("{asked:?}").contains("b3Bl"));
    let Some(Effect::Ask { request: Request::Key { ask: KeyRequest::Look { source } }, .. }) = asked.last() else {
        panic!("{asked:?}")
    };
    assert!(matches!(source, KeySource::Paste(text) if text.reveal().trim() == key.trim()));
    stage.resize(30, 4);
    stage.sees_not("b3Bl");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_brought_from_a_file_and_from_a_paste() {
    let (folder, paths) = home();
    let theirs = folder.path().join("Their Key.pem");
    let generate = ["-q", "-t", "ed25519", "-N", "open sesame", "-C", "me", "-f", text(&theirs)];
    tool("ssh-keygen", &generate).expect(0);
    let broken = fs::read_to_string(&theirs).unwrap().replace('\n', "\r\n");
    fs::write(&theirs, broken.trim_end()).unwrap();
    let mut walk = Walk::start(&paths).await;
    walk.press("3 i").await;
    // What is no key yet is said while it is typed.
    walk.type_in("Their").await;
    walk.stage.sees("that is no whole path");
    walk.press("ctrl-u").await;
    walk.stage.paste(&format!("'{}.pub'", text(&theirs)));
    walk.settle().await;
    walk.sees("it is a public key;").await;
    walk.press("ctrl-u").await;
    walk.keys = 0;
    walk.stage.paste(text(&theirs));
    walk.settle().await;
    walk.sees("mended in adit's copy: Windows line ends (CRLF)").await;
    walk.stage.sees("their_key");
    walk.press("enter").await;
    walk.type_in("open barley").await;
    walk.press("enter").await;
    walk.sees("the passphrase is wrong").await;
    walk.press("ctrl-u").await;
    walk.type_in("open sesame").await;
    walk.press("enter").await;
    walk.sees("imported the ed25519 key their_key").await;
    walk.sees("still lies there untouched").await;
    assert_eq!(fingerprint(&paths.keys.join("their_key")), fingerprint(&theirs.with_extension("pem.pub")));
    assert!(opens(&paths.keys.join("their_key"), "open sesame"));

    // Pasted, wherever the cursor is.
    let other = folder.path().join("other");
    tool("ssh-keygen", &["-q", "-t", "ecdsa", "-N", "", "-m", "PEM", "-f", text(&other)]).expect(0);
    let secret = fs::read_to_string(&other).unwrap();
    walk.press("esc i tab").await;
    walk.stage.paste(&secret.replace('\n', "\\n"));
    walk.settle().await;
    walk.sees("written out instead of line breaks").await;
    // What is typed takes the place of the name that was proposed.
    walk.stage.sees("imported");
    walk.press("tab").await;
    walk.type_in("other").await;
    walk.press("enter").await;
    walk.sees("imported the ecdsa key other").await;
    assert_eq!(fingerprint(&paths.keys.join("other")), fingerprint(&other));
    fs::remove_file(&other).unwrap();
    let line = secret.lines().nth(1).unwrap();
    let told = serde_json::to_string(&*walk.client.latest()).unwrap();
    assert!(!told.contains(line));

    for (pasted, words) in [
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK0wmN me", "it is a public key"),
        ("all is\nwell", "it does not look like a private key"),
        (&"x\n".repeat(5 << 20), "larger than 256 KiB"),
    ] {
        walk.press("esc i").await;
        walk.stage.paste(pasted);
        walk.settle().await;
        walk.sees(words).await;
        walk.press("enter").await;
        walk.sees(words).await;
    }
    walk.press("esc").await;
    assert_eq!(walk.client.latest().keys.len(), 2);
    walk.end().await;
    assert_eq!(holding(folder.path(), line), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_brought_inside_the_wizard() {
    let (folder, paths) = home();
    let theirs = folder.path().join("theirs");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-C", "me", "-f", text(&theirs)]).expect(0);
    let mut walk = Walk::start(&paths).await;
    walk.press("n").await;
    walk.type_in("adit@b.example").await;
    walk.press("enter").await;
    walk.sees("What shall the login show?").await;
    walk.press("down tab").await;
    walk.type_in(text(&theirs)).await;
    walk.sees("the one it has; adit's copy keeps it").await;
    walk.press("enter").await;
    walk.type_in("wrong words").await;
    walk.press("enter").await;
    walk.sees("the passphrase is wrong").await;
    walk.press("ctrl-u").await;
    walk.type_in("open sesame").await;
    walk.press("enter").await;
    walk.sees("Which database, as the bastion sees it?").await;
    assert_eq!(fingerprint(&paths.keys.join("theirs")), fingerprint(&theirs.with_extension("pub")));
    let draft = walk.client.latest().drafts[0].clone();
    assert_eq!(draft.identity().unwrap().to_string(), "key theirs");
    // Back and on again it is a key like the others.
    walk.press("esc").await;
    walk.sees("● key theirs").await;
    // Another one, pasted into the page: it is brought whatever was chosen.
    let other = folder.path().join("other");
    tool("ssh-keygen", &["-q", "-t", "ecdsa", "-N", "", "-m", "PEM", "-f", text(&other)]).expect(0);
    let secret = fs::read_to_string(&other).unwrap();
    fs::remove_file(&other).unwrap();
    walk.stage.paste(&secret);
    walk.settle().await;
    walk.sees("pasted: 5 lines, not shown").await;
    // What is kept of a draft meanwhile has nothing of it.
    walk.stage.wait(2);
    walk.settle().await;
    walk.press("enter").await;
    walk.sees("Which database, as the bastion sees it?").await;
    assert_eq!(walk.client.latest().drafts[0].identity().unwrap().to_string(), "key imported");
    let told = serde_json::to_string(&*walk.client.latest()).unwrap();
    walk.end().await;
    for secret in ["wrong words", "open sesame", secret.lines().nth(1).unwrap()] {
        assert!(!told.contains(secret), "{told}");
        assert_eq!(holding(folder.path(), secret), Vec::<String>::new(), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_key_is_brought_and_asked_for_once() {
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    let database = Database::start(Speaks::Postgres).await.unwrap();
    let target = Endpoint::new("10.0.1.12".parse().unwrap(), 5432.try_into().unwrap());
    bastion.place(&target, Target::Loopback(database.port()));
    let (folder, paths) = home();
    let theirs = folder.path().join("theirs");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "open sesame", "-C", "me", "-f", text(&theirs)]).expect(0);
    bastion.authorise(&fs::read_to_string(theirs.with_extension("pub")).unwrap()).unwrap();
    let mut walk = Walk::start(&paths).await;
    walk.press("n").await;
    walk.type_in(&format!("adit@127.0.0.1:{}", bastion.address().port())).await;
    walk.press("enter").await;
    walk.sees("What shall the login show?").await;
    walk.press("down tab").await;
    walk.type_in(text(&theirs)).await;
    walk.sees("the one it has; adit's copy keeps it").await;
    walk.press("enter").await;
    walk.type_in("open sesame").await;
    walk.press("enter").await;
    walk.sees("Which database").await;
    walk.press("enter").await;
    walk.type_in("10.0.1.12").await;
    walk.press("enter enter enter").await;
    walk.sees("How do you want to reach it here?").await;
    walk.press("enter").await;
    walk.sees("permitopen=").await;
    walk.press("enter").await;
    walk.sees("is not known yet").await;
    walk.type_in("yes").await;
    walk.press("enter").await;
    walk.sees("It holds").await;
    walk.press("enter").await;
    walk.sees("up").await;
    walk.press("enter").await;
    walk.sees("● up").await;
    assert!(walk.client.latest().questions.is_empty());
    assert!(walk.keys <= 16, "{} keys", walk.keys);
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_a_key_is_made_the_service_answers() {
    let (_folder, paths) = home();
    let walk = Walk::start(&paths).await;
    let client = walk.client.clone();
    let ask = KeyRequest::Make { name: name("slow"), kind: KeyType::Rsa, comment: None, passphrase: None };
    let mut made = tokio::spawn(async move { client.request(Request::Key { ask }).await });
    tokio::select! {
        biased;
        early = &mut made => panic!("made before anything else was answered: {early:?}"),
        answered = walk.client.request(Request::Status) => assert!(matches!(answered, Ok(Reply::Status { .. }))),
    }
    let Reply::Key { key } = made.await.unwrap().unwrap() else { panic!() };
    assert!(key.done && walk.client.latest().keys.iter().any(|key| key.name == name("slow")), "{key:?}");
    walk.end().await;
}

fn configure(paths: &Paths, bastion: &Bastion) {
    let port = bastion.address().port();
    let text = format!(
        "[bastions.prod]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"adit\"\nkey = \"prod\"\n\
         [tunnels.orders]\nbastion = \"prod\"\ndatabase = \"postgres\"\nhost = \"10.0.1.12\"\n"
    );
    fs::write(&paths.config, text).unwrap();
    fs::write(&paths.known_hosts, format!("[127.0.0.1]:{port} {}\n", bastion.host_key())).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_rotated_without_a_moment_that_has_none() {
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    let database = Database::start(Speaks::Postgres).await.unwrap();
    let target = Endpoint::new("10.0.1.12".parse().unwrap(), 5432.try_into().unwrap());
    bastion.place(&target, Target::Loopback(database.port()));
    let (_folder, paths) = home();
    configure(&paths, &bastion);
    let mut walk = Walk::start(&paths).await;
    walk.press("3 n").await;
    walk.type_in("prod").await;
    walk.press("enter").await;
    walk.sees("permitopen=\"10.0.1.12:5432\"").await;
    walk.sees("used by      the bastion prod").await;
    walk.press("Y").await;
    let old = walk.copied.pop().unwrap();
    bastion.authorise(&old).unwrap();

    // In use it stays, and says by whom.
    walk.press("x").await;
    walk.stage.sees("the key prod is in use by the bastion prod; give those another key first");
    walk.keys = 0;
    walk.press("r").await;
    walk.sees("1. The bastion's admin adds this line to ~/.ssh/authorized_keys of adit on 127.0.0.1").await;
    walk.press("y").await;
    let new = walk.copied.pop().unwrap();
    let second = fingerprint(&paths.keys.join(".next/prod"));
    walk.stage.sees(&second);
    assert!(new.starts_with("restrict,port-forwarding,permitopen=\"10.0.1.12:5432\" ssh-ed25519 ") && new != old);
    walk.press("p").await;
    walk.press("esc").await;
    walk.stage.sees("rotating");
    walk.press("p").await;
    walk.stage.sees("a rotation is under way; finish it or give it up first");
    // Before the admin has added it.
    walk.press("r f").await;
    walk.sees("not every bastion takes the second key").await;
    let first = fingerprint(&paths.keys.join("prod"));
    assert_ne!(first, second);
    bastion.authorise(&new).unwrap();
    walk.press("f").await;
    walk.sees(&format!("prod is {second} now; the old key")).await;
    assert_eq!(fingerprint(&paths.keys.join("prod")), second);
    walk.press("A").await;
    let blob = old.split_whitespace().nth(2).unwrap();
    assert_eq!(
        walk.copied.pop(),
        Some(format!("sed -i.before '\\#{blob}#d' ~/.ssh/authorized_keys   # on 127.0.0.1, as adit"))
    );
    let journal = &walk.client.latest().journal;
    assert!(journal.iter().any(|entry| entry.event == "key" && entry.message.contains(&second)), "{journal:?}");

    // Begun once more and given up.
    walk.press("r").await;
    walk.sees("1. The bastion's admin adds").await;
    walk.press("x").await;
    walk.stage.sees("Give the rotation of prod up?");
    walk.press("y").await;
    walk.sees("if the admin has added the second line, it can go").await;
    assert!(!paths.keys.join(".next/prod").exists());
    walk.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_key_is_removed_after_a_question() {
    let (_folder, paths) = home();
    let mut walk = Walk::start(&paths).await;
    walk.press("3 n").await;
    walk.type_in("spare").await;
    walk.press("enter").await;
    walk.sees("used by      nothing").await;
    walk.press("x").await;
    walk.stage.sees("Remove the key spare?");
    walk.press("esc x y").await;
    walk.sees("removed the ed25519 key spare").await;
    walk.press("esc").await;
    walk.sees("No keys yet").await;
    assert!(!paths.keys.join("spare").exists() && !paths.keys.join("spare.pub").exists());
    // A key that went meanwhile is said to be gone.
    walk.press("n").await;
    walk.type_in("brief").await;
    walk.press("enter").await;
    walk.sees("Key brief").await;
    fs::remove_file(paths.keys.join("brief")).unwrap();
    fs::remove_file(paths.keys.join("brief.pub")).unwrap();
    walk.sees("There is no key brief any more.").await;
    walk.press("y esc").await;
    walk.sees("No keys yet").await;
    walk.end().await;
}

#[test]
fn a_code_is_shown_where_it_fits() {
    for (width, height, words) in [(80, 24, "█▀▀▀▀▀█"), (60, 20, "make the window"), (40, 10, "The QR code needs")]
    {
        let mut stage = Stage::new(width, height);
        stage.show(every_state());
        stage.press("3 c");
        stage.sees(words);
        stage.press("esc");
        stage.sees("Key prod");
        stage.press("esc");
        stage.sees("╭ Keys ─");
    }
    assert_eq!(name("prod"), every_state().keys[0].name);
}

fn key_done(news: &str) -> Result<Reply, String> {
    Ok(Reply::Key { key: KeyDone { done: true, said: vec![news.to_owned()], admin: Vec::new() } })
}

/// What the service still does for a page that was left takes nothing from the page after it.
#[test]
fn a_page_is_the_persons_while_the_service_works_for_another() {
    let begun = |keys: &str| {
        let mut stage = Stage::new(100, 34);
        stage.show(every_state());
        stage.press(keys);
        stage
    };
    let made = || {
        let mut stage = begun("3 n");
        stage.type_in("slow");
        stage.press("enter");
        let id = number(&mut stage);
        stage.press("esc");
        stage.sees("make the key slow goes on");
        stage.press("n");
        stage.type_in("sec");
        stage.paste("ond");
        stage.sees("second");
        stage.sees_not("making the key");
        (stage, id)
    };
    // It is done.
    let (mut stage, id) = made();
    stage.press("enter");
    assert_eq!(stage.asks(), Vec::<String>::new());
    stage.sees("one moment: making the key");
    stage.tell(Msg::Told { id, outcome: key_done("made the ed25519 key slow") });
    stage.sees("made the ed25519 key slow");
    stage.sees("New key");
    stage.press("enter");
    assert!(stage.asks().concat().contains("second"));
    // It is refused, also as a passphrase is.
    for code in [1, 4] {
        let (mut stage, id) = made();
        let message = "the disk is full".to_owned();
        stage.tell(Msg::Told { id, outcome: Ok(Reply::Refused { code, message }) });
        stage.sees("make the key slow: the disk is full");
        stage.type_in("-2");
        stage.sees("second-2");
    }
    let (mut stage, id) = made();
    stage.press("esc i");
    stage.type_in("x");
    stage.asks();
    stage.tell(Msg::Told { id, outcome: Err("the service is gone".to_owned()) });
    stage.sees("Import a key");
    stage.sees("that is no whole path");

    // A key is gone, and the page that is up now is not its own.
    let mut stage = begun("3 j");
    stage.change(|snapshot| (snapshot.keys[1].used_by, snapshot.keys[1].needed_by) = (Vec::new(), None));
    stage.press("enter x y");
    let id = number(&mut stage);
    stage.press("esc n");
    stage.type_in("next");
    stage.tell(Msg::Told { id, outcome: key_done("removed the key") });
    stage.sees("removed the key");
    stage.sees("New key");
    stage.type_in("-1");
    stage.sees("next-1");
}

#[test]
fn a_key_that_nobody_logs_in_with_is_not_rotated() {
    let mut stage = Stage::new(100, 34);
    stage.show(every_state());
    stage.change(|snapshot| snapshot.keys[0].accounts.clear());
    stage.press("3 r");
    stage.sees("no bastion uses it, so no login can prove a second one; make a new key");
    assert_eq!(stage.asks(), Vec::<String>::new());
}

/// A tunnel and a bastion may share a name, and each has the key that it shows.
#[tokio::test(flavor = "multi_thread")]
async fn the_copied_key_is_the_one_of_its_kind() {
    let (_folder, paths) = home();
    let text = "[bastions.prod]\nhost = \"127.0.0.1\"\nuser = \"adit\"\nkey = \"of-prod\"\n\
                [bastions.edge]\nhost = \"127.0.0.2\"\nuser = \"adit\"\nkey = \"of-edge\"\n\
                [tunnels.prod]\nbastion = \"edge\"\ndatabase = \"postgres\"\nhost = \"10.0.1.12\"\n";
    fs::write(&paths.config, text).unwrap();
    let mut walk = Walk::start(&paths).await;
    for key in ["of-prod", "of-edge"] {
        let ask = KeyRequest::Make { name: name(key), kind: KeyType::Ed25519, comment: None, passphrase: None };
        assert!(matches!(walk.client.request(Request::Key { ask }).await, Ok(Reply::Key { .. })));
    }
    walk.press("3").await;
    walk.sees("of-edge").await;
    walk.sees("of-prod").await;
    // The tunnel, then the bastions by name: edge, prod.
    for (keys, key) in [("1 y s", "of-edge"), ("2 y s", "of-edge"), ("j y s", "of-prod")] {
        walk.press(keys).await;
        let public = fs::read_to_string(paths.keys.join(format!("{key}.pub"))).unwrap();
        assert_eq!(walk.copied.pop().as_deref(), Some(public.trim()), "{keys}");
    }
    walk.end().await;
}
