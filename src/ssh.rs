//! The only outward SSH: dials in rungs, judges host keys, logs in once, opens forwards and pumps bytes. It never retries and
//! gives failures no meaning beyond rung and cause.

use std::path::{Path, PathBuf};

use crate::model::{Fault, Question};

mod algorithms;
mod auth;
mod climb;
mod dial;
mod exec;
pub mod forward;
mod greet;
mod handler;
pub mod keystore;
mod link;
mod pool;
mod reach;
mod reached;
mod session;
mod survey;
pub mod trust;
mod wire;

pub use auth::{Credential, Sources, prepare};
pub use climb::{Agreed, Greeted, HostKey, Methods, Refused, Trusted, admin_credentials};
pub use dial::host_keys;
pub use exec::{Exec, ExecError};
pub use forward::{Client, Counters, Place, carry};
pub use keystore::{KeyError, KeyInfo, Keystore};
pub use pool::{Health, Lane, Pool};
pub use reach::resolve;
pub use reached::Reached;
pub use session::{Channel, OpenError, Session, received};
pub use survey::{ShownKey, SurveyError, pin_shown, survey};
pub use trust::{Judgement, KnownHosts, TrustError, forget, pin};

/// A dial that did not get through, with the question whose answer would help, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// The rung that failed, and why.
    pub fault: Fault,
    /// What a person could answer.
    pub question: Option<Question>,
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self { fault, question: None }
    }
}

/// The files that a dial reads.
#[derive(Debug, Clone)]
pub struct World {
    /// The folder of adit's own keys.
    pub keys: PathBuf,
    /// adit's own known_hosts.
    pub known_hosts: PathBuf,
    /// The person's and the machine's known_hosts.
    pub more_known_hosts: Vec<PathBuf>,
}

impl World {
    /// adit's own files, and the known_hosts files that ssh reads (ssh_config(5)) for the given home folder.
    #[must_use]
    pub fn new(keys: &Path, known_hosts: &Path, person: Option<&Path>) -> Self {
        let own = person.map(|home| home.join(".ssh"));
        let mut more: Vec<PathBuf> =
            own.iter().flat_map(|ssh| [ssh.join("known_hosts"), ssh.join("known_hosts2")]).collect();
        more.extend(["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from));
        Self { keys: keys.to_owned(), known_hosts: known_hosts.to_owned(), more_known_hosts: more }
    }

    /// All known_hosts files, adit's own first.
    #[must_use]
    pub fn known_host_files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.known_hosts.clone()];
        files.extend(self.more_known_hosts.iter().cloned());
        files
    }
}
