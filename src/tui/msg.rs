//! Everything that can happen to the app.

use std::sync::Arc;

use super::input::Input;
use crate::model::Snapshot;
use crate::service::Reply;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The person did something.
    Input(Input),
    /// The service has a newer state.
    Snapshot(Arc<Snapshot>),
    /// A request came to nothing; the words are for the person.
    Refused {
        /// What was asked.
        about: String,
        /// Why not.
        why: String,
    },
    /// A request brought more than that it was done.
    Replied {
        /// What was asked.
        about: String,
        /// What came back.
        reply: Reply,
    },
    /// The answer to an `Effect::Ask`.
    Told {
        /// The question's number.
        id: u64,
        /// What came back, or why nothing did.
        outcome: Result<Reply, String>,
    },
    /// The service is gone.
    Gone,
    /// Text was copied, or not.
    Copied {
        /// What it was.
        what: String,
        /// By which way, or why not.
        outcome: Result<String, String>,
    },
    /// The native client ended.
    ClientEnded(Result<(), String>),
    /// Time passed.
    Tick,
}
