//! TCP to the bastion, and whether the address that we come from is the one that was allowed.

use std::net::IpAddr;

use super::{fact, pass};
use crate::diagnose::probe::{Look, Reached};
use crate::model::{Advice, Code, Finding, Hop, Rung, Verdict};

/// Judges the connection. `leaves_from` are the addresses that this machine is seen as, as far as the person said.
#[must_use]
pub fn judge(look: &Look<Reached>, hop: &Hop, leaves_from: &[IpAddr]) -> Finding {
    match fact("tcp", look) {
        Ok(reached) => pass(Rung::Reach, "tcp", format!("{} accepts", reached.address), look.ms),
        Err(finding) if matches!(finding.code, Some(Code::TcpTimeout | Code::NoRoute | Code::TcpRefused)) => {
            finding.advise(allow(hop, leaves_from))
        }
        Err(finding) => *finding,
    }
}

fn allow(hop: &Hop, leaves_from: &[IpAddr]) -> Advice {
    let endpoint = &hop.endpoint;
    if leaves_from.is_empty() {
        return Advice::words(format!(
            "the firewall before {endpoint} must allow the address that this machine leaves from; ask your network's keeper for it, \
             and keep it as leaves_from under [preferences] so that adit can print it"
        ));
    }
    let addresses: Vec<String> =
        leaves_from.iter().map(|ip| format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 })).collect();
    Advice::words(format!("allow TCP from {} to {endpoint} (leaves_from in your configuration)", addresses.join(", ")))
}

/// Compares the address that the server sees with those that the person keeps for allow-lists.
#[must_use]
pub fn address(seen: IpAddr, local: Option<IpAddr>, leaves_from: &[IpAddr]) -> Finding {
    let behind = match local {
        Some(local) if local != seen => {
            format!("; this machine itself is {local}, so the address is changed on the way")
        }
        _ => String::new(),
    };
    if leaves_from.is_empty() || leaves_from.contains(&seen) {
        let known = if leaves_from.is_empty() { "" } else { ", as leaves_from says" };
        return Finding::new(
            Rung::Reach,
            "address",
            Verdict::Pass,
            format!("the bastion sees us as {seen}{known}{behind}"),
        );
    }
    let listed: Vec<String> = leaves_from.iter().map(ToString::to_string).collect();
    let summary = format!("the bastion sees us as {seen}, but leaves_from says {}{behind}", listed.join(", "));
    Finding::new(Rung::Reach, "address", Verdict::Warn, summary)
        .advise(Advice::words(format!("put {seen} into leaves_from, and have allow-lists and from= options name it")))
}
