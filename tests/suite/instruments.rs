//! The instruments themselves: a client that cannot tell a cut from an end, or a counter that never counts, would prove nothing.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::mariadb::mysql;
use crate::support::postgres::psql;
use crate::support::redis::redis_cli;
use crate::support::target::{Echo, download, upload};
use crate::support::{End, MariaDb, Postgres, Proxy, Redis, Sshd, Target, ports, soon, tool, wait_until};

#[test]
fn whole_cut_and_reset_transfers_are_told_apart() {
    let target = Target::start();
    assert_eq!(download(target.port, 300_000, 5), End::Right);
    assert_eq!(upload(target.port, 300_000, 5), End::Right);
    let liar = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = liar.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (turn, stream) in liar.incoming().flatten().enumerate() {
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            (&stream).write_all(b"some bytes").unwrap();
            if turn > 0 {
                socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            }
        }
    });
    assert!(matches!(download(port, 300_000, 5), End::Wrong(_)), "a clean end too early");
    assert!(matches!(download(port, 300_000, 5), End::Broken(_)), "a reset");
}

#[test]
fn a_frozen_path_is_silent_and_a_cut_one_ends() {
    let target = Target::start();
    let proxy = Proxy::to(target.port);
    let mut echo = Echo::open(proxy.port).unwrap();
    proxy.freeze();
    let passed = std::thread::spawn(move || echo.ping().map(|()| echo));
    assert!(!wait_until(Duration::from_millis(500), || passed.is_finished()));
    proxy.thaw();
    let mut echo = passed.join().unwrap().unwrap();
    proxy.cut();
    assert!(echo.ping().is_err());
}

#[test]
fn the_sshd_counts_logins_and_its_sessions_can_be_killed() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let key = sshd.path("client");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]).expect(0);
    let (local, there) = (ports::free(), sshd.port.to_string());
    let mut command = Command::new("ssh");
    command.args(["-F", "none", "-N", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"]);
    command
        .args(["-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-i"])
        .arg(&key)
        .args(["-p", &there, "-l", &sshd.user]);
    command.args(["-L", &format!("127.0.0.1:{local}:127.0.0.1:{}", target.port), "127.0.0.1"]);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    assert!(!command.status().unwrap().success());
    assert_eq!((sshd.failed_logins(), sshd.logins()), (1, 0), "{}", sshd.log());
    sshd.authorize("restrict,port-forwarding", &std::fs::read_to_string(key.with_extension("pub")).unwrap());
    let mut child = command.spawn().unwrap();
    assert!(wait_until(soon(), || Echo::open(local).is_ok()));
    assert_eq!((sshd.failed_logins(), sshd.logins()), (1, 1));
    assert!(sshd.kill_sessions() > 0);
    assert!(wait_until(soon(), || child.try_wait().unwrap().is_some()), "the client sees its session die");
    assert!(sshd.sessions().is_empty());
}

#[test]
fn the_database_servers_answer_their_own_clients() {
    assert_eq!(psql(Postgres::shared().port, "orders", "app", "select 1").expect(0).stdout, "1\n");
    assert_eq!(mysql(MariaDb::shared().port, "select 1").expect(0).stdout, "1\n");
    assert_eq!(redis_cli(Redis::shared().port, &["PING"]).expect(0).stdout, "PONG\n");
    assert!(MariaDb::shared().counter("Connections") > 0);
}
