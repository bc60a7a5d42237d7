//! Who uses which of adit's keys, and what may only be done with that in view: removing one, and putting another in its place
//! once every bastion accepts it. How keys are kept is `ssh::keystore`'s business.

use std::collections::BTreeMap;

use super::drafts::all_drafts;
use crate::config::{Paths, Settings};
use crate::model::{
    Bastion, Code, Draft, Endpoint, Fault, Hop, Identity, Name, Route, Secret, Sharing, Tunnel, authorized_key,
};
use crate::ssh::keystore::{Swapped, load_private};
use crate::ssh::{KeyError, KeyInfo, Keystore, OpenError, Pool, World};

/// Whoever names a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyUsers {
    /// Bastions whose logins show it.
    pub bastions: Vec<Name>,
    /// Tunnels that have it as their own.
    pub tunnels: Vec<Name>,
    /// Tunnels in the making whose login will show it.
    pub drafts: Vec<Name>,
}

impl KeyUsers {
    /// True when nobody names it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bastions.is_empty() && self.tunnels.is_empty() && self.drafts.is_empty()
    }

    /// All that are configured by name, each once: a bastion and a tunnel may share one.
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
        let groups = [
            group("bastion", &self.bastions),
            group("tunnel", &self.tunnels),
            group("unfinished tunnel", &self.drafts),
        ];
        groups.into_iter().flatten().collect::<Vec<_>>().join(" and ")
    }
}

/// Whether an identity is this key, by its name or by the path of its file.
fn is_key(identity: &Identity, paths: &Paths, name: &Name) -> bool {
    match identity {
        Identity::Key(key) => key == name,
        Identity::File(path) => *path == paths.keys.join(name.as_str()),
        Identity::Agent(_) => false,
    }
}

/// Who names the key.
#[must_use]
pub fn users(settings: &Settings, paths: &Paths, name: &Name) -> KeyUsers {
    users_with(settings, paths, &all_drafts(paths), name)
}

/// As `users`, with the drafts as they are known already.
pub(super) fn users_with(settings: &Settings, paths: &Paths, drafts: &[Draft], name: &Name) -> KeyUsers {
    let names = |identity: &Identity| is_key(identity, paths, name);
    let bastions = settings.bastions.values().filter(|bastion| names(&bastion.identity));
    let tunnels = settings.tunnels.values().filter(|tunnel| tunnel.identity.as_ref().is_some_and(names));
    let drafts = drafts.iter().filter(|draft| draft.identity().is_some_and(|identity| names(&identity)));
    KeyUsers {
        bastions: bastions.map(|bastion| bastion.name.clone()).collect(),
        tunnels: tunnels.map(|tunnel| tunnel.name.clone()).collect(),
        drafts: drafts.map(|draft| draft.name.clone()).collect(),
    }
}

/// The tunnels whose login shows this key.
fn tunnels<'a>(settings: &'a Settings, paths: &'a Paths, name: &'a Name) -> impl Iterator<Item = &'a Tunnel> {
    settings.tunnels.values().filter(move |tunnel| match &tunnel.identity {
        Some(own) => is_key(own, paths, name),
        None => settings.bastion_of(tunnel).is_some_and(|bastion| is_key(&bastion.identity, paths, name)),
    })
}

/// The databases that are reached with this key: what its line on the bastion must allow.
#[must_use]
pub fn targets(settings: &Settings, paths: &Paths, name: &Name) -> Vec<Endpoint> {
    tunnels(settings, paths, name).map(|tunnel| tunnel.database.endpoint()).collect()
}

/// The accounts that the key opens: the bastions whose login shows it, on their own or for a tunnel.
#[must_use]
pub fn accounts<'a>(settings: &'a Settings, paths: &'a Paths, name: &'a Name) -> Vec<&'a Bastion> {
    let own = settings.bastions.values().filter(|bastion| is_key(&bastion.identity, paths, name));
    let theirs = tunnels(settings, paths, name).filter_map(|tunnel| settings.bastion_of(tunnel));
    let all: BTreeMap<&Name, &Bastion> = own.chain(theirs).map(|bastion| (&bastion.name, bastion)).collect();
    all.into_values().collect()
}

/// Why a key was not removed, or a rotation not finished.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    /// Somebody needs it.
    #[error("the key {name} is in use by {}", .users.words())]
    InUse {
        /// The key.
        name: Name,
        /// By whom.
        users: KeyUsers,
    },
    /// Nothing can prove the second key.
    #[error("no bastion uses the key {name}, so that no login can prove the second one")]
    NoBastion {
        /// The key.
        name: Name,
    },
    /// The second key does not open.
    #[error("{}", .0.message)]
    Closed(Box<Fault>),
    /// The files.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Removes a key that nobody needs, and a second key beside it (blocking). Says what it was, where that can be told.
///
/// # Errors
/// `InUse`, or what the keystore says.
pub fn remove(settings: &Settings, paths: &Paths, name: &Name) -> Result<Option<KeyInfo>, KeyRefusal> {
    let store = Keystore::new(paths.keys.clone());
    let users = users(settings, paths, name);
    if !users.is_empty() {
        // A name that no key has is unknown, whoever uses it.
        if let Err(error @ KeyError::Unknown { .. }) = store.show(name) {
            return Err(error.into());
        }
        return Err(KeyRefusal::InUse { name: name.clone(), users });
    }
    Ok(store.remove(name)?)
}

/// A rotation as people see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationView {
    /// The key in use.
    pub old: KeyInfo,
    /// The second key.
    pub new: KeyInfo,
    /// The first one's line for `authorized_keys`.
    pub old_line: String,
    /// The second one's.
    pub new_line: String,
}

/// A key and its second one with their lines.
#[must_use]
pub fn rotation_view(settings: &Settings, paths: &Paths, old: KeyInfo, new: KeyInfo) -> RotationView {
    let targets = targets(settings, paths, &old.name);
    RotationView {
        old_line: authorized_key(&old.public_key, &targets),
        new_line: authorized_key(&new.public_key, &targets),
        old,
        new,
    }
}

/// For each account that the key opens, where it is and the command that takes the old line out of its `authorized_keys`.
#[must_use]
pub fn removal_commands(settings: &Settings, paths: &Paths, old: &KeyInfo) -> Vec<(String, String)> {
    // The second word of a public line; nothing in base64 means anything to a shell or in a basic pattern but the slash.
    let blob = old.public_key.split_whitespace().nth(1).unwrap_or_default();
    let command = |bastion: &Bastion| {
        let place = format!("on {}, as {}", bastion.endpoint.host, bastion.user);
        (place, format!("sed -i.before '\\#{blob}#d' ~/.ssh/authorized_keys"))
    };
    accounts(settings, paths, &old.name).into_iter().map(command).collect()
}

/// How one bastion took the second key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The bastion.
    pub bastion: Name,
    /// Its address.
    pub endpoint: Endpoint,
    /// The login.
    pub user: String,
    /// Why it is not as good as the first one; absent where it is.
    pub fault: Option<Fault>,
}

/// What came of finishing a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// Every bastion's answer, by name.
    pub trials: Vec<Trial>,
    /// The keys that changed places; nothing unless every bastion accepted the second one.
    pub swapped: Option<Swapped>,
}

/// Logs in with the second key at every bastion that uses the first, and when all accept it, puts it in the first one's place.
/// Sessions that are up stay up; the next login of a running service shows the new key.
///
/// # Errors
/// `NoBastion`, `Closed`, or what the keystore says. A bastion that refuses is no error but a trial with a fault.
pub async fn finish_rotation(
    settings: &Settings,
    paths: &Paths,
    name: &Name,
    passphrase: Option<Secret>,
) -> Result<Finish, KeyRefusal> {
    let store = Keystore::new(paths.keys.clone());
    store.show(name)?;
    let next = store.rotation(name)?.ok_or_else(|| KeyError::NoRotation { name: name.clone() })?;
    let bastions = accounts(settings, paths, name);
    if bastions.is_empty() {
        return Err(KeyRefusal::NoBastion { name: name.clone() });
    }
    let (path, given) = (store.next_dir().join(name.as_str()), passphrase.clone());
    let opened = tokio::task::spawn_blocking(move || load_private(&path, given.as_ref()).map(drop)).await;
    match opened {
        Ok(opened) => opened.map_err(|fault| KeyRefusal::Closed(Box::new(fault)))?,
        Err(error) => return Err(KeyError::Make(error.to_string()).into()),
    }
    let trying = Trying { settings, paths, name, passphrase };
    let mut trials = Vec::new();
    for bastion in bastions {
        let fault = trying.at(bastion).await;
        trials.push(Trial {
            bastion: bastion.name.clone(),
            endpoint: bastion.endpoint.clone(),
            user: bastion.user.clone(),
            fault,
        });
    }
    let accepted = trials.iter().all(|trial| trial.fault.is_none());
    let swapped = accepted.then(|| store.finish_rotation(name, &next.fingerprint)).transpose()?;
    Ok(Finish { trials, swapped })
}

/// What logging in with the second key takes.
struct Trying<'a> {
    settings: &'a Settings,
    paths: &'a Paths,
    name: &'a Name,
    passphrase: Option<Secret>,
}

impl Trying<'_> {
    /// Tries the second key at one bastion: the login, and the forwards that the first one may open.
    async fn at(&self, bastion: &Bastion) -> Option<Fault> {
        let store = Keystore::new(self.paths.keys.clone());
        let route = Route::direct(Hop::through(bastion, Some(&Identity::Key(self.name.clone()))));
        let second = self.pool(&store.next_dir()).lane(&route, Sharing::Auto);
        if let Err(trouble) = second.connect(&|_| {}).await {
            second.close().await;
            return Some(trouble.fault);
        }
        let mut fault = None;
        for target in self.harmless_targets(bastion) {
            if let Some(prohibited) = prohibited(&second, &target).await
                && self.first_may(&route, &target).await
            {
                let message = format!("the login is accepted, but not the forward: {}", prohibited.message);
                fault = Some(Fault { message, ..prohibited });
                break;
            }
        }
        second.close().await;
        fault
    }

    fn pool(&self, keys: &std::path::Path) -> Pool {
        let pool = Pool::new(World::new(keys, &self.paths.known_hosts, self.paths.user_home.as_deref()));
        if let Some(passphrase) = &self.passphrase {
            pool.give_passphrase(&Identity::Key(self.name.clone()), passphrase.clone());
        }
        pool
    }

    /// Whether the first key may open a forward that the second one may not: then it is the second one's line that lacks it.
    async fn first_may(&self, route: &Route, target: &Endpoint) -> bool {
        let first = self.pool(&self.paths.keys).lane(route, Sharing::Auto);
        // A first key that does not log in any more says nothing about forwards.
        let may = first.connect(&|_| {}).await.is_ok() && prohibited(&first, target).await.is_none();
        first.close().await;
        may
    }

    /// The databases to try: those that do not count a contact that ends at once.
    fn harmless_targets(&self, bastion: &Bastion) -> Vec<Endpoint> {
        let theirs = tunnels(self.settings, self.paths, self.name)
            .filter(|tunnel| tunnel.bastion == bastion.name && !tunnel.database.kind.counts_strangers());
        let mut targets: Vec<Endpoint> = theirs.map(|tunnel| tunnel.database.endpoint()).collect();
        targets.sort();
        targets.dedup();
        targets
    }
}

/// Why the bastion does not allow a forward; nothing where it does, whether the database answers or not.
async fn prohibited(lane: &crate::ssh::Lane, target: &Endpoint) -> Option<Fault> {
    match lane.open(target, None).await {
        Ok((channel, _place)) => {
            // A session that is gone has closed it.
            let _ = channel.close().await;
            None
        }
        Err(OpenError::Refused(fault)) if fault.code == Code::ForwardProhibited => Some(*fault),
        Err(OpenError::Refused(_) | OpenError::Lost) => None,
    }
}
