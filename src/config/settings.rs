//! The configuration as values, and whether the files it came from have changed since. It keeps nothing in memory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use serde::Serialize;

use super::mistake::ConfigError;
use super::paths::Paths;
use super::resolve::resolve;
use super::source::{files, sources};
use crate::model::{Bastion, Name, Tunnel};

/// Everything configured, validated: every tunnel's bastion exists, and no two tunnels listen in one place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Settings {
    /// The bastions by name.
    pub bastions: BTreeMap<Name, Bastion>,
    /// The tunnels by name.
    pub tunnels: BTreeMap<Name, Tunnel>,
    /// What is allowed but should stay in view, a sentence each.
    pub warnings: Vec<String>,
}

impl Settings {
    pub(super) fn new(bastions: BTreeMap<Name, Bastion>, tunnels: BTreeMap<Name, Tunnel>) -> Self {
        let warnings = bastions.values().filter_map(legacy).chain(tunnels.values().filter_map(remote)).collect();
        Self { bastions, tunnels, warnings }
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

/// What the files looked like; differs once any of them was changed, added or removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint(BTreeMap<PathBuf, [i64; 6]>);

/// Looks at the configuration files without reading them; cheap enough for once a second.
#[must_use]
pub fn fingerprint(paths: &Paths) -> Fingerprint {
    let look = |path: PathBuf| {
        let found = fs::metadata(&path).ok()?;
        // The time of change as well: an editor may set the other one back.
        let facts = [
            found.ino().cast_signed(),
            found.len().cast_signed(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
        ];
        Some((path, facts))
    };
    Fingerprint(files(paths).unwrap_or_default().into_iter().filter_map(look).collect())
}

/// Reads the configuration. Files that do not exist are empty; all mistakes are told at once.
pub fn load(paths: &Paths) -> Result<Settings, ConfigError> {
    load_with(paths, &BTreeMap::new())
}

/// As [`load`], with these texts in place of what is on disk.
pub(super) fn load_with(paths: &Paths, instead: &BTreeMap<PathBuf, String>) -> Result<Settings, ConfigError> {
    let (sources, mistakes) = sources(paths, instead)?;
    Ok(resolve(&sources, paths.user_home.as_deref(), mistakes)?)
}
