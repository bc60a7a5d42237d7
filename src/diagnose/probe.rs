//! The handful of facts that a check may ask the world, and their shapes. Everything here is plain data, so that a scenario
//! can be a file; who asks the world is `live`.

use std::future::Future;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::speak::Spoken;
use crate::model::{Endpoint, Fault, Listen};

/// What one look saw.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen<T> {
    /// The fact.
    Fact(T),
    /// Why there is none, named as a tunnel's own climb names it.
    Fault(Fault),
}

/// A look and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Look<T> {
    /// What was seen.
    pub seen: Seen<T>,
    /// In milliseconds.
    pub ms: f64,
}

/// Who has the local port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// Nobody; it can be bound.
    Free,
    /// Our own service, for this tunnel.
    Ours,
    /// Another process.
    Taken {
        /// Its number and program, where this machine lets us see them.
        holder: Option<(u32, String)>,
        /// A port that is free.
        free: Option<u16>,
    },
    /// This user may not bind it.
    Forbidden,
    /// The address is not one of this machine's.
    NotLocal,
    /// No port was chosen yet; the first start chooses one.
    Unchosen,
    /// Binding failed otherwise.
    Failed {
        /// The system's words.
        why: String,
    },
}

/// The local side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bound {
    /// Where clients connect.
    pub listen: Option<Listen>,
    /// Who has it.
    pub holding: Holding,
}

/// A name and its addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// In the order of the resolver.
    pub addresses: Vec<IpAddr>,
    /// The host was an address already.
    pub literal: bool,
}

/// A TCP connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// What answers.
    pub address: String,
    /// The address that this machine uses towards it.
    pub local: Option<IpAddr>,
}

/// An SSH banner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Greeted {
    /// The version line, cleaned.
    pub version: String,
}

/// A finished key exchange with a trusted host key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trusted {
    /// The key exchange method and the cipher.
    pub algorithms: Option<(String, String)>,
    /// The host key's type.
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// Where it is known, as file and line.
    pub known_at: String,
}

/// The key that will be offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// In words.
    pub words: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// One line.
    pub public_key: String,
}

/// The ways in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Methods {
    /// Their names.
    pub names: Vec<String>,
    /// The server lets the user in without any proof.
    pub open_to_all: bool,
}

/// How the login went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Login {
    /// In.
    Done {
        /// What the server showed before, cleaned; may be empty.
        banner: String,
    },
    /// Refused.
    Refused {
        /// Why, as far as the server tells.
        fault: Fault,
        /// The server asked for a signature: it knows the key.
        key_accepted: bool,
        /// What the server showed before, cleaned; may be empty.
        banner: String,
    },
}

/// Whose eyes are on the bastion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Eyes {
    /// Our own login's.
    Own,
    /// An admin's, as `USER@HOST`.
    Admin(String),
}

/// What was seen on the bastion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// What the fixed look printed, not cleaned yet; or why it could not look.
    pub printed: Result<String, String>,
}

/// A forward that opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// To where.
    pub target: Endpoint,
}

/// The world as a diagnosis sees it. Hops are counted from this machine; each question about a hop builds on the one before
/// it, on the same connection.
pub trait Probe {
    /// Who has the local port.
    fn bind(&mut self) -> impl Future<Output = Look<Bound>> + Send;
    /// The bastion's addresses.
    fn resolve(&mut self, hop: usize) -> impl Future<Output = Look<Named>> + Send;
    /// The addresses of a database's name as this machine sees it; nothing where it knows none.
    fn addresses(&mut self, target: &Endpoint) -> impl Future<Output = Vec<IpAddr>> + Send;
    /// A connection to it.
    fn reach(&mut self, hop: usize) -> impl Future<Output = Look<Reached>> + Send;
    /// What it says first.
    fn greet(&mut self, hop: usize) -> impl Future<Output = Look<Greeted>> + Send;
    /// Key exchange and host key. Its faults belong to `greet` or to `trust`.
    fn trust(&mut self, hop: usize) -> impl Future<Output = Look<Trusted>> + Send;
    /// The key to offer; no network.
    fn identity(&mut self, hop: usize) -> impl Future<Output = Look<Offered>> + Send;
    /// The ways in.
    fn methods(&mut self, hop: usize) -> impl Future<Output = Look<Methods>> + Send;
    /// The one login.
    fn login(&mut self, hop: usize) -> impl Future<Output = Look<Login>> + Send;
    /// What is to be seen on the last bastion.
    fn inside(&mut self, eyes: &Eyes) -> impl Future<Output = Look<Inside>> + Send;
    /// A forward to a target. The first that opens is kept for `speak`.
    fn open(&mut self, target: &Endpoint) -> impl Future<Output = Look<Opened>> + Send;
    /// What the database says through the forward that opened.
    fn speak(&mut self) -> impl Future<Output = Option<Spoken>> + Send;
}
