//! Errors of real programs against real servers, pasted into `adit explain`.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::output::finish;
use crate::support::postgres::{program, psql};
use crate::support::redis::redis_cli;
use crate::support::{Adit, MariaDb, Output, Postgres, Redis, Sshd, ports, soon, tool, wait_until};

/// What `adit explain` makes of a text.
#[track_caller]
fn explained(text: &str) -> Value {
    let adit = Adit::new();
    let found = finish(adit.command(&["explain", "--json"]), text);
    let value = found.json();
    assert_eq!(found.code, i32::from(value["matches"] == json!([])), "{text}\n{value:#}");
    for one in value["matches"].as_array().unwrap() {
        for field in ["class", "meaning", "owner", "fix", "certainty"] {
            assert!(one[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {one:#}");
        }
    }
    value
}

/// The class that comes first.
#[track_caller]
fn is(text: &str, class: &str) {
    let value = explained(text);
    assert_eq!(value["matches"][0]["class"], class, "{text}\n{value:#}");
}

/// A failed program's words.
#[track_caller]
fn words(output: &Output) -> String {
    assert_ne!(output.code, 0, "{output:?}");
    format!("{}{}", output.stdout, output.stderr)
}

/// A person's own OpenSSH client, with a key and a known_hosts file of its own.
struct Client {
    folder: TempDir,
}

impl Client {
    fn new() -> Self {
        let client = Self { folder: TempDir::with_prefix("adit-ex-").unwrap() };
        client.make_key("id");
        client
    }

    /// Knows the server's host key, and is let in.
    fn friend_of(sshd: &Sshd, options: &str) -> Self {
        let client = Self::new();
        sshd.authorize(options, &std::fs::read_to_string(client.path("id.pub")).unwrap());
        client.know(sshd);
        client
    }

    fn know(&self, sshd: &Sshd) {
        let line = std::fs::read_to_string(sshd.path("host_ed25519.pub")).unwrap();
        std::fs::write(self.path("known"), format!("[127.0.0.1]:{} {line}", sshd.port)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn make_key(&self, name: &str) {
        tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "x", "-f", text(&self.path(name))]).expect(0);
    }

    fn ssh(&self, port: u16, user: &str, more: &[&str]) -> Output {
        let (port, known) = (port.to_string(), format!("UserKnownHostsFile={}", self.path("known").display()));
        let id = self.path("id");
        let mut all = vec!["-F", "none", "-T", "-p", &port, "-o", &known, "-o", "GlobalKnownHostsFile=/dev/null"];
        all.extend(["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"]);
        all.extend(["-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", "-i", text(&id)]);
        let login = format!("{user}@127.0.0.1");
        all.extend(more);
        all.push(&login);
        tool("ssh", &all)
    }

    /// Asks for one connection from the server to a place.
    fn to(&self, sshd: &Sshd, host: &str, port: u16) -> Output {
        self.ssh(sshd.port, &sshd.user, &["-W", &format!("{host}:{port}")])
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn ssh_does_not_reach_the_server() {
    let client = Client::new();
    is(&words(&client.ssh(ports::free(), "ana", &[])), "tcp_refused");
    let unknown = explained(&words(&tool("ssh", &["-F", "none", "-o", "BatchMode=yes", "x.invalid"])));
    // Without any network the name server is what is missing.
    let class = unknown["matches"][0]["class"].as_str().unwrap();
    assert!(["name_unknown", "dns_unavailable"].contains(&class), "{unknown:#}");

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _sent = std::io::Write::write_all(&mut &stream, b"\x4a\0\0\0\x0a5.5.5-10.11\0\n");
            let _ended = std::io::Read::read(&mut &stream, &mut [0]);
        }
    });
    is(&words(&client.ssh(port, "ana", &[])), "not_ssh");
}

#[test]
fn ssh_does_not_trust_the_server() {
    let mut sshd = Sshd::start();
    let client = Client::new();
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "host_key_unknown");
    client.know(&sshd);
    sshd.stop();
    sshd.make_host_key("ed25519");
    sshd.resume();
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "host_key_changed");
    client.know(&sshd);
    let old = ["-o", "KexAlgorithms=diffie-hellman-group1-sha1"];
    is(&words(&client.ssh(sshd.port, &sshd.user, &old)), "no_common_algorithm");
}

#[test]
fn the_server_refuses_the_login_and_its_log_says_more() {
    let sshd = Sshd::with("StrictModes yes\nMaxAuthTries 2");
    let client = Client::friend_of(&sshd, "");
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "key_refused");
    // The folder for temporary files may be written by everybody: that is enough for sshd.
    is(&sshd.log(), "home_mode");
    is(&words(&client.ssh(sshd.port, "nobody-of-that-name", &[])), "key_refused");
    assert!(explained(&sshd.log())["matches"].to_string().contains("user_unknown"));
    for name in ["a", "b", "c"] {
        client.make_key(name);
    }
    let keys: Vec<String> = ["a", "b", "c"].iter().map(|name| text(&client.path(name)).to_owned()).collect();
    let many: Vec<&str> = keys.iter().flat_map(|key| ["-i", key.as_str()]).collect();
    is(&words(&client.ssh(sshd.port, &sshd.user, &many)), "too_many_failures");
}

#[test]
fn an_option_on_the_keys_line_is_in_the_way() {
    let sshd = Sshd::start();
    let client = Client::friend_of(&sshd, "from=\"192.0.2.1\"");
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "key_refused");
    is(&sshd.log(), "from_mismatch");

    let sshd = Sshd::start();
    let client = Client::friend_of(&sshd, "restict,port-forwarding");
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "key_refused");
}

#[test]
fn the_server_has_enough_of_strangers() {
    let sshd = Sshd::with("PerSourceMaxStartups 1");
    let _stranger = TcpStream::connect(("127.0.0.1", sshd.port)).unwrap();
    let client = Client::friend_of(&sshd, "");
    let logged = || sshd.log().contains("drop connection");
    let mut said = String::new();
    let refused = wait_until(soon(), || {
        said = client.ssh(sshd.port, &sshd.user, &[]).stderr;
        logged()
    });
    assert!(refused, "{said}\n{}", sshd.log());
    is(&sshd.log(), "refused_for_now");
}

#[test]
fn the_key_is_not_usable() {
    let sshd = Sshd::start();
    let client = Client::friend_of(&sshd, "");
    let id = client.path("id");
    std::fs::set_permissions(&id, PermissionsExt::from_mode(0o644)).unwrap();
    let value = explained(&words(&client.ssh(sshd.port, &sshd.user, &[])));
    assert_eq!(value["matches"][0]["class"], "key_permissions", "{value:#}");
    assert_eq!(value["matches"][0]["advice"][0]["command"], format!("chmod 600 {}", id.display()), "{value:#}");
    std::fs::set_permissions(&id, PermissionsExt::from_mode(0o600)).unwrap();

    std::fs::write(&id, "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n").unwrap();
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "key_format");
    std::fs::remove_file(&id).unwrap();
    is(&words(&client.ssh(sshd.port, &sshd.user, &[])), "key_missing");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "right", "-f", text(&client.path("locked"))]).expect(0);
    is(&words(&tool("ssh-keygen", &["-y", "-P", "wrong", "-f", text(&client.path("locked"))])), "passphrase_wrong");
}

#[test]
fn the_forward_does_not_open() {
    let (sshd, closed) = (Sshd::start(), ports::free());
    let client =
        Client::friend_of(&sshd, "restrict,port-forwarding,permitopen=\"127.0.0.1:1\",permitopen=\"x.invalid:1\"");
    is(&words(&client.to(&sshd, "localhost", closed)), "forward_prohibited");
    assert!(wait_until(soon(), || sshd.log().contains("request was denied")), "{}", sshd.log());
    is(&sshd.log(), "permitopen_mismatch");
    is(&words(&client.to(&sshd, "127.0.0.1", 1)), "target_refused");
    is(&words(&client.to(&sshd, "x.invalid", 1)), "target_name_unknown");

    let off = Sshd::with("AllowTcpForwarding no");
    let client = Client::friend_of(&off, "");
    is(&words(&client.to(&off, "127.0.0.1", closed)), "forward_prohibited");
    assert!(wait_until(soon(), || off.log().contains("refused local port forward")), "{}", off.log());
    is(&off.log(), "forwarding_off");
}

#[test]
fn the_local_port_is_taken() {
    let sshd = Sshd::start();
    let client = Client::friend_of(&sshd, "");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let forward = format!("127.0.0.1:{}:127.0.0.1:1", taken.local_addr().unwrap().port());
    let more = ["-N", "-o", "ExitOnForwardFailure=yes", "-L", &forward];
    is(&words(&client.ssh(sshd.port, &sshd.user, &more)), "port_in_use");
}

#[test]
fn psql_fails() {
    let (server, other) = (Postgres::shared(), MariaDb::shared());
    is(&words(&psql(ports::free(), "orders", "app", "select 1")), "tunnel_not_up");
    is(&words(&server.ask("ordres", "app", "select 1")), "database_missing");
    is(&words(&server.ask("orders", "nobody", "select 1")), "database_login");
    is(&words(&psql(other.port, "orders", "app", "select 1")), "wrong_protocol");
    let psql = |words: &[&str]| tool(text(&program("psql")), words);
    let tls = format!("host=127.0.0.1 port={} user=app dbname=orders sslmode=require", server.port);
    is(&words(&psql(&["-X", &tls, "-c", "select 1"])), "tls_not_offered");
    is(&words(&psql(&["-X", "-h", "/nowhere", "-c", "select 1"])), "mysql_socket");
    is(&words(&psql(&["-X", "-h", "x.invalid", "-c", "select 1"])), name_class(&psql(&["-X", "-h", "x.invalid"])));
}

/// Without any network the name server is what is missing.
fn name_class(output: &Output) -> &'static str {
    if output.stderr.contains("Temporary failure") { "dns_unavailable" } else { "name_unknown" }
}

#[test]
fn mariadb_fails() {
    let (server, other) = (MariaDb::shared(), Postgres::shared());
    let mariadb = |port: u16, more: &[&str]| {
        let port = port.to_string();
        let mut all = vec!["--no-defaults", "-h", "127.0.0.1", "-P", &port, "--connect-timeout=2", "-e", "select 1"];
        all.extend(more);
        tool("mariadb", &all)
    };
    is(&words(&mariadb(ports::free(), &["-uapp", "-papp"])), "tunnel_not_up");
    is(&words(&mariadb(server.port, &["-uapp", "-pwrong"])), "database_login");
    is(&words(&mariadb(server.port, &["-uapp", "-papp", "ordres"])), "database_denied");
    // PostgreSQL waits for the client, and the client for the greeting.
    is(&words(&mariadb(other.port, &["-uapp", "-papp"])), "silent");
    let socket = ["--no-defaults", "-h", "localhost", "-S", "/nowhere", "-e", "select 1"];
    is(&words(&tool("mariadb", &socket)), "mysql_socket");
}

#[test]
fn redis_cli_fails() {
    let (server, other) = (Redis::shared(), Postgres::shared());
    is(&words(&redis_cli(ports::free(), &["PING"])), "tunnel_not_up");
    let said = redis_cli(server.port, &["AUTH", "nobody", "wrong"]);
    is(&format!("{}{}", said.stdout, said.stderr), "database_login");
    let said = redis_cli(other.port, &["PING"]);
    let class = explained(&format!("{}{}", said.stdout, said.stderr))["matches"][0]["class"].clone();
    assert!(["wrong_protocol", "mysql_no_greeting", "connection_lost"].contains(&class.as_str().unwrap()), "{said:?}");
}

#[test]
fn a_person_reads_it_and_what_is_unknown_is_said() {
    let adit = Adit::new();
    let known = finish(adit.command(&["explain"]), "ana@b: Permission denied (publickey).\n").expect(0);
    assert!(known.stdout.starts_with("key_refused: "), "{}", known.stdout);
    assert!(known.stdout.contains("the bastion's admin must act") && known.stderr.is_empty(), "{known:?}");
    let unknown = finish(adit.command(&["explain"]), "all is well\n").expect(1);
    assert!(unknown.stdout.is_empty() && unknown.stderr.contains("adit diagnose"), "{unknown:?}");
    let empty = finish(adit.command(&["explain", "--json"]), "").expect(1);
    assert_eq!(empty.json()["matches"], json!([]));
    // A log without end is read as far as it goes.
    let mut long = "all is well\n".repeat(100_000);
    long.push_str("Permission denied (publickey).");
    let cut = finish(adit.command(&["explain"]), &long).expect(1);
    assert!(cut.stderr.contains("only the first 1024 KiB"), "{}", cut.stderr);
    let odd = finish(adit.command(&["explain"]), "\u{1b}]0;x\u{7}\u{9b}2JConnection refused\u{202e}").expect(0);
    assert!(!odd.stdout.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "{:?}", odd.stdout);
}
