//! What the bastion's admin and the database's keeper must do, as text made from facts, and the facts that come back, read from
//! text. It runs nothing, opens no file and reads no clock.

mod address;
mod aws;
mod azure;
mod check;
mod database;
mod firewall;
mod gcp;
mod hardening;
mod line;
mod linux;
mod packet;
mod receipt;
mod render;
mod script;
mod sshd;
mod step;
mod sum;
mod undo;
mod windows;

use std::net::IpAddr;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::model::{Database, Endpoint, Name, Subject};

pub use packet::{fitting, packet};
pub use receipt::{LONGEST_PASTE, Receipt, ReceiptError, verdict};
pub use render::{markdown, text};
pub use script::{ScriptError, check_script, setup_script, undo_script};
pub use step::{Packet, Platform, PlatformError, Step};

/// What a hand-off is made from: one login on one bastion, and every database that it should reach there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// What it was asked for.
    pub subject: Subject,
    /// The bastion's name in the configuration.
    pub bastion: Name,
    /// Its address.
    pub address: Endpoint,
    /// The login.
    pub user: String,
    /// The public key; absent where it is not known here, with the reason in `key_unknown`.
    pub key: Option<PublicKey>,
    /// Why the public key is not known.
    pub key_unknown: Option<String>,
    /// The databases that this key should reach, with their tunnels.
    pub databases: Vec<Served>,
    /// Tunnels through the same bastion with keys of their own, which this hand-off is not about.
    pub others: Vec<Name>,
    /// The addresses that the bastion sees us come from, as the person says.
    pub from: Vec<IpAddr>,
    /// Those that it saw us come from in a session.
    #[serde(default)]
    pub seen: Vec<IpAddr>,
    /// The day from which on the key is no longer taken.
    pub expires: Option<Date>,
}

/// A public key as the hand-off prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// Its one line.
    pub line: String,
    /// `SHA256:…`.
    pub fingerprint: String,
}

/// A database behind a tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The tunnel.
    pub tunnel: Name,
    /// The database as the bastion sees it.
    pub database: Database,
}

impl Setup {
    /// Every database once, by address.
    #[must_use]
    pub fn targets(&self) -> Vec<Endpoint> {
        let mut found: Vec<Endpoint> = self.databases.iter().map(|served| served.database.endpoint()).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Every address that we are known to come from: those that the person names, then those that were seen beside them.
    #[must_use]
    pub fn sources(&self) -> Vec<IpAddr> {
        let mut found: Vec<IpAddr> = Vec::new();
        for address in self.from.iter().chain(&self.seen).map(IpAddr::to_canonical) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
        found
    }

    /// Every database once, with its kind.
    fn distinct(&self) -> Vec<&Database> {
        let mut found: Vec<&Database> = Vec::new();
        for served in &self.databases {
            if !found.iter().any(|known| known.endpoint() == served.database.endpoint()) {
                found.push(&served.database);
            }
        }
        found
    }

    /// A word that marks what was added for this set-up, in rules and comments.
    fn label(&self) -> String {
        format!("adit-{}", self.bastion)
    }
}

#[cfg(test)]
mod tests;
