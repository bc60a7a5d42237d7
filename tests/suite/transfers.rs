//! Two hundred downloads and uploads while sessions are killed at random: whatever ends cleanly is whole, whatever is broken is
//! seen as broken.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use rand::RngExt;

use crate::support::target::{connect, download, upload};
use crate::support::{Adit, End, Sshd, Target, pace};

const TRANSFERS: usize = 200;
/// On a fast machine more are made, until so many were struck.
const BROKEN: usize = 40;
/// On a slow one the strikes end here, so that the rest comes through.
const ENOUGH: usize = 200;
const WORKERS: usize = 10;
/// How often one transfer may be broken before the test gives up on ever seeing it whole.
const TRIES: usize = 200;

#[test]
fn no_broken_transfer_passes_as_a_whole_one() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let (next, whole, broken, done) =
        (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let killer = scope.spawn(|| {
            kill_at_random(&adit, &sshd, || done.load(Ordering::Relaxed) || broken.load(Ordering::Relaxed) >= ENOUGH)
        });
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let turn = next.fetch_add(1, Ordering::Relaxed);
                        let struck = broken.load(Ordering::Relaxed) >= BROKEN;
                        if (turn >= TRANSFERS && struck) || turn >= 10 * TRANSFERS {
                            return;
                        }
                        // Large ones are there to be struck, small ones to end at that very moment.
                        let limit = if turn % 4 < 2 { 8_000_000 } else { 200_000 };
                        let length = rand::rng().random_range(1..limit);
                        for attempt in 0..TRIES {
                            let seed = u64::try_from(turn * TRIES + attempt).unwrap();
                            let end =
                                if turn % 2 == 0 { download(port, length, seed) } else { upload(port, length, seed) };
                            match end {
                                End::Right => {
                                    whole.fetch_add(1, Ordering::Relaxed);
                                    break;
                                }
                                End::Wrong(what) => {
                                    wrong.lock().unwrap().push(what);
                                    break;
                                }
                                End::Broken(_) => drop(broken.fetch_add(1, Ordering::Relaxed)),
                            }
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let kills = killer.join().unwrap();
        eprintln!(
            "{kills} kills, {} transfers whole, {} broken and seen",
            whole.load(Ordering::Relaxed),
            broken.load(Ordering::Relaxed)
        );
        let broken = broken.load(Ordering::Relaxed);
        assert!(kills >= 5 && broken >= BROKEN, "too few to prove anything: {kills} kills, {broken} broken");
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} passed as whole and were not: {wrong:#?}", wrong.len());
    assert!(whole.into_inner() >= TRANSFERS, "every one came through in the end");
}

/// Sometimes all sessions, sometimes one. A person's `up` ends the wait between attempts, so that the next kill comes soon.
fn kill_at_random(adit: &Adit, sshd: &Sshd, done: impl Fn() -> bool) -> usize {
    let mut kills = 0;
    while !done() {
        pace(Duration::from_millis(rand::rng().random_range(20..300)));
        let struck = if rand::rng().random_bool(0.5) {
            sshd.kill_sessions() > 0
        } else {
            sshd.kill_session(rand::rng().random_range(0..100))
        };
        kills += usize::from(struck);
        adit.run(&["up", "t", "--no-wait"]);
    }
    kills
}

#[test]
fn half_closed_connections_are_kept_in_both_directions() {
    use std::io::{Read, Write};
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    for _ in 0..50 {
        // The client ends first, the answer still comes: that is what an upload's hash is. Here also the other way round: the
        // server ends first, and what the client sends afterwards is no error.
        assert_eq!(upload(port, 10_000, 7), End::Right);
        let mut stream = connect(port).unwrap();
        stream.write_all(b"get 10 1\n").unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 10);
        stream.write_all(b"late").unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
    assert_eq!(adit.wait_up("t")["fault"], serde_json::Value::Null);
}

#[test]
fn many_connections_at_once_are_all_served() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..64).map(|seed| scope.spawn(move || download(port, 50_000, seed))).collect();
        for one in all {
            assert_eq!(one.join().unwrap(), End::Right);
        }
    });
}
