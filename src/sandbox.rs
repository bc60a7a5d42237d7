//! A bastion and databases in this process, on loopback: for the demo, and for faults that a real server cannot be made to
//! show. It knows no tunnel of the person's, writes no file and never connects to anything but ports of its own.
//!
//! * [`Bastion`]: an SSH server with a switch for every failure ([`Switches`]).
//! * [`Database`]: answers as PostgreSQL, MariaDB, Redis or SQL Server do, and can misbehave ([`Mood`]).
//! * [`Traffic`]: made-up clients of such a database, with a believable rhythm.
//! * [`Scenario`]: all of it, as the demo shows it.
//!
//! What it cannot show: a login banner that is not UTF-8 (the SSH library only sends text), and a path that loses large
//! packets.

mod bastion;
mod database;
mod error;
mod framing;
mod scenario;
mod traffic;

pub use bastion::{Bastion, Door, Flap, Forwarding, Login, Switches, Target};
pub use database::{ACCOUNT, Database, Mood, Speaks};
pub use error::SandboxError;
pub use scenario::{Admission, Scenario, Shows, StageBastion, StageKey, StageTunnel};
pub use traffic::{Profile, Rhythm, Traffic};
