//! Real queries by the databases' own clients, through a key that may do nothing but forward to one place.

use serde_json::json;

use crate::support::mariadb::mysql;
use crate::support::postgres::{client, psql};
use crate::support::redis::redis_cli;
use crate::support::{Adit, MariaDb, Postgres, Redis, Sshd, soon, wait_until};

fn only(port: u16) -> String {
    format!("restrict,port-forwarding,permitopen=\"127.0.0.1:{port}\"")
}

#[test]
fn a_query_a_dump_a_restore_and_a_benchmark() {
    let (sshd, server) = (Sshd::start(), Postgres::shared());
    let adit = Adit::at(&sshd, &only(server.port));
    let port = adit.add_tunnel_with("orders", "postgres", server.port, &["--user", "app", "--dbname", "orders"]);
    let up = adit.run(&["up", "orders"]).expect(0);
    assert_eq!(up.stdout, format!("orders\tup\t127.0.0.1:{port}\t-\n"));
    let tunnel = adit.wait_up("orders");
    assert_eq!(tunnel["proof"], "forward", "{tunnel}");

    assert_eq!(psql(port, "orders", "app", "select 6 * 7").expect(0).stdout, "42\n");
    client("pgbench", port, &["-q", "-i", "-s", "1", "orders"]).expect(0);
    let bench = client("pgbench", port, &["-S", "-c", "8", "-j", "2", "-T", "2", "orders"]).expect(0);
    assert!(bench.stdout.contains("number of failed transactions: 0"), "{}", bench.stdout);

    let dump = adit.home().join("orders.dump");
    let dump = dump.to_str().unwrap();
    client("pg_dump", port, &["-Fc", "-f", dump, "orders"]).expect(0);
    psql(port, "orders", "app", "create database copy").expect(0);
    client("pg_restore", port, &["-d", "copy", dump]).expect(0);
    let sum = "select count(*), sum(aid) from pgbench_accounts";
    assert_eq!(psql(port, "copy", "app", sum).expect(0).stdout, server.ask("orders", "app", sum).stdout);

    let status = adit.tunnel("orders");
    assert_eq!(status["reconnects"], 0);
    assert!(status["connections"]["total"].as_u64() >= Some(10), "{status}");
    assert!(status["bytes"]["from_database"].as_u64() > Some(100_000), "{status}");
    let url = adit.ok(&["url", "orders"]);
    assert_eq!(crate::support::tool("psql", &[url.trim(), "-XAtc", "select 1"]).expect(0).stdout, "1\n");
}

#[test]
fn the_proof_leaves_no_complaint_in_postgres_log() {
    let (sshd, server) = (Sshd::start(), Postgres::shared());
    let adit = Adit::at(&sshd, &only(server.port));
    adit.add_tunnel("orders", "postgres", server.port);
    adit.ok(&["up", "orders"]);
    assert_eq!(adit.wait_up("orders")["proof"], "forward");
    for word in ["invalid length of startup packet", "incomplete startup packet"] {
        assert!(!server.log().contains(word), "{}", server.log());
    }
}

#[test]
fn mariadb_answers_and_never_counts_a_proof_as_a_broken_handshake() {
    // Nobody else may connect to it while its connections are counted.
    let (sshd, server) = (Sshd::start(), MariaDb::private());
    // Handshakes that break are counted by address, but not for 127.0.0.1; this machine's own address is as local.
    let own = own_address();
    let host = own.as_deref().unwrap_or("127.0.0.1");
    let target = server.port.to_string();
    let adit = Adit::at(&sshd, &format!("restrict,port-forwarding,permitopen=\"{host}:{target}\""));
    let port = crate::support::ports::free();
    let listen = port.to_string();
    adit.ok(&[
        "tunnel",
        "add",
        "orders",
        "--bastion",
        "prod",
        "--database",
        "mariadb",
        "--host",
        host,
        "--port",
        &target,
        "--listen",
        &listen,
    ]);
    // One more than the server forgives, each asked for by a person and therefore proven.
    for _ in 0..4 {
        adit.ok(&["up", "orders"]);
        assert_eq!(adit.wait_up("orders")["proof"], "forward");
        adit.ok(&["down", "orders"]);
    }
    adit.ok(&["up", "orders"]);
    let answer = mysql(port, "select 6 * 7").expect(0);
    assert_eq!(answer.stdout, "42\n");
    mysql(port, "create or replace table t (a int); insert into t values (1), (2); select sum(a) from t").expect(0);

    // After a loss nobody asked: the server must not be spoken to until a client comes.
    let before = server.counter("Connections");
    sshd.kill_sessions();
    let again = adit.wait_tunnel("orders", soon(), |t| t["reconnects"] == 1 && t["phase"] == "up");
    assert_eq!(again["proof"], "session", "{again}");
    assert_eq!(server.counter("Connections") - before, 1, "our own question only");
    mysql(port, "select 1").expect(0);
    assert!(
        wait_until(soon(), || adit.tunnel("orders")["proof"] == "forward"),
        "the client's own forward is the proof"
    );
}

fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: connecting a datagram socket only asks which address would be used (192.0.2.0/24 is documentation).
    socket.connect("192.0.2.1:9").ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then(|| address.to_string())
}

#[test]
fn redis_answers() {
    let (sshd, server) = (Sshd::start(), Redis::shared());
    let adit = Adit::at(&sshd, &only(server.port));
    let port = adit.add_tunnel("cache", "redis", server.port);
    adit.ok(&["up", "cache"]);
    assert_eq!(adit.wait_up("cache")["proof"], "forward");
    assert_eq!(redis_cli(port, &["PING"]).expect(0).stdout, "PONG\n");
    redis_cli(port, &["SET", "adit", "side passage"]).expect(0);
    assert_eq!(redis_cli(server.port, &["GET", "adit"]).stdout, "side passage\n");
}

#[test]
fn several_by_tag_and_all_and_their_lines() {
    let (sshd, postgres, redis) = (Sshd::start(), Postgres::shared(), Redis::shared());
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    adit.add_tunnel_with("orders", "postgres", postgres.port, &["--tag", "eu"]);
    adit.add_tunnel_with("cache", "redis", redis.port, &["--tag", "eu"]);
    adit.add_tunnel("other", "redis", redis.port);
    adit.run(&["up", "--tag", "us"]).expect(3);
    let up = adit.run(&["up", "--tag", "eu"]).expect(0).stdout;
    assert_eq!(up.lines().count(), 2, "{up}");
    assert_eq!(adit.tunnel("other")["phase"], "stopped");
    let all = adit.run(&["up", "--all", "--json"]).expect(0).json();
    let phases: Vec<_> = all["tunnels"].as_array().unwrap().iter().map(|tunnel| tunnel["phase"].clone()).collect();
    assert_eq!(phases, [json!("up"), json!("up"), json!("up")], "{all}");
    adit.run(&["status"]).expect(0);
    let one = adit.run(&["status", "cache", "--json"]).expect(0).json();
    assert_eq!(one["tunnels"].as_array().unwrap().len(), 1);
    adit.run(&["status", "cash"]).expect(3);
    adit.ok(&["down", "--all"]);
    for name in ["orders", "cache", "other"] {
        assert_eq!(adit.tunnel(name)["phase"], "stopped");
    }
    adit.ok(&["down", "--all"]);
    let empty = Adit::new();
    empty.run(&["up", "--all"]).expect(0);
}
