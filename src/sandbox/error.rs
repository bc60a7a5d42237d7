//! Why the sandbox does not start, or does not take what it is given.

use crate::model::Name;

/// Why the sandbox does not start, or does not take what it is given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// No port on loopback.
    #[error("cannot listen on a port of 127.0.0.1 for the sandbox: {why}")]
    NoPort {
        /// The system's words.
        why: String,
    },
    /// No host key.
    #[error("cannot make a host key for the sandbox: {why}")]
    NoHostKey {
        /// The library's words.
        why: String,
    },
    /// A line that holds no public key.
    #[error("{line:?} holds no public key: give the line of a .pub file")]
    NotAPublicKey {
        /// The line, cut.
        line: String,
    },
    /// A name that the sandbox does not have.
    #[error("the sandbox has no {what} named {name}")]
    Unknown {
        /// "bastion", "tunnel" or "key".
        what: &'static str,
        /// The name.
        name: Name,
    },
    /// Text of the sandbox's own table that is not what it should be.
    #[error("the sandbox's own table is wrong: {why}")]
    Table {
        /// What is wrong.
        why: String,
    },
}

impl SandboxError {
    /// No port, in the system's words.
    pub(crate) fn no_port(error: &std::io::Error) -> Self {
        Self::NoPort { why: error.to_string() }
    }
}
