//! Climbs the ladder once within its budget: asks the probe, hands what it saw to the checks, tells each finding as soon as it
//! is known. It decides only what is worth asking next.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::check::{bind, greet, inside, main_check, not_reached, open, prove, reach, resolve, speak, trust};
use super::plan::{Aim, Plan};
use super::probe::{Eyes, Inside, Login, Look, Offered, Probe, Seen};
use crate::model::{Advice, Certainty, Code, Finding, Hop, Report, Rung, Verdict};

/// The time for a whole diagnosis; what does not fit is said to be left out.
const BUDGET: Duration = Duration::from_secs(30);

/// The longest that a look at the database takes.
const SPEAK: Duration = Duration::from_millis(3200);

/// Makes a diagnosis. `tell` gets the report after every finding, and once more when it is finished.
pub async fn run<P: Probe>(plan: &Plan, probe: &mut P, tell: impl FnMut(&Report) + Send) -> Report {
    let mut climb = Climb {
        plan,
        probe,
        tell,
        report: Report::begin(plan.subject.clone(), plan.route.last.bastion.clone()),
        deadline: Instant::now() + BUDGET,
        hop: 0,
        local: None,
        offered: None,
        by_hand: false,
    };
    if climb.way().await.is_err() {
        climb.fill_up();
    }
    let mut report = climb.report;
    report.finished = true;
    (climb.tell)(&report);
    report
}

/// The ladder broke, or time ran out; the finding is in the report.
struct Broken;

type Held<T = ()> = Result<T, Broken>;

struct Climb<'a, P, T> {
    plan: &'a Plan,
    probe: &'a mut P,
    tell: T,
    report: Report,
    deadline: Instant,
    /// The hop that is climbed.
    hop: usize,
    /// The address that this machine uses towards the first one.
    local: Option<IpAddr>,
    /// The key that was shown to it.
    offered: Option<Offered>,
    /// The way without adit has been offered.
    by_hand: bool,
}

impl<P: Probe, T: FnMut(&Report) + Send> Climb<'_, P, T> {
    async fn way(&mut self) -> Held {
        let plan = self.plan;
        if let Some(aim) = &plan.aim {
            let look = within(self.deadline, self.probe.bind()).await;
            let look = self.timely(look, Rung::Bind)?;
            // A local port that is taken says nothing about the rest of the way.
            self.found(bind::judge(&look, aim));
        }
        for (index, hop) in plan.route.hops().enumerate() {
            self.hop = index;
            self.door(index, hop).await?;
            let outcome = self.login(index, hop).await;
            if outcome.is_err() && index == plan.route.via.len() {
                self.borrow_eyes(hop).await;
            }
            outcome?;
        }
        match &plan.aim {
            Some(aim) => self.database(aim, &plan.route.last).await,
            None => {
                self.borrow_eyes(&plan.route.last).await;
                Ok(())
            }
        }
    }

    /// From the name to the trusted host key.
    async fn door(&mut self, index: usize, hop: &Hop) -> Held {
        if index == 0 {
            let look = within(self.deadline, self.probe.resolve(index)).await;
            let look = self.timely(look, Rung::Resolve)?;
            self.must(resolve::judge(&look, hop))?;
        }
        let look = within(self.deadline, self.probe.reach(index)).await;
        let look = self.timely(look, Rung::Reach)?;
        if let Seen::Fact(reached) = &look.seen {
            self.local = self.local.or(reached.local);
        }
        self.must(reach::judge(&look, hop, &self.plan.leaves_from))?;
        let greeted = within(self.deadline, self.probe.greet(index)).await;
        let greeted = self.timely(greeted, Rung::Greet)?;
        if matches!(greeted.seen, Seen::Fault(_)) {
            return self.must(greet::judge(&greeted, None, hop));
        }
        let trusted = within(self.deadline, self.probe.trust(index)).await;
        let Some(trusted) = trusted else {
            self.found(greet::judge(&greeted, None, hop));
            return self.late(Rung::Trust);
        };
        self.must(greet::judge(&greeted, Some(&trusted), hop))?;
        match trust::judge(&trusted) {
            Some(finding) => self.must(finding),
            None => Ok(()),
        }
    }

    async fn login(&mut self, index: usize, hop: &Hop) -> Held {
        let look = within(self.deadline, self.probe.identity(index)).await;
        let look = self.timely(look, Rung::Prove)?;
        let key = self.must(prove::key(&look));
        let ways = within(self.deadline, self.probe.methods(index)).await;
        let ways = self.timely(ways, Rung::Prove)?;
        if let Some(finding) = prove::methods(&ways, hop) {
            self.must(finding)?;
        }
        key?;
        let Seen::Fact(mut offered) = look.seen else { return Err(Broken) };
        self.offered = Some(offered.clone());
        if matches!(&ways.seen, Seen::Fact(ways) if ways.open_to_all) {
            "no proof asked for".clone_into(&mut offered.words);
        }
        let look = within(self.deadline, self.probe.login(index)).await;
        let look = self.timely(look, Rung::Prove)?;
        self.must(prove::login(&look, hop, &offered, self.plan))?;
        match look.seen {
            Seen::Fact(Login::Done { .. }) => Ok(()),
            Seen::Fact(Login::Refused { .. }) | Seen::Fault(_) => Err(Broken),
        }
    }

    async fn database(&mut self, aim: &Aim, hop: &Hop) -> Held {
        let target = aim.database.endpoint();
        let look = within(self.deadline, self.probe.open(&target)).await;
        let look = self.timely(look, Rung::Open)?;
        let mut finding = open::judge(&look, aim, hop);
        let prohibited = finding.code == Some(Code::ForwardProhibited);
        let more = if prohibited { self.other_spellings(&mut finding, aim).await } else { None };
        let outcome = self.must(finding);
        if let Some(more) = more {
            self.found(more);
        }
        if prohibited {
            self.own_eyes(hop).await;
        }
        if prohibited || self.plan.admin.is_some() {
            self.borrow_eyes(hop).await;
        }
        outcome?;
        // A look that is broken off in the middle of a greeting would be counted against the bastion (MySQL manual,
        // `max_connect_errors`): without the time for a whole one there is none.
        let whole = self.deadline.saturating_duration_since(Instant::now()) >= SPEAK;
        let look = if whole { within(self.deadline + SPEAK, self.probe.speak()).await } else { None };
        let Some(spoken) = self.timely(look, Rung::Speak)? else { return Err(Broken) };
        for finding in speak::judge(&spoken, &aim.database, Some(&aim.name)) {
            self.found(finding);
        }
        Ok(())
    }

    /// Permissions compare the target as text: another spelling may be the one that is allowed.
    async fn other_spellings(&mut self, refusal: &mut Finding, aim: &Aim) -> Option<Finding> {
        let target = aim.database.endpoint();
        let known = self.known_addresses(&target).await;
        let mut tried = Vec::new();
        let mut opened = None;
        for other in open::spellings(&target, &known) {
            let Some(look) = within(self.deadline, self.probe.open(&other)).await else { break };
            tried.push(other.clone());
            let allowed = match &look.seen {
                Seen::Fact(_) => true,
                // Whatever else was said, it was not forbidden.
                Seen::Fault(fault) => fault.code.rung() == Rung::Open && fault.code != Code::ForwardProhibited,
            };
            if allowed {
                opened = Some(other);
                break;
            }
        }
        open::spelling(refusal, &tried, opened.as_ref(), aim)
    }

    /// What this machine's resolver says of the database's name; often nothing, which is no fault.
    async fn known_addresses(&mut self, target: &crate::model::Endpoint) -> Vec<IpAddr> {
        if target.host.as_ip().is_some() {
            return Vec::new();
        }
        within(self.deadline, self.probe.addresses(target)).await.unwrap_or_default()
    }

    async fn own_eyes(&mut self, hop: &Hop) {
        let look = within(self.deadline, self.probe.inside(&Eyes::Own)).await;
        self.inside(look, &Eyes::Own, hop);
    }

    async fn borrow_eyes(&mut self, hop: &Hop) {
        let Some(admin) = &self.plan.admin else { return };
        let eyes = Eyes::Admin(admin.to_string());
        let look = within(self.deadline, self.probe.inside(&eyes)).await;
        self.inside(look, &eyes, hop);
    }

    fn inside(&mut self, look: Option<Look<Inside>>, eyes: &Eyes, hop: &Hop) {
        let Some(look) = look else {
            let _ = self.late(Rung::Prove);
            return;
        };
        self.report.seen_from = inside::seen_from(&look).or(self.report.seen_from);
        for finding in inside::judge(&look, eyes, hop, self.offered.as_ref(), self.plan, self.local) {
            self.found(finding);
        }
    }

    /// Adds a finding; a failure ends the climb.
    fn must(&mut self, finding: Finding) -> Held {
        let failed = finding.verdict == Verdict::Fail;
        self.found(finding);
        if failed { Err(Broken) } else { Ok(()) }
    }

    fn found(&mut self, mut finding: Finding) {
        finding.hop = self.hop;
        if finding.verdict == Verdict::Fail && finding.rung >= Rung::Resolve && !self.by_hand {
            self.by_hand = true;
            // The same way without adit, for whoever wants to see it with a tool that they know.
            let texts = ["the same way with OpenSSH alone", "then, in another terminal"];
            let offers = texts.iter().zip(&self.plan.by_hand);
            finding.advice.extend(offers.map(|(text, command)| Advice::command(*text, command.clone())));
        }
        self.report.findings.push(finding);
        (self.tell)(&self.report);
    }

    /// The look, or the end of the climb because there was no time for it.
    fn timely<L>(&mut self, look: Option<L>, rung: Rung) -> Held<L> {
        match look {
            Some(look) => Ok(look),
            None => self.late(rung).and(Err(Broken)),
        }
    }

    fn late(&mut self, rung: Rung) -> Held {
        let seconds = BUDGET.as_secs();
        let text = format!("not looked at: the {seconds} s of a diagnosis were used up");
        let mut finding = Finding::new(rung, main_check(rung), Verdict::Skip, text).because(Code::OutOfTime);
        finding.owner = None;
        finding.certainty = Certainty::Certain;
        self.found(finding);
        Err(Broken)
    }

    /// The rungs above the one that broke.
    fn fill_up(&mut self) {
        let top = if self.plan.aim.is_some() { Rung::Speak } else { Rung::Prove };
        let reached = self.report.findings.iter().filter(|f| f.hop == self.hop).map(|f| f.rung).max();
        let missing =
            Rung::ALL.into_iter().filter(|rung| *rung <= top && reached.is_none_or(|reached| *rung > reached));
        for rung in missing.collect::<Vec<_>>() {
            self.found(not_reached(rung, main_check(rung), "not reached"));
        }
    }
}

/// The look, if it comes in time.
async fn within<L>(deadline: Instant, look: impl Future<Output = L> + Send) -> Option<L> {
    timeout_at(deadline, look).await.ok()
}

#[cfg(test)]
mod tests;
