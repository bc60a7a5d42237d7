//! The page of a diagnosis: what of the service's reports it shows, which rung is open, and its lines. It lies over the list
//! that it was called from, asks for nothing and knows no app.

mod body;
mod opened;
mod texts;

pub(crate) use body::{body, ladder, verdict};
pub(crate) use opened::may_be_copied;

use crate::model::{Admin, Diagnosis, Finding, Report, Rung, Snapshot, Subject, Verdict};

/// What is on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Of what.
    pub(crate) subject: Subject,
    /// The rung that a person chose; without, it is the broken one.
    pub(crate) chosen: Option<Rung>,
    /// Whose login looked on the bastion, and looks again.
    pub(crate) admin: Option<Admin>,
}

impl Page {
    pub(crate) fn of(subject: Subject) -> Self {
        Self { subject, chosen: None, admin: None }
    }
}

/// The page over what the service has told.
#[derive(Clone, Copy)]
pub(crate) struct Open<'a> {
    pub(crate) page: &'a Page,
    pub(crate) snapshot: &'a Snapshot,
}

impl<'a> Open<'a> {
    /// The diagnosis on the page, once the service has begun it.
    pub(crate) fn shown(&self) -> Option<&'a Diagnosis> {
        self.snapshot.reports.iter().find(|one| one.report.subject == self.page.subject)
    }

    /// The rung that is opened: the chosen one, else the broken one, else the one that is climbed.
    pub(crate) fn rung(&self) -> Option<Rung> {
        let report = &self.shown()?.report;
        self.page.chosen.or_else(|| report.cause().map(|cause| cause.rung)).or_else(|| climbed(report))
    }

    /// The rung above or below the opened one.
    pub(crate) fn neighbour(&self, down: bool) -> Option<Rung> {
        let all = rungs(&self.shown()?.report.subject);
        let here = self.rung().and_then(|rung| all.iter().position(|other| *other == rung));
        let there = match (here, down) {
            (Some(here), true) => (here + 1).min(all.len().saturating_sub(1)),
            (Some(here), false) => here.saturating_sub(1),
            (None, _) => 0,
        };
        all.get(there).copied()
    }
}

/// The rungs of a subject: a bastion has neither a local port nor a database.
fn rungs(subject: &Subject) -> &'static [Rung] {
    match subject {
        Subject::Tunnel(_) | Subject::Draft(_) => &Rung::ALL,
        Subject::Bastion(_) => &[Rung::Resolve, Rung::Reach, Rung::Greet, Rung::Trust, Rung::Prove],
    }
}

/// The lowest rung of an unfinished climb that nothing is known of.
fn climbed(report: &Report) -> Option<Rung> {
    let highest = report.findings.iter().map(|finding| finding.rung).max();
    let next = rungs(&report.subject).iter().copied().find(|rung| highest.is_none_or(|highest| *rung > highest));
    next.filter(|_| !report.finished)
}

/// The finding that stands for a rung: the one that explains a failure, else the first of the worst; where nothing is wrong
/// the last, which stands for those before it.
fn telling(report: &Report, rung: Rung) -> Option<&Finding> {
    let cause = report.cause().filter(|cause| cause.rung == rung);
    let worst = report.on(rung).map(|finding| finding.verdict).max()?;
    let mut same = report.on(rung).filter(|finding| finding.verdict == worst);
    cause.or_else(|| if worst >= Verdict::Warn { same.next() } else { same.last() })
}
