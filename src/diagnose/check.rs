//! The checks, one file a rung: pure functions from what was seen to what it means. None of them asks the world anything.

pub mod bind;
pub mod greet;
pub mod inside;
pub mod open;
pub mod prove;
pub mod reach;
pub mod resolve;
pub mod speak;
pub mod trust;

use super::probe::{Look, Seen};
use crate::model::{Certainty, Code, Fault, Finding, Rung, Verdict};

/// How sure a code is when it is seen on the wire. Most name what was seen; a few name the usual cause of it.
#[must_use]
pub fn certainty(code: Code) -> Certainty {
    match code {
        Code::AccountRefused | Code::KexTimeout | Code::OpenTimeout | Code::TargetNoRoute | Code::BannerTimeout => {
            Certainty::Likely
        }
        Code::LoginDropped | Code::LoginTimeout | Code::ClosedBeforeBanner | Code::Silent => Certainty::Possible,
        _ => Certainty::Certain,
    }
}

/// A failure as a finding of its own code's rung.
#[must_use]
pub fn failure(check: &str, fault: &Fault, ms: f64) -> Finding {
    let mut finding = Finding::new(fault.code.rung(), check, Verdict::Fail, fault.message.clone()).because(fault.code);
    finding.owner = Some(fault.owner);
    finding.certainty = certainty(fault.code);
    finding.advice.clone_from(&fault.advice);
    finding.ms = Some(ms);
    finding
}

/// A pass.
fn pass(rung: Rung, check: &str, summary: impl Into<String>, ms: f64) -> Finding {
    let mut finding = Finding::new(rung, check, Verdict::Pass, summary);
    finding.ms = Some(ms);
    finding
}

/// A rung that was not climbed, with why.
#[must_use]
pub fn not_reached(rung: Rung, check: &str, why: &str) -> Finding {
    Finding::new(rung, check, Verdict::Skip, why)
}

/// The name of the check that stands for a whole rung.
#[must_use]
pub fn main_check(rung: Rung) -> &'static str {
    match rung {
        Rung::Bind => "local_port",
        Rung::Resolve => "name",
        Rung::Reach => "tcp",
        Rung::Greet => "banner",
        Rung::Trust => "host_key",
        Rung::Prove => "login",
        Rung::Open => "forward",
        Rung::Speak => "database",
    }
}

/// The fact of a look, or its failure as a finding.
fn fact<'a, T>(check: &str, look: &'a Look<T>) -> Result<&'a T, Box<Finding>> {
    match &look.seen {
        Seen::Fact(fact) => Ok(fact),
        Seen::Fault(fault) => Err(Box::new(failure(check, fault, look.ms))),
    }
}
