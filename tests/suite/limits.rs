//! Many at once, for long, and when the way is blocked: nothing leaks, no bastion is hammered, a dead path is noticed anyway.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::support::target::{Echo, connect, download};
use crate::support::{Adit, End, Proxy, Sshd, Target, pace, soon, wait_until};

#[test]
fn thirty_tunnels_knock_at_most_four_at_a_time() {
    // From the fifth connection that has not logged in yet, this sshd refuses.
    let (sshd, target) = (Sshd::with("MaxStartups 4:100:4"), Target::start());
    let adit = Adit::at(&sshd, "");
    let ports: Vec<u16> = (0..30).map(|turn| adit.add_tunnel(&format!("t{turn}"), "tcp", target.port)).collect();
    adit.ok(&["up", "--all", "--wait", "60s"]);
    for port in ports {
        Echo::open(port).unwrap();
    }
    sshd.kill_sessions();
    let all_back = || {
        let status = adit.status();
        let tunnels = status["tunnels"].as_array().unwrap();
        tunnels.iter().all(|tunnel| tunnel["phase"] == "up" && tunnel["reconnects"] == 1 && tunnel["fault"].is_null())
    };
    assert!(wait_until(Duration::from_secs(60), all_back), "{:#}", adit.status());
    for word in ["drop connection", "beginning MaxStartups", "Exceeded MaxStartups"] {
        assert!(!sshd.log().contains(word), "{}", sshd.log());
    }
}

/// Open files and threads of the service.
fn burden(adit: &Adit) -> Option<(usize, usize)> {
    let pid = adit.service_pid()?;
    let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).ok().map(Iterator::count);
    Some((count("fd")?, count("task")?))
}

#[test]
fn nothing_leaks_over_connections_and_losses() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let round = || {
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..25).for_each(|_| drop(Echo::open(port).unwrap())));
            }
        });
        let before = adit.tunnel("t")["reconnects"].as_u64();
        let mut open: Vec<Echo> = (0..10).map(|_| Echo::open(port).unwrap()).collect();
        sshd.kill_sessions();
        assert!(open.iter_mut().all(|echo| echo.end().is_err()));
        adit.ok(&["up", "t"]);
        adit.wait_tunnel("t", soon(), |t| t["phase"] == "up" && t["reconnects"].as_u64() > before);
    };
    round();
    let Some(before) = burden(&adit) else { return };
    for _ in 0..5 {
        round();
    }
    // Threads of a pool that blocks on files come and go; what a connection leaves would be hundreds.
    let settled =
        wait_until(soon(), || burden(&adit).is_some_and(|now| now.0 <= before.0 + 4 && now.1 <= before.1 + 4));
    assert!(settled, "{before:?} became {:?}", burden(&adit));
    let of_sshd = wait_until(soon(), || sshd.sessions().len() <= 2);
    assert!(of_sshd, "sessions stay on the bastion: {:?}", sshd.sessions());
}

/// Keepalive 1 s, in whatever state the path dies: noticed within four seconds, and a little for a busy machine.
fn noticed(state: &str, burden: impl FnOnce(u16) -> Vec<std::thread::JoinHandle<()>>) {
    let (sshd, target) = (Sshd::start(), Target::start());
    let path = Proxy::to(sshd.port);
    let adit = Adit::at_port(&sshd, path.port, "");
    adit.ok(&["bastion", "edit", "prod", "--keepalive", "1s"]);
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let workers = burden(port);
    // Until bytes flow on every connection.
    pace(Duration::from_millis(700));
    let struck = Instant::now();
    path.freeze();
    adit.wait_tunnel("t", soon(), |t| t["phase"] != "up");
    let after = struck.elapsed();
    path.cut();
    path.thaw();
    for worker in workers {
        worker.join().unwrap();
    }
    assert!(after < Duration::from_millis(5_000), "{state}: noticed after {after:?}");
    adit.wait_up("t");
    assert_eq!(download(port, 100_000, 1), End::Right);
}

#[test]
fn a_dead_path_is_noticed_while_idle() {
    noticed("idle", |port| {
        let mut echo = Echo::open(port).unwrap();
        vec![std::thread::spawn(move || assert!(echo.end().is_err(), "ends with a reset"))]
    });
}

#[test]
fn a_dead_path_is_noticed_under_a_download() {
    noticed("download", |port| {
        vec![std::thread::spawn(move || {
            let mut stream = connect(port).unwrap();
            stream.write_all(b"flood\n").unwrap();
            assert!(std::io::copy(&mut stream, &mut std::io::sink()).is_err(), "ends with a reset");
        })]
    });
}

#[test]
fn a_dead_path_is_noticed_under_sixteen_uploads() {
    noticed("16 uploads", |port| {
        let upload = move || {
            let mut stream = connect(port).unwrap();
            stream.write_all(b"swallow\n").unwrap();
            while stream.write_all(&[0; 65536]).is_ok() {}
        };
        (0..16).map(|_| std::thread::spawn(upload)).collect()
    });
}

#[test]
fn behind_a_stalled_reader_nothing_can_be_proven_and_that_is_said() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let path = Proxy::to(sshd.port);
    let adit = Adit::at_port(&sshd, path.port, "");
    adit.ok(&["bastion", "edit", "prod", "--keepalive", "1s"]);
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let mut stalled = connect(port).unwrap();
    stalled.write_all(b"flood\n").unwrap();
    adit.wait_tunnel("t", soon(), |t| t["proof"] == "stale" && t["unproven_s"].as_f64() > Some(4.0));
    let words = adit.run(&["status"]);
    assert!(words.stdout.contains("unproven"), "{words:?}");
    drop(stalled);
    adit.wait_tunnel("t", soon(), |t| t["proof"] == "forward" && t["unproven_s"].is_null());
    assert_eq!(adit.wait_up("t")["reconnects"], 0, "nobody took it for dead");
}
