//! An OpenSSH configuration taken over: listed, chosen, carried to a query through a real sshd, and what is refused.

use std::path::PathBuf;

use serde_json::json;

use crate::support::postgres::psql;
use crate::support::{Adit, Postgres, Sshd, ports, tool};

/// A person's own key, let in by the sshd, and a configuration file with these lines.
fn written(adit: &Adit, text: &str) -> String {
    let file = adit.user_home().join("config");
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

fn own_key(adit: &Adit, sshd: &Sshd) -> PathBuf {
    let file = adit.user_home().join("id");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", file.to_str().unwrap()]).expect(0);
    sshd.authorize("", &std::fs::read_to_string(file.with_extension("pub")).unwrap());
    file
}

#[test]
fn without_a_choice_it_is_listed_and_nothing_changes() {
    let adit = Adit::new();
    let config = "Host prod other *.example.com\n  HostName 192.0.2.7\n  User ops\n  Port 2222\nHost prod\n  \
                  LocalForward 15432 10.0.1.12:5432\n  LocalForward 0.0.0.0:16379 cache.internal:6379\n  \
                  LocalForward 18080 10.0.1.9:8080\n  DynamicForward 1080\nHost behind\n  User x\n  ProxyJump prod\n\
                  Host run\n  ProxyCommand nc %h %p\n\
                  Host \"my host\"\n";
    let file = written(&adit, config);
    let listed = adit.run(&["import", "--ssh-config", &file]).expect(0);
    for part in [
        "prod: bastion prod, ops@192.0.2.7 port 2222, with your agent",
        "tunnel prod-postgres: 127.0.0.1:15432 to 10.0.1.12:5432, postgres",
        "tunnel prod-redis: 127.0.0.1:16379 to cache.internal:6379, redis",
        "tunnel prod-8080: 127.0.0.1:18080 to 10.0.1.9:8080, tcp",
        "allow_remote_clients",
        "remote and dynamic forwards are left out",
        "other: bastion other, ops@192.0.2.7",
        "behind: not possible, it jumps through prod",
        "run: not possible, it is reached by a ProxyCommand",
        "my host: not possible, hostname contains invalid characters",
    ] {
        assert!(listed.stdout.contains(part), "{part} in {}", listed.stdout);
    }
    assert!(!listed.stdout.contains("example.com"), "{}", listed.stdout);
    assert!(listed.stderr.contains("nothing was changed"), "{}", listed.stderr);
    assert_eq!(adit.config(), "");

    let value = adit.json(&["import", "--ssh-config", &file]);
    assert_eq!(
        value["hosts"][0]["tunnels"][0]["database"],
        json!({"kind": "postgres", "host": "10.0.1.12", "port": 5432})
    );
    let states: Vec<_> = value["hosts"].as_array().unwrap().iter().map(|host| host["state"].clone()).collect();
    assert_eq!(states, ["new", "new", "refused", "refused", "refused"]);
    assert_eq!(adit.config(), "");
}

#[test]
fn what_is_chosen_carries_a_query_and_comes_once() {
    let (sshd, postgres) = (Sshd::start(), Postgres::shared());
    let adit = Adit::new();
    let (key, local) = (own_key(&adit, &sshd), ports::free());
    let file = written(
        &adit,
        &format!(
            "Include {}/more*\nHost Prod.DB\n  HostName 127.0.0.1\n  Port {}\n  User {}\n  IdentityFile {}\n",
            adit.user_home().display(),
            sshd.port,
            sshd.user,
            key.display()
        ),
    );
    let more = format!("Host Prod.DB\n  LocalForward {local} 127.0.0.1:{}\nHost jumps\n  ProxyJump a\n", postgres.port);
    std::fs::write(adit.user_home().join("more.conf"), more).unwrap();

    let taken = adit.run(&["import", "--ssh-config", &file, "--select", "Prod.DB"]).expect(0);
    assert!(taken.stdout.contains("imported, bastion prod-db"), "{}", taken.stdout);
    assert!(taken.stderr.contains("adit up prod-db"), "{}", taken.stderr);
    adit.ok(&["trust", "prod-db", "--fingerprint", &sshd.fingerprint("ed25519")]);
    // The port is none of PostgreSQL's own, so the kind is the person's to say.
    adit.ok(&["tunnel", "edit", "prod-db", "--database", "postgres"]);
    adit.ok(&["up", "prod-db"]);
    assert_eq!(psql(local, "postgres", "postgres", "select 41 + 1").expect(0).stdout.trim(), "42");

    let before = adit.config();
    let again = adit.run(&["import", "--ssh-config", &file, "--all"]).expect(0);
    assert!(again.stdout.contains("is there already"), "{}", again.stdout);
    assert_eq!(adit.config(), before);
    let unknown = adit.run(&["import", "--ssh-config", &file, "--select", "Prod.BD"]).expect(3);
    assert!(unknown.stderr.contains("did you mean Prod.DB"), "{}", unknown.stderr);
    adit.run(&["import", "--ssh-config", &file, "--select", "jumps"]).expect(1);
    assert_eq!(adit.config(), before);
}

#[test]
fn a_command_in_the_configuration_is_shown_and_not_run() {
    let adit = Adit::new();
    let trace = adit.user_home().join("trace");
    let config = format!("Host prod\n  HostName 192.0.2.7\nMatch exec=\"touch {}\"\n  User x\n", trace.display());
    let file = written(&adit, &config);
    let refused = adit.run(&["import", "--ssh-config", &file, "--all"]).expect(2);
    assert!(refused.stderr.contains("line 3") && refused.stderr.contains("Match exec"), "{}", refused.stderr);
    assert!(refused.stdout.is_empty() && !trace.exists() && adit.config().is_empty());
    // A pasted line is explained by the person's own configuration.
    std::fs::create_dir(adit.user_home().join(".ssh")).unwrap();
    std::fs::rename(&file, adit.user_home().join(".ssh/config")).unwrap();
    let line = "ssh -L 15432:10.0.1.12:5432 prod";
    adit.run(&["import", "--command", line]).expect(2);
    assert!(!trace.exists() && adit.config().is_empty());
    adit.run(&["import", "--all", "--allow-exec"]).expect(0);
    assert!(trace.exists());
    let taken = adit.run(&["import", "--command", line, "--allow-exec"]).expect(0);
    assert!(taken.stdout.contains("prod, which is there already"), "{}", taken.stdout);
}

#[test]
fn a_command_line_becomes_a_tunnel() {
    let (sshd, postgres) = (Sshd::start(), Postgres::shared());
    let adit = Adit::new();
    let (key, local) = (own_key(&adit, &sshd), ports::free());
    let line = format!(
        "$ ssh -N -f -L {local}:127.0.0.1:{} -p {} -i {} {}@127.0.0.1",
        postgres.port,
        sshd.port,
        key.display(),
        sshd.user
    );
    adit.run(&["import", "--command", &line]).expect(0);
    adit.ok(&["trust", "bastion-127-0-0-1", "--fingerprint", &sshd.fingerprint("ed25519")]);
    adit.ok(&["up", "bastion-127-0-0-1"]);
    assert_eq!(psql(local, "postgres", "postgres", "select 1").expect(0).stdout.trim(), "1");

    let trace = adit.user_home().join("trace");
    let before = adit.config();
    for line in [
        format!("ssh -L 1:a:2 -o ProxyCommand='touch {}' host", trace.display()),
        "ssh host".to_owned(),
        "psql -h host".to_owned(),
        "ssh -L 1:a:2 'host".to_owned(),
        format!("ssh -L 1:a:2 -oLocalCommand='touch {0}' -oPermitLocalCommand=yes host; touch {0}", trace.display()),
    ] {
        let refused = adit.run(&["import", "--command", &line]).expect(2);
        assert!(refused.stdout.is_empty() && refused.stderr.starts_with("adit: "), "{refused:?}");
    }
    assert_eq!((adit.config(), trace.exists()), (before, false));
}
