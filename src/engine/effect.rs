//! Everything a tunnel can ask for. The driver performs it.

use std::time::Duration;

use super::gate::Mode;

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Effect {
    /// Take the local port.
    Bind,
    /// Climb to a session.
    Dial,
    /// Give up a dial under way.
    StopDial,
    /// What the local port does with new connections.
    Gate(Mode),
    /// Open one forward as proof and finish it politely.
    Prove,
    /// Ask the session for a sign of life.
    Challenge,
    /// Send `Timer` with this number after a while.
    Timer {
        /// Its number.
        id: u64,
        /// How long from now.
        after: Duration,
    },
    /// Let go of port, connections and sessions, then say `Released`.
    Release {
        /// Cut live connections.
        now: bool,
    },
    /// Write into the journal.
    Tell {
        /// A word for filters.
        event: &'static str,
        /// A sentence.
        message: String,
    },
}
