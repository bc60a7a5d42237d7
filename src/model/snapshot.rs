//! Everything a viewer may know, as one plain value. Field names are the contract's JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::Database;
use super::endpoint::Listen;
use super::fault::FaultStatus;
use super::name::Name;
use super::phase::{Phase, Proof};
use super::question::Question;
use super::rung::Rung;

/// The service that answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Its process.
    pub pid: u32,
    /// The program's version.
    pub version: String,
    /// Its socket's path.
    pub socket: String,
}

/// Local connections through a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Connections {
    /// Open now.
    pub open: u64,
    /// Since the service started.
    pub total: u64,
}

/// Bytes through a tunnel since the service started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Bytes {
    /// From clients.
    pub to_database: u64,
    /// To clients.
    pub from_database: u64,
}

/// One tunnel as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TunnelStatus {
    /// Its name.
    pub name: Name,
    /// What it is doing.
    pub phase: Phase,
    /// Where a connecting tunnel is.
    pub rung: Option<Rung>,
    /// How far "up" is proven; absent unless up.
    pub proof: Option<Proof>,
    /// When the SSH session last answered.
    pub answered_at: Option<Timestamp>,
    /// Where clients connect; absent until a port was chosen.
    pub listen: Option<Listen>,
    /// The bastion it goes through.
    pub bastion: Name,
    /// The database as the bastion sees it.
    pub database: Database,
    /// When it entered its phase.
    pub since: Option<Timestamp>,
    /// Round trip of the SSH session in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Local connections.
    pub connections: Connections,
    /// Bytes carried.
    pub bytes: Bytes,
    /// How often it came back after a loss.
    pub reconnects: u64,
    /// What is wrong, if anything.
    pub fault: Option<FaultStatus>,
    /// Seconds for which nothing could be proven; only with proof "stale".
    pub unproven_s: Option<f64>,
    /// The number of the question that waits for a person.
    pub question: Option<u64>,
    /// Standing warnings, such as a listener that others can reach.
    pub warnings: Vec<String>,
    /// The tunnel's tags.
    pub tags: Vec<Name>,
}

impl TunnelStatus {
    /// Up without fault, or stopped on purpose.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.fault.is_none() && matches!(self.phase, Phase::Up | Phase::Stopped)
    }
}

/// A question that waits for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its number, to answer by.
    pub id: u64,
    /// The tunnels that wait for it.
    pub tunnels: Vec<Name>,
    /// What is asked.
    pub question: Question,
}

/// A tunnel's state right after it changed its phase, fault or proof: what a viewer that is shown only the latest would miss.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Counts the changes of all tunnels, so that a viewer knows which it has seen and how many it missed.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The tunnel then.
    pub tunnel: TunnelStatus,
}

/// Everything a viewer may know.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// The service that made it; absent when there is none.
    pub service: Option<ServiceStatus>,
    /// All tunnels, by name.
    pub tunnels: Vec<TunnelStatus>,
    /// The last changes, oldest first.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// Questions that wait for a person.
    pub questions: Vec<Pending>,
    /// Why the configuration in force is not the one on disk, if so.
    pub config_error: Option<String>,
}
