//! How a diagnosis behaves: polite to the bastion, harmless to a tunnel that is up, the same without the service.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use crate::support::target::Target;
use crate::support::{Adit, Postgres, Sshd};

fn connections(sshd: &Sshd) -> usize {
    sshd.log().lines().filter(|line| line.starts_with("Connection from ")).count()
}

#[test]
fn one_connection_and_one_login_a_run() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "postgres", Postgres::shared().port);
    let before = connections(&sshd);
    let report = adit.json(&["diagnose", "t"]);
    assert_eq!(report["verdict"], "pass", "{report:#}");
    assert_eq!((connections(&sshd) - before, sshd.logins(), sshd.failed_logins()), (1, 1, 0), "{}", sshd.log());
    sshd.authorize_nobody();
    let before = connections(&sshd);
    adit.run(&["diagnose", "t"]).expect(1);
    assert_eq!((connections(&sshd) - before, sshd.failed_logins()), (1, 1), "{}", sshd.log());
    assert!(adit.service_pid().is_none(), "a diagnosis starts no service");
}

#[test]
fn names_and_exit_codes_are_as_agreed() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "postgres", Postgres::shared().port);
    let unknown = adit.run(&["diagnose", "x", "--json"]).expect(3);
    assert!(unknown.stdout.is_empty() && unknown.stderr.contains("\"x\""), "{unknown:?}");
    let bastion = adit.json(&["diagnose", "bastion:prod"]);
    assert_eq!((&bastion["tunnel"], &bastion["bastion"]), (&serde_json::Value::Null, &"prod".into()));
    assert!(bastion["findings"].as_array().unwrap().iter().all(|finding| finding["rung"] != "open"));
    adit.run(&["diagnose", "bastion:x"]).expect(3);
    let hint = adit.run(&["diagnose", "prod"]).expect(3);
    assert!(hint.stderr.contains("bastion:prod"), "{hint:?}");
    let wrong = adit.run(&["diagnose", "t", "--admin", "nobody"]).expect(2);
    assert!(wrong.stdout.is_empty() && wrong.stderr.contains("USER@HOST"), "{wrong:?}");
    let people = adit.run(&["diagnose", "t"]).expect(0).stdout;
    for word in ["bind", "resolve", "reach", "greet", "trust", "prove", "open", "speak"] {
        assert!(people.contains(word), "{word} is missing in {people}");
    }
}

#[test]
fn a_tunnel_that_is_up_is_not_disturbed() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    let local = adit.add_tunnel("t", "tcp", Target::start().port);
    adit.ok(&["up", "t"]);
    let mut client = TcpStream::connect(("127.0.0.1", local)).unwrap();
    client.write_all(b"echo\n").unwrap();
    let mut echoes = BufReader::new(client.try_clone().unwrap());
    let mut say = |word: &str| {
        client.write_all(format!("{word}\n").as_bytes()).unwrap();
        let mut line = String::new();
        echoes.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), word);
    };
    say("before");
    let report = adit.json(&["diagnose", "t"]);
    assert_eq!(report["verdict"], "pass", "{report:#}");
    let bind = &report["findings"][0];
    assert!(bind["verdict"] == "pass" && bind["summary"].as_str().unwrap().contains("held by adit"), "{bind}");
    say("after");
    assert_eq!(adit.tunnel("t")["reconnects"], 0);
}

#[test]
fn what_repairs_it_is_a_command_with_the_real_names() {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "postgres", Postgres::shared().port);
    sshd.authorize_nobody();
    let report = adit.run(&["diagnose", "t", "--json"]).expect(1).json();
    assert_eq!((&report["code"], &report["owner"]), (&"key_refused".into(), &"bastion_admin".into()));
    let commands: Vec<&str> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|finding| finding["advice"].as_array().unwrap())
        .filter_map(|advice| advice["command"].as_str())
        .collect();
    let has = |part: &str| commands.iter().any(|command| command.contains(part));
    assert!(has("adit key show prod --authorized-key") && has("adit diagnose t --admin"), "{commands:#?}");
    assert!(has("journalctl") && has("ssh -N -L") && has("psql"), "{commands:#?}");
}
