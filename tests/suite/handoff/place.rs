//! A bastion without the tunnel's account: a real sshd that takes modes seriously, in a mount namespace with its own `/etc` and
//! `/home`. Scripts run there as its admin. Only root can make one.

use std::fmt::Write as _;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use adit::guide::{PublicKey, Receipt, Served, Setup};
use adit::model::account::{AccountFacts, Expected, LOOK, judge};
use adit::model::{Database, Finding, Subject, Verdict};
use tempfile::TempDir;

use crate::support::output::finish;
use crate::support::{Adit, Output, Postgres, ports, reaper, soon, tool, tree, wait_until};

const WALLS: &str = r#"
set -e
mount --bind "$1/etc" /etc
mount --bind "$1/home" /home
exec "$2" -D -f /etc/ssh/sshd_config -E "$1/log"
"#;

pub(super) struct Place {
    folder: TempDir,
    sshd: Child,
    pub(super) adit: Adit,
}

impl Place {
    /// A bastion, and a home of adit's that knows it as `prod`, with the tunnel `orders` to a real database; nothing where we are
    /// not root.
    pub(super) fn with(user: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() || tool("unshare", &["-m", "true"]).code != 0 {
            eprintln!("only root can make accounts: not tested");
            return None;
        }
        let folder = TempDir::with_prefix("adit-handoff-").unwrap();
        reaper::remove_later(folder.path());
        let port = ports::free();
        furnish(folder.path(), port);
        let mut command = Command::new("unshare");
        command
            .args(["-m", "--propagation", "private", "sh", "-c", WALLS, "sh"])
            .arg(folder.path())
            .arg("/usr/sbin/sshd");
        let sshd = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        reaper::watch(sshd.id());
        let place = Self { folder, sshd, adit: Adit::new() };
        let listens = wait_until(soon(), || place.log().contains("Server listening"));
        assert!(listens, "sshd does not start: {}", place.log());
        let words = ["bastion", "add", "prod", "--host", "127.0.0.1", "--port", &port.to_string(), "--user", user];
        place.adit.ok(&words);
        let shown = tool("ssh-keygen", &["-lf", place.path("/etc/ssh/host.pub").to_str().unwrap()]).expect(0).stdout;
        place.adit.ok(&["trust", "prod", "--fingerprint", shown.split(' ').nth(1).unwrap()]);
        place.adit.add_tunnel_with(
            "orders",
            "postgres",
            Postgres::shared().port,
            &["--user", "app", "--dbname", "orders"],
        );
        Some(place)
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A path of the bastion, as this machine sees it.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    pub(super) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    pub(super) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).unwrap();
    }

    /// Runs a command as root inside.
    pub(super) fn inside(&self, command: &str, input: &str) -> Output {
        let mut enter = Command::new("nsenter");
        enter.args(["-t", &self.sshd.id().to_string(), "-m", "sh", "-c", command]);
        finish(enter, input)
    }

    /// Runs a script that adit prints, as a file, in this shell.
    pub(super) fn run(&self, shell: &str, words: &[&str], more: &str) -> Output {
        let mut all = vec!["setup", "orders"];
        all.extend(words);
        self.run_text(shell, &self.adit.ok(&all), more)
    }

    pub(super) fn run_text(&self, shell: &str, script: &str, more: &str) -> Output {
        let file = self.folder.path().join("script");
        std::fs::write(&file, script).unwrap();
        self.inside(&format!("{shell} {} {more}", file.display()), "")
    }

    /// What adit makes of a receipt.
    pub(super) fn judged(&self, receipt: &str) -> Output {
        finish(self.adit.command(&["setup", "orders", "--receipt", "--json"]), receipt)
    }

    /// What the judgement says of a receipt, and of the look itself; without the advice, which is the same for the same.
    pub(super) fn told_by_receipt(&self, receipt: &str) -> Vec<(String, Verdict, String)> {
        let setup = self.setup();
        told(&Receipt::read(receipt).unwrap().judge(&setup, jiff::Timestamp::now()).unwrap())
    }

    pub(super) fn told_by_look(&self) -> Vec<(String, Verdict, String)> {
        let setup = self.setup();
        let line = setup.key.as_ref().unwrap().line.clone();
        let mut words = line.split(' ');
        let (kind, blob) = (words.next().unwrap(), words.next().unwrap());
        let around = format!("ADIT_USER={} ADIT_KEY_TYPE={kind} ADIT_KEY={blob} sh -s", setup.user);
        let facts = AccountFacts::read(&self.inside(&around, LOOK).expect(0).stdout).unwrap();
        let expected = Expected {
            user: setup.user.clone(),
            targets: setup.targets(),
            key: Some(line),
            from: Vec::new(),
            now: jiff::Timestamp::now(),
        };
        told(&judge(&facts, &expected))
    }

    pub(super) fn setup(&self) -> Setup {
        let database = Database {
            kind: adit::model::Kind::Postgres,
            host: "127.0.0.1".parse().unwrap(),
            port: Postgres::shared().port.try_into().unwrap(),
        };
        Setup {
            subject: Subject::Tunnel("orders".parse().unwrap()),
            bastion: "prod".parse().unwrap(),
            address: database.endpoint(),
            user: "tunnel".to_owned(),
            key: Some(PublicKey {
                line: self.adit.ok(&["key", "show", "prod"]).trim().to_owned(),
                fingerprint: self.adit.ok(&["key", "show", "prod", "--fingerprint"]).trim().to_owned(),
            }),
            key_unknown: None,
            databases: vec![Served { tunnel: "orders".parse().unwrap(), database }],
            others: Vec::new(),
            from: Vec::new(),
            seen: Vec::new(),
            expires: None,
        }
    }

    /// A query through the tunnel, which must come up.
    #[track_caller]
    pub(super) fn carries_a_query(&self) {
        self.adit.run(&["up", "orders"]).expect(0);
        let url = self.adit.ok(&["url", "orders"]);
        let asked = tool("psql", &[url.trim(), "-Atc", "select 6 * 7"]).expect(0);
        assert_eq!(asked.stdout.trim(), "42");
        self.adit.run(&["down", "orders"]).expect(0);
    }

    /// Everything that a set-up could touch: accounts, and every file of every home with its mode, owner and content.
    pub(super) fn state(&self) -> String {
        let mut out = String::new();
        for file in ["passwd", "group", "shadow", "ssh/sshd_config"] {
            writeln!(out, "{file}:\n{}", self.read(&format!("/etc/{file}"))).unwrap();
        }
        describe(&self.path("/home"), &mut out);
        out
    }
}

fn told(findings: &[Finding]) -> Vec<(String, Verdict, String)> {
    findings.iter().map(|finding| (finding.check.clone(), finding.verdict, finding.summary.clone())).collect()
}

fn describe(path: &Path, out: &mut String) {
    let found = std::fs::symlink_metadata(path).unwrap();
    let name = path.display().to_string();
    let name = name.split_once("/home").unwrap().1;
    write!(out, "{name} {:o} {}:{}", found.mode(), found.uid(), found.gid()).unwrap();
    if found.is_dir() {
        out.push('\n');
        let mut below: Vec<PathBuf> = std::fs::read_dir(path).unwrap().flatten().map(|entry| entry.path()).collect();
        below.sort();
        below.iter().for_each(|path| describe(path, out));
    } else {
        writeln!(out, " {:?}", std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())).unwrap();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- log of the sshd ---\n{}", self.log());
        }
        let below = tree::descendants(self.sshd.id());
        let _gone = self.sshd.kill();
        for pid in below {
            tree::signal(pid, rustix::process::Signal::KILL);
        }
        let _waited = self.sshd.wait();
        reaper::forget(self.sshd.id());
    }
}

fn furnish(base: &Path, port: u16) {
    let etc = base.join("etc");
    std::fs::create_dir(&etc).unwrap();
    let mut copy = Command::new("cp");
    let needed = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !path.is_dir()
            || ["alternatives", "crypto-policies", "default", "ld.so.conf.d", "pam.d", "security"].contains(&name)
    };
    copy.arg("-a")
        .args(std::fs::read_dir("/etc").unwrap().flatten().map(|entry| entry.path()).filter(needed))
        .arg(&etc);
    finish(copy, "").expect(0);
    for name in ["gshadow", "passwd-", "shadow-", "group-", "gshadow-", "subuid", "subgid"] {
        let _absent = std::fs::remove_file(etc.join(name));
    }
    let mut accounts = [String::new(), String::new(), String::new()];
    for (name, id, home, shell) in [
        ("root", 0, "/root", "/bin/sh"),
        ("nobody", 65534, "/nonexistent", "/usr/sbin/nologin"),
        ("sshd", 105, "/run/sshd", "/usr/sbin/nologin"),
        ("mate", 61002, "/home/mate", "/bin/sh"),
    ] {
        writeln!(accounts[0], "{name}:x:{id}:{id}::{home}:{shell}").unwrap();
        writeln!(accounts[1], "{name}:x:{id}:").unwrap();
        writeln!(accounts[2], "{name}:*:19000:0:99999:7:::").unwrap();
    }
    for (name, text, mode) in
        [("passwd", &accounts[0], 0o644), ("group", &accounts[1], 0o644), ("shadow", &accounts[2], 0o640)]
    {
        std::fs::write(etc.join(name), text).unwrap();
        std::fs::set_permissions(etc.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    // Numbers that nothing on this machine runs under, and no other place either: only files are walled off, processes are not.
    static PLACES: AtomicU32 = AtomicU32::new(0);
    let first = 61_100 + (std::process::id() * 10 + PLACES.fetch_add(1, Ordering::Relaxed)) % 900 * 4;
    let mut rules = std::fs::read_to_string("/etc/login.defs").unwrap_or_default();
    for name in ["UID_MIN", "GID_MIN", "UID_MAX", "GID_MAX"] {
        let kept: Vec<&str> = rules.lines().filter(|line| line.split_whitespace().next() != Some(name)).collect();
        let limit = if name.ends_with("MIN") { first } else { first + 3 };
        rules = format!("{}\n{name} {limit}\n", kept.join("\n"));
    }
    std::fs::write(etc.join("login.defs"), rules).unwrap();
    let ssh = etc.join("ssh");
    std::fs::create_dir(&ssh).unwrap();
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", ssh.join("host").to_str().unwrap()]).expect(0);
    let settings = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/host\nUsePAM no\nStrictModes yes\nPasswordAuthentication no\n\
         KbdInteractiveAuthentication no\nUseDNS no\nPidFile none\nLogLevel VERBOSE\n"
    );
    std::fs::write(ssh.join("sshd_config"), settings).unwrap();
    std::fs::create_dir(base.join("home")).unwrap();
    for folder in [base.to_path_buf(), base.join("etc"), base.join("home"), ssh] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // sshd wants this folder where root runs it.
    std::fs::create_dir_all("/run/sshd").unwrap();
}
