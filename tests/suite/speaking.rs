//! Looks at real databases, directly: what they say before login is read right, and none of them is left with a grudge.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Command, Stdio};

use adit::diagnose::check::speak::judge;
use adit::diagnose::speak::{Spoken, look};
use adit::model::{Code, Database, Finding, Kind, Reply, Tls, Verdict};
use adit::sandbox::{Database as Sandbox, Mood, Speaks};
use tokio::net::TcpStream;

use crate::support::postgres::psql;
use crate::support::redis::redis_cli;
use crate::support::target::connect;
use crate::support::{MariaDb, Postgres, Redis, Sshd, ports, reaper, soon, tool, wait_until};

fn database(kind: Kind, host: &str, port: u16) -> Database {
    Database { kind, host: host.parse().unwrap(), port: port.try_into().unwrap() }
}

async fn seen_at(kind: Kind, host: &str, port: u16) -> (Spoken, Finding) {
    let database = database(kind, host, port);
    let mut stream = TcpStream::connect((host, port)).await.unwrap();
    let seen = look(&mut stream, &database).await;
    let finding = judge(&seen, &database, None).remove(0);
    (seen, finding)
}

/// Looks once, from a runtime of its own.
fn look_at(kind: Kind, host: &str, port: u16) -> (Spoken, Finding) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(seen_at(kind, host, port))
}

fn here(kind: Kind, port: u16) -> (Spoken, Finding) {
    look_at(kind, "127.0.0.1", port)
}

#[track_caller]
fn speaks(seen: &Spoken, right: &str) -> (Option<String>, Tls, Option<String>) {
    match &seen.reply {
        Reply::Speaks { product, version, tls, note } if product == right => (version.clone(), *tls, note.clone()),
        other => panic!("{other:?} is not {right}"),
    }
}

/// This machine's own address: servers count and admit it as they would a bastion's, unlike 127.0.0.1.
fn own_address() -> String {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    // Nothing is sent: connecting a datagram socket only asks which address would be used (192.0.2.0/24 is documentation).
    let own = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    own.map_or_else(|_| "127.0.0.1".to_owned(), |own| own.ip().to_string())
}

#[test]
fn postgres_says_what_it_asks_for_and_whom_it_knows() {
    let server = Postgres::private();
    let ask = |sql: &str| psql(server.port, "postgres", "app", sql).expect(0).stdout;
    let rules = |lines: &str| {
        let file = ask("show hba_file");
        let lines = format!("host all app,postgres 127.0.0.1/32 trust\n{lines}");
        ask(&format!("copy (select unnest(string_to_array('{lines}', E'\\n'))) to '{}'", file.trim()));
        let count = lines.lines().count();
        ask("select pg_reload_conf()");
        let fits = || ask("select count(*) from pg_hba_file_rules").trim() == count.to_string();
        assert!(wait_until(soon(), fits), "{}", server.log());
    };
    let (seen, finding) = here(Kind::Postgres, server.port);
    let (_, tls, note) = speaks(&seen, "PostgreSQL");
    assert_eq!(tls, Tls::No);
    assert!(note.unwrap().contains("does not exist"), "{seen:?}");
    assert_eq!((finding.verdict, finding.summary.as_str()), (Verdict::Pass, "PostgreSQL answers, no TLS on this port"));

    rules("host all all 127.0.0.1/32 scram-sha-256");
    // The server hears of its new rules a moment later than whoever reads them.
    let asks = || speaks(&here(Kind::Postgres, server.port).0, "PostgreSQL").2.unwrap().contains("SCRAM");
    assert!(wait_until(soon(), asks), "{}", server.log());

    rules("");
    let turned_away = || here(Kind::Postgres, server.port).1.code == Some(Code::HostNotAllowed);
    assert!(wait_until(soon(), turned_away), "{}", server.log());
    let (_, finding) = here(Kind::Postgres, server.port);
    assert_eq!(finding.verdict, Verdict::Warn);
    assert!(finding.advice[0].text.contains("host all all 127.0.0.1/32"), "{finding:?}");

    rules("host all all 127.0.0.1/32 trust");
    ask("create role adit_probe login");
    let lets_in = || matches!(here(Kind::Postgres, server.port).0.reply, Reply::Speaks { version: Some(_), .. });
    assert!(wait_until(soon(), lets_in), "{}", server.log());
    ask("alter database postgres connection limit 0");
    assert_eq!(here(Kind::Postgres, server.port).1.code, Some(Code::TooManyConnections));

    ask(
        "copy (select 1) to program 'openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=db -out server.crt -keyout server.key 2>/dev/null && chmod 600 server.key'",
    );
    ask("alter system set ssl = on");
    ask("select pg_reload_conf()");
    let offers = || speaks_tls(&here(Kind::Postgres, server.port).0);
    assert!(wait_until(soon(), offers), "{}", server.log());
    assert_eq!(here(Kind::Redshift, server.port).1.summary, "Redshift answers, TLS offered");

    for word in ["invalid length", "incomplete startup", "unexpected EOF", "could not receive", "expected password"] {
        assert!(!server.log().contains(word), "{}", server.log());
    }
}

fn speaks_tls(seen: &Spoken) -> bool {
    matches!(seen.reply, Reply::Speaks { tls: Tls::Offered, .. })
}

#[test]
fn mariadb_is_never_left_in_the_middle_of_its_greeting() {
    let (server, host) = (MariaDb::private(), own_address());
    // Three contacts that are broken off block an address, and a server that is not expected is one as well.
    for kind in [Kind::Mariadb, Kind::Mysql, Kind::Postgres, Kind::Redis, Kind::Tcp] {
        for _ in 0..4 {
            let (seen, finding) = look_at(kind, &host, server.port);
            match kind {
                Kind::Mariadb | Kind::Mysql => {
                    let (version, tls, _) = speaks(&seen, "MariaDB");
                    assert!(version.unwrap().starts_with(|c: char| c.is_ascii_digit()), "{seen:?}");
                    assert_eq!((tls, finding.verdict), (Tls::No, Verdict::Pass));
                }
                _ => {
                    let is_told = matches!(seen.reply, Reply::Stranger { kind: Some(Kind::Mariadb), .. });
                    assert!(is_told, "{kind}: {seen:?}");
                }
            }
        }
    }
    assert!(!server.log().contains("Got an error reading"), "{}", server.log());
}

#[test]
fn mariadb_refuses_by_name() {
    let (server, host) = (MariaDb::private(), own_address());
    server.by_socket("set global max_connections = 10").expect(0);
    // One more is kept for the administrator.
    let held: Vec<_> = (0..11)
        .map(|_| {
            let mut stream = connect(server.port).unwrap();
            stream.read_exact(&mut [0]).unwrap();
            stream
        })
        .collect();
    let (_, finding) = here(Kind::Mariadb, server.port);
    assert_eq!(finding.code, Some(Code::TooManyConnections), "{finding:?}");
    drop(held);
    let has_room = || here(Kind::Mariadb, server.port).1.verdict == Verdict::Pass;
    assert!(wait_until(soon(), has_room), "{}", server.log());

    if host != "127.0.0.1" {
        for _ in 0..4 {
            let mut stream = std::net::TcpStream::connect((host.as_str(), server.port)).unwrap();
            stream.set_read_timeout(Some(soon())).unwrap();
            // A server that refuses has nothing to read.
            let _ = stream.read(&mut [0]);
        }
        let blocked = || look_at(Kind::Mysql, &host, server.port).1.code == Some(Code::HostBlocked);
        assert!(wait_until(soon(), blocked), "{}", server.log());
        server.by_socket("flush hosts").expect(0);
        assert_eq!(look_at(Kind::Mysql, &host, server.port).1.verdict, Verdict::Pass);
        // The installation makes an account for this machine's name as well.
        server.by_socket("delete from mysql.global_priv where host <> 'localhost'; flush privileges").expect(0);
        let (_, finding) = look_at(Kind::Mariadb, &host, server.port);
        assert_eq!((finding.code, finding.verdict), (Some(Code::HostNotAllowed), Verdict::Fail), "{finding:?}");
    }
}

/// A Redis of this test's own.
fn redis(arguments: &[&str], port: u16, is_ready: impl Fn() -> bool) {
    let mut serve = Command::new("redis-server");
    serve.args(["--save", "", "--appendonly", "no", "--port", &port.to_string()]).args(arguments);
    serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    reaper::start_for_all(serve);
    assert!(wait_until(soon(), is_ready), "Redis does not start");
}

#[test]
fn redis_answers_asks_or_refuses() {
    let (seen, finding) = here(Kind::Redis, Redis::shared().port);
    assert!(speaks(&seen, "Redis").0.is_some(), "{seen:?}");
    assert_eq!(finding.verdict, Verdict::Pass);

    let port = ports::free();
    redis(&["--bind", "127.0.0.1", "--requirepass", "x"], port, || {
        redis_cli(port, &["PING"]).stdout.contains("NOAUTH")
    });
    let (seen, finding) = here(Kind::Redis, port);
    assert_eq!(speaks(&seen, "Redis").2.as_deref(), Some("it asks for a password"));
    assert_eq!(finding.verdict, Verdict::Pass);

    let port = ports::free();
    redis(&["--bind", "0.0.0.0", "--maxclients", "1"], port, || redis_cli(port, &["PING"]).stdout.contains("PONG"));
    let host = own_address();
    if host != "127.0.0.1" {
        let (_, finding) = look_at(Kind::Redis, &host, port);
        assert_eq!(finding.code, Some(Code::HostNotAllowed), "{finding:?}");
    }
    let held = connect(port).unwrap();
    (&held).write_all(b"PING\r\n").unwrap();
    (&held).read_exact(&mut [0; 7]).unwrap();
    assert_eq!(here(Kind::Redis, port).1.code, Some(Code::TooManyConnections));
}

#[test]
fn a_port_that_speaks_only_tls_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let (key, certificate) = (folder.path().join("key"), folder.path().join("certificate"));
    let (key, certificate) = (key.to_str().unwrap(), certificate.to_str().unwrap());
    let make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db"];
    let make: Vec<&str> = make.into_iter().chain(["-keyout", key, "-out", certificate]).collect();
    tool("openssl", &make).expect(0);
    let port = ports::free();
    let mut serve = Command::new("openssl");
    serve.args(["s_server", "-quiet", "-accept", &port.to_string(), "-key", key, "-cert", certificate]);
    serve.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    reaper::start_for_all(serve);
    assert!(wait_until(soon(), || connect(port).is_ok()), "openssl does not serve");
    for kind in [Kind::Redis, Kind::Mongodb, Kind::Clickhouse, Kind::Cassandra, Kind::Elasticsearch] {
        let (seen, finding) = here(kind, port);
        assert_eq!(finding.code, Some(Code::TlsRequired), "{kind}: {seen:?}");
    }
    let secure = ports::free();
    redis(
        &[
            "--bind",
            "127.0.0.1",
            "--tls-port",
            &secure.to_string(),
            "--tls-key-file",
            key,
            "--tls-cert-file",
            certificate,
            "--tls-auth-clients",
            "no",
        ],
        0,
        || connect(secure).is_ok(),
    );
    let (seen, finding) = here(Kind::Redis, secure);
    assert_eq!(finding.code, Some(Code::TlsRequired), "{seen:?}");
}

#[test]
fn others_on_the_port_are_named() {
    let sshd = Sshd::start();
    for kind in Kind::ALL {
        let (seen, finding) = here(kind, sshd.port);
        assert!(matches!(&seen.reply, Reply::Stranger { name: Some(name), .. } if name == "an SSH server"), "{seen:?}");
        assert_eq!(finding.code, (kind != Kind::Tcp).then_some(Code::WrongProtocol));
    }
    let postgres = Postgres::shared();
    let (_, finding) = here(Kind::Mysql, postgres.port);
    assert_eq!(finding.code, Some(Code::Silent));
    assert_eq!(here(Kind::Tcp, postgres.port).1.verdict, Verdict::Pass);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_shows_every_mood() {
    let nothing = None;
    let cases = [
        (Speaks::Postgres, Kind::Postgres, [nothing, Some(Code::TooManyConnections), Some(Code::StartingUp)]),
        (Speaks::Mariadb, Kind::Mariadb, [nothing, Some(Code::TooManyConnections), Some(Code::StartingUp)]),
        (Speaks::Redis, Kind::Redis, [nothing, Some(Code::TooManyConnections), Some(Code::StartingUp)]),
        // It says so at login only, and closes where it is not ready.
        (Speaks::Sqlserver, Kind::Sqlserver, [nothing, nothing, Some(Code::ClosedByDatabase)]),
    ];
    for (speaks, kind, [well, full, starting]) in cases {
        let server = Sandbox::start(speaks).await.unwrap();
        let forbids = if kind == Kind::Sqlserver { Code::ClosedByDatabase } else { Code::HostNotAllowed };
        let blocks = if kind == Kind::Mariadb { Code::HostBlocked } else { forbids };
        for (mood, right) in [
            (Mood::Well, well),
            (Mood::Full, full),
            (Mood::Starting, starting),
            (Mood::Forbids, Some(forbids)),
            (Mood::Blocks, Some(blocks)),
            (Mood::Silent, Some(Code::Silent)),
            (Mood::Closes, Some(Code::ClosedByDatabase)),
        ] {
            server.feel(mood);
            let (seen, finding) = seen_at(kind, "127.0.0.1", server.port().get()).await;
            assert_eq!(finding.code, right, "{kind} {mood:?}: {seen:?}");
            if mood == Mood::Well && kind == Kind::Sqlserver {
                assert_eq!(finding.summary, "SQL Server 2022 16.0.4131 answers, no TLS on this port");
            }
        }
        if kind != Kind::Postgres {
            server.feel(Mood::WantsTls);
            let (seen, finding) = seen_at(kind, "127.0.0.1", server.port().get()).await;
            assert_eq!(finding.code, Some(Code::TlsRequired), "{kind}: {seen:?}");
        }
    }
}

#[test]
fn bytes_come_one_by_one_and_may_be_anything() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_nodelay(true).unwrap();
            for byte in b"\x1b]0;owned\x07caf\xe9 \x9b2J hello\r\n" {
                // Whoever left has seen enough.
                let _ = (&stream).write_all(&[*byte]);
            }
            let _ = (&stream).read(&mut [0; 64]);
        }
    });
    for kind in Kind::ALL {
        let (_, finding) = here(kind, port);
        let shown = serde_json::to_string(&finding).unwrap();
        assert!(shown.contains("owned") && !shown.chars().any(char::is_control), "{kind}: {shown}");
        assert!(!shown.contains("\\u001b") && !shown.contains("\\u009b"), "{kind}: {shown}");
    }
}
