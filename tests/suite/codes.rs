//! How long `up` waits, what it does with several names, and which of several codes wins: 3, 2, 5, 4, 1.

use std::time::{Duration, Instant};

use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, ports, soon, tool};

/// An sshd that takes a connection and never says a word.
fn silent() -> (std::net::TcpListener, u16) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

#[test]
fn up_waits_as_long_as_it_was_told_or_not_at_all() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    let (_listener, port) = silent();
    adit.ok(&["bastion", "edit", "prod", "--port", &port.to_string()]);
    adit.ok(&["daemon", "start"]);
    let begun = Instant::now();
    adit.run(&["up", "t", "--no-wait"]);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let begun = Instant::now();
    let output = adit.run(&["up", "t", "--wait", "2s"]).expect(1);
    assert!(begun.elapsed() >= Duration::from_secs(2) && begun.elapsed() < Duration::from_secs(5), "{output:?}");
    assert_eq!(output.stdout.split('\t').nth(1), Some("connecting"), "{output:?}");
    adit.run(&["up", "t", "--wait", "bogus"]).expect(2);
}

#[test]
fn an_unknown_name_among_others_outweighs_what_went_well() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("orders", "tcp", target.port);
    let output = adit.run(&["up", "orders", "ordres"]).expect(3);
    assert!(output.stderr.contains("did you mean") && output.stderr.contains("ordres"), "{output:?}");
    adit.ok(&["up", "orders"]);
    Echo::open(port).unwrap();
    adit.run(&["restart", "ordres"]).expect(3);
    adit.run(&["down", "ordres"]).expect(3);
    adit.run(&["run", "orders", "ordres", "--", "true"]).expect(3);
    Echo::open(port).unwrap();
}

#[test]
fn a_needed_person_outweighs_a_fault() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.ok(&["key", "new", "locked"]);
    let key = adit.path("keys/locked");
    tool("ssh-keygen", &["-q", "-p", "-P", "", "-N", "secret", "-f", key.to_str().unwrap()]).expect(0);
    adit.add_tunnel_with("asks", "tcp", target.port, &["--key", "locked"]);
    adit.add_tunnel("fails", "tcp", ports::free());
    let fine = adit.add_tunnel("fine", "tcp", target.port);
    adit.run(&["up", "fails", "fine"]).expect(1);
    adit.run(&["up", "--all"]).expect(4);
    Echo::open(fine).unwrap();
    assert_eq!(adit.tunnel("asks")["fault"]["code"], "passphrase_needed");
    let one = adit.run(&["status", "fine"]).expect(0);
    assert_eq!(one.stdout.lines().count(), 2, "a head and a line: {one:?}");
    adit.run(&["status"]).expect(1);
    adit.ok(&["down", "asks", "fails"]);
    adit.run(&["status"]).expect(0);
}

#[test]
fn a_target_name_that_the_bastion_does_not_know() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    adit.ok(&["tunnel", "add", "t", "--bastion", "prod", "--database", "redis", "--host", "no-such-host.invalid"]);
    let output = adit.run(&["up", "t"]).expect(1);
    let tunnel = adit.wait_tunnel("t", soon(), |t| !t["fault"].is_null());
    assert_eq!(tunnel["fault"]["code"], "target_name_unknown", "{output:?}");
    assert_eq!(tunnel["phase"], "up");
}

#[test]
fn a_bastion_name_that_nobody_knows() {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "no-such-host.invalid", "--user", "u"]);
    adit.add_tunnel("t", "redis", 6379);
    adit.run(&["up", "t", "--wait", "5s"]).expect(1);
    let tunnel = adit.wait_tunnel("t", soon(), |t| !t["fault"].is_null());
    let code = tunnel["fault"]["code"].as_str().unwrap().to_owned();
    // Without any name server here, the name is not unknown: nobody could be asked.
    assert!(matches!(code.as_str(), "name_unknown" | "dns_unavailable"), "{tunnel}");
    assert_eq!(tunnel["fault"]["rung"], "resolve");
    adit.run(&["trust", "prod", "--fingerprint", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]).expect(1);
}

#[test]
fn json_of_up_restart_and_down_is_the_status_of_those() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("a", "tcp", target.port);
    adit.add_tunnel("b", "tcp", target.port);
    for (words, phase) in [(["up", "a"], "up"), (["restart", "a"], "up"), (["down", "a"], "stopped")] {
        let told = adit.json(&words);
        let tunnels = told["tunnels"].as_array().unwrap();
        assert_eq!(
            (tunnels.len(), &tunnels[0]["name"], &tunnels[0]["phase"]),
            (1, &"a".into(), &phase.into()),
            "{told}"
        );
    }
}
