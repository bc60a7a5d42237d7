//! Processes by their number: children, signals, whether one lives. Never by name.

use rustix::process::{Pid, Signal};

use super::output::tool;

/// All processes below this one, parents first.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let pairs = parents();
    let mut found = vec![pid];
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(pairs.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        at += 1;
    }
    found.remove(0);
    found
}

/// The processes directly below this one.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    parents().into_iter().filter(|(_, of)| *of == pid).map(|(child, _)| child).collect()
}

/// Every process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let table = tool("ps", &["-A", "-o", "pid=,ppid="]).expect(0).stdout;
    let pair = |line: &str| {
        let mut words = line.split_whitespace().map(str::parse);
        Some((words.next()?.ok()?, words.next()?.ok()?))
    };
    table.lines().filter_map(pair).collect()
}

/// Sends a signal; says whether the process was there.
pub(crate) fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::kill_process(pid, signal).is_ok())
}

/// Whether the process runs; one that ended and was not waited for does not.
pub(crate) fn is_alive(pid: u32) -> bool {
    let state = tool("ps", &["-o", "stat=", "-p", &pid.to_string()]).stdout;
    !state.trim().is_empty() && !state.trim_start().starts_with('Z')
}
