//! What a tunnel is doing now, as a viewer sees it. The engine's own phases carry more.

use serde::{Deserialize, Serialize};

/// What a tunnel is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing runs.
    Stopped,
    /// Climbing the ladder.
    Connecting,
    /// The listener accepts and the session answered lately.
    Up,
    /// Between attempts, or for a person.
    Waiting,
    /// Letting go in order.
    Closing,
}

impl Phase {
    /// The phase's name in JSON and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Connecting => "connecting",
            Self::Up => "up",
            Self::Waiting => "waiting",
            Self::Closing => "closing",
        }
    }
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// How far "up" has been proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The SSH session answers; no forward has been opened yet.
    Session,
    /// The last forward that was tried opened.
    Forward,
    /// Nothing can be proven: our own client has stopped reading and its session is full.
    Stale,
}

impl Proof {
    /// The proof's name in JSON and on screen.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Forward => "forward",
            Self::Stale => "stale",
        }
    }
}
