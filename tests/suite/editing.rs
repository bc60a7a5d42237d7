//! Bastions and tunnels described by commands: what stands in the file afterwards, what is told, and with which code.

use serde_json::json;

use crate::support::{Adit, Sshd, Target, target::Echo};

fn described() -> Adit {
    let adit = Adit::new();
    adit.ok(&["bastion", "add", "prod", "--host", "bastion.example.com", "--user", "adit"]);
    adit.ok(&[
        "tunnel",
        "add",
        "orders",
        "--bastion",
        "prod",
        "--database",
        "postgres",
        "--host",
        "10.0.1.12",
        "--listen",
        "15432",
    ]);
    adit
}

#[test]
fn a_bastion_without_an_identity_gets_a_key_of_its_name() {
    let adit = described();
    assert!(adit.path("keys/prod").exists());
    let bastion = adit.json(&["bastion", "show", "prod"])["bastion"].clone();
    let want = json!({"name": "prod", "host": "bastion.example.com", "port": 22, "user": "adit", "key": "prod",
        "identity_file": null, "via": [], "host_key": null, "tunnels": ["orders"]});
    for (field, value) in want.as_object().unwrap() {
        assert_eq!(&bastion[field], value, "{field} of {bastion}");
    }
    let list = adit.json(&["bastion", "list"]);
    assert_eq!(list["bastions"], json!([bastion]));
}

#[test]
fn a_tunnel_is_told_with_all_its_fields() {
    let adit = described();
    let tunnel = adit.json(&["tunnel", "show", "orders"])["tunnel"].clone();
    let want = json!({"name": "orders", "bastion": "prod", "key": null, "listen": "127.0.0.1:15432", "user": null,
        "database": {"kind": "postgres", "host": "10.0.1.12", "port": 5432}, "dbname": null, "autostart": false, "tags": []});
    for (field, value) in want.as_object().unwrap() {
        assert_eq!(&tunnel[field], value, "{field} of {tunnel}");
    }
    let add =
        ["tunnel", "add", "cache", "--bastion", "prod", "--database", "redis", "--host", "10.0.1.13", "--user", "u"];
    let more = ["--dbname", "3", "--autostart", "--tag", "eu", "--tag", "prod"];
    adit.ok(&[&add[..], &more[..]].concat());
    let cache = adit.json(&["tunnel", "show", "cache"])["tunnel"].clone();
    assert_eq!(
        (&cache["dbname"], &cache["autostart"], &cache["tags"]),
        (&json!("3"), &json!(true), &json!(["eu", "prod"]))
    );
    let names = adit.json(&["tunnel", "list"])["tunnels"].to_string();
    assert!(names.find("\"cache\"") < names.find("\"orders\""), "sorted by name");
}

#[test]
fn codes_of_adding_twice_and_of_names_that_are_not_there() {
    let adit = described();
    let before = adit.config();
    let bastion = ["bastion", "add", "prod", "--host", "h", "--user", "u"];
    adit.run(&bastion).expect(2);
    let tunnel = |name: &'static str, bastion: &'static str| {
        ["tunnel", "add", name, "--bastion", bastion, "--database", "redis", "--host", "h"]
    };
    adit.run(&tunnel("orders", "prod")).expect(2);
    let unknown = adit.run(&tunnel("new", "prd")).expect(3);
    assert!(unknown.stderr.contains("prod"), "the nearest name: {}", unknown.stderr);
    for words in [
        &["bastion", "edit", "prd", "--port", "23"][..],
        &["bastion", "remove", "prd"],
        &["bastion", "rename", "prd", "x"],
        &["bastion", "show", "prd"],
        &["tunnel", "edit", "order", "--port", "23"],
        &["tunnel", "remove", "order"],
        &["tunnel", "rename", "order", "x"],
        &["tunnel", "show", "order"],
        &["url", "order"],
        &["trust", "prd"],
    ] {
        let output = adit.run(words).expect(3);
        assert_eq!(output.stdout, "", "{words:?}");
    }
    let in_use = adit.run(&["bastion", "remove", "prod"]).expect(2);
    assert!(in_use.stderr.contains("orders"), "names by what: {}", in_use.stderr);
    for words in [
        &["tunnel", "edit", "orders", "--port", "70000"][..],
        &["tunnel", "edit", "orders", "--port", "0"],
        &["tunnel", "edit", "orders", "--listen", "127.0.0.1:99999"],
        &["tunnel", "edit", "orders", "--listen", "0.0.0.0:15432"],
        &["tunnel", "edit", "orders", "--database", "postgre"],
        &["bastion", "edit", "prod", "--host", "-oProxyCommand=x"],
        &["tunnel", "edit", "orders", "--unset", "bogus"],
        &["tunnel", "rename", "orders", "Orders"],
    ] {
        adit.run(words).expect(2);
    }
    assert_eq!(adit.config(), before, "nothing was written");
}

#[test]
fn comments_and_order_survive_and_one_backup_is_kept() {
    let adit = Adit::new();
    let text = "# head\nversion = 1\n\n[tunnels.orders] # mine\nbastion = \"prod\" # where\ndatabase = \"postgres\"\n\
                host = \"10.0.1.12\"\nlisten = \"127.0.0.1:15432\"\n\n# the way in\n[bastions.prod]\nhost = \"h\"\nuser = \"u\"\nkey = \"k\"\n";
    adit.write_config(text);
    adit.ok(&["tunnel", "edit", "orders", "--dbname", "orders", "--tag", "eu"]);
    let now = adit.config();
    for comment in ["# head", "# mine", "# where", "# the way in"] {
        assert!(now.contains(comment), "{comment} is lost:\n{now}");
    }
    assert!(now.find("[tunnels.orders]") < now.find("[bastions.prod]"), "{now}");
    assert_eq!(std::fs::read_to_string(adit.path("config.toml.bak")).unwrap(), text);
    adit.ok(&["tunnel", "edit", "orders", "--unset", "dbname"]);
    assert!(!adit.config().contains("dbname"));
    adit.ok(&["bastion", "rename", "prod", "edge"]);
    assert!(adit.config().contains("bastion = \"edge\" # where"), "{}", adit.config());
    adit.ok(&["tunnel", "rename", "orders", "sales"]);
    adit.run(&["tunnel", "show", "orders"]).expect(3);
    adit.ok(&["tunnel", "remove", "sales"]);
    adit.ok(&["bastion", "remove", "edge"]);
    adit.run(&["config", "check"]).expect(0);
    assert!(adit.config().contains("# head"));
}

#[test]
fn writers_at_the_same_moment_lose_nothing() {
    let adit = described();
    std::thread::scope(|scope| {
        for turn in 0..10 {
            let adit = &adit;
            scope.spawn(move || {
                let (name, listen) = (format!("t{turn}"), (16_000 + turn).to_string());
                let words = ["tunnel", "add", &name, "--bastion", "prod", "--database", "redis", "--host", "h"];
                adit.ok(&[&words[..], &["--listen", &listen]].concat());
            });
        }
    });
    assert_eq!(adit.json(&["tunnel", "list"])["tunnels"].as_array().unwrap().len(), 11);
}

#[test]
fn urls_fit_their_kind_and_never_hold_a_password() {
    let adit = described();
    adit.ok(&["tunnel", "edit", "orders", "--user", "app", "--dbname", "orders"]);
    let url = adit.run(&["url", "orders"]).expect(0);
    assert_eq!(url.stdout.trim(), "postgresql://app@127.0.0.1:15432/orders");
    assert_ne!(url.stderr, "", "a note that it is stopped");
    assert!(adit.ok(&["url", "orders", "--format", "psql"]).contains("15432"));
    assert!(adit.ok(&["url", "orders", "--format", "env"]).contains("PGPORT"));
    assert_eq!(adit.ok(&["url", "orders", "--format", "hostport"]).trim(), "127.0.0.1:15432");
    for format in ["redis-cli", "mysql", "bogus"] {
        assert_eq!(adit.run(&["url", "orders", "--format", format]).expect(2).stdout, "");
    }
}

#[test]
fn a_port_left_out_is_chosen_once_and_kept() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = target.port.to_string();
    adit.ok(&["tunnel", "add", "t", "--bastion", "prod", "--database", "tcp", "--host", "127.0.0.1", "--port", &port]);
    adit.ok(&["up", "t"]);
    let listen = adit.tunnel("t")["listen"].as_str().unwrap().to_owned();
    let chosen: u16 = listen.strip_prefix("127.0.0.1:").unwrap().parse().unwrap();
    assert!((15_000..=29_999).contains(&chosen), "{listen}");
    assert!(adit.config().contains(&listen), "{}", adit.config());
    Echo::open(chosen).unwrap();
    adit.ok(&["down", "t", "--now"]);
    adit.ok(&["up", "t"]);
    assert_eq!(adit.tunnel("t")["listen"], listen);
}

#[test]
fn removing_or_renaming_what_is_up_takes_it_down_or_along() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    Echo::open(port).unwrap();
    adit.ok(&["tunnel", "remove", "t"]);
    assert!(Echo::open(port).is_err(), "its port is free");
    adit.run(&["status", "t"]).expect(3);
}
