//! What can be asked about adit's own keys, and what comes back. A passphrase or a private half travels one way only: to the
//! service, as a secret.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{KeyType, Name, Secret};

/// Where a key that is brought comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
    /// A file by its whole path, or from `~/` on.
    File(PathBuf),
    /// A pasted text.
    Paste(Secret),
}

/// What is asked about keys. All are answered with `Reply::Key`, but for `Look`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum KeyRequest {
    /// Make one. Rsa, and a passphrase, take seconds.
    Make {
        /// Its name.
        name: Name,
        /// Its type.
        kind: KeyType,
        /// Its comment; absent for `adit:NAME`.
        comment: Option<String>,
        /// What it is encrypted with.
        passphrase: Option<Secret>,
    },
    /// Say what a file or a paste is, and change nothing. Answered with `Reply::KeyLook`.
    Look {
        /// From where.
        source: KeySource,
    },
    /// Take one over.
    Import {
        /// The name it gets.
        name: Name,
        /// From where.
        source: KeySource,
        /// What opens it; the key keeps it.
        passphrase: Option<Secret>,
        /// A login follows at once: the passphrase stays in memory for it, so that nobody is asked twice.
        #[serde(default)]
        for_login: bool,
    },
    /// Make the second key of a rotation.
    Rotate {
        /// Whose.
        name: Name,
        /// What opens the first one, and will open the second.
        passphrase: Option<Secret>,
    },
    /// Log in with the second key everywhere, and put it in the first one's place when it is accepted.
    FinishRotation {
        /// Whose.
        name: Name,
        /// What opens the second one.
        passphrase: Option<Secret>,
    },
    /// Remove the second key.
    AbortRotation {
        /// Whose.
        name: Name,
    },
    /// Set, change or remove a passphrase.
    Passphrase {
        /// Of which key.
        name: Name,
        /// The one it has.
        old: Option<Secret>,
        /// The one it gets; absent for none.
        new: Option<Secret>,
    },
    /// Remove one that nothing uses.
    Remove {
        /// Which.
        name: Name,
    },
}

/// What was done to a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDone {
    /// False where a bastion did not accept a second key, and nothing was changed.
    pub done: bool,
    /// What happened, a sentence each, the news first.
    pub said: Vec<String>,
    /// What is left for the bastion's admin, as lines to hand over.
    pub admin: Vec<String>,
}

/// What a file or a paste is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct KeyLook {
    /// Why no key can be made of it.
    pub problem: Option<String>,
    /// The command that mends that.
    pub command: Option<String>,
    /// What is set right in adit's copy, in words.
    pub mended: Vec<String>,
    /// It needs a passphrase.
    pub encrypted: bool,
    /// Others on this machine may read the file.
    pub open_to_others: bool,
}
