//! Keys made in a real terminal: each type is what OpenSSH says it is and logs in to a real sshd.

use std::process::Command;
use std::time::Duration;

use super::desk::Desk;
use crate::support::{Adit, Sshd, Target, tool};

#[test]
fn a_key_of_each_type_that_is_made_on_screen_logs_in() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    let mut desk = Desk::open(&adit, &[], 110, 32);
    desk.sees("No tunnels yet");
    desk.send("3");
    desk.sees("No keys yet");
    for (kind, right) in [("ed25519", 0), ("ecdsa", 1), ("rsa", 2)] {
        desk.send(&format!("n{kind}\t{}", "\u{1b}[C".repeat(right)));
        desk.sees(&format!("[{kind}]"));
        desk.send("\r");
        // Primes of an rsa key of this length are a matter of luck, and of what else the machine does.
        desk.sees_within(Duration::from_secs(180), &format!("╭ Key {kind} ─"));
        let told = tool("ssh-keygen", &["-lf", adit.path(&format!("keys/{kind}")).to_str().unwrap()]).expect(0).stdout;
        desk.sees(told.split_whitespace().nth(1).unwrap());
        let text = desk.text();
        let line = text.lines().map(|line| line.trim_matches(['│', ' '])).find(|line| line.starts_with("ssh-ed25519 "));
        // Longer ones are broken over lines there.
        let public = adit.ok(&["key", "show", kind]);
        assert!(kind != "ed25519" || line == Some(public.trim()), "{text}");
        sshd.authorize("restrict,port-forwarding", &public);
        desk.send("\u{1b}");
        desk.sees("╭ Keys ─");
    }
    // One with a passphrase, which is left neither on the disk nor in the log, nor on the screen.
    desk.send("nlocked\t\t\thunter2 it is\thunter2 it is\r");
    desk.sees("passphrase   yes");
    assert!(!desk.raw().windows(7).any(|bytes| bytes == b"hunter2"));
    desk.send("q");
    assert_eq!(desk.ended().code(), Some(0));
    let left = Command::new("grep").args(["-rl", "hunter2"]).arg(adit.home()).output().unwrap();
    assert!(left.stdout.is_empty(), "{left:?}");
    let path = adit.path("keys/locked");
    tool("ssh-keygen", &["-y", "-P", "hunter2 it is", "-f", path.to_str().unwrap()]).expect(0);
    adit.add_bastion("prod", &sshd, sshd.port, &["--key", "ed25519"]);
    adit.add_tunnel("a", "tcp", target.port);
    for kind in ["ecdsa", "rsa"] {
        adit.add_tunnel_with(kind, "tcp", target.port, &["--key", kind]);
    }
    adit.ok(&["up", "--all"]);
    assert_eq!(sshd.failed_logins(), 0);
}
