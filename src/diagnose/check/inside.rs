//! What eyes on the bastion saw: the permission checklist, and whether the address that we come from is the expected one. Its
//! judgement is `model::account`'s, which a pasted receipt feeds as well.

use std::net::IpAddr;

use super::reach;
use crate::diagnose::plan::Plan;
use crate::diagnose::probe::{Eyes, Inside, Look, Offered, Seen};
use crate::model::account::{self, AccountFacts, Expected};
use crate::model::{Finding, Hop, Rung, Untrusted, Verdict};

const CHECK: &str = "permissions";

/// Judges what the fixed look printed.
#[must_use]
pub fn judge(
    look: &Look<Inside>,
    eyes: &Eyes,
    hop: &Hop,
    offered: Option<&Offered>,
    plan: &Plan,
    local: Option<IpAddr>,
) -> Vec<Finding> {
    let printed = match &look.seen {
        Seen::Fact(Inside { printed }) => printed,
        Seen::Fault(fault) => return vec![blind(&fault.message, look.ms)],
    };
    let facts = match printed {
        Ok(printed) => AccountFacts::read(printed).map_err(|error| error.to_string()),
        Err(why) => Err(why.clone()),
    };
    let facts = match facts {
        Ok(facts) => facts,
        Err(why) => {
            let whose = match eyes {
                Eyes::Own => format!("the login of {}", hop.user),
                Eyes::Admin(admin) => admin.clone(),
            };
            return vec![blind(&format!("nothing could be seen on the bastion through {whose}: {why}"), look.ms)];
        }
    };
    let expected = Expected {
        user: hop.user.clone(),
        key: offered.map(|offered| offered.public_key.clone()),
        targets: plan.targets.clone(),
        // Both logins come from this machine, so what the server saw of the looker holds for the other as well.
        from: facts.seen_from.map_or_else(|| plan.leaves_from.clone(), |seen| vec![seen]),
        now: plan.now,
    };
    let mut findings = Vec::new();
    // An admin who looks from this machine is seen under the same address as we are.
    if let Some(seen) = facts.seen_from {
        findings.push(reach::address(seen, local, &plan.leaves_from));
    }
    findings.extend(account::judge(&facts, &expected));
    if let Some(first) = findings.first_mut() {
        first.ms = Some(look.ms);
    }
    findings
}

/// The address that the bastion saw the looker come from, if it was seen.
#[must_use]
pub fn seen_from(look: &Look<Inside>) -> Option<IpAddr> {
    let Seen::Fact(Inside { printed: Ok(printed) }) = &look.seen else { return None };
    AccountFacts::read(printed).ok()?.seen_from
}

fn blind(why: &str, ms: f64) -> Finding {
    let mut finding = Finding::new(Rung::Prove, CHECK, Verdict::Skip, Untrusted::new(why).clean(400));
    finding.ms = Some(ms);
    finding
}
