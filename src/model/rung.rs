//! The ladder: the eight steps between this machine and the database, in order. It holds no state of any tunnel.

use serde::{Deserialize, Serialize};

/// One step of the way, from the local port to the database's own protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The local port.
    Bind,
    /// The bastion's name.
    Resolve,
    /// TCP to the bastion.
    Reach,
    /// SSH banner and algorithms.
    Greet,
    /// The bastion's host key.
    Trust,
    /// Login.
    Prove,
    /// Forwarding to the database's port.
    Open,
    /// The database's own protocol.
    Speak,
}

impl Rung {
    /// All rungs from the ground up.
    pub const ALL: [Self; 8] =
        [Self::Bind, Self::Resolve, Self::Reach, Self::Greet, Self::Trust, Self::Prove, Self::Open, Self::Speak];

    /// The rung's name in JSON and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::Resolve => "resolve",
            Self::Reach => "reach",
            Self::Greet => "greet",
            Self::Trust => "trust",
            Self::Prove => "prove",
            Self::Open => "open",
            Self::Speak => "speak",
        }
    }
}

impl std::fmt::Display for Rung {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
