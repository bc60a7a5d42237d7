//! Keeps tunnels up: a pure machine per tunnel, a driver that performs, a gate that holds the local port. It reads no
//! configuration and asks no person; it is told and it tells.

mod backoff;
mod driver;
mod effect;
mod event;
mod gate;
mod machine;
mod proof;
mod publish;
mod supervisor;

pub use event::Nudge;
pub use publish::Status;
pub use supervisor::Engine;

use crate::model::{Listen, Name, Route, Sharing, Tunnel};

/// A tunnel with all that is needed to open it.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What the person asked for.
    pub tunnel: Tunnel,
    /// Where clients connect.
    pub listen: Listen,
    /// The hops to the database.
    pub route: Route,
    /// How its session may be shared.
    pub sharing: Sharing,
}

impl Plan {
    /// True when nothing that a running tunnel rests on differs.
    fn same_way(&self, other: &Self) -> bool {
        self.listen == other.listen
            && self.route == other.route
            && self.sharing == other.sharing
            && self.tunnel.database == other.tunnel.database
    }
}

/// Something for the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The tunnel it happened to.
    pub tunnel: Name,
    /// A word for filters: `opened`, `up`, `lost`, `fault`, `healed`, `closed`.
    pub event: &'static str,
    /// A sentence.
    pub message: String,
}
