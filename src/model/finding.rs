//! What a diagnosis found: one check's verdict with its reasons, and the report that sums them up. How a check looks is
//! `diagnose`'s business, how a report is shown is the surfaces'.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::advice::{Advice, Owner};
use super::fault::Code;
use super::name::Name;
use super::rung::Rung;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Not looked at, with the reason.
    Skip,
    /// As it should be.
    Pass,
    /// Works, and should be mended.
    Warn,
    /// Does not work.
    Fail,
}

impl Verdict {
    /// The verdict in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How sure a finding is: the wire does not tell some causes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// One of several causes that remain.
    Possible,
    /// The usual cause of what was seen.
    Likely,
    /// Nothing else looks like this.
    Certain,
}

impl Certainty {
    /// The certainty in JSON and in words.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// What one check found. Texts are cleaned of control characters before they get here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Where on the ladder.
    pub rung: Rung,
    /// Which bastion on the way, counted from here: 0 is the first.
    pub hop: usize,
    /// The check's name, such as `local_port`.
    pub check: String,
    /// How it ended.
    pub verdict: Verdict,
    /// The cause; absent on a pass.
    pub code: Option<Code>,
    /// How sure that is.
    pub certainty: Certainty,
    /// Who must act; absent where nobody must.
    pub owner: Option<Owner>,
    /// One sentence.
    pub summary: String,
    /// What was seen, as far as it adds to the summary.
    pub evidence: Option<String>,
    /// What to do, most useful first.
    pub advice: Vec<Advice>,
    /// How long the look took, in milliseconds.
    pub ms: Option<f64>,
}

impl Finding {
    /// A finding of the first hop with nothing but a sentence.
    pub fn new(rung: Rung, check: &str, verdict: Verdict, summary: impl Into<String>) -> Self {
        Self {
            rung,
            hop: 0,
            check: check.to_owned(),
            verdict,
            code: None,
            certainty: Certainty::Certain,
            owner: None,
            summary: summary.into(),
            evidence: None,
            advice: Vec::new(),
            ms: None,
        }
    }

    /// The same finding with its cause, and the owner that the code suggests.
    #[must_use]
    pub fn because(mut self, code: Code) -> Self {
        self.code = Some(code);
        self.owner = Some(code.owner());
        self
    }

    /// The same finding with one more piece of advice.
    #[must_use]
    pub fn advise(mut self, advice: Advice) -> Self {
        self.advice.push(advice);
        self
    }

    /// The same finding, of another hop.
    #[must_use]
    pub fn at_hop(mut self, hop: usize) -> Self {
        self.hop = hop;
        self
    }
}

/// What is diagnosed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A tunnel, all rungs.
    Tunnel(Name),
    /// A bastion: the rungs from its name to the login.
    Bastion(Name),
    /// A tunnel in the making: as far as it is answered.
    Draft(Name),
}

impl Subject {
    /// The name, whatever it names.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Tunnel(name) | Self::Bastion(name) | Self::Draft(name) => name,
        }
    }

    /// For a sentence: a tunnel by its name alone.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Tunnel(name) => name.to_string(),
            Self::Bastion(name) => format!("bastion {name}"),
            Self::Draft(name) => format!("draft {name}"),
        }
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tunnel(name) => f.pad(name.as_str()),
            Self::Bastion(name) => write!(f, "bastion:{name}"),
            Self::Draft(name) => write!(f, "draft:{name}"),
        }
    }
}

/// A diagnosis as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was looked at.
    pub subject: Subject,
    /// The bastion that it goes through.
    pub bastion: Name,
    /// False while checks are still running.
    pub finished: bool,
    /// The findings in the order they were made.
    pub findings: Vec<Finding>,
    /// The address that the bastion saw us come from, where somebody looked there.
    #[serde(default)]
    pub seen_from: Option<IpAddr>,
}

impl Report {
    /// A report with no findings yet.
    #[must_use]
    pub fn begin(subject: Subject, bastion: Name) -> Self {
        Self { subject, bastion, finished: false, findings: Vec::new(), seen_from: None }
    }

    /// The worst verdict. Where nothing failed, but not everything could be looked at in time, it is a skip: no all-good.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let worst = self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Skip);
        let cut_short = self.findings.iter().any(|finding| finding.code == Some(Code::OutOfTime));
        if cut_short && worst != Verdict::Fail { Verdict::Skip } else { worst }
    }

    /// The finding that explains the failure: the nearest to this machine, and of its rung the one that names a cause seen
    /// on the bastion rather than the refusal that it led to.
    #[must_use]
    pub fn cause(&self) -> Option<&Finding> {
        let worst = self.verdict();
        if worst == Verdict::Pass {
            return None;
        }
        let of_worst = || self.findings.iter().filter(|finding| finding.verdict == worst && finding.code.is_some());
        let nearest = of_worst().map(|finding| (finding.hop, finding.rung)).min()?;
        let mut there = of_worst().filter(|finding| (finding.hop, finding.rung) == nearest);
        let first = there.next()?;
        let vague = |finding: &Finding| matches!(finding.code, Some(Code::KeyRefused | Code::ForwardProhibited));
        if vague(first) { there.find(|finding| !vague(finding)).or(Some(first)) } else { Some(first) }
    }

    /// The findings of a rung, over all hops.
    pub fn on(&self, rung: Rung) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.rung == rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(findings: Vec<Finding>) -> Report {
        let name: Name = "orders".parse().unwrap();
        Report { subject: Subject::Tunnel(name.clone()), bastion: name, finished: true, findings, seen_from: None }
    }

    fn failed(rung: Rung, code: Code) -> Finding {
        Finding::new(rung, "x", Verdict::Fail, "x").because(code)
    }

    #[test]
    fn the_cause_is_the_nearest_failure() {
        let found = report(vec![
            Finding::new(Rung::Bind, "local_port", Verdict::Pass, "free"),
            failed(Rung::Open, Code::TargetRefused),
            failed(Rung::Prove, Code::KeyMissing),
            Finding::new(Rung::Resolve, "x", Verdict::Warn, "x").because(Code::NameUnknown),
        ]);
        assert_eq!(found.verdict(), Verdict::Fail);
        assert_eq!(found.cause().unwrap().code, Some(Code::KeyMissing));
    }

    #[test]
    fn what_was_seen_on_the_bastion_replaces_the_refusal() {
        let found = report(vec![failed(Rung::Prove, Code::KeyRefused), failed(Rung::Prove, Code::KeySplit)]);
        assert_eq!(found.cause().unwrap().code, Some(Code::KeySplit));
        let alone = report(vec![failed(Rung::Open, Code::ForwardProhibited)]);
        assert_eq!(alone.cause().unwrap().code, Some(Code::ForwardProhibited));
    }

    #[test]
    fn a_pass_has_no_cause() {
        let found = report(vec![Finding::new(Rung::Bind, "x", Verdict::Pass, "x")]);
        assert_eq!(found.verdict(), Verdict::Pass);
        assert!(found.cause().is_none());
        assert_eq!(report(Vec::new()).verdict(), Verdict::Skip);
    }

    #[test]
    fn what_was_not_looked_at_is_no_pass() {
        let skipped = Finding::new(Rung::Speak, "database", Verdict::Skip, "no time").because(Code::OutOfTime);
        let found = report(vec![Finding::new(Rung::Bind, "x", Verdict::Pass, "x"), skipped]);
        assert_eq!(found.verdict(), Verdict::Skip);
        assert_eq!(found.cause().unwrap().code, Some(Code::OutOfTime));
    }
}
