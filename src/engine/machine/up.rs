//! Carrying bytes: lost, refused, proven, closed.

use std::time::Duration;

use super::{Effect, Event, Held, Mode, Moment, PROVEN_LIFE, Phase, Step};
use crate::engine::backoff;
use crate::engine::event::Nudge;
use crate::model::{Fault, Proof};

/// The session lives and the gate is open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Up {
    /// Which pause of the backoff comes next, should the session not last.
    failures: u32,
    /// Since when.
    since: Moment,
    /// What has been proven.
    pub(crate) proof: Proof,
    /// The last forward that was tried did not open.
    pub(crate) held: Option<Held>,
    /// Refusals in a row, and the next proof.
    refusals: u32,
    pub(crate) next: Option<(u64, Moment)>,
}

impl Up {
    pub(super) fn new(failures: u32, now: Moment) -> Self {
        Self { failures, since: now, proof: Proof::Session, held: None, refusals: 0, next: None }
    }

    pub(super) fn on(mut self, event: Event, step: &mut Step<'_>) -> Phase {
        match event {
            Event::Close { now, reopen } => step.close(now, reopen),
            Event::Lost(fault) => self.lose(fault, step),
            Event::ForwardOpened => {
                if self.held.take().is_some() {
                    step.tell("healed", "forwards open again");
                }
                self.proof = Proof::Forward;
                self.refusals = 0;
                self.next = None;
                Phase::Up(self)
            }
            Event::ForwardRefused(fault) => {
                self.refuse(fault, step);
                Phase::Up(self)
            }
            Event::Timer(id) if self.next.is_some_and(|(next, _)| next == id) => {
                self.next = None;
                step.effect(Effect::Prove);
                Phase::Up(self)
            }
            // A person who asks again about a broken tunnel gets a fresh answer.
            Event::Open { by_person: true } if self.held.is_some() => {
                step.effect(Effect::Prove);
                Phase::Up(self)
            }
            Event::Nudged(Nudge::Woke | Nudge::NetworkChanged) => {
                step.effect(Effect::Challenge);
                Phase::Up(self)
            }
            Event::Open { .. }
            | Event::Timer(_)
            | Event::Nudged(Nudge::Answered)
            | Event::Bound
            | Event::BindFailed(_)
            | Event::Reached(_)
            | Event::Dialled
            | Event::DialFailed(_)
            | Event::Released => Phase::Up(self),
        }
    }

    fn lose(self, fault: Fault, step: &mut Step<'_>) -> Phase {
        step.tell("lost", fault.message.clone());
        let held = Held { fault, since: step.now };
        step.effect(Effect::Gate(Mode::Hold));
        let proven = step.now.saturating_sub(self.since) >= PROVEN_LIFE;
        if proven || self.failures == 0 {
            step.connect(1, false, Some(held), true)
        } else {
            step.wait(self.failures, false, held, None, true)
        }
    }

    fn refuse(&mut self, fault: Fault, step: &mut Step<'_>) {
        let held = Held::note(self.held.as_ref(), fault, step.now);
        if self.held.as_ref().is_none_or(|before| before.fault.code != held.fault.code) {
            step.tell("fault", held.fault.message.clone());
        }
        self.held = Some(held);
        if self.next.is_none() && !step.traits.counts_strangers {
            self.refusals += 1;
            // From about 2 s up to the cap; never in step with others.
            let pause = backoff::pause(self.refusals + 2, step.roll).max(Duration::from_secs(2));
            self.next = Some((step.timer(pause), step.now + pause));
        }
    }
}
