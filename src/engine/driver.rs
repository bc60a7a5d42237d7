//! One task per tunnel: waits, steps the machine, performs its effects. It decides nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::effect::Effect;
use super::event::Event;
use super::gate::{Gate, Way};
use super::machine::{Machine, Phase, Traits};
use super::publish::Cell;
use super::{Notice, Plan, proof};
use crate::model::Proof;
use crate::ssh::{Lane, Pool};

/// Live connections of a tunnel that is closed get this long.
const DRAIN: Duration = Duration::from_secs(10);

/// What a tunnel's task takes in.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "a queue of 64 events costs less than an allocation for each")]
pub(crate) enum Mail {
    /// Something happened; with the number of the attempt it belongs to, where it belongs to one.
    Event(Event, Option<u64>),
    /// The configuration changed.
    Plan(Box<Plan>),
    /// It should be closed, and the sender wants to know when nothing of it runs.
    Close {
        /// Cut live connections.
        now: bool,
        /// Told when stopped.
        done: oneshot::Sender<()>,
    },
    /// The configuration no longer has it: end when stopped.
    Remove,
}

/// A tunnel's task.
pub(crate) struct Driver {
    plan: Plan,
    /// Takes effect once the old one is let go.
    next_plan: Option<Plan>,
    removed: bool,
    machine: Machine,
    pool: Pool,
    lane: Option<Lane>,
    gate: Option<Arc<Gate>>,
    /// Numbers attempts, so that news of an abandoned one is recognised.
    attempt: u64,
    dial: Option<JoinHandle<()>>,
    proof: Option<JoinHandle<()>>,
    /// Letting go is under way.
    releasing: bool,
    /// Who waits for it to be stopped.
    waiters: Vec<oneshot::Sender<()>>,
    curious: Arc<AtomicBool>,
    cell: Arc<Cell>,
    mail: mpsc::Sender<Mail>,
    reports: mpsc::Sender<Event>,
    notices: mpsc::Sender<Notice>,
    start: Instant,
}

impl Driver {
    /// Starts the task of a declared tunnel, stopped.
    pub(crate) fn spawn(
        plan: Plan,
        pool: Pool,
        cell: Arc<Cell>,
        notices: mpsc::Sender<Notice>,
        start: Instant,
    ) -> mpsc::Sender<Mail> {
        // Bounded: the supervisor's few requests and one event per dial step; forwards report on their own queue.
        let (mail, inbox) = mpsc::channel(64);
        // Latest-wins in effect: a report that does not fit repeats one that does.
        let (reports, news) = mpsc::channel(8);
        let driver = Self {
            machine: Machine::new(traits(&plan), start.elapsed()),
            plan,
            next_plan: None,
            removed: false,
            pool,
            lane: None,
            gate: None,
            attempt: 0,
            dial: None,
            proof: None,
            releasing: false,
            waiters: Vec::new(),
            curious: Arc::new(AtomicBool::new(true)),
            cell,
            mail: mail.clone(),
            reports,
            notices,
            start,
        };
        tokio::spawn(driver.run(inbox, news));
        mail
    }

    async fn run(mut self, mut inbox: mpsc::Receiver<Mail>, mut news: mpsc::Receiver<Event>) {
        loop {
            let event = tokio::select! {
                mail = inbox.recv() => match mail {
                    Some(Mail::Event(_, Some(attempt))) if attempt != self.attempt => continue,
                    Some(Mail::Event(event, _)) => Some(event),
                    Some(Mail::Plan(plan)) => self.replan(*plan),
                    Some(Mail::Close { now, done }) => {
                        self.waiters.push(done);
                        Some(Event::Close { now, reopen: false })
                    }
                    Some(Mail::Remove) => { self.removed = true; Some(Event::Close { now: true, reopen: false }) }
                    None => return,
                },
                report = news.recv() => report,
            };
            if let Some(event) = event {
                self.step(event).await;
            }
            self.publish();
            if self.removed && matches!(self.machine.phase(), Phase::Stopped(_)) {
                return;
            }
        }
    }

    /// A changed way restarts what runs; anything else is only shown.
    fn replan(&mut self, plan: Plan) -> Option<Event> {
        let stopped = matches!(self.machine.phase(), Phase::Stopped(_));
        if stopped || plan.same_way(&self.plan) {
            self.machine.set_traits(traits(&plan));
            self.plan = plan;
            return None;
        }
        self.next_plan = Some(plan);
        Some(Event::Close { now: true, reopen: true })
    }

    async fn step(&mut self, event: Event) {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            if event == Event::Released {
                self.gate = None;
                self.releasing = false;
                if let Some(plan) = self.next_plan.take() {
                    self.machine.set_traits(traits(&plan));
                    self.plan = plan;
                }
            }
            for effect in self.machine.step(event, self.start.elapsed(), rand::random()) {
                next = self.perform(effect).await.or(next);
            }
        }
        let curious = match self.machine.phase() {
            Phase::Up(up) => up.held.is_some() || up.proof != Proof::Forward,
            Phase::Stopped(_) | Phase::Connecting(_) | Phase::Waiting(_) | Phase::Closing(_) => true,
        };
        self.curious.store(curious, Ordering::Relaxed);
    }

    /// Performs one effect; what it brought about at once is the next event.
    async fn perform(&mut self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Bind => return Some(self.bind().await),
            Effect::Dial => self.dial(),
            Effect::StopDial => {
                self.attempt += 1;
                self.stop_tasks();
            }
            Effect::Gate(mode) => {
                if let Some(gate) = &self.gate {
                    gate.set(mode);
                }
            }
            Effect::Prove => self.prove(),
            Effect::Challenge => {
                if let Some(lane) = &self.lane {
                    lane.challenge();
                }
            }
            Effect::Timer { id, after } => {
                let mail = self.mail.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(after).await;
                    // A tunnel that is gone needs no timer.
                    let _ = mail.send(Mail::Event(Event::Timer(id), None)).await;
                });
            }
            Effect::Release { now } => self.release(now),
            Effect::Tell { event, message } => {
                let notice = Notice { tunnel: self.plan.tunnel.name.clone(), event, message };
                // A journal that cannot keep up must not hold up a tunnel.
                let _ = self.notices.try_send(notice);
            }
        }
        None
    }

    fn stop_tasks(&mut self) {
        for task in [self.dial.take(), self.proof.take()].into_iter().flatten() {
            task.abort();
        }
    }

    async fn bind(&mut self) -> Event {
        let way = Way {
            lane: self.lane(),
            target: self.plan.tunnel.database.endpoint(),
            counters: Arc::clone(&self.cell.counters),
            reports: self.reports.clone(),
            curious: Arc::clone(&self.curious),
        };
        match Gate::bind(&self.plan.tunnel.name, &self.plan.listen, way).await {
            Ok(gate) => {
                self.gate = Some(Arc::new(gate));
                Event::Bound
            }
            Err(fault) => Event::BindFailed(fault),
        }
    }

    fn lane(&mut self) -> Lane {
        let plan = &self.plan;
        self.lane.get_or_insert_with(|| self.pool.lane(&plan.route, plan.sharing)).clone()
    }

    fn dial(&mut self) {
        self.attempt += 1;
        self.stop_tasks();
        let (lane, mail, attempt) = (self.lane(), self.mail.clone(), self.attempt);
        self.dial = Some(tokio::spawn(async move {
            let progress = mail.clone();
            let connected = lane
                .connect(&move |rung| {
                    // Only for show: a rung that does not fit the queue is passed anyway.
                    let _ = progress.try_send(Mail::Event(Event::Reached(rung), Some(attempt)));
                })
                .await;
            let event = match connected {
                Ok(()) => Event::Dialled,
                Err(trouble) => Event::DialFailed(trouble),
            };
            let up = event == Event::Dialled;
            // A tunnel that is gone needs no news.
            let _ = mail.send(Mail::Event(event, Some(attempt))).await;
            if up {
                let fault = lane.lost().await;
                let _ = mail.send(Mail::Event(Event::Lost(fault), Some(attempt))).await;
            }
        }));
    }

    fn prove(&mut self) {
        let (lane, mail, attempt) = (self.lane(), self.mail.clone(), self.attempt);
        let database = self.plan.tunnel.database.clone();
        self.proof = Some(tokio::spawn(async move {
            if let Some(event) = proof::prove(&lane, &database).await {
                // A tunnel that is gone needs no news.
                let _ = mail.send(Mail::Event(event, Some(attempt))).await;
            }
        }));
    }

    fn release(&mut self, now: bool) {
        if now && let Some(gate) = &self.gate {
            gate.cut();
        }
        if std::mem::replace(&mut self.releasing, true) {
            return;
        }
        self.attempt += 1;
        let (gate, lane, mail, attempt) = (self.gate.clone(), self.lane.take(), self.mail.clone(), self.attempt);
        tokio::spawn(async move {
            if let Some(gate) = &gate {
                gate.release(DRAIN).await;
            }
            drop(gate);
            if let Some(lane) = lane {
                lane.close().await;
            }
            // A tunnel that is gone needs no news.
            let _ = mail.send(Mail::Event(Event::Released, Some(attempt))).await;
        });
    }

    fn publish(&mut self) {
        let changed = self.cell.view().update(&self.plan, &self.machine, self.lane.as_ref(), self.start);
        if matches!(self.machine.phase(), Phase::Stopped(_)) {
            for waiter in self.waiters.drain(..) {
                // Whoever asked may have left.
                let _ = waiter.send(());
            }
        }
        if changed {
            self.cell.tell();
        }
    }
}

fn traits(plan: &Plan) -> Traits {
    Traits { counts_strangers: plan.tunnel.database.kind.counts_strangers() }
}
