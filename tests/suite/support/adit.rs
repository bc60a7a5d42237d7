//! The real binary in a home of its own. Dropping it ends the service that it started.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use super::output::{Output, collect, finish};
use super::sshd::Sshd;
use super::wait::{soon, wait_for, wait_until};
use super::{reaper, tree};

/// One home, and everything that is called in it.
pub(crate) struct Adit {
    top: TempDir,
}

impl Adit {
    /// An empty home. The path is short: the socket's name has its limit.
    pub(crate) fn new() -> Self {
        let top = tempfile::Builder::new().prefix("ad").rand_bytes(6).tempdir_in("/tmp").unwrap();
        std::fs::create_dir(top.path().join("user")).unwrap();
        let adit = Self { top };
        reaper::end_service_of(&adit.home());
        reaper::remove_later(adit.top.path());
        adit
    }

    /// With the key `prod`, let in by the sshd with these options; the bastion `prod`, its host key pinned.
    pub(crate) fn at(sshd: &Sshd, options: &str) -> Self {
        Self::at_port(sshd, sshd.port, options)
    }

    /// As `at`, but reaching the sshd by another port, such as a relay's.
    pub(crate) fn at_port(sshd: &Sshd, port: u16, options: &str) -> Self {
        let adit = Self::new();
        let key = adit.run(&["key", "new", "prod"]).expect(0);
        assert!(!key.stdout.contains("PRIVATE"));
        sshd.authorize(options, &adit.ok(&["key", "show", "prod"]));
        adit.add_bastion("prod", sshd, port, &["--key", "prod"]);
        adit
    }

    /// Describes the sshd as a bastion of this name and pins its host key.
    pub(crate) fn add_bastion(&self, name: &str, sshd: &Sshd, port: u16, more: &[&str]) {
        let port = port.to_string();
        let mut words = vec!["bastion", "add", name, "--host", "127.0.0.1", "--port", &port, "--user", &sshd.user];
        words.extend(more);
        self.ok(&words);
        self.ok(&["trust", name, "--fingerprint", &sshd.fingerprint("ed25519")]);
    }

    /// Describes a database on loopback, as the bastion `prod` sees it; says on which local port it will be.
    pub(crate) fn add_tunnel(&self, name: &str, kind: &str, port: u16) -> u16 {
        self.add_tunnel_with(name, kind, port, &[])
    }

    /// As `add_tunnel`, with more flags; `--listen` among them is the place instead of the port returned.
    pub(crate) fn add_tunnel_with(&self, name: &str, kind: &str, port: u16, more: &[&str]) -> u16 {
        let (port, local) = (port.to_string(), super::ports::free());
        let listen = local.to_string();
        let mut words = vec!["tunnel", "add", name, "--bastion", "prod", "--database", kind, "--host", "127.0.0.1"];
        words.extend(["--port", &port]);
        if !more.contains(&"--listen") {
            words.extend(["--listen", &listen]);
        }
        words.extend(more);
        self.ok(&words);
        local
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.top.path().join("h")
    }

    /// What the program sees as the person's own folder; empty unless a test fills it.
    pub(crate) fn user_home(&self) -> PathBuf {
        self.top.path().join("user")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub(crate) fn config(&self) -> String {
        std::fs::read_to_string(self.path("config.toml")).unwrap_or_default()
    }

    pub(crate) fn write_config(&self, text: &str) {
        make_home(&self.home());
        std::fs::write(self.path("config.toml"), text).unwrap();
    }

    /// A prepared call in this home; nothing of the caller's own surroundings reaches it.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = self.bare_command();
        command.arg("--home").arg(self.home()).args(words);
        command
    }

    /// As `command`, without `--home`.
    pub(crate) fn bare_command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_adit"));
        for name in ["ADIT_HOME", "SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY"] {
            command.env_remove(name);
        }
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
            command.env_remove(name);
        }
        command.env("HOME", self.user_home());
        command
    }

    #[track_caller]
    pub(crate) fn run(&self, words: &[&str]) -> Output {
        finish(self.command(words), "")
    }

    /// Stdout of a call that must succeed.
    #[track_caller]
    pub(crate) fn ok(&self, words: &[&str]) -> String {
        self.run(words).expect(0).stdout
    }

    #[track_caller]
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let all: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let value = self.run(&all).expect(0).json();
        assert_eq!(value["version"], 1, "{value}");
        value
    }

    /// A call that goes on, with its streams piped.
    pub(crate) fn spawn(&self, words: &[&str]) -> Running {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running(Some(command.spawn().unwrap()))
    }

    /// The whole status; whatever the exit code says about health.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        self.run(&["status", "--json"]).json()
    }

    /// One tunnel of the status.
    #[track_caller]
    pub(crate) fn tunnel(&self, name: &str) -> Value {
        let status = self.status();
        let found = status["tunnels"].as_array().and_then(|all| all.iter().find(|tunnel| tunnel["name"] == name));
        found.unwrap_or_else(|| panic!("no tunnel {name} in {status}")).clone()
    }

    /// Waits until a tunnel looks as asked.
    #[track_caller]
    pub(crate) fn wait_tunnel(&self, name: &str, patience: Duration, looks: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = wait_for(patience, || {
            last = self.tunnel(name);
            looks(&last).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("not so after {patience:?}: {last:#}\n{}", self.log()))
    }

    /// Waits until a tunnel is up without a fault.
    #[track_caller]
    pub(crate) fn wait_up(&self, name: &str) -> Value {
        self.wait_tunnel(name, soon(), |tunnel| tunnel["phase"] == "up" && tunnel["fault"].is_null())
    }

    pub(crate) fn service_pid(&self) -> Option<u32> {
        self.status()["service"]["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok())
    }

    /// What the service wrote.
    pub(crate) fn log(&self) -> String {
        let files = std::fs::read_dir(self.path("log")).into_iter().flatten().flatten();
        files.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
    }

    /// Ends the service as nothing else does.
    pub(crate) fn kill_service(&self) -> u32 {
        let pid = self.service_pid().expect("the service runs");
        tree::signal(pid, Signal::KILL);
        assert!(wait_until(soon(), || !tree::is_alive(pid)), "process {pid} survived");
        pid
    }
}

impl Drop for Adit {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log in {} ---\n{}", self.home().display(), self.log());
        }
        let asked = self.command(&["status", "--json"]).stdin(Stdio::null()).stderr(Stdio::null()).output();
        let status: Option<Value> = asked.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok());
        let pid = status.and_then(|status| u32::try_from(status["service"]["pid"].as_u64()?).ok());
        let Some(pid) = pid else { return };
        reaper::watch(pid);
        tree::signal(pid, Signal::TERM);
        if !wait_until(Duration::from_secs(2), || !tree::is_alive(pid)) {
            // A second one ends the wait for connections that are still open.
            tree::signal(pid, Signal::TERM);
        }
        if !wait_until(Duration::from_secs(5), || !tree::is_alive(pid)) {
            tree::signal(pid, Signal::KILL);
        }
        reaper::forget(pid);
    }
}

/// A private folder, as the program makes it.
pub(crate) fn make_home(home: &Path) {
    if !home.exists() {
        std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(home).unwrap();
    }
}

/// A child that goes on. Dropping it ends it.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().map(Child::id).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        tree::signal(self.pid(), signal);
    }

    pub(crate) fn take_stdout(&mut self) -> std::process::ChildStdout {
        self.0.as_mut().and_then(|child| child.stdout.take()).unwrap()
    }

    #[track_caller]
    pub(crate) fn finish(mut self) -> Output {
        collect(self.0.take().unwrap(), "", "the call")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _dead = child.kill();
            let _gone = child.wait();
        }
    }
}
