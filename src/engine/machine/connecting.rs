//! On a rung: the next rung, a session, a fault, or told to stop.

use super::{Effect, Event, Held, Mode, Phase, Rung, Step, Up};
use crate::engine::event::Nudge;

/// Climbing the ladder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connecting {
    /// Where it is.
    pub(crate) rung: Rung,
    /// Which pause of the backoff comes next, should this attempt or its session not last.
    pub(crate) failures: u32,
    /// A person asked for it.
    pub(crate) by_person: bool,
    /// What went wrong before, still true until the attempt succeeds.
    pub(crate) after: Option<Held>,
    /// It has been up since it was opened.
    pub(crate) was_up: bool,
}

impl Connecting {
    pub(super) fn on(mut self, event: Event, step: &mut Step<'_>) -> Phase {
        match event {
            Event::Open { by_person } => {
                self.by_person |= by_person;
                Phase::Connecting(self)
            }
            Event::Close { now, reopen } => step.close(now, reopen),
            Event::Bound => {
                *step.bound = true;
                self.rung = Rung::Resolve;
                step.effect(Effect::Gate(Mode::Hold));
                step.effect(Effect::Dial);
                Phase::Connecting(self)
            }
            Event::BindFailed(fault) => {
                let held = Held::note(self.after.as_ref(), fault, step.now);
                step.wait(self.failures.max(1), self.by_person, held, None, self.was_up)
            }
            Event::Reached(rung) => {
                self.rung = rung;
                Phase::Connecting(self)
            }
            Event::Dialled => self.arrive(step),
            Event::DialFailed(trouble) => {
                let held = Held::note(self.after.as_ref(), trouble.fault, step.now);
                step.wait(self.failures.max(1), self.by_person, held, trouble.question, self.was_up)
            }
            // The way has changed under the attempt: begin again.
            Event::Nudged(Nudge::Woke | Nudge::NetworkChanged) if self.rung > Rung::Bind => {
                step.effect(Effect::StopDial);
                step.effect(Effect::Dial);
                self.rung = Rung::Resolve;
                Phase::Connecting(self)
            }
            Event::Nudged(_)
            | Event::Lost(_)
            | Event::ForwardOpened
            | Event::ForwardRefused(_)
            | Event::Timer(_)
            | Event::Released => Phase::Connecting(self),
        }
    }

    fn arrive(self, step: &mut Step<'_>) -> Phase {
        if self.was_up {
            *step.reconnects += 1;
        }
        step.effect(Effect::Gate(Mode::Open));
        step.tell("up", if self.was_up { "up again" } else { "up" });
        // A server that counts strangers is shown to a person who asked, not to every reconnect.
        if !step.traits.counts_strangers || (self.by_person && !self.was_up) {
            step.effect(Effect::Prove);
        }
        Phase::Up(Up::new(self.failures, step.now))
    }
}
