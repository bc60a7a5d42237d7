//! What happened, as entries in a bounded ring. Writing them down is the service's business.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::name::Name;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// To which tunnel; absent for the service itself.
    pub tunnel: Option<Name>,
    /// A word for filters: `opened`, `up`, `lost`, `fault`, `closed`, …
    pub event: String,
    /// A sentence.
    pub message: String,
}

/// The last entries; the oldest fall out and are counted.
#[derive(Debug, Clone)]
pub struct Ring {
    entries: VecDeque<Entry>,
    limit: usize,
    missed: u64,
}

impl Ring {
    /// A ring of at most `limit` entries.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit: limit.max(1), missed: 0 }
    }

    /// Adds one, letting the oldest go when full.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
            self.missed += 1;
        }
        self.entries.push_back(entry);
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True when nothing has happened yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many fell out.
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }
}
