//! An SSH server on a loopback port with a switch for every failure. It forwards only to what its own table names.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, PrivateKey, PublicKey};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error::SandboxError;
use crate::model::{Endpoint, Port};

mod callbacks;
mod door;
mod forward;
mod path;
mod switches;

pub use switches::{Door, Flap, Forwarding, Login, Switches, Target};

/// A running bastion; clones are the same one. It ends, and its sessions with it, when the last clone is dropped.
#[derive(Clone)]
pub struct Bastion {
    shared: Arc<Shared>,
    _life: Arc<DropGuard>,
}

/// What the connections of one bastion have in common.
struct Shared {
    address: SocketAddr,
    user: String,
    switches: watch::Sender<Switches>,
    host_key: Mutex<PrivateKey>,
    /// The one that was shown before.
    former_host_key: Mutex<Option<PrivateKey>>,
    authorised: Mutex<Vec<KeyData>>,
    targets: Mutex<BTreeMap<String, Target>>,
    /// Cut to kill every session that is there; then replaced.
    sessions: Mutex<CancellationToken>,
    /// Between two lives of a flapping bastion.
    resting: AtomicBool,
    logins: AtomicU64,
    stop: CancellationToken,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make_host_key() -> Result<PrivateKey, SandboxError> {
    PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519)
        .map_err(|error| SandboxError::NoHostKey { why: error.to_string() })
}

impl Bastion {
    /// Listens on a free port of 127.0.0.1, with an ed25519 host key of its own and nobody let in yet. `user` is the only
    /// account.
    ///
    /// # Errors
    /// When there is no port, or no randomness for a key.
    pub async fn start(user: &str, switches: Switches) -> Result<Self, SandboxError> {
        let host_key = make_host_key()?;
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| SandboxError::no_port(&error))?;
        let address = listener.local_addr().map_err(|error| SandboxError::no_port(&error))?;
        // Nobody may find it open for a moment.
        let listener = (switches.door != Door::Shut).then_some(listener);
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared {
            address,
            user: user.to_owned(),
            switches: watch::Sender::new(switches),
            host_key: Mutex::new(host_key),
            former_host_key: Mutex::default(),
            authorised: Mutex::default(),
            targets: Mutex::default(),
            sessions: Mutex::new(stop.child_token()),
            resting: AtomicBool::new(false),
            logins: AtomicU64::new(0),
            stop: stop.clone(),
        });
        tokio::spawn(door::keep(Arc::clone(&shared), listener));
        tokio::spawn(door::flap(Arc::clone(&shared)));
        Ok(Self { shared, _life: Arc::new(stop.drop_guard()) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// Where it listens, in the domain's words.
    ///
    /// # Errors
    /// Never in practice: the system gave the port.
    pub fn endpoint(&self) -> Result<Endpoint, SandboxError> {
        let host = self.shared.address.ip().to_string().parse();
        match (host, Port::new(self.shared.address.port())) {
            (Ok(host), Some(port)) => Ok(Endpoint::new(host, port)),
            _ => Err(SandboxError::Table { why: format!("{} is no endpoint", self.shared.address) }),
        }
    }

    /// The only account.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.shared.user
    }

    /// The public half of the host key that it shows now, in one line.
    #[must_use]
    pub fn host_key(&self) -> String {
        held(&self.shared.host_key).public_key().to_openssh().unwrap_or_default()
    }

    /// Shows another host key from the next connection on, and says which; a reinstalled server, or someone in between.
    ///
    /// # Errors
    /// Without randomness for a key.
    pub fn change_host_key(&self) -> Result<String, SandboxError> {
        let fresh = make_host_key()?;
        let former = std::mem::replace(&mut *held(&self.shared.host_key), fresh);
        *held(&self.shared.former_host_key) = Some(former);
        Ok(self.host_key())
    }

    /// Shows the host key from before the last change again.
    pub fn restore_host_key(&self) {
        if let Some(former) = held(&self.shared.former_host_key).take() {
            *held(&self.shared.host_key) = former;
        }
    }

    /// Lets this public key in: the line of a `.pub` file, or of `authorized_keys` with its options, which are not heeded.
    ///
    /// # Errors
    /// When the line holds no public key.
    pub fn authorise(&self, line: &str) -> Result<(), SandboxError> {
        let key = parse_line(line)?;
        let mut authorised = held(&self.shared.authorised);
        if !authorised.contains(&key) {
            authorised.push(key);
        }
        Ok(())
    }

    /// Lets nobody in any more; sessions that are there stay.
    pub fn authorise_nobody(&self) {
        held(&self.shared.authorised).clear();
    }

    /// Says what is found at `host:port`, compared as written. What is not in the table is refused (an address) or unknown
    /// (a name).
    pub fn place(&self, target: &Endpoint, found: Target) {
        held(&self.shared.targets).insert(target.to_string(), found);
    }

    /// Changes its behaviour.
    pub fn switch(&self, change: impl FnOnce(&mut Switches)) {
        self.shared.switches.send_modify(change);
    }

    /// Its behaviour now.
    #[must_use]
    pub fn switches(&self) -> Switches {
        self.shared.switches.borrow().clone()
    }

    /// Kills all sessions that are there now, without a goodbye.
    pub fn kill_sessions(&self) {
        self.shared.kill_sessions();
    }

    /// How often somebody was let in.
    #[must_use]
    pub fn logins(&self) -> u64 {
        self.shared.logins.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn kill_sessions(&self) {
        let fresh = self.stop.child_token();
        std::mem::replace(&mut *held(&self.sessions), fresh).cancel();
    }

    fn knows(&self, user: &str, key: &KeyData) -> bool {
        user == self.user && held(&self.authorised).contains(key)
    }
}

/// The key in a line that may begin with options.
fn parse_line(line: &str) -> Result<KeyData, SandboxError> {
    let line = line.trim();
    let starts = std::iter::once(0).chain(line.match_indices(' ').map(|(at, _)| at + 1));
    starts
        .filter_map(|at| PublicKey::from_openssh(line.get(at..)?.trim_start()).ok())
        .map(|key| key.key_data().clone())
        .next()
        .ok_or_else(|| SandboxError::NotAPublicKey { line: line.chars().take(60).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_carry_options() {
        let key = make_host_key().unwrap().public_key().clone();
        let line = key.to_openssh().unwrap();
        let data = key.key_data().clone();
        assert_eq!(parse_line(&format!("{line} ada@desk\n")), Ok(data.clone()));
        assert_eq!(parse_line(&format!("restrict,port-forwarding,from=\"10.0.0.0/8\" {line} x")), Ok(data));
        assert!(parse_line("ssh-ed25519 AAAA").is_err());
        assert!(parse_line("").is_err());
    }
}
