//! A bastion with accounts of its own on this machine: a real sshd in a mount namespace with its own `/etc` and `/home`, so that
//! accounts can be made and broken and nothing of the machine changes. Only root can make one.

use std::fmt::Write as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use adit::model::account::{AccountFacts, Expected, LOOK_COMMAND, judge, look_input};
use adit::model::{Endpoint, Finding, Verdict};
use tempfile::TempDir;

use crate::support::output::finish;
use crate::support::{Output, Target, ports, reaper, soon, tool, tree, wait_until};

/// The tunnel's account, and one that must not be able to write its files.
pub(super) const UID: u32 = 61001;
pub(super) const MATE: u32 = 61002;

/// Somebody else's key, which no look may print.
pub(super) const OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAKsZIRhZgdUgYAmEhVuWPMTQLxlhRaMPAZwyJu5Dg11 someone@secret";
const SECRET: &str = "someone@secret";

const WALLS: &str = r#"
set -e
mount --bind "$1/etc" /etc
mount --bind "$1/home" /home
PATH="$1/bin:$PATH"
export PATH
exec "$2" -D -f /etc/ssh/sshd_config -E "$1/log"
"#;

/// Stands in for the service manager: sshd reads its settings anew.
const RELOAD: &str = "#!/bin/sh\nkill -HUP \"$(cat \"${0%/*}/../pid\")\"\n";

pub(super) struct Bastion {
    folder: TempDir,
    pub(super) port: u16,
    pub(super) target: Target,
    /// The tunnel's public key in one line.
    pub(super) key: String,
    sshd: Child,
}

/// How far the tunnel's own key gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reached {
    Nothing,
    Login,
    Forward,
}

impl Bastion {
    /// A healthy one, with further settings before sshd's own; nothing where we are not root.
    pub(super) fn with(settings: &str) -> Option<Self> {
        if !rustix::process::geteuid().is_root() || tool("unshare", &["-m", "true"]).code != 0 {
            eprintln!("only root can make accounts: not tested");
            return None;
        }
        let folder = TempDir::with_prefix("adit-bastion-").unwrap();
        reaper::remove_later(folder.path());
        let base = folder.path();
        furnish(base);
        for name in ["key", "second", "admin"] {
            let file = base.join(name);
            tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file.to_str().unwrap()]).expect(0);
        }
        let port = ports::free();
        let text = format!(
            "{settings}\nPort {port}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/host\nUsePAM no\nPasswordAuthentication no\n\
             KbdInteractiveAuthentication no\nUseDNS no\nPidFile none\nLogLevel INFO\nMaxStartups 100\n\
             Match User root\n    AuthorizedKeysFile /etc/ssh/admin\n    AuthenticationMethods publickey\n"
        );
        std::fs::write(base.join("etc/ssh/sshd_config"), text).unwrap();
        std::fs::copy(base.join("admin.pub"), base.join("etc/ssh/admin")).unwrap();
        let key = std::fs::read_to_string(base.join("key.pub")).unwrap().trim().to_owned();
        let mut command = Command::new("unshare");
        command.args(["-m", "--propagation", "private", "sh", "-c", WALLS, "sh"]).arg(base).arg(sshd_program());
        let sshd = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        reaper::watch(sshd.id());
        std::fs::write(base.join("pid"), sshd.id().to_string()).unwrap();
        let bastion = Self { folder, port, target: Target::start(), key, sshd };
        let listens = wait_until(soon(), || bastion.log().contains("Server listening"));
        assert!(listens, "sshd does not start: {}", bastion.log());
        bastion.write_keys(&format!("{}\n", bastion.key));
        Some(bastion)
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A path of the bastion, as this machine sees it.
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path.trim_start_matches('/'))
    }

    /// Replaces the tunnel account's keys.
    pub(super) fn write_keys(&self, text: &str) {
        let file = self.path("/home/adit/.ssh/authorized_keys");
        std::fs::write(&file, text).unwrap();
        chown(&file, Some(UID), Some(UID)).unwrap();
    }

    /// A key broken over two lines, in another home folder.
    pub(super) fn write_odd(&self, home: &str) {
        let (head, tail) = self.key.split_at(50);
        let file = self.path(home).join(".ssh/authorized_keys");
        std::fs::write(&file, format!("{head}\n{tail}\n")).unwrap();
    }

    pub(super) fn chmod(&self, path: &str, mode: u32) {
        std::fs::set_permissions(self.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    pub(super) fn chown(&self, path: &str, uid: u32, gid: u32) {
        chown(self.path(path), Some(uid), Some(gid)).unwrap();
    }

    /// Changes a file below the bastion's `/etc`.
    pub(super) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.path(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}:\n{text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Replaces what the shadow file says of the tunnel's account.
    pub(super) fn write_shadow(&self, fields: &str) {
        let path = self.path("/etc/shadow");
        let text = std::fs::read_to_string(&path).unwrap();
        let others: String =
            text.lines().filter(|line| !line.starts_with("adit:")).map(|line| format!("{line}\n")).collect();
        std::fs::write(&path, format!("{others}adit:{fields}\n")).unwrap();
    }

    /// The database, as forwards name it.
    pub(super) fn database(&self) -> String {
        format!("127.0.0.1:{}", self.target.port)
    }

    fn ssh(&self, key: &str, user: &str, words: &[&str], input: &str) -> Output {
        let mut command = Command::new("ssh");
        command.args([
            "-F",
            "none",
            "-o",
            "BatchMode=yes",
            "-o",
            "IdentitiesOnly=yes",
            "-o",
            "StrictHostKeyChecking=no",
        ]);
        command.args(["-o", "UserKnownHostsFile=/dev/null", "-o", "IdentityAgent=none", "-v"]);
        command.arg("-i").arg(self.path(key)).args(["-p", &self.port.to_string()]);
        command.arg(format!("{user}@127.0.0.1")).args(words);
        finish(command, input)
    }

    /// A real login with the tunnel's key, and a real forward to the database.
    pub(super) fn knock(&self, user: &str) -> Reached {
        let forward = ["-W", &self.database()];
        let output = self.ssh("key", user, &forward, "echo\nhello\n");
        if output.stdout.contains("hello") {
            Reached::Forward
        } else if output.stderr.contains("Authenticated to") {
            Reached::Login
        } else {
            Reached::Nothing
        }
    }

    /// What a look over SSH prints, by whoever has the key of this name.
    pub(super) fn look_as(&self, key: &str, login: &str, account: &str) -> String {
        let input = look_input(account, Some(&self.key)).unwrap();
        self.ssh(key, login, &[LOOK_COMMAND], &input).stdout
    }

    /// The same through the admin's login.
    pub(super) fn look(&self) -> AccountFacts {
        let printed = self.look_as("admin", "root", "adit");
        assert!(!printed.contains(SECRET), "what others have in the file stays there: {printed}");
        AccountFacts::read(&printed).unwrap()
    }

    pub(super) fn expected(&self, user: &str) -> Expected {
        let database: Endpoint = Endpoint::new("127.0.0.1".parse().unwrap(), self.target.port.try_into().unwrap());
        Expected {
            user: user.to_owned(),
            key: Some(self.key.clone()),
            targets: vec![database],
            from: vec!["127.0.0.1".parse().unwrap()],
            now: jiff::Timestamp::now(),
        }
    }

    pub(super) fn judged(&self) -> Vec<Finding> {
        judge(&self.look(), &self.expected("adit"))
    }

    /// Runs a command as root inside.
    pub(super) fn inside(&self, command: &str, input: &str) -> Output {
        let mut enter = Command::new("nsenter");
        let path = format!("{}:/usr/sbin:/sbin:/usr/bin:/bin", self.path("bin").display());
        enter.args(["-t", &self.sshd.id().to_string(), "-m", "sh", "-c", command]).env("PATH", path);
        finish(enter, input)
    }

    /// The real login agrees with the judgement: everything works and nothing is found.
    #[track_caller]
    pub(super) fn is_healthy(&self) {
        let reached = self.knock("adit");
        let found = self.judged();
        let worst = found.iter().map(|finding| finding.verdict).max();
        assert_eq!((reached, worst), (Reached::Forward, Some(Verdict::Pass)), "{found:#?}\n{}", self.log());
        assert!(found.iter().all(|finding| finding.code.is_none()), "{found:#?}");
    }

    /// The real login or forward is refused, and this cause, and only this one, is named.
    #[track_caller]
    pub(super) fn is_refused_for(&self, code: &str) -> Finding {
        let reached = self.knock("adit");
        let found = self.judged();
        let failed: Vec<&Finding> = found.iter().filter(|finding| finding.verdict >= Verdict::Warn).collect();
        let codes: Vec<&str> = failed.iter().filter_map(|finding| finding.code).map(|code| code.as_str()).collect();
        assert_eq!(codes, [code], "{found:#?}\n{}", self.log());
        let refused = if failed[0].rung == adit::model::Rung::Open { Reached::Login } else { Reached::Nothing };
        assert_eq!(reached, refused, "{:#?}\n{}", failed[0], self.log());
        self.is_in_the_log();
        failed[0].clone()
    }

    /// The command that is offered finds the reason in the server's log.
    #[track_caller]
    fn is_in_the_log(&self) {
        let command = adit::model::account::log_hint().command.unwrap();
        let (_, pattern) = command.split_once("grep -E ").unwrap();
        let pattern = pattern.trim_matches('\'');
        let log = self.path("log");
        let hit = |text: &str| {
            let mut grep = Command::new("grep");
            grep.args(["-E", pattern]);
            finish(grep, text).code == 0
        };
        let log = std::fs::read_to_string(log).unwrap();
        assert!(hit(&log), "nothing to find in\n{log}");
    }

    /// The command that the finding offers is run as it is; then all is well.
    #[track_caller]
    pub(super) fn is_mended_by(&self, finding: &Finding) {
        let command = finding.advice.iter().find_map(|advice| advice.command.as_deref());
        let command = command.unwrap_or_else(|| panic!("no command in {finding:#?}"));
        let output = self.inside(command, "");
        assert_eq!(output.code, 0, "{command}\n{output:?}");
        // Whoever runs it twice does no harm.
        self.inside(command, "");
        let mended = wait_until(soon(), || self.knock("adit") == Reached::Forward);
        let found = self.judged();
        assert!(mended, "{command}\n{output:?}\n{found:#?}\n{}", self.log());
        assert!(found.iter().all(|finding| finding.code.is_none()), "{command}\n{found:#?}");
    }
}

impl Drop for Bastion {
    fn drop(&mut self) {
        let below = tree::descendants(self.sshd.id());
        let _gone = self.sshd.kill();
        for pid in below {
            tree::signal(pid, rustix::process::Signal::KILL);
        }
        let _waited = self.sshd.wait();
        reaper::forget(self.sshd.id());
    }
}

/// The folders of the bastion: its `/etc` is this machine's with other accounts.
fn furnish(base: &Path) {
    let etc = base.join("etc");
    std::fs::create_dir(&etc).unwrap();
    let mut copy = Command::new("cp");
    copy.arg("-a")
        .args(std::fs::read_dir("/etc").unwrap().flatten().map(|entry| entry.path()).filter(|path| is_needed(path)));
    copy.arg(&etc);
    finish(copy, "").expect(0);
    let mut passwd =
        String::from("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n");
    let mut shadow = String::from("root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n");
    let mut group = String::from("root:x:0:\nnogroup:x:65534:\ntunnels:x:61010:adit\nothers:x:61011:\n");
    for (name, uid, home) in [("sshd", 105, "/run/sshd"), ("adit", UID, "/home/adit"), ("mate", MATE, "/home/mate")] {
        writeln!(passwd, "{name}:x:{uid}:{uid}::{home}:/bin/sh").unwrap();
        writeln!(shadow, "{name}:*:19000:0:99999:7:::").unwrap();
        writeln!(group, "{name}:x:{uid}:").unwrap();
    }
    for (name, text, mode) in [("passwd", passwd, 0o644), ("shadow", shadow, 0o640), ("group", group, 0o644)] {
        std::fs::write(etc.join(name), text).unwrap();
        std::fs::set_permissions(etc.join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for name in ["gshadow", "passwd-", "shadow-", "group-", "gshadow-", "subuid", "subgid"] {
        let _absent = std::fs::remove_file(etc.join(name));
    }
    std::fs::write(
        etc.join("pam.d/sshd"),
        "auth required pam_deny.so\naccount required pam_unix.so\nsession required pam_permit.so\npassword required pam_deny.so\n",
    )
    .unwrap();
    let ssh = etc.join("ssh");
    let _old = std::fs::remove_dir_all(&ssh);
    std::fs::create_dir_all(&ssh).unwrap();
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", ssh.join("host").to_str().unwrap()]).expect(0);
    let bin = base.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::fs::write(bin.join("systemctl"), RELOAD).unwrap();
    std::fs::set_permissions(bin.join("systemctl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    for (name, uid) in [("adit", UID), ("mate", MATE)] {
        let keys = base.join("home").join(name).join(".ssh");
        std::fs::create_dir_all(&keys).unwrap();
        std::fs::write(keys.join("authorized_keys"), "").unwrap();
        for (path, mode) in [(keys.parent().unwrap(), 0o755), (&keys, 0o700), (&keys.join("authorized_keys"), 0o600)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
            chown(path, Some(uid), Some(uid)).unwrap();
        }
    }
    for folder in ["etc", "home"] {
        std::fs::set_permissions(base.join(folder), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // sshd wants this folder where root runs it.
    std::fs::create_dir_all("/run/sshd").unwrap();
}

/// All files, and the folders that programs cannot do without.
fn is_needed(path: &Path) -> bool {
    const FOLDERS: &[&str] = &["alternatives", "crypto-policies", "default", "ld.so.conf.d", "pam.d", "security"];
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !path.is_dir() || FOLDERS.contains(&name)
}

fn sshd_program() -> &'static str {
    let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
    places.into_iter().find(|path| Path::new(path).exists()).expect("sshd is installed; tests/run sees to that")
}
