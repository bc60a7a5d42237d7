//! A private OpenSSH server on a free loopback port, with its own keys, configuration and log.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use super::output::tool;
use super::wait::{soon, wait_until};
use super::{ports, reaper, tree};

/// A running (or stopped) sshd. Dropping it stops it and its sessions.
pub(crate) struct Sshd {
    folder: TempDir,
    pub(crate) port: u16,
    pub(crate) user: String,
    extra: String,
    listener: Option<Child>,
}

impl Sshd {
    /// With an ed25519 host key and nobody let in yet.
    pub(crate) fn start() -> Self {
        Self::with("")
    }

    /// `extra` lines come first in the configuration, and the first value of a word counts.
    pub(crate) fn with(extra: &str) -> Self {
        let folder = TempDir::with_prefix("adit-sshd-").unwrap();
        reaper::remove_later(folder.path());
        let user = tool("id", &["-un"]).expect(0).stdout.trim().to_owned();
        let mut sshd = Self { folder, port: ports::free(), user, extra: extra.to_owned(), listener: None };
        sshd.make_host_key("ed25519");
        std::fs::write(sshd.path("authorized_keys"), "").unwrap();
        sshd.resume();
        sshd
    }

    /// Lets this public key in, with options such as `restrict,port-forwarding`.
    pub(crate) fn authorize(&self, options: &str, public_key: &str) {
        let mut lines = std::fs::read_to_string(self.path("authorized_keys")).unwrap();
        let gap = if options.is_empty() { "" } else { " " };
        writeln!(lines, "{options}{gap}{}", public_key.trim()).unwrap();
        std::fs::write(self.path("authorized_keys"), lines).unwrap();
    }

    /// Lets nobody in any more.
    pub(crate) fn authorize_nobody(&self) {
        std::fs::write(self.path("authorized_keys"), "").unwrap();
    }

    /// Makes a host key of this type, in place of one that was there; counts from the next start on.
    pub(crate) fn make_host_key(&self, kind: &str) {
        let file = self.path(&format!("host_{kind}"));
        let _absent = std::fs::remove_file(&file);
        tool("ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", "", "-f", file.to_str().unwrap()]).expect(0);
    }

    pub(crate) fn drop_host_key(&self, kind: &str) {
        std::fs::remove_file(self.path(&format!("host_{kind}"))).unwrap();
    }

    /// `SHA256:…` of the host key of this type.
    pub(crate) fn fingerprint(&self, kind: &str) -> String {
        let file = self.path(&format!("host_{kind}.pub"));
        let line = tool("ssh-keygen", &["-lf", file.to_str().unwrap()]).expect(0).stdout;
        line.split_whitespace().nth(1).unwrap().to_owned()
    }

    /// Starts the listener; also after `stop`.
    pub(crate) fn resume(&mut self) {
        assert!(self.listener.is_none(), "it runs");
        self.write_config();
        let before = self.log().matches("Server listening").count();
        let mut command = Command::new(program());
        command.args(["-D", "-f"]).arg(self.path("config")).arg("-E").arg(self.path("log"));
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        reaper::watch(child.id());
        self.listener = Some(child);
        let listens = wait_until(soon(), || self.log().matches("Server listening").count() > before || self.has_died());
        assert!(listens && !self.has_died(), "sshd does not start: {}{}", self.log(), self.complaint());
    }

    fn has_died(&self) -> bool {
        self.listener.as_ref().is_none_or(|child| !tree::is_alive(child.id()))
    }

    fn complaint(&mut self) -> String {
        let child = self.listener.take();
        child.map(|child| format!("{:?}", child.wait_with_output())).unwrap_or_default()
    }

    /// Ends the listener and every session.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.listener.take() else { return };
        let below = tree::descendants(child.id());
        child.kill().unwrap();
        for pid in below {
            tree::signal(pid, Signal::KILL);
        }
        child.wait().unwrap();
        reaper::forget(child.id());
    }

    /// The processes of the sessions that are there now.
    pub(crate) fn sessions(&self) -> Vec<u32> {
        self.listener.as_ref().map(|child| tree::descendants(child.id())).unwrap_or_default()
    }

    /// Kills all sessions at once; says how many processes that were.
    pub(crate) fn kill_sessions(&self) -> usize {
        self.sessions().into_iter().filter(|pid| tree::signal(*pid, Signal::KILL)).count()
    }

    /// Kills one session, chosen by a number however large, with all its processes; says whether there was one.
    pub(crate) fn kill_session(&self, which: usize) -> bool {
        let sessions = self.listener.as_ref().map(|child| tree::children(child.id())).unwrap_or_default();
        let Some(leader) = sessions.get(which % sessions.len().max(1)) else { return false };
        // Where privileges are separated the process that serves outlives the one that watches over it.
        let below = tree::descendants(*leader);
        [*leader].into_iter().chain(below).filter(|pid| tree::signal(*pid, Signal::KILL)).count() > 0
    }

    /// Stops or continues all sessions, as a bastion that hangs.
    pub(crate) fn freeze_sessions(&self, frozen: bool) {
        for pid in self.sessions() {
            tree::signal(pid, if frozen { Signal::STOP } else { Signal::CONT });
        }
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read(self.path("log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// How often a login was refused, by the log.
    pub(crate) fn failed_logins(&self) -> usize {
        self.log().lines().filter(|line| line.starts_with("Failed ")).count()
    }

    /// How often somebody was let in, by the log.
    pub(crate) fn logins(&self) -> usize {
        self.log().lines().filter(|line| line.starts_with("Accepted publickey ")).count()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write_config(&self) {
        let here = self.folder.path().display();
        let mut text = format!("{}\nPort {}\nListenAddress 127.0.0.1\n", self.extra, self.port);
        for kind in ["ed25519", "ecdsa", "rsa"] {
            if self.path(&format!("host_{kind}")).exists() {
                writeln!(text, "HostKey {here}/host_{kind}").unwrap();
            }
        }
        // A locked root account ("!" in the shadow file) is let in by PAM only; a plain one needs no PAM.
        let locked = std::fs::read_to_string("/etc/shadow").is_ok_and(|shadow| shadow.contains("root:!"));
        writeln!(text, "UsePAM {}", if locked { "yes" } else { "no" }).unwrap();
        write!(
            text,
            "AuthorizedKeysFile {here}/authorized_keys\nPidFile none\nStrictModes no\nPermitRootLogin yes\n\
             PubkeyAuthentication yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUseDNS no\n\
             PrintMotd no\nLogLevel VERBOSE\nMaxSessions 200\n"
        )
        .unwrap();
        // Of this word, unlike of others, the last value counts.
        if !self.extra.contains("MaxStartups") {
            text.push_str("MaxStartups 200\n");
        }
        std::fs::write(self.path("config"), text).unwrap();
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the sshd on port {} ---\n{}", self.port, self.log());
        }
        self.freeze_sessions(false);
        self.stop();
    }
}

/// sshd wants to be called by its absolute path.
fn program() -> &'static Path {
    ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.exists())
        .expect("sshd is installed; tests/run sees to that")
}
