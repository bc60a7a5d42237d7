//! What is copied far away reaches the terminal that the person sits at: through ssh, and through a tmux at its other end.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::desk::Desk;
use crate::support::output::{finish, tool};
use crate::support::{Adit, Sshd};

/// A tmux whose server ends with the test.
struct Multiplexer(TempDir);

impl Multiplexer {
    fn socket(&self) -> String {
        self.0.path().join("socket").display().to_string()
    }
}

impl Drop for Multiplexer {
    fn drop(&mut self) {
        let mut end = Command::new("tmux");
        let _gone = end.args(["-S", &self.socket(), "kill-server"]).stderr(Stdio::null()).status();
    }
}

/// A login on the sshd that runs a command line on a terminal there.
fn ssh(sshd: &Sshd, key: &Path) -> String {
    format!(
        "exec ssh -tt -F none -i {} -p {} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
         -o LogLevel=ERROR {}@127.0.0.1",
        key.display(),
        sshd.port,
        sshd.user
    )
}

/// The texts that the terminal was asked to put on its clipboard (OSC 52).
fn clipboard(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(raw).into_owned();
    let payload = |rest: &str| {
        let encoded = rest.split_once(';')?.1.split(['\u{7}', '\u{1b}']).next()?.to_owned();
        let mut decode = Command::new("base64");
        decode.arg("-d");
        Some(finish(decode, &encoded).expect(0).stdout)
    };
    text.split("\u{1b}]52;").skip(1).filter_map(payload).collect()
}

/// Copies the URL of the demo's orders, and waits until the outer terminal has it.
fn copies(desk: &mut Desk, way: &str) {
    desk.sees("[demo]");
    desk.send("/orders\r");
    desk.sees("/ orders");
    desk.send("y\r");
    desk.sees(way);
    desk.wait("the clipboard", |_| true);
    let copied = || clipboard(&desk.raw());
    assert!(
        crate::support::wait_until(crate::support::wait::soon(), || copied()
            .iter()
            .any(|text| text.starts_with("postgresql://") && text.contains("@127.0.0.1:"))),
        "{:?}",
        copied()
    );
    desk.send("q");
    desk.ended();
}

fn scene() -> (Adit, Sshd, TempDir) {
    let (sshd, folder) = (Sshd::start(), TempDir::new().unwrap());
    let key = folder.path().join("key");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key.to_str().unwrap()]).expect(0);
    sshd.authorize("", &std::fs::read_to_string(folder.path().join("key.pub")).unwrap());
    (Adit::new(), sshd, folder)
}

#[test]
fn over_ssh_a_copy_reaches_the_terminal() {
    let (adit, sshd, folder) = scene();
    let login = ssh(&sshd, &folder.path().join("key"));
    let script = format!("{login} \"env LC_ALL=C.UTF-8 $(printf '%q ' \"$@\")\"");
    let mut desk = Desk::script(&adit, &script, &["demo"], 100, 30);
    copies(&mut desk, "copied through the terminal (OSC 52)");
}

#[test]
fn over_ssh_in_tmux_a_copy_reaches_the_outer_terminal() {
    let (adit, sshd, folder) = scene();
    let tmux = Multiplexer(TempDir::new().unwrap());
    let login = ssh(&sshd, &folder.path().join("key"));
    let script = format!(
        "{login} \"env LC_ALL=C.UTF-8 tmux -u -f /dev/null -S {} new-session $(printf '%q ' \"$@\")\"",
        tmux.socket()
    );
    let mut desk = Desk::script(&adit, &script, &["demo"], 100, 30);
    copies(&mut desk, "copied through tmux");
}
