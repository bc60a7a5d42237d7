//! How a login proves who it is: a key by reference, never its bytes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::name::Name;

/// The identity that a login uses. Exactly one is offered per login.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// A key of adit's own, by name.
    Key(Name),
    /// A private key file of the person's.
    File(PathBuf),
    /// The person's SSH agent.
    Agent(AgentSocket),
}

/// Which agent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentSocket {
    /// The `SSH_AUTH_SOCK` that a client handed over last.
    Environment,
    /// A socket by path.
    Path(PathBuf),
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Key(name) => write!(f, "key {name}"),
            Self::File(path) => write!(f, "identity file {}", path.display()),
            Self::Agent(AgentSocket::Environment) => write!(f, "the SSH agent"),
            Self::Agent(AgentSocket::Path(path)) => write!(f, "the SSH agent at {}", path.display()),
        }
    }
}

/// The kinds of key that adit makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyType {
    /// Ed25519 (RFC 8709).
    Ed25519,
    /// ECDSA on nistp256 (RFC 5656).
    Ecdsa,
    /// RSA with 4096 bits.
    Rsa,
}

impl KeyType {
    /// The type as a command line and JSON name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Ecdsa => "ecdsa",
            Self::Rsa => "rsa",
        }
    }
}
