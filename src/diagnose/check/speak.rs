//! Judges what the database said. It does not talk to it.

use crate::diagnose::speak::Spoken;
use crate::model::contact::{self, Reply, Tls};
use crate::model::{Certainty, Code, Database, Fault, Finding, Kind, Name, Rung, Verdict};

/// The finding on the last rung; with the tunnel's name the advised commands fit it.
#[must_use]
pub fn judge(seen: &Spoken, database: &Database, tunnel: Option<&Name>) -> Vec<Finding> {
    let mut finding = match contact::blame(&seen.reply, database, tunnel) {
        Some(fault) => of_fault(fault, seen, database),
        None => healthy(&seen.reply, database),
    };
    finding.ms = Some(seen.ms);
    vec![finding]
}

fn new(verdict: Verdict, summary: impl Into<String>) -> Finding {
    Finding::new(Rung::Speak, "database", verdict, summary)
}

fn of_fault(fault: Fault, seen: &Spoken, database: &Database) -> Finding {
    let (verdict, certainty) = match &seen.reply {
        // It speaks with any client that encrypts, as most do by themselves.
        Reply::Speaks { .. } => (Verdict::Warn, Certainty::Certain),
        // Who was turned away is a made-up user: a rule for the real one may exist beside.
        Reply::Refused { code: Code::HostNotAllowed, .. } if has_rules_by_user(database.kind) => {
            (Verdict::Warn, Certainty::Possible)
        }
        Reply::Refused { .. } | Reply::Stranger { name: Some(_), .. } => (Verdict::Fail, Certainty::Certain),
        Reply::Stranger { name: None, .. } => (Verdict::Fail, Certainty::Likely),
        Reply::Closed { asked: true, .. } if fault.code == Code::TlsRequired => (Verdict::Fail, Certainty::Likely),
        Reply::Closed { .. } | Reply::Silent { .. } => (Verdict::Fail, Certainty::Possible),
    };
    let mut finding = new(verdict, fault.message).because(fault.code);
    finding.certainty = certainty;
    finding.owner = Some(fault.owner);
    finding.evidence = match &seen.reply {
        Reply::Speaks { version, note, .. } => note.clone().or_else(|| version.clone()),
        Reply::Refused { code: Code::HostNotAllowed, .. } if verdict == Verdict::Warn => {
            Some("asked as a user that does not exist: where the rules name users, yours may be let in".to_owned())
        }
        Reply::Stranger { name: Some(name), said, .. } if said != name && !said.is_empty() => {
            Some(format!("it said \"{said}\""))
        }
        Reply::Refused { .. } | Reply::Stranger { .. } | Reply::Closed { .. } | Reply::Silent { .. } => None,
    };
    finding.advice = fault.advice;
    finding
}

fn has_rules_by_user(kind: Kind) -> bool {
    match kind {
        Kind::Postgres | Kind::Redshift | Kind::Clickhouse => true,
        Kind::Mysql
        | Kind::Mariadb
        | Kind::Sqlserver
        | Kind::Oracle
        | Kind::Redis
        | Kind::Mongodb
        | Kind::Cassandra
        | Kind::Elasticsearch
        | Kind::Tcp => false,
    }
}

fn healthy(reply: &Reply, database: &Database) -> Finding {
    let target = database.endpoint();
    let (summary, evidence) = match reply {
        Reply::Speaks { product, version, tls, note } => {
            let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
            let tls = match tls {
                Tls::Offered => ", TLS offered",
                Tls::Required => ", TLS required",
                Tls::No => ", no TLS on this port",
                Tls::Unknown => "",
            };
            (format!("{product}{version} answers{tls}"), note.clone())
        }
        Reply::Stranger { name, said, .. } => {
            let name = name.as_deref().unwrap_or("something without a name that is known here");
            (format!("{target} accepts; {name} answers"), Some(format!("it said \"{said}\"")))
        }
        Reply::Refused { text, .. } => (format!("{target} accepts and answers"), Some(text.clone())),
        Reply::Silent { .. } | Reply::Closed { .. } => {
            (format!("{target} accepts and waits for its client; plain TCP is asked nothing"), None)
        }
    };
    let mut finding = new(Verdict::Pass, summary);
    finding.evidence = evidence;
    finding
}
