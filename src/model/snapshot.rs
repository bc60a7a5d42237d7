//! Everything a viewer may know, as one plain value. Field names are the contract's JSON.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::database::Database;
use super::diagnosis::Diagnosis;
use super::draft::Draft;
use super::endpoint::{Endpoint, Listen};
use super::fault::FaultStatus;
use super::identity::Identity;
use super::journal::Entry;
use super::name::Name;
use super::phase::{Phase, Proof};
use super::preferences::Preferences;
use super::question::Question;
use super::rung::Rung;
use super::tunnel::Tunnel;

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
    /// The database user, for connection strings.
    #[serde(default)]
    pub user: Option<String>,
    /// The database's name, for connection strings.
    #[serde(default)]
    pub dbname: Option<String>,
    /// It is opened when the service starts.
    #[serde(default)]
    pub autostart: bool,
    /// What its login shows, where that is not what the bastion's does.
    #[serde(default)]
    pub identity: Option<Identity>,
}

impl TunnelStatus {
    /// A tunnel of which nothing runs, as where there is no service, or no port has been chosen.
    #[must_use]
    pub fn stopped(tunnel: &Tunnel) -> Self {
        Self {
            name: tunnel.name.clone(),
            phase: Phase::Stopped,
            rung: None,
            proof: None,
            answered_at: None,
            listen: tunnel.listen.clone(),
            bastion: tunnel.bastion.clone(),
            database: tunnel.database.clone(),
            since: None,
            rtt_ms: None,
            connections: Connections::default(),
            bytes: Bytes::default(),
            reconnects: 0,
            fault: None,
            unproven_s: None,
            question: None,
            warnings: Vec::new(),
            tags: tunnel.tags.clone(),
            user: tunnel.user.clone(),
            dbname: tunnel.dbname.clone(),
            autostart: tunnel.autostart,
            identity: tunnel.identity.clone(),
        }
    }

    /// The tunnel as far as a viewer knows how it is configured: what connection strings are made of.
    #[must_use]
    pub fn as_configured(&self) -> Tunnel {
        Tunnel {
            name: self.name.clone(),
            bastion: self.bastion.clone(),
            identity: self.identity.clone(),
            database: self.database.clone(),
            listen: self.listen.clone(),
            user: self.user.clone(),
            dbname: self.dbname.clone(),
            autostart: self.autostart,
            allow_remote_clients: false,
            tags: self.tags.clone(),
        }
    }

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

/// A host key as known_hosts holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHostKey {
    /// The key's type, as in known_hosts.
    #[serde(rename = "type")]
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
}

/// One bastion as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BastionStatus {
    /// Its name.
    pub name: Name,
    /// Its address.
    pub endpoint: Endpoint,
    /// The login.
    pub user: String,
    /// What the login shows, in words.
    pub identity: String,
    /// The same as a value.
    #[serde(default)]
    pub login: Option<Identity>,
    /// The bastions before it.
    pub via: Vec<Name>,
    /// The host key that is known, if one is.
    pub host_key: Option<KnownHostKey>,
    /// The tunnels through it.
    pub tunnels: Vec<Name>,
    /// The addresses that this machine is seen as, where they are configured.
    #[serde(default)]
    pub leaves_from: Vec<String>,
    /// Standing warnings, such as unsafe algorithms.
    pub warnings: Vec<String>,
}

/// One of adit's own keys as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyStatus {
    /// Its name.
    pub name: Name,
    /// `ed25519`, `ecdsa` or `rsa`.
    pub key_type: String,
    /// Its length.
    pub bits: u32,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Its comment, cleaned.
    pub comment: String,
    /// It has a passphrase.
    pub encrypted: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// The one-line public key.
    pub public_key: String,
    /// Bastions and tunnels that name it, each name once.
    pub used_by: Vec<Name>,
    /// The bastions among them: a tunnel may have the name of a bastion.
    #[serde(default)]
    pub bastions: Vec<Name>,
    /// The tunnels among them, which have it as their own.
    #[serde(default)]
    pub tunnels: Vec<Name>,
    /// Who needs it, in words, unfinished tunnels as well; absent when nobody does.
    #[serde(default)]
    pub needed_by: Option<String>,
    /// The one line for `authorized_keys`, limited to the databases that are reached with it.
    #[serde(default)]
    pub authorized_key: String,
    /// The accounts that it opens: `adit on bastion.example.com`.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// The second key, while a rotation is under way.
    #[serde(default)]
    pub rotation: Option<Rotation>,
    /// Why its file cannot be used, if so.
    pub broken: Option<String>,
}

/// The second key beside a key, as a viewer sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// `SHA256:…`
    pub fingerprint: String,
    /// It has a passphrase.
    pub encrypted: bool,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its one line for `authorized_keys`.
    pub authorized_key: String,
    /// Why its file cannot be used, if so.
    pub broken: Option<String>,
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
    /// All bastions, by name.
    #[serde(default)]
    pub bastions: Vec<BastionStatus>,
    /// adit's own keys, by name.
    #[serde(default)]
    pub keys: Vec<KeyStatus>,
    /// Tunnels in the making, by name.
    #[serde(default)]
    pub drafts: Vec<Draft>,
    /// The last things that happened, oldest first.
    #[serde(default)]
    pub journal: Vec<Entry>,
    /// How many older ones are not among them.
    #[serde(default)]
    pub journal_missed: u64,
    /// What diagnoses found, of the last subjects that were asked about, newest last.
    #[serde(default)]
    pub reports: Vec<Diagnosis>,
    /// How the person wants to be shown things.
    #[serde(default)]
    pub preferences: Preferences,
    /// Why the configuration in force is not the one on disk, if so.
    pub config_error: Option<String>,
}
