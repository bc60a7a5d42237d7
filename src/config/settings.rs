//! The configuration as values, and what should stay in view about it. It reads no files.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Bastion, Name, Preferences, Tunnel};

/// Everything configured, validated: every tunnel's bastion exists, and no two tunnels listen in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// What is not about one bastion or tunnel.
    pub preferences: Preferences,
    /// The bastions by name.
    pub bastions: BTreeMap<Name, Bastion>,
    /// The tunnels by name.
    pub tunnels: BTreeMap<Name, Tunnel>,
    /// What is allowed but should stay in view, a sentence each.
    pub warnings: Vec<String>,
}

impl Settings {
    pub(super) fn new(
        preferences: Preferences,
        bastions: BTreeMap<Name, Bastion>,
        tunnels: BTreeMap<Name, Tunnel>,
    ) -> Self {
        let warnings = bastions.values().filter_map(legacy).chain(tunnels.values().filter_map(remote)).collect();
        Self { preferences, bastions, tunnels, warnings }
    }

    /// The bastion that a tunnel goes through.
    #[must_use]
    pub fn bastion_of(&self, tunnel: &Tunnel) -> Option<&Bastion> {
        self.bastions.get(&tunnel.bastion)
    }

    /// The tunnels that go through a bastion, by name.
    pub fn tunnels_through<'a>(&'a self, bastion: &'a Name) -> impl Iterator<Item = &'a Tunnel> {
        self.tunnels.values().filter(move |tunnel| tunnel.bastion == *bastion)
    }

    /// The standing warnings of one tunnel and its bastion.
    #[must_use]
    pub fn warnings_of(&self, tunnel: &Tunnel) -> Vec<String> {
        remote(tunnel).into_iter().chain(self.bastion_of(tunnel).and_then(legacy)).collect()
    }
}

fn legacy(bastion: &Bastion) -> Option<String> {
    let name = &bastion.name;
    bastion.legacy_algorithms.then(|| format!("the bastion {name} is also offered algorithms that are no longer safe"))
}

fn remote(tunnel: &Tunnel) -> Option<String> {
    let listen = tunnel.listen.as_ref().filter(|listen| !listen.is_local())?;
    Some(format!("the tunnel {} listens on {listen}: other machines can connect to it", tunnel.name))
}
