//! Requests whose first effect is still to be seen: the engine takes them in a moment, and until then a snapshot shows what was
//! before, such as a fault that a new attempt may mend. It decides nothing about tunnels.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::Hub;
use crate::engine::Status;
use crate::model::{Code, Name, Phase, Question};
use crate::service::protocol::Reply;

/// A tunnel that shows no effect within this time has nothing to show.
pub(super) const PATIENCE: Duration = Duration::from_millis(700);

/// A request on its way.
#[derive(Debug)]
pub(super) struct Begun {
    to: Option<oneshot::Sender<Reply>>,
    before: Vec<Mark>,
    since: Instant,
}

/// What tells one stay in a phase from the next.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    name: Name,
    phase: Phase,
    since: Option<Timestamp>,
    fault: Option<(Code, Timestamp)>,
    question: Option<Question>,
}

impl Mark {
    pub(super) fn of(status: &Status) -> Self {
        let tunnel = &status.tunnel;
        Self {
            name: tunnel.name.clone(),
            phase: tunnel.phase,
            since: tunnel.since,
            fault: tunnel.fault.as_ref().map(|fault| (fault.code, fault.since)),
            question: status.question.clone(),
        }
    }
}

impl Hub {
    /// Replies `Done` once every tunnel that will change has begun to.
    pub(super) fn await_effect(&mut self, before: &[Status], to: oneshot::Sender<Reply>, changing: &[Phase]) {
        let before: Vec<Mark> = before.iter().map(Mark::of).filter(|mark| changing.contains(&mark.phase)).collect();
        self.begun.push(Begun { to: Some(to), before, since: Instant::now() });
        self.dirty = true;
    }

    /// Moves requests whose effect the next snapshot shows to the replies that go out with it.
    pub(super) fn settle(&mut self, present: &[Status], now: Instant) {
        for begun in &mut self.begun {
            begun.before.retain(|mark| {
                present.iter().find(|s| s.tunnel.name == mark.name).is_some_and(|status| Mark::of(status) == *mark)
            });
            let over = now.saturating_duration_since(begun.since) > PATIENCE;
            if (begun.before.is_empty() || over)
                && let Some(to) = begun.to.take()
            {
                self.ready.push((to, Reply::Done));
            }
        }
        self.begun.retain(|begun| begun.to.is_some());
    }
}
