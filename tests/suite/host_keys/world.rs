//! Keys, certificates and a real sshd for each way in which a server may show them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use adit::model::Endpoint;
use adit::ssh::trust::{Judgement, KnownHosts};
use russh::keys::{Certificate, PublicKey, PublicKeyOrCertificate};
use tempfile::TempDir;

use super::Said;
use super::cases::{Case, Expected, Shown};

/// The name that the server goes by.
pub(super) const HOST: &str = "bastion.test";

pub(super) struct World {
    folder: TempDir,
}

fn done(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl World {
    pub(super) fn new() -> Self {
        // sshd wants this folder when it is started by root.
        let _ = fs::create_dir_all("/run/sshd");
        let world = Self { folder: tempfile::tempdir().unwrap() };
        for (name, kind, bits) in [
            ("ed25519", "ed25519", "256"),
            ("ecdsa", "ecdsa", "256"),
            ("rsa", "rsa", "2048"),
            ("other_ed25519", "ed25519", "256"),
            ("other_rsa", "rsa", "2048"),
            ("ca", "ed25519", "256"),
            ("ca_rsa", "rsa", "2048"),
            ("other_ca", "ecdsa", "384"),
        ] {
            let file = world.path(name);
            done(
                Command::new("ssh-keygen")
                    .args(["-q", "-N", "", "-C", "a comment", "-t", kind, "-b", bits, "-f"])
                    .arg(file),
            );
        }
        for shown in Shown::ALL {
            world.prepare(*shown);
        }
        world
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A key's type and Base64, as a known_hosts line ends.
    pub(super) fn key(&self, name: &str) -> String {
        let text = fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// A certificate in the same form.
    pub(super) fn certificate(&self, shown: Shown) -> String {
        let text = fs::read_to_string(self.path(&format!("{}-cert.pub", shown.name()))).unwrap();
        text.split(' ').take(2).collect::<Vec<_>>().join(" ")
    }

    /// A file hashed by `ssh-keygen -H`.
    pub(super) fn hashed(&self, name: &str, content: &str) -> String {
        let file = self.path(name);
        fs::write(&file, content).unwrap();
        done(Command::new("ssh-keygen").arg("-H").arg("-f").arg(&file));
        fs::read_to_string(file).unwrap()
    }

    /// Makes the key file, the certificate and the configuration of one way to show a key.
    fn prepare(&self, shown: Shown) {
        let (name, source) = (shown.name(), shown.key());
        if source != name {
            fs::copy(self.path(source), self.path(name)).unwrap();
            fs::copy(self.path(&format!("{source}.pub")), self.path(&format!("{name}.pub"))).unwrap();
        }
        let mut config = format!("HostKey {}\nUsePAM no\nPidFile none\n", self.path(name).display());
        if let Some(arguments) = shown.signing() {
            let mut command = Command::new("ssh-keygen");
            command.args(["-q", "-I", "id"]).args(arguments.iter().map(|word| match word.strip_prefix('@') {
                Some(file) => self.path(file).into_os_string(),
                None => word.into(),
            }));
            done(command.arg(self.path(&format!("{name}.pub"))));
            config += &format!("HostCertificate {}\n", self.path(&format!("{name}-cert.pub")).display());
        }
        fs::write(self.path(&format!("{name}.config")), config).unwrap();
    }

    pub(super) fn write(&self, number: usize, contents: &[Vec<u8>]) -> Vec<PathBuf> {
        let write = |(index, content): (usize, &Vec<u8>)| {
            let path = self.path(&format!("known_{number}_{index}"));
            fs::write(&path, content).unwrap();
            path
        };
        let mut files: Vec<PathBuf> = contents.iter().enumerate().map(write).collect();
        files.push(self.path("missing"));
        files
    }

    /// Connects with the real ssh and reads its decision from what it says.
    pub(super) fn ask_ssh(&self, case: &Case, files: &[PathBuf]) -> (Said, String) {
        let config = self.path(&format!("{}.config", case.shown.name()));
        let log = self.path("sshd.log");
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let output = Command::new("ssh")
            .args(["-F", "none", "-p", &case.port.to_string(), "-l", "nobody"])
            .arg(format!("-oProxyCommand=/usr/sbin/sshd -i -f {} -E {}", config.display(), log.display()))
            .arg(format!("-oUserKnownHostsFile={}", files.join(" ")))
            .arg(format!("-oHostKeyAlgorithms={}", case.shown.algorithms()))
            .args(["-oGlobalKnownHostsFile=/dev/null", "-oStrictHostKeyChecking=yes", "-oBatchMode=yes"])
            .args(["-oPubkeyAuthentication=no", "-oPasswordAuthentication=no", "-oKbdInteractiveAuthentication=no"])
            .args(["-oLogLevel=DEBUG1", &case.host, "true"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        let has = |text: &str| words.contains(text);
        let decision = if has("REVOKED HOST KEY DETECTED") {
            Expected::Revoked
        } else if has("REMOTE HOST IDENTIFICATION HAS CHANGED") {
            Expected::Changed
        } else if has("Permission denied (") {
            Expected::Trusted
        } else if has("Certificate invalid") || has("unsupported critical options") || has("disallowed algorithm") {
            Expected::Bad
        } else if has("host key is known for") {
            Expected::Unknown
        } else {
            panic!("{}: ssh says neither yes nor no:\n{words}", case.name)
        };
        let found = |start: &str| words.lines().filter_map(|line| line.split_once(start)).next_back();
        let line = match decision {
            Expected::Trusted => found("Found key in ").or_else(|| found("Found CA key in ")),
            Expected::Changed => found("Offending ").and_then(|(_, rest)| rest.split_once(" key in ")),
            _ => None,
        };
        let place = |(_, place): (&str, &str)| {
            let (file, number) = place.trim().rsplit_once(':').unwrap();
            (file.to_owned(), number.parse().unwrap())
        };
        (Said { decision, line: line.map(place) }, words)
    }

    pub(super) fn ask_us(&self, case: &Case, files: &[PathBuf]) -> Said {
        let name = case.shown.name();
        let key = match case.shown.signing() {
            Some(_) => {
                let text = fs::read_to_string(self.path(&format!("{name}-cert.pub"))).unwrap();
                PublicKeyOrCertificate::from(Certificate::from_openssh(&text).unwrap())
            }
            None => {
                let text = fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap();
                PublicKeyOrCertificate::from(PublicKey::from_openssh(&text).unwrap())
            }
        };
        let endpoint = Endpoint::new(case.host.parse().unwrap(), case.port.try_into().unwrap());
        let place = |path: &Path, line: usize| Some((path.display().to_string(), line));
        match KnownHosts::load(files).unwrap().judge(&endpoint, &key) {
            Judgement::Trusted { path, line } => Said { decision: Expected::Trusted, line: place(&path, line) },
            Judgement::Unknown => Said { decision: Expected::Unknown, line: None },
            Judgement::Changed { known } => {
                let last = known.last().unwrap();
                Said { decision: Expected::Changed, line: place(&last.path, last.line) }
            }
            Judgement::Revoked { path, line } => Said { decision: Expected::Revoked, line: place(&path, line) },
            Judgement::BadCertificate { .. } => Said { decision: Expected::Bad, line: None },
        }
    }
}

/// Below this version an empty list of principals means every host, from it on none.
pub(super) fn ssh_is_older_than(major: u32, minor: u32) -> bool {
    let output = Command::new("ssh").arg("-V").output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let mut numbers = words.split('_').nth(1).unwrap_or_default().split(|c: char| !c.is_ascii_digit());
    let mut number = || numbers.next().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    (number(), number()) < (major, minor)
}
