//! Bastions and keys as a viewer may see them, read from the files about once a second while someone watches. It shows no
//! private half.

use super::drafts::with_draft;
use super::keys::{accounts, targets, users_with};
use crate::config::{Paths, Settings};
use crate::model::{
    Bastion, BastionStatus, Draft, Endpoint, KeyStatus, KnownHostKey, Name, Rotation, Untrusted, authorized_key,
};
use crate::ssh::{KeyInfo, Keystore, KnownHosts, World};

/// What the files hold beside the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lists {
    pub(super) bastions: Vec<BastionStatus>,
    pub(super) keys: Vec<KeyStatus>,
}

/// Reads both lists. What cannot be read is left out here; the commands say why.
pub(super) fn read(settings: &Settings, paths: &Paths, drafts: &[Draft]) -> Lists {
    let world = World::new(&paths.keys, &paths.known_hosts, paths.user_home.as_deref());
    let known = KnownHosts::load(&world.known_host_files()).unwrap_or_default();
    let bastions = settings.bastions.values().map(|bastion| {
        let first = known.known(&bastion.endpoint).into_iter().next();
        BastionStatus {
            name: bastion.name.clone(),
            endpoint: bastion.endpoint.clone(),
            user: bastion.user.clone(),
            identity: bastion.identity.to_string(),
            login: Some(bastion.identity.clone()),
            via: Vec::new(),
            host_key: first.map(|key| KnownHostKey { key_type: key.key_type, fingerprint: key.fingerprint }),
            tunnels: settings.tunnels_through(&bastion.name).map(|tunnel| tunnel.name.clone()).collect(),
            leaves_from: settings.preferences.leaves_from.iter().map(ToString::to_string).collect(),
            warnings: if bastion.legacy_algorithms {
                vec!["offers algorithms that are no longer safe (legacy_algorithms)".to_owned()]
            } else {
                Vec::new()
            },
        }
    });
    // A key may wait for a tunnel that is not made yet.
    let whole = drafts.iter().fold(settings.clone(), |settings, draft| with_draft(&settings, draft));
    let store = Keystore::new(world.keys);
    let listing = store.list().unwrap_or_default();
    let reader = Reader { settings, whole: &whole, paths, drafts, store: &store };
    let mut all: Vec<KeyStatus> = listing.keys.into_iter().map(|key| reader.key(key)).collect();
    all.extend(
        listing
            .broken
            .into_iter()
            .map(|key| KeyStatus { broken: Some(Untrusted::new(key.why).clean(200)), ..reader.unread(key.name) }),
    );
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Lists { bastions: bastions.collect(), keys: all }
}

/// What a key's line is made from.
struct Reader<'a> {
    settings: &'a Settings,
    /// As it would be with the unfinished tunnels.
    whole: &'a Settings,
    paths: &'a Paths,
    drafts: &'a [Draft],
    store: &'a Keystore,
}

impl Reader<'_> {
    /// What is known of a key whose file says nothing.
    fn unread(&self, name: Name) -> KeyStatus {
        let users = users_with(self.settings, self.paths, self.drafts, &name);
        let account = |bastion: &Bastion| format!("{} on {}", bastion.user, bastion.endpoint.host);
        let mut accounts: Vec<String> = accounts(self.whole, self.paths, &name).into_iter().map(account).collect();
        accounts.sort();
        accounts.dedup();
        KeyStatus {
            used_by: users.names(),
            needed_by: (!users.is_empty()).then(|| users.words()),
            bastions: users.bastions,
            tunnels: users.tunnels,
            accounts,
            name,
            key_type: String::new(),
            bits: 0,
            fingerprint: String::new(),
            comment: String::new(),
            encrypted: false,
            created: None,
            public_key: String::new(),
            authorized_key: String::new(),
            rotation: None,
            broken: None,
        }
    }

    fn key(&self, key: KeyInfo) -> KeyStatus {
        let databases = targets(self.whole, self.paths, &key.name);
        KeyStatus {
            rotation: self.rotation(&key.name, &databases),
            authorized_key: line(&key.public_key, &databases),
            key_type: key.key_type,
            bits: key.bits,
            fingerprint: key.fingerprint,
            comment: Untrusted::new(key.comment).clean(80),
            encrypted: key.encrypted,
            created: key.created,
            public_key: Untrusted::new(key.public_key).clean(2000),
            ..self.unread(key.name)
        }
    }

    fn rotation(&self, name: &Name, databases: &[Endpoint]) -> Option<Rotation> {
        match self.store.rotation(name) {
            Ok(None) => None,
            Ok(Some(second)) => Some(Rotation {
                fingerprint: second.fingerprint,
                encrypted: second.encrypted,
                created: second.created,
                authorized_key: line(&second.public_key, databases),
                broken: None,
            }),
            Err(error) => Some(Rotation {
                fingerprint: String::new(),
                encrypted: false,
                created: None,
                authorized_key: String::new(),
                broken: Some(Untrusted::new(error.to_string()).clean(200)),
            }),
        }
    }
}

/// A line for `authorized_keys`; the comment in it is a file's, and cleaned.
fn line(public_key: &str, databases: &[Endpoint]) -> String {
    Untrusted::new(authorized_key(public_key, databases)).clean(8000)
}
