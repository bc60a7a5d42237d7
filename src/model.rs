//! The words of the domain: names, places, the ladder, faults, what a viewer may know. No IO, no clock, no async.

pub mod account;
pub mod admin;
pub mod advice;
pub mod authorized_key;
pub mod bastion;
pub mod contact;
pub mod database;
pub mod diagnosis;
pub mod draft;
pub mod endpoint;
pub mod fault;
pub mod finding;
pub mod identity;
pub mod journal;
pub mod login;
pub mod name;
pub mod notify;
pub mod phase;
pub mod preferences;
pub mod question;
pub mod recipe;
pub mod route;
pub mod rung;
pub mod secret;
pub mod snapshot;
pub mod tunnel;
pub mod untrusted;

pub use account::{AccountFacts, Expected};
pub use admin::{Admin, AdminError};
pub use advice::{Advice, Owner};
pub use authorized_key::{authorized_key, glob};
pub use bastion::{Bastion, DEFAULT_KEEPALIVE, SSH_PORT, Sharing};
pub use contact::{Contact, Reply, Tls};
pub use database::{Database, Kind, KindError};
pub use diagnosis::Diagnosis;
pub use draft::{Access, ChosenBastion, Draft, Page};
pub use endpoint::{Endpoint, Host, HostError, Listen, ListenError, Port};
pub use fault::{Code, Fault, FaultStatus, Retry};
pub use finding::{Certainty, Finding, Report, Subject, Verdict};
pub use identity::{AgentSocket, Identity, KeyType};
pub use login::{LoginError, login};
pub use name::{Name, NameError};
pub use notify::Notify;
pub use phase::{Phase, Proof};
pub use preferences::{Binding, Misbinding, Preferences};
pub use question::{Answer, Question};
pub use recipe::{Format, FormatError, Recipe, RecipeError, SshWay, Variables, named_variables, shell_word};
pub use route::{Hop, Route};
pub use rung::Rung;
pub use secret::Secret;
pub use snapshot::{
    BastionStatus, Bytes, Change, Connections, KeyStatus, KnownHostKey, Pending, Rotation, ServiceStatus, Snapshot,
    TunnelStatus,
};
pub use tunnel::Tunnel;
pub use untrusted::Untrusted;
