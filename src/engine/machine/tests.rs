//! The machine's life without network, terminal or waiting.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::engine::event::Nudge;
use crate::model::{Code, Proof};
use crate::ssh::Trouble;

struct Life {
    machine: Machine,
    now: Duration,
    effects: Vec<Effect>,
}

impl Life {
    fn new() -> Self {
        Self::of(false)
    }

    fn of(counts_strangers: bool) -> Self {
        let machine = Machine::new(Traits { counts_strangers }, Duration::ZERO);
        Self { machine, now: Duration::ZERO, effects: Vec::new() }
    }

    fn on(&mut self, event: Event) -> &mut Self {
        self.effects = self.machine.step(event, self.now, 1.0);
        self
    }

    fn after(&mut self, seconds: u64) -> &mut Self {
        self.now += Duration::from_secs(seconds);
        self
    }

    fn up(&mut self) -> &mut Self {
        self.on(Event::Open { by_person: true }).on(Event::Bound).on(Event::Dialled)
    }

    fn has(&self, wanted: &Effect) -> bool {
        self.effects.contains(wanted)
    }

    fn pause(&self) -> Option<u64> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Timer { after, .. } => Some(after.as_secs()),
            _ => None,
        })
    }

    fn ring(&mut self) -> &mut Self {
        let id = self.effects.iter().find_map(|effect| match effect {
            Effect::Timer { id, .. } => Some(*id),
            _ => None,
        });
        self.on(Event::Timer(id.unwrap()))
    }
}

fn fault(code: Code) -> Fault {
    Fault::new(code, "x")
}

fn failed(code: Code) -> Event {
    Event::DialFailed(Trouble::from(fault(code)))
}

#[test]
fn a_tunnel_comes_up_and_is_proven() {
    let mut life = Life::new();
    life.on(Event::Open { by_person: false });
    assert!(life.has(&Effect::Bind));
    life.on(Event::Bound);
    assert!(life.has(&Effect::Gate(Mode::Hold)) && life.has(&Effect::Dial));
    life.on(Event::Dialled);
    assert!(life.has(&Effect::Gate(Mode::Open)) && life.has(&Effect::Prove));
    assert!(matches!(life.machine.phase(), Phase::Up(up) if up.proof == Proof::Session));
    life.on(Event::ForwardOpened);
    assert!(matches!(life.machine.phase(), Phase::Up(up) if up.proof == Proof::Forward && up.held.is_none()));
}

#[test]
fn a_loss_is_answered_at_once_and_then_with_growing_pauses() {
    let mut life = Life::new();
    life.up().after(60).on(Event::Lost(fault(Code::LinkClosed)));
    assert!(life.has(&Effect::Gate(Mode::Hold)) && life.has(&Effect::Dial));
    for seconds in [1, 2, 4, 8, 16, 30, 30] {
        life.on(failed(Code::TcpRefused));
        assert_eq!(life.pause(), Some(seconds));
        assert!(life.has(&Effect::Gate(Mode::Hold)));
        life.ring();
        assert!(life.has(&Effect::Dial));
    }
    life.on(Event::Dialled);
    assert_eq!(life.machine.reconnects(), 1);
}

#[test]
fn a_flapping_session_is_not_hammered() {
    let mut life = Life::new();
    life.up().after(1).on(Event::Lost(fault(Code::LinkClosed)));
    assert!(life.has(&Effect::Dial), "the first retry is at once");
    life.on(Event::Dialled).after(1).on(Event::Lost(fault(Code::LinkClosed)));
    assert!(!life.has(&Effect::Dial));
    assert_eq!(life.pause(), Some(1));
    life.ring().on(Event::Dialled).after(1).on(Event::Lost(fault(Code::LinkClosed)));
    assert_eq!(life.pause(), Some(2));
    life.ring().on(Event::Dialled).after(5).on(Event::Lost(fault(Code::LinkClosed)));
    assert!(life.has(&Effect::Dial), "five seconds of life start it anew");
}

#[test]
fn a_refused_login_waits_for_a_person() {
    for code in [Code::KeyRefused, Code::HostKeyChanged, Code::HostKeyUnknown, Code::TooManyFailures] {
        let mut life = Life::new();
        life.on(Event::Open { by_person: true }).on(Event::Bound).on(failed(code));
        assert_eq!(life.pause(), None);
        assert!(life.has(&Effect::Gate(Mode::Refuse)), "clients are reset, not held");
        life.on(Event::Nudged(Nudge::Woke)).on(Event::Nudged(Nudge::NetworkChanged));
        assert!(life.effects.is_empty());
        life.on(Event::Nudged(Nudge::Answered));
        assert!(life.has(&Effect::Dial));
        life.on(failed(code)).on(Event::Open { by_person: true });
        assert!(life.has(&Effect::Dial));
    }
}

#[test]
fn a_late_timer_is_ignored() {
    let mut life = Life::new();
    life.on(Event::Open { by_person: true }).on(Event::Bound).on(failed(Code::TcpTimeout));
    life.on(Event::Open { by_person: true }).on(failed(Code::TcpTimeout));
    life.on(Event::Timer(1));
    assert!(life.effects.is_empty());
    life.on(Event::Timer(2));
    assert!(life.has(&Effect::Dial));
}

#[test]
fn a_refused_forward_is_up_with_a_fault_and_heals() {
    let mut life = Life::new();
    life.up().on(Event::ForwardRefused(fault(Code::TargetRefused)));
    assert!(matches!(life.machine.phase(), Phase::Up(up) if up.held.is_some()));
    life.ring();
    assert!(life.has(&Effect::Prove));
    life.on(Event::ForwardOpened);
    assert!(matches!(life.machine.phase(), Phase::Up(up) if up.held.is_none() && up.proof == Proof::Forward));
}

#[test]
fn a_server_that_counts_strangers_is_shown_only_to_a_person() {
    let mut life = Life::of(true);
    life.up();
    assert!(life.has(&Effect::Prove));
    life.on(Event::ForwardRefused(fault(Code::HostBlocked)));
    assert_eq!(life.pause(), None, "never on a timer");
    life.after(9).on(Event::Lost(fault(Code::LinkClosed))).on(Event::Dialled);
    assert!(!life.has(&Effect::Prove));
    let mut life = Life::of(true);
    life.on(Event::Open { by_person: false }).on(Event::Bound).on(Event::Dialled);
    assert!(!life.has(&Effect::Prove));
}

#[test]
fn closing_lets_go_and_may_open_again() {
    let mut life = Life::new();
    life.up().on(Event::Close { now: false, reopen: false });
    assert!(life.has(&Effect::Release { now: false }) && life.has(&Effect::StopDial));
    life.on(Event::Close { now: true, reopen: false });
    assert!(life.has(&Effect::Release { now: true }));
    life.on(Event::Open { by_person: true }).on(Event::Released);
    assert!(life.has(&Effect::Bind), "the port was freed, so it is taken anew");
    life.on(Event::Bound).on(Event::Close { now: false, reopen: false }).on(Event::Released);
    assert!(matches!(life.machine.phase(), Phase::Stopped(_)));
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        any::<bool>().prop_map(|by_person| Event::Open { by_person }),
        any::<(bool, bool)>().prop_map(|(now, reopen)| Event::Close { now, reopen }),
        Just(Event::Bound),
        Just(Event::BindFailed(fault(Code::PortInUse))),
        Just(Event::Reached(Rung::Greet)),
        Just(Event::Dialled),
        Just(failed(Code::TcpRefused)),
        Just(failed(Code::KeyRefused)),
        Just(Event::Lost(fault(Code::LinkClosed))),
        Just(Event::ForwardOpened),
        Just(Event::ForwardRefused(fault(Code::TargetRefused))),
        (0_u64..8).prop_map(Event::Timer),
        Just(Event::Nudged(Nudge::Woke)),
        Just(Event::Nudged(Nudge::Answered)),
        Just(Event::Released),
    ]
}

proptest! {
    /// Whatever happens, a tunnel that is told to close stops as soon as everything is let go, and every phase that is not
    /// waiting for a person has something under way.
    #[test]
    fn it_can_always_be_stopped(events in proptest::collection::vec(any_event(), 0..40)) {
        let mut life = Life::new();
        for event in events {
            life.after(1).on(event);
        }
        life.on(Event::Close { now: true, reopen: false });
        life.on(Event::Released);
        prop_assert!(matches!(life.machine.phase(), Phase::Stopped(_)));
    }
}
