//! Logging in with what an agent holds, and with a key file that is not adit's own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::output::finish;
use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, reaper, soon, tool, wait_until};

/// A private ssh-agent with one key in it.
struct Agent {
    socket: PathBuf,
    child: Child,
    public: String,
}

impl Agent {
    fn start(adit: &Adit) -> Self {
        let (socket, key) = (adit.user_home().join("agent"), adit.user_home().join("id"));
        tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "in the agent", "-f", key.to_str().unwrap()])
            .expect(0);
        let child = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().unwrap();
        reaper::watch(child.id());
        assert!(wait_until(soon(), || socket.exists()));
        let mut add = Command::new("ssh-add");
        add.arg(&key).env("SSH_AUTH_SOCK", &socket);
        finish(add, "").expect(0);
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        Self { socket, child, public }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _dead = self.child.kill();
        let _gone = self.child.wait();
        reaper::forget(self.child.id());
    }
}

#[test]
fn an_agent_by_its_socket_and_by_the_callers_variable() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    let agent = Agent::start(&adit);
    sshd.authorize("restrict,port-forwarding", &agent.public);
    adit.add_bastion("prod", &sshd, sshd.port, &[&format!("--agent={}", agent.socket.display())]);
    let port = adit.add_tunnel("t", "tcp", target.port);
    adit.ok(&["up", "t"]);
    Echo::open(port).unwrap();
    adit.ok(&["down", "t"]);
    adit.ok(&["bastion", "edit", "prod", "--agent"]);
    let without = adit.run(&["up", "t"]).expect(1);
    assert!(without.stdout.contains("agent_unavailable"), "{without:?}");
    let mut with = adit.command(&["up", "t"]);
    with.env("SSH_AUTH_SOCK", &agent.socket);
    finish(with, "").expect(0);
    Echo::open(port).unwrap();
    assert_eq!(sshd.failed_logins(), 0);
}

#[test]
fn an_identity_file_in_any_common_format() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    let make = |name: &str, more: &[&str]| {
        let path = adit.user_home().join(name);
        let words = [&["-q", "-N", "", "-f", path.to_str().unwrap()], more].concat();
        tool("ssh-keygen", &words).expect(0);
        sshd.authorize("", &std::fs::read_to_string(path.with_extension("pub")).unwrap());
        path.to_str().unwrap().to_owned()
    };
    let files = [
        make("ed", &["-t", "ed25519"]),
        make("pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        make("pkcs8", &["-t", "ecdsa", "-m", "PKCS8"]),
    ];
    adit.add_bastion("prod", &sshd, sshd.port, &["--identity-file", &files[0]]);
    let port = adit.add_tunnel("t", "tcp", target.port);
    for file in &files {
        adit.ok(&["bastion", "edit", "prod", "--identity-file", file]);
        adit.ok(&["up", "t"]);
        Echo::open(port).unwrap();
        adit.ok(&["down", "t"]);
    }
    adit.ok(&["bastion", "edit", "prod", "--identity-file", "/nonexistent/key"]);
    let output = adit.run(&["up", "t"]).expect(1);
    assert!(output.stdout.contains("key_missing"), "{output:?}");
}
