//! What a diagnosis needs to know beforehand: where to, as whom, and what is known already. It asks nobody.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::model::{Admin, Database, Endpoint, Listen, Name, Route, Subject};

/// A diagnosis to be made.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Of what.
    pub subject: Subject,
    /// The hops to the last bastion.
    pub route: Route,
    /// The tunnel's own ends; absent where a bastion alone is diagnosed.
    pub aim: Option<Aim>,
    /// Every database that the key at the last bastion should open, for its line in `authorized_keys`.
    pub targets: Vec<Endpoint>,
    /// The addresses that this machine is seen as, as far as the person said.
    pub leaves_from: Vec<IpAddr>,
    /// Whose login may look on the bastion, if ours cannot.
    pub admin: Option<Admin>,
    /// What the person can run to see the same without adit: OpenSSH, then the database's client.
    pub by_hand: Vec<String>,
    /// The person's own login name, if known.
    pub person: Option<String>,
    /// When it is made, to judge what has ended.
    pub now: Timestamp,
}

/// Both ends of a tunnel.
#[derive(Debug, Clone)]
pub struct Aim {
    /// The tunnel's name.
    pub name: Name,
    /// Where clients connect.
    pub listen: Option<Listen>,
    /// Our own service holds the local port for this tunnel.
    pub held: bool,
    /// The database as the bastion sees it.
    pub database: Database,
}

impl Plan {
    /// The name that commands take for the subject.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.subject.name()
    }
}
