//! A key replaced without a moment that has none that works: against real servers, refused and accepted, and killed in the middle.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::importing::{assert_silent, fingerprint, private_file};
use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, pace, tool};

/// The two lines that `rotate` prints: the first key's and the second's.
fn lines(stdout: &str) -> (String, String) {
    let mut lines = stdout.lines().map(str::to_owned);
    let both = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(lines.next(), None, "{stdout}");
    both
}

/// Lets in exactly these lines.
fn let_in(sshd: &Sshd, lines: &[&str]) {
    sshd.authorize_nobody();
    for line in lines {
        sshd.authorize("", line);
    }
}

#[test]
fn each_type_is_replaced_under_a_tunnel_that_stays_up() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let (sshd, target) = (Sshd::start(), Target::start());
        let adit = Adit::new();
        adit.ok(&["key", "new", "prod", "--type", kind]);
        adit.add_bastion("prod", &sshd, sshd.port, &["--key", "prod"]);
        let port = adit.add_tunnel("t", "tcp", target.port);
        let line = adit.ok(&["key", "show", "prod", "--authorized-key"]);
        let_in(&sshd, &[&line]);
        adit.ok(&["up", "t"]);
        let mut client = Echo::open(port).unwrap();
        let before = fs::read(adit.path("keys/prod")).unwrap();

        let begun = adit.run(&["key", "rotate", "prod"]).expect(0);
        let (old, new) = lines(&begun.stdout);
        assert_eq!(old, line.trim());
        assert!(
            new.starts_with(&format!("restrict,port-forwarding,permitopen=\"127.0.0.1:{}\" ", target.port)),
            "{new}"
        );
        assert!(new.contains(" adit:prod:20"), "told apart by its comment: {new}");
        assert!(begun.stderr.contains("--finish") && begun.stderr.contains(&sshd.user), "{}", begun.stderr);
        // The second key is no key of its own, and said to be there.
        let second = adit.path("keys/.next/prod");
        assert_eq!(second.metadata().unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(second.parent().unwrap().metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        let list = adit.json(&["key", "list"]);
        assert_eq!(list["keys"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(list["keys"][0]["rotating"]["fingerprint"], fingerprint(&second), "{list}");
        let shown = adit.run(&["key", "show", "prod"]).expect(0);
        assert!(old.ends_with(shown.stdout.trim()) && shown.stderr.contains("under way"), "{shown:?}");
        assert_eq!(adit.json(&["key", "show", "prod"])["key"]["type"], kind);
        assert_eq!(lines(&adit.ok(&["key", "rotate", "prod"])), (old.clone(), new.clone()), "the same lines again");

        // Before the admin has added the line.
        let refused = adit.run(&["key", "rotate", "prod", "--finish"]).expect(1);
        assert!(refused.stdout.is_empty() && refused.stderr.contains("key_refused"), "{refused:?}");
        assert!(refused.stderr.contains("nothing was changed"), "{refused:?}");
        assert_eq!(fs::read(adit.path("keys/prod")).unwrap(), before);
        assert_eq!(sshd.failed_logins(), 1);

        let_in(&sshd, &[&old, &new]);
        let secret = fs::read_to_string(&second).unwrap();
        let done = adit.run(&["key", "rotate", "prod", "--finish"]).expect(0);
        assert_eq!(done.stdout.trim(), old, "the line to remove");
        assert!(!second.exists() && !second.with_extension("pub").exists());
        let now = fingerprint(&adit.path("keys/prod"));
        assert_eq!(adit.ok(&["key", "show", "prod", "--fingerprint"]).trim(), now);
        assert_eq!(adit.ok(&["key", "show", "prod", "--authorized-key"]).trim(), new);
        assert_eq!(fingerprint(&adit.path("keys/prod.pub")), now);
        assert_eq!(adit.json(&["key", "show", "prod"])["key"]["rotating"], serde_json::Value::Null);
        client.ping().unwrap();

        // The admin's command, on the file that this sshd reads.
        let command = done.stderr.lines().find_map(|line| line.split_once(": sed ")).unwrap().1;
        let file = sshd.path("authorized_keys");
        let script = format!("sed {command}").replace("~/.ssh/authorized_keys", file.to_str().unwrap());
        tool("sh", &["-c", &script]).expect(0);
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), new);
        // The service that ran all the while shows the new key by itself.
        sshd.kill_sessions();
        adit.wait_tunnel("t", crate::support::soon(), |tunnel| {
            tunnel["reconnects"].as_u64() > Some(0) && tunnel["phase"] == "up" && tunnel["fault"].is_null()
        });
        Echo::open(port).unwrap();
        assert!(sshd.log().lines().any(|line| line.starts_with("Accepted publickey") && line.contains(&now)));
        assert_eq!(sshd.failed_logins(), 1);
        assert_silent(&adit, &[&begun, &refused, &done, &shown], &secret);
        assert_silent(&adit, &[&begun, &refused, &done, &shown], &String::from_utf8_lossy(&before));
    }
}

#[test]
fn a_line_that_lets_in_and_forwards_nothing_is_not_enough() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    adit.add_tunnel("t", "tcp", target.port);
    let (_, new) = lines(&adit.ok(&["key", "rotate", "prod"]));
    let bare = new.split_once(" ssh-").map(|(_, key)| format!("ssh-{key}")).unwrap();
    sshd.authorize("restrict", &bare);
    let refused = adit.run(&["key", "rotate", "prod", "--finish"]).expect(1);
    assert!(refused.stderr.contains("the login is accepted, but not the forward"), "{}", refused.stderr);
    let_in(&sshd, &[&new]);
    adit.ok(&["key", "rotate", "prod", "--finish"]);
    adit.ok(&["up", "t"]);
    // What the first key may not do either says nothing against the second.
    let (_, new) = lines(&adit.ok(&["key", "rotate", "prod"]));
    let bare = new.split_once(" ssh-").map(|(_, key)| format!("ssh-{key}")).unwrap();
    let_in(&sshd, &[&format!("restrict {bare}")]);
    sshd.authorize("restrict", &adit.ok(&["key", "show", "prod"]));
    adit.ok(&["key", "rotate", "prod", "--finish"]);
}

#[test]
fn every_bastion_must_accept() {
    let (one, two) = (Sshd::start(), Sshd::start());
    let adit = Adit::at(&one, "");
    two.authorize("", &adit.ok(&["key", "show", "prod"]));
    adit.add_bastion("other", &two, two.port, &["--key", "prod"]);
    let (old, new) = lines(&adit.ok(&["key", "rotate", "prod"]));
    one.authorize("", &new);
    let refused = adit.run(&["key", "rotate", "prod", "--finish", "--json"]).expect(1);
    let told = refused.json();
    assert_eq!((&told["key"], &told["state"]), (&"prod".into(), &"refused".into()), "{told}");
    let answers = told["bastions"].as_array().unwrap();
    let answer =
        |index: usize| (answers[index]["name"].as_str().unwrap(), answers[index]["accepted"].as_bool().unwrap());
    assert_eq!((answer(0), answer(1)), (("other", false), ("prod", true)), "{told}");
    assert_eq!(answers[0]["code"], "key_refused");
    assert_eq!(adit.ok(&["key", "rotate", "prod"]), format!("{old}\n{new}\n"), "still under way");
    // A bastion that is not there is no bastion that accepts.
    two.authorize("", &new);
    let mut two = two;
    two.stop();
    let away = adit.run(&["key", "rotate", "prod", "--finish"]).expect(1);
    assert!(away.stderr.contains("other: ") && away.stderr.contains("tcp_refused"), "{}", away.stderr);
    two.resume();
    let done = adit.run(&["key", "rotate", "prod", "--finish", "--json"]).expect(0).json();
    assert_eq!(done["state"], "finished", "{done}");
    assert_eq!(done["old"]["authorized_key"], old);
    assert_eq!(done["new"]["fingerprint"], fingerprint(&adit.path("keys/prod")));
}

#[test]
fn what_is_not_under_way_is_neither_finished_nor_given_up() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    for flag in ["--finish", "--abort"] {
        let output = adit.run(&["key", "rotate", "prod", flag]).expect(2);
        assert!(output.stderr.contains("no rotation of the key prod is under way"), "{}", output.stderr);
        adit.run(&["key", "rotate", "nobody", flag]).expect(3);
    }
    adit.run(&["key", "rotate", "nobody"]).expect(3);
    let before = fs::read(adit.path("keys/prod")).unwrap();
    let (_, new) = lines(&adit.ok(&["key", "rotate", "prod", "--type", "ecdsa"]));
    assert!(new.contains(" ecdsa-sha2-nistp256 "), "{new}");
    let output = adit.run(&["key", "passphrase", "prod", "--remove"]).expect(2);
    assert!(output.stderr.contains("a rotation of the key prod is under way"), "{}", output.stderr);
    adit.ok(&["key", "rotate", "prod", "--abort"]);
    assert!(!adit.path("keys/.next/prod").exists() && !adit.path("keys/.next/prod.pub").exists());
    assert_eq!(fs::read(adit.path("keys/prod")).unwrap(), before);
    assert_eq!(adit.json(&["key", "show", "prod"])["key"]["rotating"], serde_json::Value::Null);
    // A key that no bastion uses cannot be proven.
    adit.ok(&["key", "new", "lonely"]);
    adit.ok(&["key", "rotate", "lonely"]);
    let output = adit.run(&["key", "rotate", "lonely", "--finish"]).expect(2);
    assert!(output.stderr.contains("no bastion uses the key lonely"), "{}", output.stderr);
    // A broken second key can be given up all the same, and hides nothing.
    fs::write(adit.path("keys/.next/lonely"), "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n").unwrap();
    adit.json(&["key", "list"]);
    adit.run(&["key", "rotate", "lonely"]).expect(2);
    adit.ok(&["key", "rotate", "lonely", "--abort"]);
    adit.ok(&["key", "rotate", "lonely"]);
}

#[test]
fn an_encrypted_key_gets_an_encrypted_second_one() {
    let sshd = Sshd::start();
    let adit = Adit::new();
    let (right, wrong) =
        (private_file(&adit, "right", "open sesame\n"), private_file(&adit, "wrong", "open says me\n"));
    let (right, wrong) = (right.to_str().unwrap(), wrong.to_str().unwrap());
    adit.ok(&["key", "new", "prod", "--passphrase-file", right]);
    sshd.authorize("", &adit.ok(&["key", "show", "prod"]));
    adit.add_bastion("prod", &sshd, sshd.port, &["--key", "prod"]);
    adit.run(&["key", "rotate", "prod"]).expect(4);
    adit.run(&["key", "rotate", "prod", "--passphrase-file", wrong]).expect(2);
    assert!(!adit.path("keys/.next/prod").exists());
    let (_, new) = lines(&adit.ok(&["key", "rotate", "prod", "--passphrase-file", right]));
    let second = adit.path("keys/.next/prod");
    tool("ssh-keygen", &["-y", "-P", "open sesame", "-f", second.to_str().unwrap()]).expect(0);
    sshd.authorize("", &new);
    adit.run(&["key", "rotate", "prod", "--finish"]).expect(4);
    adit.run(&["key", "rotate", "prod", "--finish", "--passphrase-file", wrong]).expect(2);
    assert_eq!(sshd.failed_logins() + sshd.logins(), 0, "nothing is tried with a key that does not open");
    adit.ok(&["key", "rotate", "prod", "--finish", "--passphrase-file", right]);
    let key = adit.path("keys/prod");
    tool("ssh-keygen", &["-y", "-P", "open sesame", "-f", key.to_str().unwrap()]).expect(0);
    assert!(new.ends_with(adit.ok(&["key", "show", "prod"]).trim()));
}

#[test]
fn a_finish_that_is_killed_leaves_the_old_key_or_the_new() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    let begin = || {
        let (_, new) = lines(&adit.ok(&["key", "rotate", "prod"]));
        sshd.authorize("", &new);
        (fingerprint(&adit.path("keys/prod")), fingerprint(&adit.path("keys/.next/prod")))
    };
    begin();
    let start = Instant::now();
    adit.ok(&["key", "rotate", "prod", "--finish"]);
    let whole = start.elapsed();
    let mut outcomes = [0, 0];
    let mut under_way = begin();
    for step in 0..24 {
        let call = adit.spawn(&["key", "rotate", "prod", "--finish"]);
        // More often towards the end, where the files change.
        pace(whole.mul_f64(0.4) + whole.mul_f64(0.035) * step);
        call.signal(Signal::KILL);
        drop(call);
        let (old, new) = &under_way;
        // From the private half itself; -l would trust the public one beside it.
        let half =
            tool("ssh-keygen", &["-y", "-P", "", "-f", adit.path("keys/prod").to_str().unwrap()]).expect(0).stdout;
        let now = fingerprint(&private_file(&adit, "derived", half));
        assert!(now == *old || now == *new, "step {step}: {now} is neither {old} nor {new}");
        let shown = adit.json(&["key", "show", "prod"]);
        assert_eq!(shown["key"]["fingerprint"], now, "step {step}");
        assert_eq!(shown["key"]["rotating"].is_null(), now == *new, "step {step}: {shown}");
        assert_eq!(fingerprint(&adit.path("keys/prod.pub")), now, "step {step}: the halves belong together again");
        outcomes[usize::from(now == *new)] += 1;
        if now == *new {
            under_way = begin();
        }
    }
    assert!(outcomes[0] > 0, "it was never killed before the end: {outcomes:?}");
    adit.ok(&["up", "t"]);
}

#[test]
fn what_a_killed_process_left_is_mended_at_the_next_look() {
    let adit = Adit::new();
    adit.ok(&["key", "new", "k"]);
    adit.ok(&["key", "rotate", "k"]);
    // Between the two renames.
    let new = fingerprint(&adit.path("keys/.next/k"));
    fs::rename(adit.path("keys/.next/k"), adit.path("keys/k")).unwrap();
    let shown = adit.json(&["key", "show", "k"]);
    assert_eq!((&shown["key"]["fingerprint"], shown["key"]["rotating"].is_null()), (&new.as_str().into(), true));
    assert_eq!(fingerprint(&adit.path("keys/k.pub")), new);
    assert!(!adit.path("keys/.next/k.pub").exists());
    // In the middle of giving up.
    adit.ok(&["key", "rotate", "k"]);
    fs::remove_file(adit.path("keys/.next/k")).unwrap();
    adit.run(&["key", "rotate", "k", "--finish"]).expect(2);
    assert!(!adit.path("keys/.next/k.pub").exists());
    assert_eq!(fingerprint(&adit.path("keys/k.pub")), new);
    // A copy that a write had begun, long ago.
    let left = adit.path("keys/.adit-abcdef");
    fs::write(&left, "secret").unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    fs::File::options().write(true).open(&left).unwrap().set_modified(long_ago).unwrap();
    adit.ok(&["key", "rotate", "k"]);
    assert!(!left.exists());
}
