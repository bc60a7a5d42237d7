//! What the bastion, the database or this machine refuses: the fault by name, on its rung, with who must act.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::Value;

use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, ports, soon, tool, wait_until};

/// `up` ends with 1, and the tunnel has this fault on this rung; the port of the tunnel is given back.
#[track_caller]
fn fails(adit: &Adit, code: &str, rung: &str, owner: &str) -> Value {
    let up = adit.run(&["up", "t"]).expect(1);
    let line: Vec<&str> = up.stdout.trim_end().split('\t').collect();
    assert_eq!((line.len(), line[0], line[3]), (4, "t", code), "{up:?}");
    let tunnel = adit.tunnel("t");
    let fault = &tunnel["fault"];
    assert_eq!(
        (&fault["code"], &fault["rung"], &fault["owner"]),
        (&code.into(), &rung.into(), &owner.into()),
        "{tunnel:#}"
    );
    assert!(fault["message"].as_str().is_some_and(|text| text.len() > 10), "{tunnel:#}");
    assert!(fault["since"].is_string() && fault["advice"].is_array(), "{tunnel:#}");
    adit.run(&["status"]).expect(1);
    tunnel
}

#[test]
fn a_forward_to_another_place_is_up_with_a_fault() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "restrict,port-forwarding,permitopen=\"127.0.0.1:1\"");
    let port = adit.add_tunnel("t", "tcp", target.port);
    let tunnel = fails(&adit, "forward_prohibited", "open", "bastion_admin");
    assert_eq!(tunnel["phase"], "up", "{tunnel}");
    assert!(Echo::open(port).is_err());
    assert_eq!(sshd.failed_logins(), 0);
}

#[test]
fn a_database_that_is_not_there_is_up_with_a_fault_until_it_is() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    let closed = ports::free();
    let port = adit.add_tunnel("t", "tcp", closed);
    let tunnel = fails(&adit, "target_refused", "open", "database_admin");
    assert_eq!(tunnel["phase"], "up", "{tunnel}");
    assert!(Echo::open(port).is_err());
    let server = std::net::TcpListener::bind(("127.0.0.1", closed)).unwrap();
    std::thread::spawn(move || server.incoming().flatten().for_each(drop));
    let _any = Echo::open(port);
    adit.wait_up("t");
}

#[test]
fn a_refused_key_costs_one_login_however_many_tunnels() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    sshd.authorize_nobody();
    adit.add_tunnel("t", "tcp", target.port);
    for more in ["t1", "t2", "t3", "t4"] {
        adit.add_tunnel(more, "tcp", target.port);
    }
    adit.run(&["up", "--all"]).expect(1);
    for name in ["t", "t1", "t2", "t3", "t4"] {
        let tunnel = adit.wait_tunnel(name, soon(), |tunnel| !tunnel["fault"].is_null());
        let fault = &tunnel["fault"];
        assert_eq!((&fault["code"], &fault["retry_in_s"]), (&"key_refused".into(), &Value::Null), "{tunnel:#}");
        assert_eq!(tunnel["phase"], "waiting");
    }
    // Several beats of every timer that might try again.
    assert!(!wait_until(Duration::from_secs(4), || sshd.failed_logins() > 1), "{}", sshd.log());
    assert_eq!(sshd.failed_logins(), 1, "{}", sshd.log());
    // A person acts: once more, and no more than that.
    sshd.authorize("", &adit.ok(&["key", "show", "prod"]));
    adit.ok(&["up", "--all"]);
    assert_eq!(sshd.failed_logins(), 1);
}

#[test]
fn a_taken_port_names_who_holds_it() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    let holder = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let tunnel = fails(&adit, "port_in_use", "bind", "you");
    let message = tunnel["fault"].to_string();
    assert!(message.contains(&std::process::id().to_string()) && message.contains("suite"), "{message}");
    drop(holder);
    adit.ok(&["up", "t"]);
    Echo::open(port).unwrap();
}

#[test]
fn a_key_file_that_is_missing_open_to_others_or_no_key() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    let key = adit.path("keys/prod");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o644)).unwrap();
    let tunnel = fails(&adit, "key_permissions", "prove", "you");
    let advice = tunnel["fault"]["advice"].to_string();
    assert!(advice.contains("chmod 600") && advice.contains(key.to_str().unwrap()), "{advice}");
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    let good = std::fs::read(&key).unwrap();
    std::fs::write(&key, "-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense\n").unwrap();
    fails(&adit, "key_format", "prove", "you");
    std::fs::remove_file(&key).unwrap();
    fails(&adit, "key_missing", "prove", "you");
    std::fs::write(&key, good).unwrap();
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    adit.ok(&["up", "t"]);
    assert_eq!(sshd.failed_logins(), 0, "{}", sshd.log());
}

#[test]
fn an_encrypted_key_needs_a_person() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let key = adit.path("keys/prod");
    tool("ssh-keygen", &["-q", "-p", "-P", "", "-N", "secret", "-f", key.to_str().unwrap()]).expect(0);
    adit.add_tunnel("t", "tcp", target.port);
    adit.run(&["up", "t"]).expect(4);
    let tunnel = adit.tunnel("t");
    assert_eq!(
        (&tunnel["phase"], &tunnel["fault"]["code"]),
        (&"waiting".into(), &"passphrase_needed".into()),
        "{tunnel}"
    );
    assert!(!adit.log().contains("secret"));
}

#[test]
fn a_bastion_that_is_not_there_not_ssh_or_silent() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    let edit = |port: u16| adit.ok(&["bastion", "edit", "prod", "--port", &port.to_string()]);
    edit(ports::free());
    let short = ["up", "t", "--wait", "1s"];
    assert!(adit.run(&short).expect(1).stdout.contains("tcp_refused"));
    let http = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http_port = http.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in http.incoming().flatten() {
            let _sent =
                std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\nServer: front\x1b[2J\r\n\r\n");
        }
    });
    edit(http_port);
    adit.run(&["restart", "t", "--wait", "3s"]).expect(1);
    let fault = adit.wait_tunnel("t", soon(), |t| t["fault"]["code"] == "not_ssh")["fault"].to_string();
    assert!(fault.contains("HTTP") && !fault.contains("\\u001b"), "says what answers, harmlessly: {fault}");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    edit(silent.local_addr().unwrap().port());
    adit.run(&["restart", "t", "--wait", "7s"]).expect(1);
    adit.wait_tunnel("t", soon(), |t| t["fault"]["code"] == "banner_timeout");
}

#[test]
fn forwarding_switched_off_on_the_server() {
    let (sshd, target) = (Sshd::with("AllowTcpForwarding no"), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    fails(&adit, "forward_prohibited", "open", "bastion_admin");
}

#[test]
fn key_logins_switched_off_on_the_server() {
    let (sshd, target) = (Sshd::with("PubkeyAuthentication no\nPasswordAuthentication yes"), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    adit.run(&["up", "t"]);
    let tunnel = adit.tunnel("t");
    let code = tunnel["fault"]["code"].as_str().unwrap();
    assert!(matches!(code, "publickey_disabled" | "person_needed"), "{tunnel:#}");
}
