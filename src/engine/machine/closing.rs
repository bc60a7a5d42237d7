//! Letting go in order; remembers what comes after.

use super::{Effect, Event, Phase, Step, Stopped};

/// Letting go.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Closing {
    /// Open again afterwards.
    pub(crate) reopen: bool,
}

impl Closing {
    pub(super) fn on(mut self, event: Event, step: &mut Step<'_>) -> Phase {
        match event {
            Event::Open { .. } => {
                self.reopen = true;
                Phase::Closing(self)
            }
            Event::Close { now, reopen } => {
                if now {
                    step.effect(Effect::Release { now });
                }
                self.reopen = reopen;
                Phase::Closing(self)
            }
            Event::Released => {
                *step.bound = false;
                step.tell("closed", "closed");
                if self.reopen { step.connect(0, true, None, false) } else { Phase::Stopped(Stopped) }
            }
            Event::Bound
            | Event::BindFailed(_)
            | Event::Reached(_)
            | Event::Dialled
            | Event::DialFailed(_)
            | Event::Lost(_)
            | Event::ForwardOpened
            | Event::ForwardRefused(_)
            | Event::Timer(_)
            | Event::Nudged(_) => Phase::Closing(self),
        }
    }
}
