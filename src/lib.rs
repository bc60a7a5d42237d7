//! `adit`: SSH tunnels to private databases through a bastion.
//!
//! The library in layers; arrows point only to a lower number, and `tests/architecture.rs` keeps it so.
//!
//! ```text
//!   8  cli        arguments → a Client and a surface
//!   6  tui        what a person sees and presses
//!   5  service    requests in, updates out; in this process or over a socket
//!   4  engine     keeps tunnels up        diagnose  says why one is not    guide  says what the bastion's admin must do
//!   3  ssh        the only outward SSH      config    files ⇄ values           sandbox  a bastion and databases in this process
//!   2  local      this machine: private files, who holds a port, sleep and network changes
//!   1  model      the words of the domain; no IO, no clock, no async
//! ```

pub mod cli;
pub mod config;
pub mod diagnose;
pub mod engine;
pub mod guide;
pub mod local;
pub mod model;
pub mod sandbox;
pub mod service;
pub mod ssh;
pub mod tui;
