//! The parts of a hand-off as values: platforms, steps, and the whole of them. Which steps there are is not known here.

use serde::{Deserialize, Serialize};

use crate::model::{Advice, Endpoint, Name, Owner, Subject};

/// Where a step is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// A bastion that runs Linux.
    Linux,
    /// A bastion that runs Windows with OpenSSH.
    Windows,
    /// The settings of sshd, beside the key's line.
    Sshd,
    /// The firewall of Ubuntu and Debian.
    Ufw,
    /// The firewall of Fedora, RHEL and SUSE.
    Firewalld,
    /// nftables by hand.
    Nftables,
    /// Amazon's cloud.
    Aws,
    /// Microsoft's cloud.
    Azure,
    /// Google's cloud.
    Gcp,
}

impl Platform {
    /// All platforms, in the order of a hand-off.
    pub const ALL: [Self; 9] = [
        Self::Linux,
        Self::Windows,
        Self::Sshd,
        Self::Ufw,
        Self::Firewalld,
        Self::Nftables,
        Self::Aws,
        Self::Azure,
        Self::Gcp,
    ];

    /// The platform as a command line and JSON name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
            Self::Sshd => "sshd",
            Self::Ufw => "ufw",
            Self::Firewalld => "firewalld",
            Self::Nftables => "nftables",
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }
}

impl std::str::FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let found = Self::ALL.into_iter().find(|platform| platform.as_str() == text);
        found.ok_or_else(|| PlatformError { text: text.chars().take(80).collect() })
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is no platform.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a platform: use linux, windows, sshd, ufw, firewalld, nftables, aws, azure or gcp")]
pub struct PlatformError {
    /// The text as given.
    pub text: String,
}

/// The hand-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packet {
    /// What it was made for.
    pub subject: Subject,
    /// The bastion's name.
    pub bastion: Name,
    /// Its address.
    pub address: Endpoint,
    /// The login.
    pub user: String,
    /// The public key's fingerprint, where it is known.
    pub fingerprint: Option<String>,
    /// The finished line for `authorized_keys`, where the key is known.
    pub authorized_key: Option<String>,
    /// What should be known first, a sentence each.
    pub notes: Vec<String>,
    /// The steps in their order.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where it is done; absent where that does not matter.
    pub platform: Option<Platform>,
    /// Who does it.
    pub who: Owner,
    /// What is done.
    pub title: String,
    /// Why.
    pub why: String,
    /// What to click or run, in order; every command is complete.
    pub commands: Vec<Advice>,
}

impl Step {
    /// A step without commands yet.
    pub(super) fn new(
        platform: impl Into<Option<Platform>>,
        who: Owner,
        title: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        Self { platform: platform.into(), who, title: title.into(), why: why.into(), commands: Vec::new() }
    }

    /// The same with a command.
    pub(super) fn run(mut self, text: impl Into<String>, command: impl Into<String>) -> Self {
        self.commands.push(Advice::command(text, command));
        self
    }

    /// The same with words.
    pub(super) fn say(mut self, text: impl Into<String>) -> Self {
        self.commands.push(Advice::words(text));
        self
    }
}
