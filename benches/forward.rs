//! The product against `ssh -N -L`, in alternation, on one private sshd: bulk, ping, opens, stalled reader.
//!
//! `cargo bench` prints a table of min / median / max; ratios are taken per round, product to baseline. `ADIT_BENCH_ROUNDS`
//! (default 5) and `ADIT_BENCH_MIB` (default 256) make it longer or shorter. It judges nothing: goals stand beside the figures.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    reason = "a measurement stops at the first surprise; its counts are far below 2^52"
)]

#[path = "../tests/suite/support"]
#[allow(dead_code, unused_imports, reason = "the suites use more of their support than a measurement does")]
mod support {
    pub(crate) mod adit;
    pub(crate) mod output;
    pub(crate) mod ports;
    pub(crate) mod reaper;
    pub(crate) mod sshd;
    pub(crate) mod target;
    pub(crate) mod tree;
    pub(crate) mod wait;
}

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::adit::Adit;
use support::output::tool;
use support::sshd::Sshd;
use support::target::{Echo, Target, connect};
use support::wait::{soon, wait_until};
use support::{ports, reaper};

/// One way through the bastion: two local ports to the same target, and the process that carries them.
struct Way {
    name: &'static str,
    ports: [u16; 2],
    pid: u32,
}

/// What one visit of a way gave, in the order of `ROWS`.
type Figures = Vec<f64>;

struct Row {
    name: &'static str,
    unit: &'static str,
    /// The goal for the ratio of product to the baseline with the same cipher.
    goal: &'static str,
}

const ROWS: [Row; 10] = [
    Row { name: "bulk download", unit: "MiB/s", goal: ">= 1.0 (default 2.0)" },
    Row { name: "  client CPU", unit: "s/GiB", goal: "<= 0.95 (default 0.45)" },
    Row { name: "bulk upload", unit: "MiB/s", goal: ">= 1.3 (default 2.2)" },
    Row { name: "  client CPU", unit: "s/GiB", goal: "<= 0.75 (default 0.45)" },
    Row { name: "ping p50", unit: "us", goal: "<= 1.0" },
    Row { name: "ping p99", unit: "us", goal: "<= 1.1" },
    Row { name: "opens, one by one", unit: "per s", goal: ">= 1.0" },
    Row { name: "opens, 64 at once", unit: "per s", goal: ">= 1.1" },
    Row { name: "stalled, same tunnel", unit: "pings", goal: ">= 0.95" },
    Row { name: "stalled, other tunnel", unit: "pings", goal: ">= 0.95" },
];

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn main() {
    if !std::env::args().any(|word| word == "--bench") {
        println!("run by `cargo bench`");
        return;
    }
    let rounds = setting("ADIT_BENCH_ROUNDS", 5).max(1);
    let bulk = setting("ADIT_BENCH_MIB", 256) << 20;
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "restrict,port-forwarding");
    let ports = [adit.add_tunnel("one", "tcp", target.port), adit.add_tunnel("two", "tcp", target.port)];
    adit.ok(&["up", "--all"]);
    let product = Way { name: "adit", ports, pid: adit.service_pid().unwrap() };
    let same = Baseline::start("ssh aes128-gcm", &adit, &sshd, &target, &["-c", "aes128-gcm@openssh.com"]);
    let default = Baseline::start("ssh default", &adit, &sshd, &target, &[]);
    let ways = [&product, &same.way, &default.way];
    println!("{} rounds of {} MiB; {}", rounds, bulk >> 20, surroundings());

    for way in ways {
        visit(way, bulk / 8);
    }
    let mut all: [Vec<Figures>; 3] = [Vec::new(), Vec::new(), Vec::new()];
    for round in 0..rounds {
        let mut order: Vec<usize> = (0..ways.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for which in order {
            all[which].push(visit(ways[which], bulk));
        }
        eprintln!("round {} of {rounds} done", round + 1);
    }
    report(ways, &all);
}

fn surroundings() -> String {
    let version = tool("ssh", &["-V"]).stderr;
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().take(3).collect::<Vec<_>>().join(" ");
    format!("{}; load {load}; {} cores", version.trim(), std::thread::available_parallelism().map_or(0, usize::from))
}

/// `ssh -N` with two forwards. Dropping it ends it.
struct Baseline {
    way: Way,
    child: Child,
}

impl Baseline {
    fn start(name: &'static str, adit: &Adit, sshd: &Sshd, target: &Target, more: &[&str]) -> Self {
        let local = [ports::free(), ports::free()];
        let mut command = Command::new("ssh");
        command.args([
            "-F",
            "none",
            "-N",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "BatchMode=yes",
            "-o",
            "ExitOnForwardFailure=yes",
        ]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", adit.path("known_hosts").display()));
        command.args(more).arg("-i").arg(adit.path("keys/prod")).args(["-p", &sshd.port.to_string(), "-l", &sshd.user]);
        for port in local {
            command.args(["-L", &format!("127.0.0.1:{port}:127.0.0.1:{}", target.port)]);
        }
        let child = command.arg("127.0.0.1").stdin(Stdio::null()).spawn().unwrap();
        reaper::watch(child.id());
        assert!(wait_until(soon(), || Echo::open(local[1]).is_ok()), "ssh does not come up");
        Self { way: Way { name, ports: local, pid: child.id() }, child }
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _gone = self.child.wait();
        reaper::forget(self.child.id());
    }
}

fn visit(way: &Way, bulk: usize) -> Figures {
    let (down, down_cpu) = costed(way, bulk, || download(way.ports[0], bulk));
    let (up, up_cpu) = costed(way, bulk, || upload(way.ports[0], bulk));
    let (p50, p99) = pings(way.ports[0], 2_000);
    let single = opens(way.ports[0], 300, 1);
    let many = opens(way.ports[0], 640, 64);
    let (same, other) = stalled(way);
    vec![down, down_cpu, up, up_cpu, p50, p99, single, many, same, other]
}

/// MiB per second, and CPU seconds of the carrying process per GiB.
fn costed(way: &Way, bytes: usize, work: impl FnOnce()) -> (f64, f64) {
    let (cpu, begun) = (cpu_seconds(way.pid), Instant::now());
    work();
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    (mebibytes / begun.elapsed().as_secs_f64(), (cpu_seconds(way.pid) - cpu) / (mebibytes / 1024.0))
}

/// Scheduler time of all threads (schedstat: nanoseconds on the processor first); 0 where there is no such file.
fn cpu_seconds(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|text| text.split_whitespace().next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

fn download(port: u16, bytes: usize) {
    let mut stream = connect(port).unwrap();
    stream.write_all(format!("fill {bytes}\n").as_bytes()).unwrap();
    let (mut buffer, mut count) = (vec![0; 1 << 18], 0);
    loop {
        match stream.read(&mut buffer).unwrap() {
            0 => break,
            n => count += n,
        }
    }
    assert_eq!(count, bytes);
}

fn upload(port: u16, bytes: usize) {
    let mut stream = connect(port).unwrap();
    stream.write_all(b"swallow\n").unwrap();
    let (chunk, mut left) = (vec![0x5a; 1 << 18], bytes);
    while left > 0 {
        let n = chunk.len().min(left);
        stream.write_all(&chunk[..n]).unwrap();
        left -= n;
    }
    stream.shutdown(Shutdown::Write).unwrap();
    let mut count = [0; 8];
    stream.read_exact(&mut count).unwrap();
    assert_eq!(u64::from_be_bytes(count), bytes as u64);
}

/// Microseconds for one byte there and back: p50, p99.
fn pings(port: u16, rounds: usize) -> (f64, f64) {
    let mut echo = Echo::open(port).unwrap();
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            echo.ping().unwrap();
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[rounds / 2], times[rounds * 99 / 100])
}

/// Connections per second: open, one byte there and back, close.
fn opens(port: u16, count: usize, threads: usize) -> f64 {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| (0..count / threads).for_each(|_| drop(Echo::open(port).unwrap())));
        }
    });
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Pings that pass in three seconds, one a millisecond, while one connection asks for endless data and reads none of it: on
/// another connection of the same tunnel, and on another tunnel.
fn stalled(way: &Way) -> (f64, f64) {
    let mut stream: TcpStream = connect(way.ports[0]).unwrap();
    stream.write_all(b"flood\n").unwrap();
    stream.read_exact(&mut [0]).unwrap();
    // Every buffer on the way fills within this time; the stalled connection must be that when the pings begin.
    support::wait::pace(Duration::from_millis(500));
    let figures = (pings_while_stalled(way.ports[0]), pings_while_stalled(way.ports[1]));
    drop(stream);
    figures
}

fn pings_while_stalled(port: u16) -> f64 {
    let end = Instant::now() + Duration::from_secs(3);
    // A frozen way is a figure, not a failure: the pings run aside and are counted when the time is over.
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(mut echo) = Echo::open(port) else { return };
        while Instant::now() < end && echo.ping().is_ok() && sender.send(()).is_ok() {
            support::wait::pace(Duration::from_millis(1));
        }
    });
    let mut count = 0_u32;
    while receiver.recv_timeout(end.saturating_duration_since(Instant::now())).is_ok() {
        count += 1;
    }
    f64::from(count)
}

fn report(ways: [&Way; 3], all: &[Vec<Figures>; 3]) {
    println!("\nmin / median / max\n{:<22} {:<6}{:>26}{:>26}{:>26}", "", "", ways[0].name, ways[1].name, ways[2].name);
    for (i, row) in ROWS.iter().enumerate() {
        let column = |which: usize| spread(all[which].iter().map(|figures| figures[i]).collect());
        println!("{:<22} {:<6}{:>26}{:>26}{:>26}", row.name, row.unit, column(0), column(1), column(2));
    }
    println!("\nratio per round, min / median / max\n{:<22} {:>22}{:>22}   goal", "", ways[1].name, ways[2].name);
    for (i, row) in ROWS.iter().enumerate() {
        let ratio = |to: usize| {
            let rounds = all[0].iter().zip(&all[to]);
            spread(rounds.map(|(product, baseline)| product[i] / baseline[i].max(f64::MIN_POSITIVE)).collect())
        };
        let base: Vec<f64> = all[1].iter().map(|figures| figures[i]).collect();
        let (low, high) = base.iter().fold((f64::MAX, 0.0_f64), |(low, high), x| (low.min(*x), high.max(*x)));
        let noisy = if high > 1.3 * low { "   (baseline noisy: repeat when idle)" } else { "" };
        println!("{:<22} {:>22}{:>22}   {}{noisy}", row.name, ratio(1), ratio(2), row.goal);
    }
}

fn spread(mut figures: Vec<f64>) -> String {
    figures.sort_by(f64::total_cmp);
    let show = |x: f64| if x >= 100.0 { format!("{x:.0}") } else { format!("{x:.2}") };
    let (Some(low), Some(high)) = (figures.first(), figures.last()) else { return String::new() };
    format!("{} / {} / {}", show(*low), show(figures[figures.len() / 2]), show(*high))
}
