//! A tunnel's state as glyph, word and role: never by colour alone.

use crate::model::{Owner, Phase, Proof, TunnelStatus};
use crate::tui::theme::{Glyph, Role};

/// Whose turn it is, in words.
pub(crate) fn turn(owner: Owner) -> String {
    match owner {
        Owner::You => "you must act".to_owned(),
        Owner::Network => "it lies with the network".to_owned(),
        Owner::BastionAdmin | Owner::DatabaseAdmin => format!("{} must act", owner.words()),
    }
}

/// What a person needs to know of a tunnel at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    /// A forward was refused.
    UpWithFault,
    /// Nothing can be proven right now.
    Unproven,
    Connecting,
    Retrying,
    NeedsYou,
    Failed,
    Closing,
    Stopped,
}

impl State {
    /// The state of a tunnel.
    pub(crate) fn of(tunnel: &TunnelStatus) -> Self {
        match tunnel.phase {
            Phase::Up if tunnel.fault.is_some() => Self::UpWithFault,
            Phase::Up if tunnel.proof == Some(Proof::Stale) => Self::Unproven,
            Phase::Up => Self::Up,
            Phase::Connecting if tunnel.fault.is_some() => Self::Retrying,
            Phase::Connecting => Self::Connecting,
            Phase::Waiting if tunnel.question.is_some() => Self::NeedsYou,
            Phase::Waiting if tunnel.fault.as_ref().is_some_and(|fault| fault.retry_in_s.is_none()) => Self::Failed,
            Phase::Waiting => Self::Retrying,
            Phase::Closing => Self::Closing,
            Phase::Stopped => Self::Stopped,
        }
    }

    /// The sign, one cell wide.
    pub(crate) fn glyph(self) -> Glyph {
        match self {
            Self::Up => Glyph::Up,
            Self::UpWithFault => Glyph::Fault,
            Self::Unproven => Glyph::Unproven,
            Self::Connecting => Glyph::Connecting,
            Self::Retrying => Glyph::Waiting,
            Self::NeedsYou => Glyph::NeedsYou,
            Self::Failed => Glyph::Failed,
            Self::Closing => Glyph::Closing,
            Self::Stopped => Glyph::Stopped,
        }
    }

    /// The word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::UpWithFault => "up with a fault",
            Self::Unproven => "unproven",
            Self::Connecting => "connecting",
            Self::Retrying => "retrying",
            Self::NeedsYou => "needs you",
            Self::Failed => "failed",
            Self::Closing => "closing",
            Self::Stopped => "off",
        }
    }

    /// The colour's role.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Up => Role::Up,
            Self::UpWithFault | Self::Failed => Role::Failed,
            Self::Unproven => Role::Unproven,
            Self::Connecting | Self::Closing => Role::Connecting,
            Self::Retrying => Role::Waiting,
            Self::NeedsYou => Role::NeedsYou,
            Self::Stopped => Role::Stopped,
        }
    }
}
