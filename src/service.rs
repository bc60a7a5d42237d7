//! The service: requests in, snapshots out; in this process or over a private socket. It draws nothing and parses no arguments.

mod attach;
mod client;
mod daemon;
mod drafts;
mod examine;
pub mod frame;
mod handoff;
mod hub;
mod inside;
mod keys;
mod lists;
mod log;
pub mod present;
pub mod protocol;
mod questions;
mod server;
mod settings;
mod sheet;
mod socket;
mod start;
mod wanted;

pub use crate::diagnose::Match;
pub use crate::guide::{Packet, Platform, Setup, Step as SetupStep};
pub use attach::{AttachError, attach};
pub use client::{Asked, Client, ClientError, Seat, early};
pub use daemon::{DaemonError, run};
pub use drafts::{all_drafts, find_draft, with_draft};
pub use examine::{draft_plan, means as diagnosis_means, plan as diagnosis_plan};
pub use handoff::{Wish, draft_handoff, handoff};
pub use hub::{Running, start};
pub use inside::Door;
pub use keys::{
    Finish, KeyRefusal, KeyUsers, RotationView, Trial, accounts as key_accounts, finish_rotation, removal_commands,
    remove as remove_key, rotation_view, targets as key_targets, users as key_users,
};
pub use log::{log_path, old_log_path};
pub use protocol::{Hello, KeyDone, KeyLook, KeyRequest, KeySource, PROTOCOL, Reply, Request};
pub use sheet::{Judged, LONGEST_RECEIPT, Sheet, packet_of, platforms_of, read_receipt, sheet};
pub use socket::SocketError;
pub use start::{StopError, ensure, stop};
pub use wanted::{forget_wanted, rename_wanted};
