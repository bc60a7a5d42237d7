//! The service: requests in, snapshots out; in this process or over a private socket. It draws nothing and parses no arguments.

pub mod attach;
pub mod client;
pub mod frame;
pub mod inside;
pub mod log;
pub mod protocol;
mod server;
pub mod socket;
pub mod start;

pub use attach::{AttachError, attach};
pub use client::{Asked, Client, ClientError};
pub use log::{log_path, old_log_path};
pub use protocol::{Hello, PROTOCOL, Reply, Request};
pub use start::{StopError, ensure, stop};
