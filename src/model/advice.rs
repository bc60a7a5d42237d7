//! What a person can do about a fault, as data that a screen can offer and a script can read.

use serde::{Deserialize, Serialize};

/// One thing to do, with the command that does it where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advice {
    /// A sentence.
    pub text: String,
    /// A complete command line, without placeholders.
    pub command: Option<String>,
}

impl Advice {
    /// Words alone.
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), command: None }
    }

    /// Words and the command that does what they say.
    pub fn command(text: impl Into<String>, command: impl Into<String>) -> Self {
        Self { text: text.into(), command: Some(command.into()) }
    }
}

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// The person at this machine.
    You,
    /// Whoever runs the bastion.
    BastionAdmin,
    /// Whoever runs the database.
    DatabaseAdmin,
    /// Whoever runs the network between.
    Network,
}

impl Owner {
    /// The owner in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::BastionAdmin => "the bastion's admin",
            Self::DatabaseAdmin => "the database's keeper",
            Self::Network => "the network",
        }
    }
}
