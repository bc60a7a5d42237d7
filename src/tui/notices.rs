//! What is told to a person who looks elsewhere: which tunnels fell, which healed. Changes of a second are told together, and what
//! came back within it is not told at all. How a notice is given is the terminal's business.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::widget::badge::State;
use crate::model::{Name, TunnelStatus};

/// Changes are collected this long.
const COLLECTED_SECONDS: i64 = 1;
/// A terminal that does not tell whether it is looked at: after so long without a key it is taken to be left alone.
const ALONE_SECONDS: i64 = 60;
/// Names in one notice.
const NAMED: usize = 3;

/// How a tunnel is, as far as somebody elsewhere minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Well,
    Ill,
}

impl Health {
    /// What is under way is neither, and counts as what it was before.
    fn of(tunnel: &TunnelStatus) -> Option<Self> {
        match State::of(tunnel) {
            State::Up => Some(Self::Well),
            State::UpWithFault | State::Retrying | State::NeedsYou | State::Failed => Some(Self::Ill),
            State::Unproven | State::Connecting | State::Closing | State::Stopped => None,
        }
    }
}

/// What is known and what is to be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notices {
    /// How each tunnel was last.
    last: BTreeMap<Name, Health>,
    /// How those were before that have changed since.
    before: BTreeMap<Name, Health>,
    /// When what has changed is told.
    due: Option<Timestamp>,
    /// Whether the terminal is looked at, where it tells.
    seen: Option<bool>,
    /// When the person did something last.
    touched: Option<Timestamp>,
}

impl Notices {
    /// The person did something.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.touched = Some(now);
    }

    /// The terminal is looked at from now on, or not. Who looks sees for themselves.
    pub(crate) fn look(&mut self, seen: bool) {
        self.seen = Some(seen);
        self.before.clear();
        self.due = None;
    }

    /// Takes a newer state.
    pub(crate) fn take(&mut self, tunnels: &[TunnelStatus], now: Timestamp) {
        self.last.retain(|name, _| tunnels.iter().any(|tunnel| tunnel.name == *name));
        for tunnel in tunnels {
            if matches!(State::of(tunnel), State::Stopped | State::Closing) {
                // Taken down on purpose.
                self.last.remove(&tunnel.name);
                self.before.remove(&tunnel.name);
                continue;
            }
            let Some(health) = Health::of(tunnel) else { continue };
            if let Some(was) = self.last.insert(tunnel.name.clone(), health)
                && was != health
            {
                self.before.entry(tunnel.name.clone()).or_insert(was);
                let at = now.checked_add(jiff::SignedDuration::from_secs(COLLECTED_SECONDS)).unwrap_or(now);
                self.due.get_or_insert(at);
            }
        }
    }

    /// What is to be told now, if anything.
    pub(crate) fn told(&mut self, now: Timestamp) -> Option<String> {
        self.due.take_if(|due| *due <= now)?;
        let before = std::mem::take(&mut self.before);
        let elsewhere = match self.seen {
            Some(seen) => !seen,
            None => self.touched.is_none_or(|at| now.duration_since(at).as_secs() >= ALONE_SECONDS),
        };
        let now_are = |health: Health| -> Vec<&Name> {
            let changed = |(name, was): (&'_ Name, &Health)| *was != health && self.last.get(name) == Some(&health);
            before.iter().filter(|pair| changed((pair.0, pair.1))).map(|(name, _)| name).collect()
        };
        let parts = [("fell", now_are(Health::Ill)), ("healed", now_are(Health::Well))];
        let words: Vec<String> = parts.into_iter().filter_map(|(verb, names)| part(verb, &names)).collect();
        (elsewhere && !words.is_empty()).then(|| format!("adit: {}", words.join("; ")))
    }
}

/// Names are our own letters; nothing that a server said stands in a notice.
fn part(verb: &str, names: &[&Name]) -> Option<String> {
    let shown: Vec<&str> = names.iter().take(NAMED).map(|name| name.as_str()).collect();
    let more = names.len().saturating_sub(NAMED);
    match (shown.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(format!("{} {verb}", shown.join(", "))),
        (false, more) => Some(format!("{} and {more} more {verb}", shown.join(", "))),
    }
}
