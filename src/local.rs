//! This machine: private files, who holds a port, sleep and network changes. It does not know what a tunnel is.

pub mod clock;
pub mod inherited;
pub mod limits;
pub mod network;
pub mod port_owner;
pub mod private_file;
pub mod process;
pub mod scratch;
pub mod socket;
pub mod terminal;

pub use private_file::{Cause, FileError, Lock};
