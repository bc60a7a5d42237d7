//! What the suites stand on: private servers on loopback, the real binary in a home of its own, clients that tell a clean end
//! from a broken one. Nothing here knows what a test wants to prove.

pub(crate) mod adit;
pub(crate) mod mariadb;
pub(crate) mod output;
pub(crate) mod ports;
pub(crate) mod postgres;
pub(crate) mod proxy;
pub(crate) mod reaper;
pub(crate) mod redis;
pub(crate) mod sshd;
pub(crate) mod target;
pub(crate) mod tree;
pub(crate) mod wait;

pub(crate) use adit::Adit;
pub(crate) use mariadb::MariaDb;
pub(crate) use output::{Output, tool};
pub(crate) use postgres::Postgres;
pub(crate) use proxy::Proxy;
pub(crate) use redis::Redis;
pub(crate) use sshd::Sshd;
pub(crate) use target::{End, Target};
pub(crate) use wait::{pace, soon, wait_for, wait_until};
