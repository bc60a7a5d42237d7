//! Who uses which of adit's keys, by the configuration. It opens no key.

use std::path::Path;

use crate::config::Settings;
use crate::model::{Endpoint, Identity, Name, Tunnel};

/// Whoever names a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUsers {
    /// Bastions whose logins show it.
    pub bastions: Vec<Name>,
    /// Tunnels that have it as their own.
    pub tunnels: Vec<Name>,
}

impl KeyUsers {
    /// True when nobody names it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bastions.is_empty() && self.tunnels.is_empty()
    }

    /// All of them by name, each once: a bastion and a tunnel may share one.
    #[must_use]
    pub fn names(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self.bastions.iter().chain(&self.tunnels).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// In words: `the bastion prod and the tunnels a, b`.
    #[must_use]
    pub fn words(&self) -> String {
        let group = |one: &str, names: &[Name]| {
            let list: Vec<&str> = names.iter().map(Name::as_str).collect();
            match names.len() {
                0 => None,
                1 => Some(format!("the {one} {}", list.join(", "))),
                _ => Some(format!("the {one}s {}", list.join(", "))),
            }
        };
        let groups = [group("bastion", &self.bastions), group("tunnel", &self.tunnels)];
        groups.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// Whether an identity is this key, by its name or by the path of its file.
fn is_key(identity: &Identity, keys: &Path, name: &Name) -> bool {
    match identity {
        Identity::Key(key) => key == name,
        Identity::File(path) => *path == keys.join(name.as_str()),
        Identity::Agent(_) => false,
    }
}

/// Who names the key.
#[must_use]
pub fn users(settings: &Settings, keys: &Path, name: &Name) -> KeyUsers {
    let names = |identity: &Identity| is_key(identity, keys, name);
    let bastions = settings.bastions.values().filter(|bastion| names(&bastion.identity));
    let tunnels = settings.tunnels.values().filter(|tunnel| tunnel.identity.as_ref().is_some_and(names));
    KeyUsers {
        bastions: bastions.map(|bastion| bastion.name.clone()).collect(),
        tunnels: tunnels.map(|tunnel| tunnel.name.clone()).collect(),
    }
}

/// The tunnels whose login shows this key.
fn tunnels<'a>(settings: &'a Settings, keys: &'a Path, name: &'a Name) -> impl Iterator<Item = &'a Tunnel> {
    settings.tunnels.values().filter(move |tunnel| match &tunnel.identity {
        Some(own) => is_key(own, keys, name),
        None => settings.bastion_of(tunnel).is_some_and(|bastion| is_key(&bastion.identity, keys, name)),
    })
}

/// The databases that are reached with this key: what its line on the bastion must allow.
#[must_use]
pub fn targets(settings: &Settings, keys: &Path, name: &Name) -> Vec<Endpoint> {
    tunnels(settings, keys, name).map(|tunnel| tunnel.database.endpoint()).collect()
}
