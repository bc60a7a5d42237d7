//! What follows an answer: the tunnels that it helps try again, and are not heard asking the same until they have. It judges no
//! answer.

use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::Hub;
use super::begun::{Mark, PATIENCE};
use crate::engine::{Plan, Status};
use crate::model::{Endpoint, Identity, Name, Pending, Phase, Question};
use crate::service::protocol::Reply;

/// An attempt that was under way when the answer came ends within this time: the deadlines of a dial and some.
const UNDER_WAY: Duration = Duration::from_secs(45);

/// What an answer is about, whichever tunnel asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// The host key of a server.
    Server(Endpoint),
    /// The passphrase of an identity.
    Identity(Identity),
}

impl Subject {
    fn concerns(&self, plan: &Plan) -> bool {
        plan.route.hops().any(|hop| match self {
            Self::Server(endpoint) => hop.endpoint == *endpoint,
            Self::Identity(identity) => hop.identity == *identity,
        })
    }
}

/// A tunnel that an answer helps.
#[derive(Debug)]
pub(super) struct Helped {
    name: Name,
    subject: Subject,
    since: Instant,
    /// How it stood when it was told to try again; absent while an attempt from before the answer is under way.
    told: Option<Mark>,
}

impl Hub {
    /// What a question is about.
    pub(super) fn subject(&self, pending: &Pending) -> Option<Subject> {
        match &pending.question {
            Question::HostKey { endpoint, .. } => Some(Subject::Server(endpoint.clone())),
            Question::Passphrase { bastion, .. } => {
                let plans = self.in_force.plans();
                let plan = pending.tunnels.iter().find_map(|name| plans.get(name))?;
                let hop = plan.route.hops().find(|hop| hop.bastion == *bastion)?;
                Some(Subject::Identity(hop.identity.clone()))
            }
        }
    }

    /// Tries tunnels again that asked what was answered, and replies when they have begun. Others wait for something that the
    /// answer does not change, and a login that was refused is not repeated for it.
    pub(super) fn again(&mut self, subject: &Subject, to: oneshot::Sender<Reply>) {
        let settled = self.questions.open().iter().filter(|pending| self.subject(pending).as_ref() == Some(subject));
        let settled: Vec<u64> = settled.map(|pending| pending.id).collect();
        self.questions.close(&settled);
        let plans = self.in_force.plans();
        let now = Instant::now();
        let mut waiting = Vec::new();
        for status in self.engine.statuses() {
            let name = &status.tunnel.name;
            let concerned = plans.get(name).is_some_and(|plan| subject.concerns(plan));
            // Also who asked since the last snapshot.
            let asks = status.question.as_ref().is_some_and(|question| asks_about(question, subject));
            let told = match status.tunnel.phase {
                Phase::Waiting if concerned && asks => Some(Mark::of(&status)),
                // It may be about to ask the same.
                Phase::Connecting if concerned => None,
                Phase::Waiting | Phase::Connecting | Phase::Stopped | Phase::Up | Phase::Closing => continue,
            };
            self.helped.retain(|helped| helped.name != *name);
            self.helped.push(Helped { name: name.clone(), subject: subject.clone(), since: now, told: told.clone() });
            if told.is_some() {
                waiting.push(status);
            }
        }
        let names: Vec<Name> = waiting.iter().map(|status| status.tunnel.name.clone()).collect();
        self.pool.forgive();
        self.engine.open(&names, false);
        self.await_effect(&waiting, to, &[Phase::Waiting]);
    }

    /// Tells tunnels to try again whose attempt was under way when the answer came, and leaves out what those ask who are
    /// about to try.
    pub(super) fn follow(&mut self, statuses: &mut [Status], now: Instant) {
        let mut helped = std::mem::take(&mut self.helped);
        helped.retain_mut(|helped| {
            let Some(status) = statuses.iter_mut().find(|status| status.tunnel.name == helped.name) else {
                return false;
            };
            let age = now.saturating_duration_since(helped.since);
            let keep = match &helped.told {
                Some(mark) => age <= PATIENCE && *mark == Mark::of(status),
                None => match (status.tunnel.phase, &status.question) {
                    (Phase::Waiting, Some(question)) if asks_about(question, &helped.subject) => {
                        helped.told = Some(Mark::of(status));
                        helped.since = now;
                        self.engine.open(std::slice::from_ref(&helped.name), false);
                        true
                    }
                    (Phase::Connecting, _) => age <= UNDER_WAY,
                    (Phase::Waiting | Phase::Stopped | Phase::Up | Phase::Closing, _) => false,
                },
            };
            if keep {
                status.question = None;
            }
            keep
        });
        self.helped = helped;
    }
}

fn asks_about(question: &Question, subject: &Subject) -> bool {
    match (question, subject) {
        (Question::HostKey { endpoint, .. }, Subject::Server(server)) => endpoint == server,
        (Question::Passphrase { .. }, Subject::Identity(_)) => true,
        (Question::HostKey { .. }, Subject::Identity(_)) | (Question::Passphrase { .. }, Subject::Server(_)) => false,
    }
}
