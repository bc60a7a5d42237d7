//! The banner and the algorithms.

use super::{failure, pass};
use crate::diagnose::probe::{Greeted, Look, Seen, Trusted};
use crate::model::{Advice, Code, Fault, Finding, Hop, Rung};

/// Judges the banner together with the key exchange that followed; a fault of the host key is not this rung's.
#[must_use]
pub fn judge(greeted: &Look<Greeted>, trusted: Option<&Look<Trusted>>, hop: &Hop) -> Finding {
    let version = match &greeted.seen {
        Seen::Fault(fault) => return dress(failure("banner", fault, greeted.ms), fault, hop),
        Seen::Fact(fact) => bare(&fact.version),
    };
    let ms = greeted.ms + trusted.map_or(0.0, |look| look.ms);
    match trusted.map(|look| &look.seen) {
        Some(Seen::Fault(fault)) if fault.code.rung() == Rung::Greet => {
            let mut finding = failure("key_exchange", fault, ms);
            finding.evidence = Some(version.to_owned());
            finding
        }
        Some(Seen::Fact(Trusted { algorithms: Some((kex, cipher)), .. })) => {
            pass(Rung::Greet, "banner", format!("{version}, {kex}, {cipher}"), ms)
        }
        Some(Seen::Fact(_) | Seen::Fault(_)) | None => pass(Rung::Greet, "banner", version, ms),
    }
}

/// The software, without the protocol's version (RFC 4253 section 4.2).
fn bare(version: &str) -> &str {
    version.strip_prefix("SSH-2.0-").or_else(|| version.strip_prefix("SSH-1.99-")).unwrap_or(version).trim_end()
}

fn dress(finding: Finding, fault: &Fault, hop: &Hop) -> Finding {
    match fault.code {
        Code::RefusedForNow => finding.advise(Advice::command(
            "the admin can see why",
            "journalctl -u ssh -u sshd --since '10 min ago' | grep -E 'penalty|MaxStartups|drop connection'",
        )),
        Code::NotSsh | Code::BannerTimeout => {
            let text = format!(
                "a load balancer or another service may stand at {}; the bastion's SSH must be reached directly",
                hop.endpoint
            );
            finding.advise(Advice::words(text))
        }
        _ => finding,
    }
}
