//! What happens to a key after it was made: another passphrase, its removal, and the forms in which it is shown.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::importing::{assert_silent, fingerprint, generate, import, private_file};
use crate::support::{Adit, Output, tool};
use crate::terminal::desk::Desk;

fn opens(adit: &Adit, key: &str, passphrase: &str) -> bool {
    tool("ssh-keygen", &["-y", "-P", passphrase, "-f", adit.path(&format!("keys/{key}")).to_str().unwrap()]).code == 0
}

/// Every file below `keys/`.
fn files(adit: &Adit) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(adit.path("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned())
        .filter(|name| name != ".lock" && name != ".next")
        .collect();
    names.sort();
    names
}

#[test]
fn a_passphrase_is_set_changed_and_removed() {
    let adit = Adit::new();
    for kind in ["ed25519", "ecdsa"] {
        adit.ok(&["key", "new", kind, "--type", kind, "--comment", "me at work"]);
        let key = adit.path(&format!("keys/{kind}"));
        let (public, print) = (adit.ok(&["key", "show", kind]), fingerprint(&key));
        let created = adit.json(&["key", "show", kind])["key"]["created"].clone();
        let file = |name: &str, text: &str| private_file(&adit, name, text).to_str().unwrap().to_owned();
        let (one, two, wrong) = (file("one", "first one\n"), file("two", "second one\n"), file("wrong", "third one\n"));
        let run = |words: &[&str], code: i32| -> Output {
            let output = adit.run(&[&["key", "passphrase", kind], words].concat()).expect(code);
            let said = format!("{}{}", output.stdout, output.stderr);
            assert!(["first one", "second one", "third one"].iter().all(|secret| !said.contains(secret)), "{said}");
            assert_silent(&adit, &[&output], &fs::read_to_string(&key).unwrap());
            output
        };
        let set = run(&["--new-passphrase-file", &one], 0);
        assert_eq!(set.stdout, public);
        assert!(opens(&adit, kind, "first one") && !opens(&adit, kind, ""));
        assert_eq!(adit.json(&["key", "show", kind])["key"]["encrypted"], true);
        let head = fs::read_to_string(&key).unwrap();
        assert!(head.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"), "{head}");
        // A person is needed, or the wrong one is told; nothing changes.
        run(&["--new-passphrase-file", &two], 4);
        run(&["--passphrase-file", &one], 4);
        let refused = run(&["--passphrase-file", &wrong, "--new-passphrase-file", &two], 2);
        assert!(refused.stderr.contains("does not open"), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(&key).unwrap(), head);
        run(&["--passphrase-file", &one, "--new-passphrase-file", &two], 0);
        assert!(opens(&adit, kind, "second one") && !opens(&adit, kind, "first one"));
        run(&["--passphrase-file", &two, "--remove"], 0);
        assert!(opens(&adit, kind, ""));
        let none = run(&["--remove"], 0);
        assert!(none.stderr.contains("has no passphrase"), "{}", none.stderr);
        assert_eq!((adit.ok(&["key", "show", kind]), fingerprint(&key)), (public, print));
        assert_eq!(key.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(adit.json(&["key", "show", kind])["key"]["created"], created, "a key keeps its age");
    }
    assert_eq!(files(&adit), ["ecdsa", "ecdsa.pub", "ed25519", "ed25519.pub"], "no copy is left behind");
    adit.run(&["key", "passphrase", "nobody", "--remove"]).expect(3);
}

#[test]
fn a_key_in_use_stays_and_says_by_whom() {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "192.0.2.1", "--user", "me"]);
    adit.ok(&["key", "new", "own"]);
    adit.ok(&["tunnel", "add", "t", "--bastion", "prod", "--database", "redis", "--host", "db", "--key", "own"]);
    let before = files(&adit);
    let output = adit.run(&["key", "remove", "prod"]).expect(2);
    assert!(output.stderr.contains("in use by the bastion prod"), "{}", output.stderr);
    let output = adit.run(&["key", "remove", "own"]).expect(2);
    assert!(output.stderr.contains("in use by the tunnel t"), "{}", output.stderr);
    assert_eq!(files(&adit), before);
    // By its path as well.
    adit.ok(&["tunnel", "edit", "t", "--identity-file", adit.path("keys/own").to_str().unwrap()]);
    adit.run(&["key", "remove", "own"]).expect(2);
    adit.ok(&["tunnel", "edit", "t", "--unset", "identity_file"]);
    let (print, line) = (adit.ok(&["key", "show", "own", "--fingerprint"]), adit.ok(&["key", "show", "own"]));
    adit.ok(&["key", "rotate", "own"]);
    let gone = adit.run(&["key", "remove", "own"]).expect(0);
    assert!(gone.stderr.contains(print.trim()) && gone.stderr.contains(line.trim()), "{}", gone.stderr);
    assert!(gone.stderr.contains("adit key import own FILE") && gone.stderr.contains("second key"), "{}", gone.stderr);
    assert_eq!(files(&adit), ["prod", "prod.pub"]);
    assert!(!adit.path("keys/.next/own").exists());
    let unknown = adit.run(&["key", "remove", "own"]).expect(3);
    assert!(unknown.stderr.contains("there is no key named own"), "{}", unknown.stderr);
    // Its name is free again.
    adit.ok(&["key", "new", "own"]);
    // What cannot be read can be removed, and so can a public half that was left alone.
    fs::write(adit.path("keys/own"), "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n").unwrap();
    adit.ok(&["key", "remove", "own"]);
    fs::write(adit.path("keys/half.pub"), line).unwrap();
    adit.run(&["key", "new", "half"]).expect(2);
    adit.ok(&["key", "remove", "half"]);
    assert_eq!(files(&adit), ["prod", "prod.pub"]);
    // Without a configuration that loads nobody knows who needs a key.
    adit.ok(&["key", "new", "own"]);
    fs::write(adit.path("config.toml"), "version = 1\n[bastions.prod]\nhots = 1\n").unwrap();
    adit.run(&["key", "remove", "own"]).expect(2);
    assert!(adit.path("keys/own").exists());
}

#[test]
fn a_line_is_shown_as_a_code_that_fits_the_terminal() {
    let adit = Adit::new();
    let empty = adit.run(&["key", "list"]).expect(0);
    assert!(empty.stdout.is_empty() && empty.stderr.contains("adit key new NAME"), "{empty:?}");
    for kind in ["ed25519", "ecdsa", "rsa"] {
        adit.ok(&["key", "new", kind, "--type", kind]);
    }
    for kind in ["ed25519", "ecdsa"] {
        let code = adit.ok(&["key", "show", kind, "--qr"]);
        let widths: Vec<usize> = code.lines().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|width| *width == widths[0] && *width <= 80), "{code}");
        assert!(code.lines().next().unwrap().chars().all(|c| c == '█'), "a quiet zone: {code}");
        assert!(code.chars().all(|c| "█▀▄ \n".contains(c)), "{code}");
        let lines = adit.json(&["key", "show", kind, "--qr"])["qr"].as_array().unwrap().len();
        assert_eq!(lines, widths.len());
    }
    let refused = adit.run(&["key", "show", "rsa", "--qr"]).expect(2);
    assert!(refused.stdout.is_empty() && refused.stderr.contains("rsa 4096"), "{refused:?}");
    assert!(refused.stderr.contains("adit key show rsa prints the line"), "{refused:?}");
    // At a terminal it is black on white, whatever the terminal's own colours are.
    let mut desk = Desk::open(&adit, &["key", "show", "ed25519", "--qr"], 100, 40);
    assert!(desk.ended().success());
    desk.wait("the code", |screen| screen.contents().contains('▀'));
    let corner = desk.look(|screen| screen.cell(0, 0).map(|cell| (cell.fgcolor(), cell.bgcolor()))).unwrap();
    assert_eq!(corner, (vt100::Color::Idx(0), vt100::Color::Idx(15)));
}

#[test]
fn a_key_is_pasted_unseen_and_its_passphrase_is_asked_for_once() {
    let adit = Adit::new();
    let file = generate(&adit, "id", &["-t", "ed25519"], "open sesame");
    let text = fs::read_to_string(&file).unwrap();
    let mut desk = Desk::open(&adit, &["key", "import", "pasted", "-"], 100, 30);
    desk.sees("Paste the private key for pasted");
    desk.send(&text.replace('\n', "\r"));
    desk.send("\u{4}");
    desk.sees("Passphrase of the pasted key: ");
    desk.send("open sesame\r");
    assert!(desk.ended().success(), "{}", desk.text());
    desk.sees("imported the ed25519 key pasted");
    desk.modes_are_given_back();
    assert_eq!(fingerprint(&adit.path("keys/pasted")), fingerprint(&file));
    let shown = String::from_utf8_lossy(&desk.raw()).into_owned();
    assert!(!shown.contains("open sesame") && !shown.contains("BEGIN OPENSSH"), "{shown}");
    assert!(!shown.contains(text.lines().nth(3).unwrap()), "{shown}");
    // Ctrl-C changes nothing and gives the terminal back.
    let mut desk = Desk::open(&adit, &["key", "import", "other", "-"], 100, 30);
    desk.sees("Paste the private key for other");
    desk.send("-----BEGIN\u{3}");
    assert_eq!(desk.ended().code(), Some(130));
    desk.modes_are_given_back();
    assert!(!adit.path("keys/other").exists());
    // A wrong one is told, and not asked for again.
    let mut desk = Desk::open(&adit, &["key", "import", "other", file.to_str().unwrap()], 100, 30);
    desk.sees("Passphrase of ");
    desk.send("open says me\r");
    assert_eq!(desk.ended().code(), Some(2));
    desk.sees("the passphrase is wrong");
    // A new one is typed twice.
    let mut desk = Desk::open(&adit, &["key", "passphrase", "pasted"], 100, 30);
    desk.sees("Passphrase of the key pasted: ");
    desk.send("open sesame\r");
    desk.sees("New passphrase of the key pasted: ");
    desk.send("another one\r");
    desk.sees("Once more: ");
    desk.send("another one\r");
    assert!(desk.ended().success(), "{}", desk.text());
    assert!(opens(&adit, "pasted", "another one"));
    let mut desk = Desk::open(&adit, &["key", "passphrase", "pasted"], 100, 30);
    desk.sees("Passphrase of the key pasted: ");
    desk.send("another one\r");
    desk.sees("New passphrase of the key pasted: ");
    desk.send("one\r");
    desk.sees("Once more: ");
    desk.send("two\r");
    assert_eq!(desk.ended().code(), Some(2));
    assert!(opens(&adit, "pasted", "another one"));
    import(&adit, &["again", "-"], &text).expect(4);
}
