//! What a watcher is told: changes as they happen, and the log.

use std::io::{BufRead, BufReader};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;

use crate::support::{Adit, Sshd, Target, soon, wait_for};

/// Lines of a call that goes on.
fn lines(call: &mut crate::support::adit::Running) -> Receiver<String> {
    let (sender, receiver) = channel();
    let reader = BufReader::new(call.take_stdout());
    std::thread::spawn(move || reader.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    receiver
}

#[track_caller]
fn next(lines: &Receiver<String>, wanted: impl Fn(&str) -> bool) -> String {
    let mut seen = Vec::new();
    let found = wait_for(soon(), || {
        lines.try_iter().find(|line| {
            seen.push(line.clone());
            wanted(line)
        })
    });
    found.unwrap_or_else(|| panic!("not told; told was {seen:#?}"))
}

#[test]
fn watch_tells_the_loss_and_the_return() {
    let (mut sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    let mut words = adit.spawn(&["status", "--watch"]);
    let mut json = adit.spawn(&["status", "--watch", "--json"]);
    let (words, json) = (lines(&mut words), lines(&mut json));
    next(&words, |line| line.contains('t'));
    let object = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    next(&json, |line| object(line)["phase"] == "up");
    // A loss that is mended at once may be told by one line; a longer one is told as it goes.
    sshd.kill_sessions();
    next(&words, |line| line.contains("loss") || line.contains("link_closed"));
    sshd.stop();
    let away = next(&words, |line| line.contains("tcp_refused"));
    let fields: Vec<&str> = away.split_whitespace().collect();
    assert!(fields[0].contains(':') && fields[1] == "t", "TIME NAME PHASE [CODE] MESSAGE: {away}");
    assert!(matches!(fields[2], "waiting" | "connecting"), "{away}");
    next(&json, |line| object(line)["fault"]["code"] == "tcp_refused");
    sshd.resume();
    next(&words, |line| line.split_whitespace().nth(2) == Some("up"));
    next(&json, |line| object(line)["phase"] == "up");
    adit.ok(&["down", "t"]);
    next(&words, |line| line.split_whitespace().nth(2) == Some("stopped"));
}

#[test]
fn the_log_tells_what_happened_and_no_secret() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    sshd.kill_sessions();
    adit.wait_tunnel("t", soon(), |tunnel| tunnel["reconnects"] == 1 && tunnel["phase"] == "up");
    let log = adit.ok(&["logs", "-n", "1000"]);
    assert!(log.contains('t') && log.lines().count() >= 2, "{log}");
    assert_eq!(adit.ok(&["logs", "-n", "1"]).lines().count(), 1);
    let private = std::fs::read_to_string(adit.path("keys/prod")).unwrap();
    for line in private.lines().skip(1).take(3) {
        assert!(!log.contains(line) && !adit.log().contains(line));
    }
}
