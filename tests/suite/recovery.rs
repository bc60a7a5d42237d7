//! Losing the bastion and having it back: how soon, and what a client on the local port sees meanwhile.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, pace, soon, wait_until};

const BEAT: Duration = Duration::from_millis(10);

#[test]
fn a_killed_session_is_back_within_a_second_and_the_port_never_refuses() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let (stop, refused, tries) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                tries.fetch_add(1, Ordering::Relaxed);
                match TcpStream::connect(("127.0.0.1", port)) {
                    Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                        refused.fetch_add(1, Ordering::Relaxed)
                    }
                    _ => 0,
                };
                pace(BEAT);
            }
        });
        for round in 1..=3 {
            let mut old = Echo::open(port).unwrap();
            let struck = Instant::now();
            assert!(sshd.kill_sessions() > 0);
            let broken = old.end();
            assert!(broken.is_err(), "an abnormal end is a reset, not {broken:?}");
            Echo::open(port).unwrap();
            let back = struck.elapsed();
            assert!(back < Duration::from_secs(1), "round {round}: back after {back:?}");
            // A session that lived five seconds starts the retries anew; the next loss is met as the first one was.
            pace(Duration::from_millis(5_200));
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(tries.load(Ordering::Relaxed) > 100);
    assert_eq!(refused.load(Ordering::Relaxed), 0);
    let tunnel = adit.wait_up("t");
    assert_eq!(tunnel["reconnects"], 3, "{tunnel}");
}

#[test]
fn while_the_bastion_is_away_connections_are_held_and_then_reset() {
    let (mut sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    sshd.stop();
    adit.wait_tunnel("t", soon(), |t| t["phase"] == "waiting" && t["fault"]["code"] == "tcp_refused");
    assert!(adit.tunnel("t")["fault"]["retry_in_s"].is_number());
    let asked = Instant::now();
    let error = Echo::open(port).err().unwrap();
    let held = asked.elapsed();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    assert!(held > Duration::from_secs(12) && held < Duration::from_secs(20), "held for {held:?}");
    // One that comes while it is away, and is served when it is back.
    let waiting = std::thread::spawn(move || Echo::open(port).map(drop));
    pace(Duration::from_millis(200));
    sshd.resume();
    adit.ok(&["up", "t"]);
    waiting.join().unwrap().unwrap();
    adit.wait_up("t");
}

#[test]
fn a_frozen_bastion_stops_only_its_own_tunnels() {
    let (one, two, target) = (Sshd::start(), Sshd::start(), Target::start());
    let adit = Adit::at(&one, "");
    two.authorize("", &adit.ok(&["key", "show", "prod"]));
    adit.add_bastion("other", &two, two.port, &["--key", "prod"]);
    adit.add_tunnel("t", "tcp", target.port);
    let (there, port) = (target.port.to_string(), crate::support::ports::free());
    let listen = port.to_string();
    adit.ok(&[
        "tunnel",
        "add",
        "u",
        "--bastion",
        "other",
        "--database",
        "tcp",
        "--host",
        "127.0.0.1",
        "--port",
        &there,
        "--listen",
        &listen,
    ]);
    adit.ok(&["up", "--all"]);
    let mut echo = Echo::open(port).unwrap();
    one.freeze_sessions(true);
    // Its listener is not frozen, so that a new session takes over.
    adit.wait_tunnel("t", soon(), |t| t["reconnects"] == 1 && t["phase"] == "up");
    for _ in 0..50 {
        echo.ping().unwrap();
    }
    assert_eq!(adit.tunnel("u")["phase"], "up");
    assert_eq!(adit.tunnel("u")["reconnects"], 0);
}

#[test]
fn restart_gives_a_new_session_and_keeps_the_port() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let before = sshd.logins();
    adit.ok(&["up", "t"]);
    assert_eq!(sshd.logins(), before, "up on an up tunnel changes nothing");
    adit.ok(&["restart", "t"]);
    assert!(sshd.logins() > before);
    Echo::open(port).unwrap();
}

#[test]
fn down_frees_the_port_and_live_connections_get_their_time() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let mut echo = Echo::open(port).unwrap();
    std::thread::scope(|scope| {
        let down = scope.spawn(|| adit.run(&["down", "t"]));
        adit.wait_tunnel("t", soon(), |t| t["phase"] == "closing");
        echo.ping().unwrap();
        drop(echo);
        down.join().unwrap().expect(0);
    });
    std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    assert!(wait_until(soon(), || sshd.sessions().is_empty()), "the session went with it");
    adit.ok(&["down", "t"]);
    adit.ok(&["up", "t"]);
    let mut echo = Echo::open(port).unwrap();
    let asked = Instant::now();
    adit.ok(&["down", "t", "--now"]);
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(echo.end().is_err(), "cut is a reset");
    adit.run(&["down", "x"]).expect(3);
}
