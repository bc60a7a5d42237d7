//! What a person may change in the configuration from the program. An edit holds text where the configuration holds
//! text; whether it is valid is judged where the file is read, so that there is one judge.

use std::path::PathBuf;

use super::mistake::ConfigError;
use crate::local::FileError;
use crate::model::{AgentSocket, Kind, Name};

/// Fields of a bastion to set (`Some`, or a list that is not empty) and to clear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BastionEdit {
    /// Its address.
    pub host: Option<String>,
    /// Its SSH port.
    pub port: Option<u16>,
    /// The login.
    pub user: Option<String>,
    /// A key of adit's own; like the next two, it replaces any other identity.
    pub key: Option<Name>,
    /// A private key file; a relative path is made absolute, `~/` stays as it is.
    pub identity_file: Option<PathBuf>,
    /// An agent.
    pub agent: Option<AgentSocket>,
    /// An OpenSSH certificate beside a key.
    pub certificate_file: Option<PathBuf>,
    /// Bastions to jump through.
    pub via: Vec<String>,
    /// A command to connect by.
    pub proxy_command: Option<String>,
    /// The keepalive interval, as "3s".
    pub keepalive: Option<String>,
    /// "auto" or "shared".
    pub sessions: Option<String>,
    /// Also offer algorithms that are no longer safe.
    pub legacy_algorithms: Option<bool>,
    /// Fields to clear, by their names in the configuration (`-` for `_` will do).
    pub unset: Vec<String>,
}

/// Fields of a tunnel to set (`Some`, or a list that is not empty) and to clear.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TunnelEdit {
    /// The bastion it goes through.
    pub bastion: Option<Name>,
    /// The kind of database.
    pub database: Option<Kind>,
    /// The database's host as the bastion sees it.
    pub host: Option<String>,
    /// The database's port.
    pub port: Option<u16>,
    /// Where to listen: a port, an address with a port, or `unix:/path`.
    pub listen: Option<String>,
    /// A key of adit's own; like the next two, it replaces any other identity.
    pub key: Option<Name>,
    /// A private key file; a relative path is made absolute, `~/` stays as it is.
    pub identity_file: Option<PathBuf>,
    /// An agent.
    pub agent: Option<AgentSocket>,
    /// The database user, for connection strings.
    pub user: Option<String>,
    /// The database name, for connection strings.
    pub dbname: Option<String>,
    /// Open it when the service starts.
    pub autostart: Option<bool>,
    /// Let other machines connect to the local port.
    pub allow_remote_clients: Option<bool>,
    /// Words to select by; they replace those there are.
    pub tags: Vec<Name>,
    /// Fields to clear, by their names in the configuration (`-` for `_` will do).
    pub unset: Vec<String>,
}

/// Why an edit was not made. The configuration is then as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The name is taken.
    #[error("there is a {what} {name:?} already", name = .name.as_str())]
    Exists {
        /// "bastion" or "tunnel".
        what: &'static str,
        /// The name.
        name: Name,
    },
    /// Nothing of that name.
    #[error("there is no {what} {name:?}{}", did_you_mean(.nearest.as_ref()), name = .name.as_str())]
    Unknown {
        /// "bastion" or "tunnel".
        what: &'static str,
        /// The name.
        name: Name,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// A tunnel through a bastion that does not exist.
    #[error("there is no bastion {name:?}{}", did_you_mean(.nearest.as_ref()), name = .name.as_str())]
    UnknownBastion {
        /// The bastion's name.
        name: Name,
        /// The nearest name that exists.
        nearest: Option<String>,
    },
    /// A bastion that tunnels go through.
    #[error("the bastion {name:?} is in use by {}", listed(.by), name = .name.as_str())]
    InUse {
        /// The bastion's name.
        name: Name,
        /// The tunnels, sorted.
        by: Vec<Name>,
    },
    /// The result would be no valid configuration.
    #[error("{0}")]
    Invalid(String),
    /// The configuration on disk has mistakes that must be mended first.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file cannot be read, locked or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn did_you_mean(nearest: Option<&String>) -> String {
    nearest.map(|name| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn listed(names: &[Name]) -> String {
    let words: Vec<_> = names.iter().map(Name::as_str).collect();
    match words.as_slice() {
        [one] => format!("the tunnel {one}"),
        _ => format!("the tunnels {}", words.join(", ")),
    }
}
