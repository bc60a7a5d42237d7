//! The words between a client and the service, as serde values. How they travel is `frame`; what they cause is `hub`.

mod keys;

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::sheet::Sheet;
use crate::diagnose::Match;
use crate::guide::Setup;
use crate::model::journal::Entry;
use crate::model::{Admin, Answer, Draft, Listen, Name, Snapshot, Subject};

pub use keys::{KeyDone, KeyLook, KeyRequest, KeySource};

/// The version of these words. Another one on the other side ends the conversation after the first frame.
pub const PROTOCOL: u32 = 5;

/// The first frame, both ways. Its shape is for all versions, so that each side can name the other's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of the words.
    pub protocol: u32,
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
}

impl Hello {
    /// This process's own.
    #[must_use]
    pub fn ours() -> Self {
        Self { protocol: PROTOCOL, version: env!("CARGO_PKG_VERSION").to_owned(), pid: std::process::id() }
    }
}

/// What a client can ask for. Nothing here asks for a private key or names a command to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub enum Request {
    /// The present state. Answered with `Reply::Status`.
    Status,
    /// Bring tunnels up and keep them wanted. Answered as soon as the attempt has begun; the snapshots tell the rest.
    Up {
        /// Which; all must be configured, or nothing is done.
        names: Vec<Name>,
    },
    /// Take tunnels down and want them no longer. Answered when their ports are free.
    Down {
        /// Which; all must be configured, or nothing is done.
        names: Vec<Name>,
        /// Cut live connections instead of letting them end.
        now: bool,
    },
    /// Begin anew; a stopped tunnel is brought up.
    Restart {
        /// Which; all must be configured, or nothing is done.
        names: Vec<Name>,
    },
    /// Answer a question of the snapshot.
    Answer {
        /// Its number.
        id: u64,
        /// The answer.
        answer: Answer,
    },
    /// Read the configuration now. Answered when it is in force, or refused with the reason why it is not.
    Reload,
    /// The client's `SSH_AUTH_SOCK`; the newest wins.
    Agent {
        /// The agent's socket.
        socket: Option<PathBuf>,
    },
    /// End the service in order. Answered at once.
    Stop,
    /// The last things that happened. Answered with `Reply::Journal`.
    Journal,
    /// Keep a tunnel in the making, and make the key that it asks for. Answered when both are there.
    SaveDraft {
        /// As far as it is answered.
        draft: Box<Draft>,
        /// What it was called before.
        #[serde(default)]
        was: Option<Name>,
    },
    /// Forget a tunnel in the making.
    DropDraft {
        /// Which.
        name: Name,
    },
    /// Write a tunnel in the making, and its bastion, into the configuration.
    FinishDraft {
        /// Which.
        name: Name,
    },
    /// What the bastion's admin and the database's keeper must do. Answered with `Reply::HandOff`.
    HandOff {
        /// For what.
        subject: Subject,
    },
    /// Write a text of the hand-off into a private file. Answered with `Reply::Saved`.
    SaveHandOff {
        /// For what.
        subject: Subject,
        /// Which text.
        sheet: Sheet,
    },
    /// Change a tunnel to what its pages say now: its name, database, words for connection strings, local port, tags and start.
    EditTunnel {
        /// Which.
        name: Name,
        /// As it shall be.
        draft: Box<Draft>,
    },
    /// Change a bastion to what its pages say now: its name, host, port, account and login.
    EditBastion {
        /// Which.
        name: Name,
        /// As it shall be, as the new bastion of a draft; a login that is open in it stays.
        draft: Box<Draft>,
    },
    /// Remove a tunnel, which is taken down, or a bastion that nothing goes through, from the configuration.
    Remove {
        /// Which.
        subject: Subject,
    },
    /// Give a tunnel or a bastion another name.
    Rename {
        /// Which.
        subject: Subject,
        /// Its new name.
        to: Name,
    },
    /// Add a tunnel that is as another one but for its name and local port.
    Copy {
        /// Which.
        name: Name,
        /// The new one.
        to: Name,
    },
    /// Undo the last change of the configuration, or do it again if it was undone last. Answered with `Reply::Undone`.
    Undo,
    /// Pin the host key that a person has compared. Answered when it is pinned, or refused with the reason.
    TrustHost {
        /// Whose bastion.
        subject: Subject,
        /// `SHA256:…`
        fingerprint: String,
    },
    /// Whether a tunnel could listen there. Refused with the reason where it could not.
    CheckListen {
        /// Where.
        listen: Listen,
        /// The tunnel that may have it already.
        #[serde(default)]
        but: Option<Name>,
    },
    /// Climb the ladder once. Answered when it has begun; the snapshots tell what is found.
    Diagnose {
        /// Of what.
        subject: Subject,
        /// Whose login may look on the bastion, if the subject's own cannot.
        #[serde(default)]
        admin: Option<Admin>,
    },
    /// Write the newest report of a subject into a private file. Answered with `Reply::Saved`.
    SaveReport {
        /// Of what.
        subject: Subject,
        /// Hosts, users and addresses replaced by placeholders.
        redacted: bool,
    },
    /// Write down which theme the person wants. Answered when it is in force, or refused with the reason.
    Prefer {
        /// A theme, a family, or `auto`; which there are the client knows.
        theme: String,
    },
    /// Something about adit's own keys. Answered when it is done, which may take seconds.
    Key {
        /// What.
        ask: KeyRequest,
    },
    /// Say what an error text means. Answered with `Reply::Explained`.
    Explain {
        /// The text as it was pasted.
        text: String,
    },
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reply")]
pub enum Reply {
    /// Done, or begun.
    Done,
    /// The present state.
    Status {
        /// Everything a viewer may know.
        snapshot: Arc<Snapshot>,
    },
    /// What others must do, as facts; `packet` and its like make the texts of them.
    HandOff {
        /// All of it.
        setup: Box<Setup>,
    },
    /// Not done.
    Refused {
        /// The exit code that a command should end with.
        code: u8,
        /// A sentence.
        message: String,
    },
    /// What happened, oldest first.
    Journal {
        /// The entries.
        entries: Vec<Entry>,
        /// How many older ones there were.
        missed: u64,
    },
    /// Written.
    Saved {
        /// Where.
        path: String,
    },
    /// The last change of the configuration was taken back.
    Undone {
        /// In words: "removed orders".
        words: String,
        /// It was undone before, and is done again now.
        again: bool,
    },
    /// What was done to a key.
    Key {
        /// In words.
        key: KeyDone,
    },
    /// What a file or a paste is.
    KeyLook {
        /// As a key.
        look: KeyLook,
    },
    /// What a text means, best first; empty where nothing is known.
    Explained {
        /// The classes of error that it shows.
        matches: Vec<Match>,
    },
}

/// A request as it travels.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// The client's number for it, to match the reply by.
    pub id: u64,
    /// What is asked.
    pub request: Request,
}

/// What the service sends after its Hello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "update")]
pub enum Update {
    /// The reply to a call.
    Reply {
        /// The call's number.
        id: u64,
        /// The answer.
        answer: Reply,
    },
    /// A newer state; each replaces the one before.
    Snapshot {
        /// Everything a viewer may know.
        snapshot: Arc<Snapshot>,
    },
}
