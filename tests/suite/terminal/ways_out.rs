//! Quit, signals, a window that closes or takes nothing, stop and continue: the terminal is as it was, and the process gone or still.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::desk::Desk;
use super::{demo, whole};
use crate::support::output::tool;
use crate::support::{Adit, soon, tree, wait_until};

/// What "at once" may take on a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);

/// The letter for what a process is doing (ps(1)).
fn state(pid: u32) -> String {
    tool("ps", &["-o", "stat=", "-p", &pid.to_string()]).stdout.chars().take(1).collect()
}

#[test]
fn the_terminal_is_given_back_on_every_way_out() {
    type Way = fn(&mut Desk);
    let ways: [(&str, Way, i32); 6] = [
        ("q", |desk| desk.send("q"), 0),
        ("Ctrl-C", |desk| desk.send("\u{3}"), 0),
        ("SIGTERM", |desk| desk.signal(Signal::TERM), 143),
        ("SIGHUP", |desk| desk.signal(Signal::HUP), 129),
        ("SIGINT", |desk| desk.signal(Signal::INT), 130),
        ("SIGQUIT", |desk| desk.signal(Signal::QUIT), 131),
    ];
    let adit = Adit::new();
    for (what, way, code) in ways {
        // The demo works in a folder of its own, which goes with it.
        let scratch = TempDir::new().unwrap();
        let place = scratch.path().to_str().unwrap();
        for (words, sight) in [(&["demo"][..], "[demo]"), (&[][..], "No tunnels yet")] {
            let mut desk = Desk::with(&adit, words, 80, 24, &[("TMPDIR", place)]);
            desk.sees(sight);
            desk.is_taken();
            way(&mut desk);
            let ended = desk.ended();
            assert_eq!((ended.code(), ended.signal()), (Some(code), None), "{what}");
            desk.is_given_back();
        }
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 0, "{what}: left behind");
    }
}

#[test]
fn the_demo_tidies_up_also_without_a_terminal() {
    let (adit, scratch) = (Adit::new(), TempDir::new().unwrap());
    // Not SIGINT: what a script runs in the background ignores it from the start (bash(1), SIGNALS), and so does the demo then.
    for signal in [Signal::TERM, Signal::HUP] {
        let mut command = adit.command(&["demo"]);
        command.env("TMPDIR", scratch.path()).stdin(std::process::Stdio::null());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        let staged = wait_until(soon(), || std::fs::read_dir(scratch.path()).unwrap().count() > 0);
        assert!(staged, "nothing is staged");
        tree::signal(child.id(), signal);
        let ended = crate::support::wait_for(soon(), || child.try_wait().unwrap()).expect("it ends");
        assert_eq!(ended.code(), Some(128 + signal.as_raw()));
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "left behind");
    }
}

#[test]
fn a_window_that_closes_ends_it_at_once() {
    let adit = Adit::new();
    let of_both = |typed| [(typed, &["demo"][..]), (typed, &[][..])];
    for (typed, words) in ["", "j", "\u{1b}[", "?jjjjkkkk"].into_iter().flat_map(of_both) {
        let mut desk = Desk::open(&adit, words, 80, 24);
        desk.sees("q quit");
        let pid = desk.pid();
        desk.send(typed);
        desk.close();
        let ended = wait_until(AT_ONCE, || !tree::is_alive(pid));
        assert!(
            ended,
            "after {typed:?} it goes on: {}",
            tool("ps", &["-o", "pid,stat,time,args", "-p", &pid.to_string()]).stdout
        );
        // The signal, or what was written last, whichever was first to tell.
        let code = desk.ended().code();
        assert!(matches!(code, Some(0 | 129)), "{code:?} after {typed:?}");
    }
}

/// Behind a line that hangs nothing can be written any more, and a process that waits for it hears nothing either.
#[test]
fn a_window_that_takes_nothing_holds_nobody() {
    let (_adit, mut desk) = demo(200, 60);
    desk.stall();
    // Far more than the kernel keeps for a window: each theme paints every cell anew.
    desk.send(&"T".repeat(40));
    let pid = desk.pid();
    desk.signal(Signal::TERM);
    assert!(wait_until(AT_ONCE, || !tree::is_alive(pid)), "it goes on");
    assert_eq!(desk.ended().code(), Some(143));
    desk.modes_are_given_back();
}

/// As at a prompt: the shell has the terminal while its job is stopped.
const SHELL: &str = "set -m; \"$@\"; echo \"stopped with $?\"; read -r line; echo \"typed $line\"; fg >/dev/null; echo \"ended with $?\"";

#[test]
fn ctrl_z_stops_it_and_fg_paints_it_again() {
    // Also where something that knows nothing of terminals stands between.
    let between = SHELL.replacen("\"$@\"", "sh -c '\"$@\"; exit $?' sh \"$@\"", 1);
    for (script, code) in [(SHELL, 147), (between.as_str(), 147)] {
        let adit = Adit::new();
        let mut desk = Desk::script(&adit, script, &["demo"], 100, 30);
        desk.sees("[demo]");
        desk.send("\u{1a}");
        desk.sees(&format!("stopped with {code}"));
        desk.is_given_back();
        let below = tree::descendants(desk.pid());
        assert!(!below.is_empty() && below.iter().all(|pid| state(*pid) == "T"), "{below:?}");
        desk.send("hello\n");
        desk.sees("[demo]");
        desk.is_taken();
        desk.wait("the whole screen", |screen| whole(screen, 100, 30));
        desk.send("2");
        desk.sees("╭ Bastions ─");
        desk.send("q");
        desk.sees("ended with 0");
        desk.sees("typed hello");
        desk.ended();
        desk.is_given_back();
    }
}

#[test]
fn where_no_shell_waits_it_does_not_stop() {
    let (_adit, mut desk) = demo(80, 24);
    desk.send("\u{1a}");
    desk.sees("suspend: no shell waits behind this screen");
    assert_ne!(state(desk.pid()), "T");
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.signal(Signal::TSTP);
    desk.sees("suspend: no shell waits behind this screen");
    desk.is_taken();
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn stopped_behind_its_back_it_takes_the_terminal_again() {
    let (_adit, mut desk) = demo(100, 30);
    desk.wait("the whole screen", |screen| whole(screen, 100, 30));
    desk.signal(Signal::STOP);
    assert!(wait_until(soon(), || state(desk.pid()) == "T"));
    // What a shell does with a terminal that it finds in disorder.
    desk.use_otherwise("\u{1b}[?1049l\u{1b}[?25h\u{1b}[2J\u{1b}[Hgarbage");
    desk.sees("garbage");
    desk.signal(Signal::CONT);
    desk.wait("the whole screen", |screen| whole(screen, 100, 30) && !screen.contents().contains("garbage"));
    desk.is_taken();
    // Keys arrive one by one, without a line's end.
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}
