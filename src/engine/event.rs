//! Everything that can happen to a tunnel. Timers carry a number, so that a late one is recognised.

use crate::model::{Fault, Rung};
use crate::ssh::Trouble;

/// Why waiting tunnels should try again now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// The machine slept.
    Woke,
    /// Its addresses or routes changed.
    NetworkChanged,
    /// A person answered a question, or something that a tunnel waited for was changed.
    Answered,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// It should be open.
    Open {
        /// A person asked, not a start of the service.
        by_person: bool,
    },
    /// It should be closed.
    Close {
        /// Cut live connections instead of letting them finish.
        now: bool,
        /// Open it again afterwards.
        reopen: bool,
    },
    /// The local port is ours.
    Bound,
    /// The local port is not to be had.
    BindFailed(Fault),
    /// The dial reached a rung.
    Reached(Rung),
    /// There is a session.
    Dialled,
    /// There is none.
    DialFailed(Trouble),
    /// The last session ended.
    Lost(Fault),
    /// A forward opened, ours or a client's.
    ForwardOpened,
    /// A forward was refused.
    ForwardRefused(Fault),
    /// A timer ran out.
    Timer(u64),
    /// Something outside changed.
    Nudged(Nudge),
    /// Port, connections and sessions are let go.
    Released,
}
