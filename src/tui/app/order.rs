//! In which order the tunnels stand, and in which groups. It knows nothing of how they are drawn.

use std::cmp::Reverse;

use super::App;
use crate::model::TunnelStatus;
use crate::tui::widget::badge::State;

/// What the tunnels are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sort {
    #[default]
    Name,
    /// What needs a person first.
    State,
    /// The slowest first.
    RoundTrip,
    /// What carried most in the last seconds first.
    Traffic,
}

impl Sort {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::Name => Self::State,
            Self::State => Self::RoundTrip,
            Self::RoundTrip => Self::Traffic,
            Self::Traffic => Self::Name,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Name => "by name",
            Self::State => "by state",
            Self::RoundTrip => "by round trip",
            Self::Traffic => "by traffic",
        }
    }
}

/// What headings stand between the tunnels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Grouping {
    #[default]
    None,
    /// A tunnel's first tag.
    Tag,
    Bastion,
}

impl Grouping {
    pub(crate) fn next(self) -> Self {
        match self {
            Self::None => Self::Tag,
            Self::Tag => Self::Bastion,
            Self::Bastion => Self::None,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::None => "no groups",
            Self::Tag => "grouped by tag",
            Self::Bastion => "grouped by bastion",
        }
    }

    /// The heading that a tunnel stands under; those without one come last.
    pub(crate) fn heading(self, tunnel: &TunnelStatus) -> Option<String> {
        match self {
            Self::None => None,
            Self::Tag => Some(tunnel.tags.first().map_or_else(|| "no tag".to_owned(), |tag| format!("#{tag}"))),
            Self::Bastion => Some(format!("through {}", tunnel.bastion)),
        }
    }

    fn rank(self, tunnel: &TunnelStatus) -> (bool, String) {
        (self == Self::Tag && tunnel.tags.is_empty(), self.heading(tunnel).unwrap_or_default())
    }
}

/// What of a tunnel says where it stands; names break ties, for they come sorted.
fn rank(state: State) -> u8 {
    match state {
        State::NeedsYou => 0,
        State::Failed => 1,
        State::UpWithFault => 2,
        State::Unproven => 3,
        State::Retrying => 4,
        State::Connecting => 5,
        State::Closing => 6,
        State::Up => 7,
        State::Stopped => 8,
    }
}

impl App {
    /// Puts tunnels that stand by name into the order that is asked for.
    pub(super) fn arrange(&self, tunnels: &mut [&TunnelStatus]) {
        match self.sort {
            Sort::Name => {}
            Sort::State => tunnels.sort_by_key(|tunnel| rank(State::of(tunnel))),
            // In microseconds: a number that can be compared, and what is unknown last.
            Sort::RoundTrip => {
                tunnels.sort_by_key(|tunnel| Reverse(tunnel.rtt_ms.map_or(0, |ms| 1 + (ms.max(0.0) * 1000.0) as u64)));
            }
            Sort::Traffic => tunnels.sort_by_cached_key(|tunnel| Reverse(self.carried(tunnel))),
        }
        if self.grouping != Grouping::None {
            tunnels.sort_by_cached_key(|tunnel| self.grouping.rank(tunnel));
        }
    }

    /// The bytes of the last seconds, and of all time where those are equal.
    fn carried(&self, tunnel: &TunnelStatus) -> (u64, u64) {
        let recent = |values: &[f64]| values.iter().rev().take(10).sum::<f64>() as u64;
        let now =
            self.rates.get(&tunnel.name).map_or(0, |rates| recent(&rates.from_database) + recent(&rates.to_database));
        (now, tunnel.bytes.from_database.saturating_add(tunnel.bytes.to_database))
    }
}
