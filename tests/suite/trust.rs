//! Host keys: pinned on a word only, and never quietly replaced. Decisions equal to OpenSSH's are compared elsewhere.

use serde_json::Value;

use crate::support::{Adit, Sshd, Target};

fn stranger(sshd: &Sshd) -> Adit {
    let adit = Adit::new();
    let port = sshd.port.to_string();
    adit.ok(&["bastion", "add", "prod", "--host", "127.0.0.1", "--port", &port, "--user", &sshd.user]);
    sshd.authorize("", &adit.ok(&["key", "show", "prod"]));
    adit
}

fn trust(adit: &Adit, code: i32, more: &[&str]) -> Value {
    let words = [&["trust", "prod", "--json"], more].concat();
    adit.run(&words).expect(code).json()
}

#[test]
fn a_fingerprint_pins_one_key_and_nobody_logs_in() {
    let sshd = Sshd::start();
    let adit = stranger(&sshd);
    let fingerprint = sshd.fingerprint("ed25519");
    let told = trust(&adit, 0, &["--fingerprint", &fingerprint]);
    assert_eq!((&told["state"], &told["bastion"]), (&"pinned".into(), &"prod".into()), "{told}");
    assert!(told["keys"].to_string().contains(&fingerprint), "{told}");
    assert_eq!(told["port"], sshd.port);
    assert!(std::fs::read_to_string(adit.path("known_hosts")).unwrap().contains("ssh-ed25519"));
    assert_eq!(trust(&adit, 0, &["--fingerprint", &fingerprint])["state"], "already_trusted");
    assert_eq!(sshd.logins() + sshd.failed_logins(), 0, "{}", sshd.log());
    let shown = adit.json(&["bastion", "show", "prod"]);
    assert_eq!(shown["bastion"]["host_key"]["fingerprint"], fingerprint);
}

#[test]
fn every_type_is_asked_for() {
    let mut sshd = Sshd::start();
    sshd.stop();
    for kind in ["ecdsa", "rsa"] {
        sshd.make_host_key(kind);
    }
    sshd.resume();
    let adit = stranger(&sshd);
    let keys = trust(&adit, 0, &["--fingerprint", &sshd.fingerprint("rsa")])["keys"].to_string();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        assert!(keys.contains(&sshd.fingerprint(kind)) || kind != "rsa", "{kind}: {keys}");
    }
    let target = Target::start();
    adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    assert_eq!(adit.tunnel("t")["phase"], "up", "the known type is asked for, not the server's first");
}

#[test]
fn without_terminal_and_fingerprint_keys_are_shown_and_a_person_needed() {
    let sshd = Sshd::start();
    let adit = stranger(&sshd);
    let output = adit.run(&["trust", "prod"]).expect(4);
    assert!(output.stdout.contains(&sshd.fingerprint("ed25519")), "{output:?}");
    assert!(!adit.path("known_hosts").exists());
    let told = trust(&adit, 4, &[]);
    assert_eq!(told["state"], "unknown");
}

#[test]
fn a_mismatch_writes_nothing() {
    let sshd = Sshd::start();
    let adit = stranger(&sshd);
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    adit.run(&["trust", "prod", "--fingerprint", other]).expect(1);
    assert!(!adit.path("known_hosts").exists());
    adit.run(&["trust", "prod", "--fingerprint", "nonsense"]).expect(2);
}

#[test]
fn a_changed_key_is_said_and_stands_until_forgotten() {
    let mut sshd = Sshd::start();
    let target = Target::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let pinned = std::fs::read_to_string(adit.path("known_hosts")).unwrap();
    sshd.stop();
    sshd.make_host_key("ed25519");
    sshd.resume();
    adit.ok(&["down", "t", "--now"]);
    let logins = sshd.logins() + sshd.failed_logins();
    let output = adit.run(&["up", "t"]).expect(1);
    assert!(output.stdout.contains("host_key_changed"), "{output:?}");
    let fault = &adit.tunnel("t")["fault"];
    assert_eq!(
        (&fault["code"], &fault["rung"], &fault["retry_in_s"]),
        (&"host_key_changed".into(), &"trust".into(), &Value::Null)
    );
    assert_eq!(sshd.logins() + sshd.failed_logins(), logins, "not a byte of a login");
    let fingerprint = sshd.fingerprint("ed25519");
    assert_eq!(trust(&adit, 1, &["--fingerprint", &fingerprint])["state"], "changed");
    assert_eq!(std::fs::read_to_string(adit.path("known_hosts")).unwrap(), pinned);
    adit.ok(&["trust", "prod", "--forget"]);
    trust(&adit, 0, &["--fingerprint", &fingerprint]);
    adit.ok(&["up", "t"]);
}

#[test]
fn another_type_than_the_known_one_counts_as_changed() {
    let mut sshd = Sshd::start();
    let target = Target::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    sshd.stop();
    sshd.drop_host_key("ed25519");
    sshd.make_host_key("ecdsa");
    sshd.resume();
    adit.run(&["up", "t"]).expect(1);
    assert_eq!(adit.tunnel("t")["fault"]["code"], "host_key_changed");
}

#[test]
fn an_unknown_key_needs_a_person_at_up() {
    let sshd = Sshd::start();
    let target = Target::start();
    let adit = stranger(&sshd);
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.run(&["up", "t"]).expect(4);
    let tunnel = adit.tunnel("t");
    assert_eq!(
        (&tunnel["phase"], &tunnel["fault"]["code"]),
        (&"waiting".into(), &"host_key_unknown".into()),
        "{tunnel}"
    );
    assert!(crate::support::target::Echo::open(port).is_err(), "reset at once while it waits for a person");
    assert_eq!(sshd.logins() + sshd.failed_logins(), 0);
    adit.ok(&["trust", "prod", "--fingerprint", &sshd.fingerprint("ed25519")]);
    adit.ok(&["up", "t"]);
}

#[test]
fn an_unreachable_bastion_is_1() {
    let mut sshd = Sshd::start();
    let adit = stranger(&sshd);
    sshd.stop();
    let output = adit.run(&["trust", "prod", "--fingerprint", &sshd.fingerprint("ed25519")]).expect(1);
    assert!(output.stderr.contains(&sshd.port.to_string()), "{}", output.stderr);
}
