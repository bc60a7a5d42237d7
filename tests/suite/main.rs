//! The real binary against real servers on loopback: OpenSSH, PostgreSQL, MariaDB, Redis. `tests/run` installs what is needed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test stops at the first surprise and says what it saw"
)]

mod agent;
mod codes;
mod configuration;
mod databases;
mod diagnosis;
mod disk;
mod editing;
mod explain;
mod handoff;
mod host_keys;
mod import;
mod instruments;
mod journeys;
mod keys;
mod keystore;
mod limits;
mod listeners;
mod permissions;
mod places;
mod recovery;
mod refusals;
mod run_command;
mod sandbox;
mod screens;
mod service;
mod sessions;
mod speaking;
mod stalled;
mod support;
mod terminal;
mod transfers;
mod trust;
mod watching;
