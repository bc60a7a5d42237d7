//! A tunnel's machine as a viewer may see it. Counters and round trips are added when someone looks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::Plan;
use super::machine::{Held, Machine, Moment, Phase};
use crate::local::clock;
use crate::model::{
    Bytes, Change, Code, Connections, FaultStatus, Listen, Phase as Shown, Proof, Question, Rung, Tunnel, TunnelStatus,
};
use crate::ssh::{Counters, Lane};

/// A tunnel's state and what a person is asked about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The contract's view.
    pub tunnel: TunnelStatus,
    /// What a person could answer.
    pub question: Option<Question>,
}

/// What is visible of a tunnel's task.
pub(crate) struct Cell {
    view: Mutex<View>,
    pub(crate) counters: Arc<Counters>,
    /// The engine's change counter.
    changes: watch::Sender<u64>,
    recent: Recent,
}

impl Cell {
    pub(crate) fn new(view: View, changes: watch::Sender<u64>, recent: Recent) -> Self {
        Self { view: Mutex::new(view), counters: Arc::default(), changes, recent }
    }

    /// The tunnel as of its last step.
    pub(crate) fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells viewers that something changed.
    pub(crate) fn tell(&self) {
        let news = {
            let mut view = self.view();
            view.take_news().then(|| view.clone())
        };
        if let Some(view) = news {
            self.recent.push(view.status(self).tunnel);
        }
        self.changes.send_modify(|count| *count += 1);
    }
}

/// The last changes of all tunnels. Bounded: the oldest go, and their number tells a viewer what it missed.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<(u64, VecDeque<Change>)>>);

/// Changes that are kept: a second of a busy service, and little beside a snapshot.
const RECENT: usize = 32;

impl Recent {
    fn push(&self, tunnel: TunnelStatus) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.0 += 1;
        let seq = recent.0;
        recent.1.push_back(Change { seq, at: clock::now(), tunnel });
        while recent.1.len() > RECENT {
            recent.1.pop_front();
        }
    }

    /// The changes, oldest first.
    pub(crate) fn changes(&self) -> Vec<Change> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.iter().cloned().collect()
    }
}

/// A tunnel as of its last step.
#[derive(Clone)]
pub(crate) struct View {
    tunnel: Tunnel,
    listen: Listen,
    keepalive: Duration,
    shown: Option<Facts>,
    /// What was last told as a change.
    told: Option<Mark>,
    lane: Option<Lane>,
    start: Instant,
}

/// Phase, fault and proof.
type Mark = (Shown, Option<Code>, Option<Proof>);

/// What makes a change worth telling.
#[derive(Debug, Clone, PartialEq)]
struct Facts {
    phase: Shown,
    rung: Option<Rung>,
    proof: Option<Proof>,
    held: Option<Held>,
    next: Option<Moment>,
    question: Option<Question>,
    entered: Moment,
    reconnects: u64,
}

impl View {
    /// A tunnel that has never run.
    pub(crate) fn new(plan: &Plan, start: Instant) -> Self {
        Self {
            tunnel: plan.tunnel.clone(),
            listen: plan.listen.clone(),
            keepalive: plan.route.last.keepalive,
            shown: None,
            told: None,
            lane: None,
            start,
        }
    }

    /// Takes over the machine's state; true when something changed that viewers want to know.
    pub(crate) fn update(&mut self, plan: &Plan, machine: &Machine, lane: Option<&Lane>, start: Instant) -> bool {
        let facts = Facts::of(machine);
        let changed = self.shown.as_ref() != Some(&facts) || self.tunnel != plan.tunnel || self.listen != plan.listen;
        let told = self.told.take();
        *self = Self { shown: Some(facts), told, lane: lane.cloned(), ..Self::new(plan, start) };
        changed
    }

    /// True once for each change of phase, fault or proof.
    fn take_news(&mut self) -> bool {
        let mark = self
            .shown
            .as_ref()
            .map(|facts| (facts.phase, facts.held.as_ref().map(|held| held.fault.code), facts.proof));
        let news = mark != self.told;
        self.told = mark;
        news
    }

    /// The whole status, as of now.
    pub(crate) fn status(&self, cell: &Cell) -> Status {
        let now = self.start.elapsed();
        let wall = |moment: Moment| wall_clock(now, moment);
        let health = self.lane.as_ref().map(Lane::health).unwrap_or_default();
        let facts = self.shown.as_ref();
        let phase = facts.map_or(Shown::Stopped, |facts| facts.phase);
        let up = phase == Shown::Up;
        // While our own client keeps the session full, nothing more can be said than that.
        let limit = self.keepalive * 3 + Duration::from_secs(1);
        let stale = health.silence.filter(|silence| up && health.stalled.is_some() && *silence > limit);
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
        let mut warnings = Vec::new();
        if !self.listen.is_local() {
            warnings.push(format!("other machines can connect to {}", self.listen));
        }
        let tunnel = TunnelStatus {
            name: self.tunnel.name.clone(),
            phase,
            rung: facts.and_then(|facts| facts.rung),
            proof: if stale.is_some() { Some(Proof::Stale) } else { facts.and_then(|facts| facts.proof) },
            answered_at: health.silence.and_then(ago),
            listen: Some(self.listen.clone()),
            bastion: self.tunnel.bastion.clone(),
            database: self.tunnel.database.clone(),
            since: facts.and_then(|facts| wall(facts.entered)),
            rtt_ms: health.round_trip.filter(|_| up).map(|rtt| (rtt.as_secs_f64() * 100_000.0).round() / 100.0),
            connections: Connections { open: count(&cell.counters.open), total: count(&cell.counters.total) },
            bytes: Bytes {
                to_database: count(&cell.counters.to_database),
                from_database: count(&cell.counters.from_database),
            },
            reconnects: facts.map_or(0, |facts| facts.reconnects),
            fault: facts.and_then(|facts| facts.held.as_ref().map(|held| fault_status(held, facts.next, now))),
            unproven_s: stale.map(|silence| (silence.as_secs_f64() * 10.0).round() / 10.0),
            question: None,
            warnings,
            tags: self.tunnel.tags.clone(),
            user: self.tunnel.user.clone(),
            dbname: self.tunnel.dbname.clone(),
            autostart: self.tunnel.autostart,
            identity: self.tunnel.identity.clone(),
        };
        Status { tunnel, question: facts.and_then(|facts| facts.question.clone()) }
    }
}

impl Facts {
    fn of(machine: &Machine) -> Self {
        let mut facts = Self {
            phase: Shown::Stopped,
            rung: None,
            proof: None,
            held: None,
            next: None,
            question: None,
            entered: machine.entered(),
            reconnects: machine.reconnects(),
        };
        match machine.phase() {
            Phase::Stopped(_) => {}
            Phase::Connecting(connecting) => {
                facts.phase = Shown::Connecting;
                facts.rung = Some(connecting.rung);
                facts.held.clone_from(&connecting.after);
                // An attempt is under way now.
                facts.next = Some(machine.entered());
            }
            Phase::Up(up) => {
                facts.phase = Shown::Up;
                facts.proof = Some(up.proof);
                facts.held.clone_from(&up.held);
                facts.next = up.next.map(|(_, at)| at);
            }
            Phase::Waiting(waiting) => {
                facts.phase = Shown::Waiting;
                facts.held = Some(waiting.held.clone());
                facts.next = waiting.next.map(|(_, at)| at);
                facts.question.clone_from(&waiting.question);
            }
            Phase::Closing(_) => facts.phase = Shown::Closing,
        }
        facts
    }
}

fn fault_status(held: &Held, next: Option<Moment>, now: Moment) -> FaultStatus {
    let left = next.map(|at| (at.saturating_sub(now).as_secs_f64() * 10.0).round() / 10.0);
    FaultStatus {
        rung: held.fault.code.rung(),
        code: held.fault.code,
        message: held.fault.message.clone(),
        owner: held.fault.owner,
        advice: held.fault.advice.clone(),
        since: wall_clock(now, held.since).unwrap_or_else(clock::now),
        retry_in_s: left,
    }
}

fn wall_clock(now: Moment, moment: Moment) -> Option<Timestamp> {
    ago(now.saturating_sub(moment))
}

fn ago(age: Duration) -> Option<Timestamp> {
    let age = SignedDuration::try_from(age).ok()?;
    let then = clock::now().checked_sub(age).ok()?;
    // Whole seconds: a moment that is computed twice should print the same.
    Timestamp::from_second(then.as_second()).ok()
}
