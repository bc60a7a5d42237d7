//! Nothing runs; only `Open` moves it.

use super::{Event, Phase, Step};

/// Nothing runs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Stopped;

impl Stopped {
    pub(super) fn on(self, event: Event, step: &mut Step<'_>) -> Phase {
        match event {
            Event::Open { by_person } => {
                step.tell("opened", if by_person { "opened by a person" } else { "opened by the service" });
                step.connect(0, by_person, None, false)
            }
            Event::Close { .. }
            | Event::Bound
            | Event::BindFailed(_)
            | Event::Reached(_)
            | Event::Dialled
            | Event::DialFailed(_)
            | Event::Lost(_)
            | Event::ForwardOpened
            | Event::ForwardRefused(_)
            | Event::Timer(_)
            | Event::Nudged(_)
            | Event::Released => Phase::Stopped(self),
        }
    }
}
