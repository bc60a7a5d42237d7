//! The service: requests in, snapshots out; in this process or over a private socket. It draws nothing and parses no arguments.

pub mod client;
pub mod frame;
pub mod protocol;

pub use client::{Asked, Client, ClientError};
pub use protocol::{Hello, PROTOCOL, Reply, Request};
