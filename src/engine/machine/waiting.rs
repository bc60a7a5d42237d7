//! Between attempts: the timer, a better network, an impatient person; or for a person alone.

use super::{Event, Held, Moment, Phase, Step};
use crate::engine::event::Nudge;
use crate::model::Question;

/// Waiting for the next attempt, or for a person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Waiting {
    /// Which pause of the backoff this is.
    pub(crate) failures: u32,
    pub(super) by_person: bool,
    /// Why.
    pub(crate) held: Held,
    /// What a person could answer.
    pub(crate) question: Option<Question>,
    /// The timer of the next attempt and when it runs out; absent when only a person can help.
    pub(crate) next: Option<(u64, Moment)>,
    pub(super) was_up: bool,
}

impl Waiting {
    pub(super) fn on(self, event: Event, step: &mut Step<'_>) -> Phase {
        match event {
            Event::Close { now, reopen } => step.close(now, reopen),
            Event::Timer(id) if self.next.is_some_and(|(next, _)| next == id) => {
                step.connect(self.failures + 1, self.by_person, Some(self.held), self.was_up)
            }
            Event::Open { by_person } => step.connect(0, by_person || self.by_person, Some(self.held), self.was_up),
            Event::Nudged(Nudge::Answered) => step.connect(0, self.by_person, Some(self.held), self.was_up),
            Event::Nudged(Nudge::Woke | Nudge::NetworkChanged) if self.next.is_some() => {
                step.connect(0, self.by_person, Some(self.held), self.was_up)
            }
            Event::Timer(_)
            | Event::Nudged(_)
            | Event::Bound
            | Event::BindFailed(_)
            | Event::Reached(_)
            | Event::Dialled
            | Event::DialFailed(_)
            | Event::Lost(_)
            | Event::ForwardOpened
            | Event::ForwardRefused(_)
            | Event::Released => Phase::Waiting(self),
        }
    }
}
