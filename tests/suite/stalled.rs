//! One client stops reading: other tunnels, and new connections on the same tunnel, go on.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::target::{Echo, connect};
use crate::support::{Adit, Sshd, Target, pace, soon, wait_until};

/// Asks for endless data, reads a little, and then no more.
fn stall(port: u16) -> TcpStream {
    let mut stream = connect(port).unwrap();
    stream.write_all(b"flood\n").unwrap();
    stream.read_exact(&mut [0; 1000]).unwrap();
    stream
}

/// Until no more bytes come from the far side: every buffer on the way is full.
fn settle(adit: &Adit, name: &str) {
    let mut last = None;
    let still = wait_until(soon(), || {
        let now = adit.tunnel(name)["bytes"]["from_database"].as_u64();
        let same = now == last && now > Some(0);
        last = now;
        pace(Duration::from_millis(200));
        same
    });
    assert!(still, "bytes keep coming: {last:?}");
}

#[test]
fn a_stalled_reader_stops_nobody_else() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    let (one, two) = (adit.add_tunnel("one", "tcp", target.port), adit.add_tunnel("two", "tcp", target.port));
    adit.ok(&["up", "--all"]);
    let mut other = Echo::open(two).unwrap();
    let _stalled = stall(one);
    settle(&adit, "one");
    let begun = Instant::now();
    for _ in 0..200 {
        other.ping().unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(5), "pings on the other tunnel took {:?}", begun.elapsed());
    for _ in 0..20 {
        let begun = Instant::now();
        let mut fresh = Echo::open(one).unwrap();
        for _ in 0..20 {
            fresh.ping().unwrap();
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "a new one on the same tunnel took {:?}", begun.elapsed());
    }
    // Longer than three keepalives and a second: nobody takes the tunnel for dead.
    let calm = !wait_until(Duration::from_secs(11), || adit.tunnel("one")["phase"] != "up" || other.ping().is_err());
    assert!(calm, "{}", adit.tunnel("one"));
    assert_eq!(adit.tunnel("one")["reconnects"], 0);
    Echo::open(one).unwrap();
}

#[test]
fn a_stalled_reader_that_reads_on_gets_everything() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let mut stream = connect(port).unwrap();
    stream.write_all(b"get 30000000 3\n").unwrap();
    settle(&adit, "t");
    let mut count = 0;
    let mut buffer = vec![0; 65536];
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            n => count += n,
        }
    }
    assert_eq!(count, 30_000_000);
}
