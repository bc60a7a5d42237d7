//! The ways to be a terminal. At a desk it is crossterm on stdout; in a test a script.

pub(super) mod desk;
mod events;
mod guard;
mod notify;
mod sieve;
mod signals;
