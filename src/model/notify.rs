//! How a person wants to be told of what happens while they look elsewhere. It tells nobody.

use serde::{Deserialize, Serialize};

/// The manner of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// Not at all.
    #[default]
    Off,
    /// The terminal's bell.
    Bell,
    /// A notification of the terminal's own (OSC 9).
    Osc9,
    /// A command line for `sh`, which finds the words in `ADIT_NOTICE`.
    Command(String),
}
