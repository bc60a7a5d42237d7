//! Processes: our own and others' by number. It starts none.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, Signal};

use crate::model::Untrusted;

/// The user we act as.
#[must_use]
pub fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Leaves the terminal and its signals behind (`setsid`). Fails where the process leads a group already.
pub fn new_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

/// The program that runs under a process number, as the system names it.
#[must_use]
pub fn program_of(pid: u32) -> Option<String> {
    let name = if cfg!(target_os = "linux") {
        let folder = Path::new("/proc").join(pid.to_string());
        let short = fs::read(folder.join("comm")).ok()?;
        // The kernel keeps 15 bytes (proc_pid_comm(5)); the executable's name has them all, where we may see it.
        let exe = fs::read_link(folder.join("exe")).ok();
        let long = exe.as_deref().and_then(Path::file_name).map(|name| name.as_encoded_bytes().to_vec());
        let start = short.trim_ascii_end();
        long.filter(|long| start.len() >= 15 && long.starts_with(start)).unwrap_or(short)
    } else {
        let output = Command::new("/bin/ps").args(["-o", "comm=", "-p", &pid.to_string()]).output().ok()?;
        let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        path.rsplit('/').next().unwrap_or_default().as_bytes().to_vec()
    };
    let name = Untrusted::new(name).clean(60);
    if name.is_empty() { None } else { Some(name) }
}

/// True while a process of that number runs. One that ended and was not yet collected counts as ended.
#[must_use]
pub fn is_alive(pid: u32) -> bool {
    let Some(id) = number(pid) else { return false };
    match rustix::process::test_kill_process(id) {
        Ok(()) | Err(rustix::io::Errno::PERM) => !is_zombie(pid),
        Err(_) => false,
    }
}

/// Asks a process to end (SIGTERM).
pub fn terminate(pid: u32) -> io::Result<()> {
    let id = number(pid).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    Ok(rustix::process::kill_process(id, Signal::TERM)?)
}

/// Sends a process a signal by its number, as one that was sent to us is passed on.
pub fn send_signal(pid: u32, number: i32) -> io::Result<()> {
    let id = self::number(pid).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    let signal = Signal::from_named_raw(number).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    Ok(rustix::process::kill_process(id, signal)?)
}

/// True where whoever started us had a signal ignored, as `nohup` does, and we do not listen to it either. Known on Linux
/// alone: elsewhere asking needs `unsafe`.
#[must_use]
pub fn ignores(number: i32) -> bool {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return false };
    // A bit for each signal, the lowest for number 1 (proc_pid_status(5)).
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let bits = mask.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(number - 1).ok().and_then(|place| bits.checked_shr(place)).is_some_and(|bits| bits & 1 == 1)
}

/// The number of the signal that asks a process to stop, as Ctrl-Z does (SIGTSTP).
pub const STOP_SIGNAL: i32 = Signal::TSTP.as_raw();
/// The number of the signal that continues it (SIGCONT).
pub const CONTINUE_SIGNAL: i32 = Signal::CONT.as_raw();

/// Tells our whole job to stop until a shell continues it, as Ctrl-Z does. SIGSTOP, because whoever waits for SIGTSTP has
/// already taken that one. False where the job is a session of its own (`tmux new adit`, `ssh -t`): no shell would continue it.
pub fn suspend() -> bool {
    let is_job = rustix::process::getsid(None).is_ok_and(|session| session != rustix::process::getpgrp());
    is_job && rustix::process::kill_current_process_group(Signal::STOP).is_ok()
}

/// Sends us the signal of a terminal that changed its size (SIGWINCH), which whoever waits for the terminal wakes up from.
pub fn nudge() {
    // Nobody waits where it cannot be sent.
    let _ = rustix::process::kill_process(rustix::process::getpid(), Signal::WINCH);
}

/// Ends this process at once, as ended by a signal of that number; nothing is tidied up.
#[allow(clippy::exit, reason = "the thread that could return is held by a terminal that takes no output")]
pub fn abandon(number: i32) {
    std::process::exit(128 + number)
}

/// Keeps what we hold in memory out of core files and, on Linux, out of other processes' sight. Where the system
/// refuses, things stay as they were.
pub fn forbid_core_dumps() {
    let _ = rustix::process::setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}

/// Numbers outside 1..=i32::MAX mean groups or everybody to kill(2), never one process.
fn number(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}

fn is_zombie(pid: u32) -> bool {
    if cfg!(target_os = "linux") {
        // "pid (comm) state …"; comm may itself contain blanks and brackets (proc_pid_stat(5)).
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X']))
    } else {
        let state = Command::new("/bin/ps").args(["-o", "stat=", "-p", &pid.to_string()]).output();
        state.is_ok_and(|output| output.stdout.trim_ascii().starts_with(b"Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_alive_and_have_a_name() {
        let us = std::process::id();
        assert!(is_alive(us));
        let name = program_of(us).unwrap();
        let exe = std::env::current_exe().unwrap();
        assert_eq!(Some(name.as_str()), exe.file_name().and_then(|n| n.to_str()));
        assert!(program_of(u32::MAX).is_none());
    }

    #[test]
    fn a_child_that_ended_is_not_alive_even_before_it_is_collected() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(is_alive(child.id()));
        terminate(child.id()).unwrap();
        // Waits for the end without collecting it: a zombie until `wait`.
        let id = number(child.id()).unwrap();
        let options = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        rustix::process::waitid(rustix::process::WaitId::Pid(id), options).unwrap();
        assert!(!is_alive(child.id()));
        child.wait().unwrap();
        assert!(!is_alive(child.id()));
    }

    #[test]
    fn what_rust_ignores_from_the_start_is_told() {
        // SIGPIPE is 13 on Linux; nobody has SIGWINCH (28) ignored.
        assert_eq!(ignores(13), cfg!(target_os = "linux"));
        assert!(!ignores(28) && !ignores(0) && !ignores(-1) && !ignores(1000));
    }

    #[test]
    fn numbers_that_mean_many_processes_are_nobody() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert!(!is_alive(pid));
            assert!(terminate(pid).is_err());
        }
    }
}
