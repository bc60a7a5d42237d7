//! Diagnoses that nobody made: under way, broken in one place, whole, and of a bastion.

use std::sync::Arc;

use adit::model::{Advice, Certainty, Code, Diagnosis, Finding, Report, Rung, Snapshot, Subject, Verdict};
use jiff::SignedDuration;

use super::made::{every_state, name, now};

/// What a check saw, and how long it took.
fn seen(rung: Rung, check: &str, words: &str, ms: f64) -> Finding {
    Finding { ms: Some(ms), ..Finding::new(rung, check, Verdict::Pass, words) }
}

fn ahead(rung: Rung, check: &str) -> Finding {
    Finding::new(rung, check, Verdict::Skip, "not reached")
}

/// The way to the login.
fn way() -> Vec<Finding> {
    vec![
        seen(Rung::Bind, "local_port", "127.0.0.1:25432 is free", 0.2),
        seen(Rung::Resolve, "name", "bastion.example.com is 198.51.100.4", 3.1),
        seen(Rung::Reach, "tcp", "198.51.100.4:22 accepts", 11.2),
        seen(Rung::Greet, "banner", "OpenSSH_9.6p1, curve25519-sha256, aes256-gcm@openssh.com", 24.0),
        Finding::new(
            Rung::Trust,
            "host_key",
            Verdict::Pass,
            "the host key is known: ssh-ed25519 SHA256:9c0fYhDAGZv6cXQ",
        ),
    ]
}

fn refused() -> Finding {
    let mut finding =
        Finding::new(Rung::Prove, "login", Verdict::Fail, "bastion.example.com refused key ledger for adit")
            .because(Code::KeyRefused)
            .advise(Advice::words("the key may be absent, broken over two lines, or its file writable by others"))
            .advise(Advice::command(
                "look at the account with a login of your own on the bastion",
                "adit diagnose ledger --admin root@bastion.example.com",
            ))
            .advise(Advice::command(
                "send the key's line to the bastion's admin",
                "adit key show ledger --authorized-key",
            ));
    finding.evidence =
        Some("the server takes publickey and refused SHA256:bQhYMw1kAyBkUGRw without saying why".to_owned());
    finding.certainty = Certainty::Certain;
    finding.ms = Some(41.0);
    finding
}

/// A report of a tunnel.
pub(crate) fn of(tunnel: &str, finished: bool, findings: Vec<Finding>) -> Report {
    Report { subject: Subject::Tunnel(name(tunnel)), bastion: name("prod"), finished, findings, seen_from: None }
}

/// As far as the greeting.
pub(crate) fn busy() -> Report {
    of("ledger", false, way().into_iter().take(3).collect())
}

/// Broken at the login.
pub(crate) fn failing() -> Report {
    let mut findings = way();
    findings.extend([refused(), ahead(Rung::Open, "forward"), ahead(Rung::Speak, "database")]);
    of("ledger", true, findings)
}

/// Whole.
pub(crate) fn passing() -> Report {
    let mut findings = way();
    findings.extend([
        seen(Rung::Prove, "login", "logged in as adit with key ledger", 38.0),
        seen(Rung::Open, "forward", "10.0.1.17:5432 opens", 12.0),
        seen(Rung::Speak, "database", "PostgreSQL answers and offers TLS", 13.0),
    ]);
    of("ledger", true, findings)
}

/// Works, but not by the spelling that is configured.
pub(crate) fn warning() -> Report {
    let mut findings = passing().findings;
    findings[1] = Finding::new(
        Rung::Resolve,
        "name",
        Verdict::Warn,
        "bastion.example.com has two addresses, one of which is dead",
    )
    .because(Code::TcpTimeout);
    of("ledger", true, findings)
}

/// Another host key than the known one.
pub(crate) fn changed_key() -> Report {
    let mut findings: Vec<Finding> = way().into_iter().take(4).collect();
    findings.push(
        Finding::new(
            Rung::Trust,
            "host_key",
            Verdict::Fail,
            "bastion.example.com shows another host key than the known one",
        )
        .because(Code::HostKeyChanged)
        .advise(Advice::words("someone may be in between: ask the bastion's admin"))
        .advise(Advice::command("only after they confirmed it", "adit trust prod --forget")),
    );
    of("ledger", true, findings)
}

/// A bastion, all well.
pub(crate) fn bastion() -> Report {
    let mut findings: Vec<Finding> = way().into_iter().skip(1).collect();
    findings.push(seen(Rung::Prove, "login", "logged in as adit with key prod", 38.0));
    Report { subject: Subject::Bastion(name("prod")), bastion: name("prod"), finished: true, findings, seen_from: None }
}

/// Every state, with these reports.
pub(crate) fn shown(report: Report, before: Option<Report>) -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&every_state());
    let at = now() - SignedDuration::from_secs(2);
    snapshot.reports = vec![Diagnosis { report: Arc::new(report), at, before: before.map(Arc::new) }];
    Arc::new(snapshot)
}
