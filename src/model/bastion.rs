//! Where to enter, and as whom. A bastion is what the person described; whether it answers is the engine's business.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::endpoint::Endpoint;
use super::identity::Identity;
use super::name::Name;

/// How tunnels share SSH sessions to a bastion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// One session per tunnel and more under load.
    #[default]
    Auto,
    /// One session for all tunnels of the same bastion, user and identity.
    Shared,
}

/// The keepalive interval where none is given.
pub const DEFAULT_KEEPALIVE: Duration = Duration::from_secs(3);

/// The SSH port (IANA).
pub const SSH_PORT: u16 = 22;

/// A bastion as configured, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bastion {
    /// Its name in the configuration.
    pub name: Name,
    /// Its address.
    pub endpoint: Endpoint,
    /// The login.
    pub user: String,
    /// What the login shows.
    pub identity: Identity,
    /// How often life is checked; a dead path is noticed within three of these and a second.
    pub keepalive: Duration,
    /// How sessions are shared.
    pub sharing: Sharing,
    /// Also offer algorithms that are no longer safe, for this bastion only.
    pub legacy_algorithms: bool,
}
