//! The forward to the database's port. A refusal by setting looks the same for every setting; another spelling of the target
//! that opens tells one of them apart.

use std::net::IpAddr;

use super::{failure, pass};
use crate::diagnose::plan::Aim;
use crate::diagnose::probe::{Look, Opened, Seen};
use crate::model::{Advice, Code, Endpoint, Finding, Hop, Rung, Verdict, shell_word};

/// Judges the forward.
#[must_use]
pub fn judge(look: &Look<Opened>, aim: &Aim, hop: &Hop) -> Finding {
    let target = aim.database.endpoint();
    match &look.seen {
        Seen::Fact(_) => pass(Rung::Open, "forward", format!("{} opened a forward to {target}", hop.bastion), look.ms),
        Seen::Fault(fault) => {
            let finding = failure("forward", fault, look.ms);
            match fault.code {
                Code::TargetRefused
                | Code::TargetTimeout
                | Code::OpenTimeout
                | Code::TargetNoRoute
                | Code::TargetNameUnknown => finding.advise(Advice::command(
                    "with a shell on the bastion, the same question can be asked there",
                    port_probe(hop, &target),
                )),
                Code::ForwardProhibited => finding.advise(Advice::command(
                    "the admin can see what sshd allows this user",
                    format!(
                        "sudo sshd -T -C user={} | grep -iE 'allowtcpforwarding|disableforwarding|permitopen'",
                        shell_word(&hop.user)
                    ),
                )),
                _ => finding,
            }
        }
    }
}

/// The classic probe of a port from the bastion.
fn port_probe(hop: &Hop, target: &Endpoint) -> String {
    let port = hop.endpoint.port;
    let place = shell_word(&format!("{}@{}", hop.user, hop.endpoint.host));
    format!("ssh -p {port} {place} nc -vz -w 5 {} {}", shell_word(target.host.as_str()), target.port)
}

/// Other ways to write the same target: permissions compare it as text (sshd_config(5), `PermitOpen`). `known` are the
/// addresses that the name has as seen from here.
#[must_use]
pub fn spellings(target: &Endpoint, known: &[IpAddr]) -> Vec<Endpoint> {
    let host = target.host.as_str();
    let mut others: Vec<String> = match host {
        "localhost" => vec!["127.0.0.1".to_owned(), "::1".to_owned()],
        "127.0.0.1" => vec!["localhost".to_owned()],
        "::1" => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        _ => known.iter().take(2).map(ToString::to_string).collect(),
    };
    let lower = host.to_lowercase();
    if lower != host {
        others.push(lower);
    }
    others.retain(|other| other != host);
    others.iter().filter_map(|other| Some(Endpoint::new(other.parse().ok()?, target.port))).collect()
}

/// What the other spellings tell: puts the one that opened into the refusal, and says which were tried.
#[must_use]
pub fn spelling(refusal: &mut Finding, tried: &[Endpoint], opened: Option<&Endpoint>, aim: &Aim) -> Option<Finding> {
    let target = aim.database.endpoint();
    if let Some(other) = opened {
        refusal.summary = format!("the bastion allows {other}, and not {target}: permissions compare the spelling");
        let advice = Advice::command(
            "use the spelling that is allowed",
            format!("adit tunnel edit {} --host {}", aim.name, shell_word(other.host.as_str())),
        );
        refusal.advice.insert(0, advice);
        return Some(Finding::new(Rung::Open, "other_spelling", Verdict::Warn, format!("{other} opens")));
    }
    let words: Vec<String> = tried.iter().map(ToString::to_string).collect();
    (!words.is_empty()).then(|| {
        Finding::new(Rung::Open, "other_spelling", Verdict::Skip, format!("{} is not allowed either", words.join(", ")))
    })
}
