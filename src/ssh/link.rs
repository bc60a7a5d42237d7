//! A connection to a bastion between its key exchange and its end. It holds the parts; the session uses them.

use std::sync::Arc;

use russh::client::Handle;
use tokio_util::sync::DropGuard;

use super::handler::{Callbacks, Notes};
use super::wire::Life;

/// A connection whose host key is trusted.
pub(crate) struct Link {
    /// russh's end.
    pub(crate) handle: Handle<Callbacks>,
    /// What its callbacks have seen.
    pub(crate) notes: Notes,
    /// Ends the stream when dropped: russh's session task outlives whoever gave up on it.
    pub(crate) cut: DropGuard,
    /// When bytes last arrived.
    pub(crate) life: Arc<Life>,
}
