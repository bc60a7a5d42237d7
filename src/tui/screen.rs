//! One file per screen: each draws its list and its detail from the app, and nothing else.

pub(super) mod bastions;
mod detail;
pub(super) mod diagnosis;
pub(super) mod journal;
pub(super) mod key;
pub(super) mod keys;
mod path;
pub(super) mod setup;
mod table;
pub(super) mod tunnels;
mod unfinished;
pub(super) mod welcome;
pub(super) mod wizard;
