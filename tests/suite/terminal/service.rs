//! The screen and the service that it shows: tunnels outlive every dashboard, and all dashboards agree.

use std::time::Duration;

use rustix::process::Signal;

use super::desk::Desk;
use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, wait_until};

#[test]
fn tunnels_outlive_every_dashboard_and_all_dashboards_agree() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    let port = adit.add_tunnel("orders", "tcp", target.port);
    adit.add_tunnel("spare", "tcp", target.port);
    adit.ok(&["up", "orders"]);
    let mut carried = Echo::open(port).unwrap();
    let mut first = Desk::open(&adit, &[], 110, 30);
    let mut second = Desk::open(&adit, &[], 80, 24);
    for desk in [&first, &second] {
        desk.sees("1 up");
        desk.sees("1 connection now");
    }
    // What one does, the other shows.
    first.send("G ");
    for desk in [&first, &second] {
        desk.sees("2 up");
    }
    first.send(" ");
    second.sees("1 up");
    // Killed as nothing else kills: the tunnel neither falls nor stutters.
    first.signal(Signal::KILL);
    first.ended();
    carried.ping().unwrap();
    Echo::open(port).unwrap();
    assert_eq!(adit.tunnel("orders")["reconnects"], 0);
    second.send("q");
    assert_eq!(second.ended().code(), Some(0));
    second.is_given_back();
    second.sees("tunnels stay up");
    carried.ping().unwrap();
}

#[test]
fn a_service_that_dies_is_said_on_the_screen() {
    let adit = Adit::new();
    let mut desk = Desk::open(&adit, &[], 90, 24);
    desk.sees("No tunnels yet");
    adit.kill_service();
    let said = wait_until(Duration::from_secs(5), || desk.text().contains("the service is gone"));
    assert!(said, "{}", desk.text());
    desk.send("j");
    desk.sees("the service is gone");
    desk.send("2");
    desk.sees("╭ Bastions ─");
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    desk.is_given_back();
}

#[test]
fn a_question_is_answered_on_the_screen() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::at(&sshd, "");
    adit.add_tunnel("orders", "tcp", target.port);
    adit.ok(&["trust", "prod", "--forget"]);
    let mut desk = Desk::open(&adit, &[], 100, 30);
    desk.sees("orders");
    desk.send(" ");
    desk.sees("Is this prod?");
    desk.sees(&sshd.fingerprint("ed25519"));
    // Pasted as terminals paste: in brackets, with the line's end.
    desk.send(&format!("\u{1b}[200~{}\n\u{1b}[201~", sshd.fingerprint("ed25519")));
    let typed = format!("› {}", sshd.fingerprint("ed25519"));
    desk.sees(&typed);
    assert_eq!(adit.tunnel("orders")["phase"], "waiting", "pasting is not answering");
    desk.send("\r");
    desk.sees("1 up");
    desk.send("q");
    desk.ended();
    desk.is_given_back();
}
