//! The chain of hops that a tunnel rides. It says where to go, not how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::bastion::Bastion;
use super::endpoint::Endpoint;
use super::identity::Identity;
use super::name::Name;

/// One login on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hop {
    /// The bastion's name, for words.
    pub bastion: Name,
    /// Its address.
    pub endpoint: Endpoint,
    /// The login.
    pub user: String,
    /// What the login shows.
    pub identity: Identity,
    /// How often life is checked.
    pub keepalive: Duration,
    /// Also offer unsafe algorithms on this hop.
    pub legacy_algorithms: bool,
}

impl Hop {
    /// A hop through a bastion, with the tunnel's own identity where it has one.
    #[must_use]
    pub fn through(bastion: &Bastion, identity: Option<&Identity>) -> Self {
        Self {
            bastion: bastion.name.clone(),
            endpoint: bastion.endpoint.clone(),
            user: bastion.user.clone(),
            identity: identity.unwrap_or(&bastion.identity).clone(),
            keepalive: bastion.keepalive,
            legacy_algorithms: bastion.legacy_algorithms,
        }
    }
}

/// The hops in order; the last one opens the forward. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// The hops before the last.
    pub via: Vec<Hop>,
    /// The hop whose server connects to the database.
    pub last: Hop,
}

impl Route {
    /// A route of one hop.
    #[must_use]
    pub fn direct(last: Hop) -> Self {
        Self { via: Vec::new(), last }
    }

    /// The hops from here to the database.
    pub fn hops(&self) -> impl Iterator<Item = &Hop> {
        self.via.iter().chain(std::iter::once(&self.last))
    }
}
