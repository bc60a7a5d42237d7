//! The life of a tunnel as a pure machine: (phase, event, now) → (phase, effects). No IO, no clock, no waiting; each phase
//! decides in a file of its own.

mod closing;
mod connecting;
mod stopped;
mod up;
mod waiting;

use std::time::Duration;

pub(crate) use closing::Closing;
pub(crate) use connecting::Connecting;
pub(crate) use stopped::Stopped;
pub(crate) use up::Up;
pub(crate) use waiting::Waiting;

use super::backoff;
use super::effect::Effect;
use super::event::Event;
use super::gate::Mode;
use crate::model::{Fault, Question, Retry, Rung};

/// A moment, as time since the engine began.
pub(crate) type Moment = Duration;

/// A session that lived this long has proven the way; its loss starts the backoff anew.
const PROVEN_LIFE: Duration = Duration::from_secs(5);

/// A fault and when it was first seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) fault: Fault,
    pub(crate) since: Moment,
}

impl Held {
    /// The same fault keeps the time it was first seen.
    fn note(before: Option<&Self>, fault: Fault, now: Moment) -> Self {
        let since = before.filter(|held| held.fault.code == fault.code).map_or(now, |held| held.since);
        Self { fault, since }
    }
}

/// What a tunnel is doing; each carries only its own facts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    Stopped(Stopped),
    Connecting(Connecting),
    Up(Up),
    Waiting(Waiting),
    Closing(Closing),
}

/// What stays the same while a tunnel lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Traits {
    /// An unfinished first contact is counted against the bastion's address, so no forward is opened without need.
    pub(crate) counts_strangers: bool,
}

/// What a step may use and leaves behind.
pub(crate) struct Step<'a> {
    pub(crate) now: Moment,
    /// From 0 to 1, for jitter.
    pub(crate) roll: f64,
    traits: Traits,
    timers: &'a mut u64,
    bound: &'a mut bool,
    reconnects: &'a mut u64,
    effects: Vec<Effect>,
}

/// A tunnel's machine.
#[derive(Debug)]
pub(crate) struct Machine {
    phase: Phase,
    traits: Traits,
    timers: u64,
    bound: bool,
    reconnects: u64,
    entered: Moment,
}

impl Machine {
    /// A stopped tunnel.
    pub(crate) fn new(traits: Traits, now: Moment) -> Self {
        Self { phase: Phase::Stopped(Stopped), traits, timers: 0, bound: false, reconnects: 0, entered: now }
    }

    /// Takes one event.
    pub(crate) fn step(&mut self, event: Event, now: Moment, roll: f64) -> Vec<Effect> {
        let mut step = Step {
            now,
            roll,
            traits: self.traits,
            timers: &mut self.timers,
            bound: &mut self.bound,
            reconnects: &mut self.reconnects,
            effects: Vec::new(),
        };
        let before = std::mem::discriminant(&self.phase);
        let phase = std::mem::replace(&mut self.phase, Phase::Stopped(Stopped));
        self.phase = match phase {
            Phase::Stopped(stopped) => stopped.on(event, &mut step),
            Phase::Connecting(connecting) => connecting.on(event, &mut step),
            Phase::Up(up) => up.on(event, &mut step),
            Phase::Waiting(waiting) => waiting.on(event, &mut step),
            Phase::Closing(closing) => closing.on(event, &mut step),
        };
        let effects = step.effects;
        if std::mem::discriminant(&self.phase) != before {
            self.entered = now;
        }
        effects
    }

    /// What it is doing.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// When it began to.
    pub(crate) fn entered(&self) -> Moment {
        self.entered
    }

    /// How often it came back after a loss.
    pub(crate) fn reconnects(&self) -> u64 {
        self.reconnects
    }

    /// The traits of a changed plan; only while stopped.
    pub(crate) fn set_traits(&mut self, traits: Traits) {
        self.traits = traits;
    }
}

impl Step<'_> {
    fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn tell(&mut self, event: &'static str, message: impl Into<String>) {
        self.effect(Effect::Tell { event, message: message.into() });
    }

    fn timer(&mut self, after: Duration) -> u64 {
        *self.timers += 1;
        let id = *self.timers;
        self.effect(Effect::Timer { id, after });
        id
    }

    /// Starts an attempt: the port first, if it is not ours yet.
    fn connect(&mut self, failures: u32, by_person: bool, after: Option<Held>, was_up: bool) -> Phase {
        let rung = if *self.bound { Rung::Resolve } else { Rung::Bind };
        self.effect(if *self.bound { Effect::Dial } else { Effect::Bind });
        Phase::Connecting(Connecting { rung, failures, by_person, after, was_up })
    }

    /// Waits for the next attempt or for a person.
    fn wait(&mut self, failures: u32, by_person: bool, held: Held, question: Option<Question>, was_up: bool) -> Phase {
        let pause = match held.fault.code.retry() {
            Retry::Never => None,
            Retry::Backoff => Some(backoff::pause(failures, self.roll)),
            Retry::After(seconds) => {
                Some(Duration::from_secs(u64::from(seconds)) + backoff::pause(failures.max(4), self.roll))
            }
        };
        self.effect(Effect::Gate(if pause.is_some() { Mode::Hold } else { Mode::Refuse }));
        self.tell("fault", held.fault.message.clone());
        let next = pause.map(|pause| (self.timer(pause), self.now + pause));
        Phase::Waiting(Waiting { failures, by_person, held, question, next, was_up })
    }

    fn close(&mut self, now: bool, reopen: bool) -> Phase {
        self.effect(Effect::StopDial);
        self.effect(Effect::Gate(Mode::Refuse));
        self.effect(Effect::Release { now });
        Phase::Closing(Closing { reopen })
    }
}

#[cfg(test)]
mod tests;
