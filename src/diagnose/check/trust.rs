//! The host key.

use super::{failure, pass};
use crate::diagnose::probe::{Look, Seen, Trusted};
use crate::model::{Finding, Rung};

/// Judges the host key; nothing where the key exchange did not get that far.
#[must_use]
pub fn judge(look: &Look<Trusted>) -> Option<Finding> {
    match &look.seen {
        Seen::Fault(fault) if fault.code.rung() == Rung::Trust => Some(failure("host_key", fault, look.ms)),
        Seen::Fault(_) => None,
        Seen::Fact(Trusted { key_type, fingerprint, known_at, .. }) => {
            let mut finding = pass(Rung::Trust, "host_key", format!("host key known, {fingerprint}"), 0.0);
            finding.ms = None;
            finding.evidence = Some(format!("{key_type}, {known_at}"));
            Some(finding)
        }
    }
}
