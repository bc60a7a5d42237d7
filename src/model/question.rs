//! What the engine must ask a person, and the shapes of answers. Asking is the surfaces' business.

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::name::Name;
use super::secret::Secret;

/// Something only a person can decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ask")]
pub enum Question {
    /// No known_hosts file knows the server's key.
    HostKey {
        /// The bastion's name.
        bastion: Name,
        /// Its address as configured.
        endpoint: Endpoint,
        /// The address that answered.
        address: String,
        /// The type of the key, as in known_hosts ("ssh-ed25519").
        key_type: String,
        /// `SHA256:…` as `ssh-keygen -lf` prints it.
        fingerprint: String,
        /// The whole public key in OpenSSH form, for pinning.
        public_key: String,
    },
    /// A key is encrypted.
    Passphrase {
        /// The bastion whose login needs it.
        bastion: Name,
        /// The key or file, in words.
        key: String,
        /// True when one was given and did not open the key.
        again: bool,
    },
}

/// What a person answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Answer {
    /// Trust the key with this fingerprint; refused when it is not the one asked about.
    Trust {
        /// `SHA256:…`
        fingerprint: String,
    },
    /// The passphrase.
    Passphrase {
        /// Kept in memory only.
        passphrase: Secret,
    },
}
