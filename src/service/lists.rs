//! Bastions and keys as a viewer may see them, read from the files about once a second while someone watches. It shows no
//! private half.

use super::keys::users_with;
use crate::config::{Paths, Settings};
use crate::model::{BastionStatus, Draft, KeyStatus, KnownHostKey, Name, Untrusted};
use crate::ssh::{Keystore, KnownHosts, World};

/// What the files hold beside the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) bastions: Vec<BastionStatus>,
    pub(super) keys: Vec<KeyStatus>,
}

/// Reads both lists. What cannot be read is left out here; the commands say why.
pub(super) fn read(settings: &Settings, paths: &Paths, drafts: &[Draft]) -> Lists {
    let world = World::new(&paths.keys, &paths.known_hosts, paths.user_home.as_deref());
    let users = |key: &Name| users_with(settings, paths, drafts, key).names();
    let known = KnownHosts::load(&world.known_host_files()).unwrap_or_default();
    let bastions = settings.bastions.values().map(|bastion| {
        let first = known.known(&bastion.endpoint).into_iter().next();
        BastionStatus {
            name: bastion.name.clone(),
            endpoint: bastion.endpoint.clone(),
            user: bastion.user.clone(),
            identity: bastion.identity.to_string(),
            via: Vec::new(),
            host_key: first.map(|key| KnownHostKey { key_type: key.key_type, fingerprint: key.fingerprint }),
            tunnels: settings.tunnels_through(&bastion.name).map(|tunnel| tunnel.name.clone()).collect(),
            warnings: if bastion.legacy_algorithms {
                vec!["offers algorithms that are no longer safe (legacy_algorithms)".to_owned()]
            } else {
                Vec::new()
            },
        }
    });
    let listing = Keystore::new(world.keys).list().unwrap_or_default();
    let mut all: Vec<KeyStatus> = listing
        .keys
        .into_iter()
        .map(|key| KeyStatus {
            used_by: users(&key.name),
            name: key.name,
            key_type: key.key_type,
            bits: key.bits,
            fingerprint: key.fingerprint,
            comment: Untrusted::new(key.comment).clean(80),
            encrypted: key.encrypted,
            created: key.created,
            public_key: Untrusted::new(key.public_key).clean(2000),
            broken: None,
        })
        .collect();
    all.extend(listing.broken.into_iter().map(|key| KeyStatus {
        used_by: users(&key.name),
        name: key.name,
        key_type: String::new(),
        bits: 0,
        fingerprint: String::new(),
        comment: String::new(),
        encrypted: false,
        created: None,
        public_key: String::new(),
        broken: Some(Untrusted::new(key.why).clean(200)),
    }));
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Lists { bastions: bastions.collect(), keys: all }
}
