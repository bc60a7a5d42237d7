//! One connection to one bastion, climbed a rung at a time for whoever wants to see each one. The same steps as a dial, with
//! what was seen at each; it never retries and keeps nothing up.

use std::path::{Path, PathBuf};

use russh::client::AuthResult;
use russh::keys::HashAlg;

use super::auth::{self, Credential, Sources};
use super::dial;
use super::greet::{self, Greeting};
use super::handler::Notes;
use super::link::Link;
use super::reached::Reached;
use super::session::Session;
use super::trust::Judgement;
use super::{Trouble, World};
use crate::model::{Code, Fault, Hop, Identity};

pub use super::handler::Agreed;

impl Reached {
    /// Listens for the banner.
    ///
    /// # Errors
    /// A fault of the `greet` rung, with what answered instead.
    pub async fn greet(mut self, hop: &Hop) -> Result<Greeted, Fault> {
        let greeting = greet::listen(&mut self.transport, &hop.endpoint).await?;
        Ok(Greeted { reached: self, greeting })
    }
}

/// A connection on which an SSH server has shown its version.
pub struct Greeted {
    reached: Reached,
    greeting: Greeting,
}

impl Greeted {
    /// The version line, cleaned.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.greeting.version
    }

    /// Exchanges keys and judges the host key.
    ///
    /// # Errors
    /// A fault of the `greet` or the `trust` rung, with a question when a person's answer would help.
    pub async fn trust(self, world: &World, hop: &Hop) -> Result<Trusted, Trouble> {
        let address = self.reached.address().to_owned();
        let Reached { transport, before, .. } = self.reached;
        let link = dial::exchange_known(world, hop, transport, self.greeting, &address).await?;
        Ok(Trusted { link, before, let_in: false })
    }
}

/// A host key that is trusted, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostKey {
    /// As in known_hosts ("ssh-ed25519").
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// The known_hosts file that knows it.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
}

/// The ways in that a server offers a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Methods {
    /// Their names (RFC 4252 section 5), cleaned.
    pub names: Vec<String>,
    /// The server let the user in without any proof.
    pub open_to_all: bool,
}

/// A login that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why, as far as the server tells.
    pub fault: Fault,
    /// The server accepted the key and asked for its signature: the key's line is found and read.
    pub key_accepted: bool,
    /// What the server showed before, cleaned; may be empty.
    pub banner: String,
}

/// A connection whose host key is trusted, not logged in yet.
pub struct Trusted {
    link: Link,
    before: Option<Session>,
    /// The server asked for no proof; a login after that is never answered (RFC 4252 section 5.1).
    let_in: bool,
}

impl Trusted {
    /// The algorithms in use.
    #[must_use]
    pub fn agreed(&self) -> Option<Agreed> {
        self.link.notes.with(|seen| seen.agreed.clone())
    }

    /// The host key and where it is known.
    #[must_use]
    pub fn host_key(&self) -> Option<HostKey> {
        self.link.notes.with(|seen| match &seen.host_key {
            Some((key, Judgement::Trusted { path, line })) => {
                let key = key.public_key();
                Some(HostKey {
                    key_type: key.algorithm().to_string(),
                    fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
                    path: path.clone(),
                    line: *line,
                })
            }
            _ => None,
        })
    }

    /// Asks for the ways in, which costs no failed login (RFC 4252 section 5.2).
    ///
    /// # Errors
    /// A fault of the `prove` rung when the server hangs up.
    pub async fn methods(&mut self, hop: &Hop) -> Result<Methods, Fault> {
        match self.link.handle.authenticate_none(hop.user.clone()).await {
            Ok(AuthResult::Success) => {
                self.let_in = true;
                Ok(Methods { names: vec!["none".to_owned()], open_to_all: true })
            }
            Ok(AuthResult::Failure { remaining_methods, .. })
                if !self.link.handle.is_closed() && !remaining_methods.is_empty() =>
            {
                let names = remaining_methods.iter().map(|method| <&str>::from(method).to_owned()).collect();
                Ok(Methods { names, open_to_all: false })
            }
            Ok(AuthResult::Failure { .. }) | Err(_) => Err(auth::dropped(hop, &self.link.notes).await),
        }
    }

    /// Logs in with one key. The caller sets the deadline.
    ///
    /// # Errors
    /// A fault of the `prove` rung, with what else was seen.
    pub async fn login(mut self, hop: &Hop, credential: &Credential) -> Result<Session, Box<Refused>> {
        if self.let_in {
            return Ok(Session::start(self.link, hop, self.before));
        }
        let (outcome, key_accepted) = auth::login_seen(&mut self.link.handle, hop, credential, &self.link.notes).await;
        match outcome {
            Ok(()) => Ok(Session::start(self.link, hop, self.before)),
            Err(fault) => Err(Box::new(Refused { fault, key_accepted, banner: banner(&self.link.notes) })),
        }
    }

    /// Logs in with the first key that the server accepts.
    ///
    /// # Errors
    /// The last key's refusal; none when there is no key.
    pub async fn login_any(mut self, hop: &Hop, credentials: &[Credential]) -> Result<Session, Option<Fault>> {
        if self.let_in {
            return Ok(Session::start(self.link, hop, self.before));
        }
        let mut last = None;
        for credential in credentials {
            match auth::login(&mut self.link.handle, hop, credential, &self.link.notes).await {
                Ok(()) => return Ok(Session::start(self.link, hop, self.before)),
                Err(fault) => {
                    let over = fault.code != Code::KeyRefused;
                    last = Some(fault);
                    if over {
                        break;
                    }
                }
            }
        }
        Err(last)
    }
}

fn banner(notes: &Notes) -> String {
    notes.with(|seen| seen.banner.clone())
}

/// The keys to offer of a person's own: sshd's `MaxAuthTries` is six by default (sshd_config(5)), and nobody should be near it.
const OWN_KEYS: usize = 3;

/// The keys of the person's own that an admin's login may use: what the agent holds, then the usual files that need no
/// passphrase (ssh(1), `-i`).
pub async fn admin_credentials(hop: &Hop, agent: Option<&Path>, home: Option<&Path>) -> Vec<Credential> {
    let mut found = match agent {
        Some(socket) => auth::agent_keys(socket, OWN_KEYS).await,
        None => Vec::new(),
    };
    let files = ["id_ed25519", "id_ecdsa", "id_rsa"].map(|name| home.map(|home| home.join(".ssh").join(name)));
    for file in files.into_iter().flatten().filter(|file| file.is_file()) {
        if found.len() >= OWN_KEYS {
            break;
        }
        let own = Hop { identity: Identity::File(file), ..hop.clone() };
        let sources = Sources { keys: PathBuf::new(), agent: None, passphrase: None };
        if let Ok(credential) = auth::prepare(&own, sources).await
            && found.iter().all(|other| other.fingerprint() != credential.fingerprint())
        {
            found.push(credential);
        }
    }
    found
}
