//! What the person asked for: one database behind one bastion on one local port.

use serde::{Deserialize, Serialize};

use super::database::Database;
use super::endpoint::Listen;
use super::identity::Identity;
use super::name::Name;

/// A tunnel as configured, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tunnel {
    /// Its name in the configuration.
    pub name: Name,
    /// The bastion it goes through.
    pub bastion: Name,
    /// Its own identity; the bastion's where absent.
    pub identity: Option<Identity>,
    /// The database as the bastion sees it.
    pub database: Database,
    /// Where clients connect; absent until first use chose a port.
    pub listen: Option<Listen>,
    /// The database user, for connection strings only.
    pub user: Option<String>,
    /// The database name, for connection strings only.
    pub dbname: Option<String>,
    /// Open it when the service starts.
    pub autostart: bool,
    /// Other machines may connect to the local port.
    pub allow_remote_clients: bool,
    /// Words to select by, in the order written.
    pub tags: Vec<Name>,
}
