//! The state of tunnels: as a table, as the contract's JSON, and as one line a change.

use jiff::Timestamp;

use super::{Table, document, json, milliseconds};
use crate::model::{Code, Name, Phase, Proof, Rung, Snapshot, TunnelStatus};

/// The status document: the service, or null, and the tunnels given.
#[must_use]
pub fn status_json(snapshot: &Snapshot, tunnels: &[&TunnelStatus]) -> String {
    document([
        ("service", json(&snapshot.service)),
        ("tunnels", json(&tunnels)),
        ("questions", json(&snapshot.questions)),
        ("config_error", json(&snapshot.config_error)),
    ])
}

/// One tunnel as a line of JSON.
#[must_use]
pub fn tunnel_line_json(tunnel: &TunnelStatus) -> String {
    json(tunnel).to_string()
}

/// The table, and below it what is wrong with whom and what to do about it.
#[must_use]
pub fn status_text(tunnels: &[&TunnelStatus], now: Timestamp) -> Vec<String> {
    let heading = ["NAME", "PHASE", "PROOF", "LISTEN", "DATABASE", "BASTION", "FOR", "RTT", "OPEN", "CODE"];
    let mut table = Table::new(&heading);
    for tunnel in tunnels {
        table.row([
            tunnel.name.to_string(),
            tunnel.phase.to_string(),
            tunnel.proof.map(|proof| proof.as_str().to_owned()).unwrap_or_default(),
            tunnel.listen.as_ref().map(ToString::to_string).unwrap_or_default(),
            format!("{} {}", tunnel.database.kind, tunnel.database.endpoint()),
            tunnel.bastion.to_string(),
            tunnel.since.filter(|_| tunnel.phase != Phase::Stopped).map(|since| age(since, now)).unwrap_or_default(),
            tunnel.rtt_ms.map(milliseconds).unwrap_or_default(),
            match tunnel.phase {
                Phase::Stopped => String::new(),
                Phase::Connecting | Phase::Up | Phase::Waiting | Phase::Closing => tunnel.connections.open.to_string(),
            },
            tunnel.fault.as_ref().map(|fault| fault.code.to_string()).unwrap_or_default(),
        ]);
    }
    let mut lines = table.lines();
    for tunnel in tunnels {
        let notes = notes(tunnel);
        if !notes.is_empty() {
            lines.push(String::new());
            lines.push(format!("{}:", tunnel.name));
            lines.extend(notes.into_iter().map(|note| format!("  {note}")));
        }
    }
    lines
}

/// What the table has no column for.
fn notes(tunnel: &TunnelStatus) -> Vec<String> {
    let mut out = fault_words(tunnel);
    if tunnel.proof == Some(Proof::Stale) {
        let seconds = tunnel.unproven_s.map(|s| format!(" for {s:.0} s")).unwrap_or_default();
        out.push(format!("unproven{seconds}: a client has stopped reading, so nothing can be said of the way"));
    }
    out.extend(tunnel.warnings.iter().map(|warning| format!("warning: {warning}")));
    out
}

/// A fault in words: the sentence, what happens next, and what to do. Nothing where nothing is wrong.
#[must_use]
pub fn fault_words(tunnel: &TunnelStatus) -> Vec<String> {
    let Some(fault) = &tunnel.fault else { return Vec::new() };
    let next = match (tunnel.phase, fault.retry_in_s) {
        _ if tunnel.question.is_some() => "; it needs your answer".to_owned(),
        (Phase::Waiting, Some(seconds)) => format!("; next attempt in {:.0} s", seconds.max(0.0).ceil()),
        (Phase::Waiting, None) => {
            format!("; no further attempt until something changes: {} must act", fault.owner.words())
        }
        (Phase::Stopped | Phase::Connecting | Phase::Up | Phase::Closing, _) => {
            format!("; {} can mend it", fault.owner.words())
        }
    };
    let mut out = vec![format!("{} at {}: {}{next}", fault.code, fault.rung, fault.message)];
    for advice in &fault.advice {
        out.push(format!("- {}", advice.text));
        out.extend(advice.command.iter().map(|command| format!("    {command}")));
    }
    out
}

/// The line that `up`, `down` and `restart` print for a tunnel.
#[must_use]
pub fn up_line(tunnel: &TunnelStatus) -> String {
    let listen = tunnel.listen.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let code = tunnel.fault.as_ref().map_or("-", |fault| fault.code.as_str());
    format!("{}\t{}\t{listen}\t{code}", tunnel.name, tunnel.phase)
}

/// What of a tunnel counts as a change worth a line: not the counters, and not the rungs of one climb.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchMark {
    name: Name,
    phase: Phase,
    proof: Option<Proof>,
    code: Option<Code>,
    question: Option<u64>,
    // A loss that was over before anyone looked is still news.
    reconnects: u64,
}

/// The mark of a tunnel as it is now.
#[must_use]
pub fn watch_mark(tunnel: &TunnelStatus) -> WatchMark {
    WatchMark {
        name: tunnel.name.clone(),
        phase: tunnel.phase,
        proof: tunnel.proof,
        code: tunnel.fault.as_ref().map(|fault| fault.code),
        question: tunnel.question,
        reconnects: tunnel.reconnects,
    }
}

/// `TIME NAME PHASE [CODE] MESSAGE`; the code only where there is a fault.
#[must_use]
pub fn watch_line(tunnel: &TunnelStatus, now: Timestamp) -> String {
    let code = tunnel.fault.as_ref().map(|fault| format!(" {}", fault.code)).unwrap_or_default();
    format!("{now} {} {}{code} {}", tunnel.name, tunnel.phase, message(tunnel))
}

/// A tunnel's state as one phrase.
fn message(tunnel: &TunnelStatus) -> String {
    let listen = tunnel.listen.as_ref().map_or_else(|| "no port chosen yet".to_owned(), ToString::to_string);
    match (&tunnel.fault, tunnel.phase) {
        (Some(fault), Phase::Waiting) => match fault.retry_in_s {
            Some(seconds) => format!("{}; next attempt in {:.1} s", fault.message, seconds.max(0.0)),
            None if tunnel.question.is_some() => format!("{}; needs your answer", fault.message),
            None => format!("{}; {} must act", fault.message, fault.owner.words()),
        },
        (Some(fault), Phase::Stopped | Phase::Connecting | Phase::Up | Phase::Closing) => fault.message.clone(),
        (None, Phase::Stopped) => "nothing runs".to_owned(),
        (None, Phase::Connecting) => {
            let rung = tunnel.rung.unwrap_or(Rung::Bind);
            format!("{listen} through {}, at {rung}", tunnel.bastion)
        }
        (None, Phase::Up) => {
            let proof = match tunnel.proof {
                Some(Proof::Forward) => "the last forward opened",
                Some(Proof::Session) | None => "the session answers, no forward tried yet",
                Some(Proof::Stale) => "unproven: a client has stopped reading",
            };
            let back = match tunnel.reconnects {
                0 => String::new(),
                1 => ", back after one loss".to_owned(),
                many => format!(", back after {many} losses"),
            };
            format!("{listen} to {}, {proof}{back}", tunnel.database.endpoint())
        }
        (None, Phase::Waiting) => format!("{listen} holds new connections"),
        (None, Phase::Closing) => format!("{} connections left", tunnel.connections.open),
    }
}

/// How long ago, in its two largest units.
fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(since.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Advice, Bytes, Connections, Database, FaultStatus, Host, Kind, Listen, Owner, Pending, Question, ServiceStatus,
    };

    fn tunnel(name: &str, phase: Phase) -> TunnelStatus {
        TunnelStatus {
            name: name.parse().unwrap(),
            phase,
            rung: None,
            proof: None,
            answered_at: None,
            listen: Some("15432".parse::<Listen>().unwrap()),
            bastion: "prod".parse().unwrap(),
            database: Database {
                kind: Kind::Postgres,
                host: "10.0.1.12".parse::<Host>().unwrap(),
                port: 5432.try_into().unwrap(),
            },
            since: Some("2026-11-20T20:07:00Z".parse().unwrap()),
            rtt_ms: None,
            connections: Connections::default(),
            bytes: Bytes::default(),
            reconnects: 0,
            fault: None,
            unproven_s: None,
            question: None,
            warnings: Vec::new(),
            tags: Vec::new(),
            user: None,
            dbname: None,
            autostart: false,
            identity: None,
        }
    }

    fn refused() -> FaultStatus {
        FaultStatus {
            rung: Rung::Prove,
            code: Code::KeyRefused,
            message: "the server refused key prod".to_owned(),
            owner: Owner::BastionAdmin,
            advice: vec![Advice::command("show the line that the admin adds", "adit key show prod --authorized-key")],
            since: "2026-11-20T20:07:00Z".parse().unwrap(),
            retry_in_s: None,
        }
    }

    #[test]
    fn the_document_has_every_field_of_the_contract() {
        let mut up = tunnel("orders", Phase::Up);
        up.proof = Some(Proof::Forward);
        let service = ServiceStatus { pid: 4711, version: "0.1.0".to_owned(), socket: "/run/s".to_owned() };
        let mut snapshot = Snapshot { service: Some(service), ..Snapshot::default() };
        let text = status_json(&snapshot, &[&up]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["service"]["pid"], 4711);
        let shown = value["tunnels"][0].as_object().unwrap();
        for field in [
            "name",
            "phase",
            "rung",
            "proof",
            "answered_at",
            "listen",
            "bastion",
            "database",
            "since",
            "rtt_ms",
            "connections",
            "bytes",
            "reconnects",
            "fault",
        ] {
            assert!(shown.contains_key(field), "{field}");
        }
        assert_eq!(shown["database"], serde_json::json!({"kind": "postgres", "host": "10.0.1.12", "port": 5432}));
        assert_eq!(shown["listen"], "127.0.0.1:15432");
        assert_eq!(shown["since"], "2026-11-20T20:07:00Z");
        assert!(shown["fault"].is_null() && shown["rtt_ms"].is_null());
        snapshot.service = None;
        up.fault = Some(refused());
        let value: serde_json::Value = serde_json::from_str(&status_json(&snapshot, &[&up])).unwrap();
        assert!(value["service"].is_null());
        let fault = value["tunnels"][0]["fault"].as_object().unwrap();
        for field in ["rung", "code", "message", "owner", "advice", "since", "retry_in_s"] {
            assert!(fault.contains_key(field), "{field}");
        }
        assert_eq!(fault["owner"], "bastion_admin");
        assert!(fault["retry_in_s"].is_null());
    }

    #[test]
    fn a_question_is_part_of_the_document_and_no_secret_is() {
        let question =
            Question::Passphrase { bastion: "prod".parse().unwrap(), key: "key prod".to_owned(), again: false };
        let pending = Pending { id: 7, tunnels: vec!["orders".parse().unwrap()], question };
        let snapshot = Snapshot { questions: vec![pending], ..Snapshot::default() };
        assert!(status_json(&snapshot, &[]).contains(r#""ask":"passphrase""#));
    }

    #[test]
    fn the_table_says_what_is_wrong_below() {
        let mut up = tunnel("orders", Phase::Up);
        up.rtt_ms = Some(11.2);
        up.proof = Some(Proof::Forward);
        let mut failed = tunnel("ledger", Phase::Waiting);
        failed.fault = Some(refused());
        failed.warnings.push("other machines can connect".to_owned());
        let now = "2026-11-20T23:19:30Z".parse().unwrap();
        let lines = status_text(&[&up, &failed], now);
        assert_eq!(
            lines,
            [
                "NAME    PHASE    PROOF    LISTEN           DATABASE                 BASTION  FOR         RTT    OPEN  CODE",
                "orders  up       forward  127.0.0.1:15432  postgres 10.0.1.12:5432  prod     3 h 12 min  11 ms  0     -",
                "ledger  waiting  -        127.0.0.1:15432  postgres 10.0.1.12:5432  prod     3 h 12 min  -      0     key_refused",
                "",
                "ledger:",
                "  key_refused at prove: the server refused key prod; no further attempt until something changes: \
                 the bastion's admin must act",
                "  - show the line that the admin adds",
                "      adit key show prod --authorized-key",
                "  warning: other machines can connect",
            ]
        );
    }

    #[test]
    fn lines_for_scripts() {
        let mut failed = tunnel("ledger", Phase::Waiting);
        assert_eq!(up_line(&failed), "ledger\twaiting\t127.0.0.1:15432\t-");
        failed.fault = Some(refused());
        failed.listen = None;
        assert_eq!(up_line(&failed), "ledger\twaiting\t-\tkey_refused");
        let now = "2026-11-20T20:08:00.5Z".parse().unwrap();
        assert_eq!(
            watch_line(&failed, now),
            "2026-11-20T20:08:00.5Z ledger waiting key_refused the server refused key prod; the bastion's admin must act"
        );
        let up = tunnel("orders", Phase::Up);
        assert!(watch_line(&up, now).starts_with("2026-11-20T20:08:00.5Z orders up 127.0.0.1:15432 to 10.0.1.12:5432"));
    }

    #[test]
    fn counters_and_rungs_are_no_change() {
        let mut before = tunnel("orders", Phase::Connecting);
        before.rung = Some(Rung::Reach);
        let mark = watch_mark(&before);
        before.rung = Some(Rung::Prove);
        before.bytes.to_database = 9;
        assert_eq!(watch_mark(&before), mark);
        before.phase = Phase::Up;
        assert_ne!(watch_mark(&before), mark);
    }

    #[test]
    fn ages_in_two_units() {
        let now: Timestamp = "2026-11-20T20:07:00Z".parse().unwrap();
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3700, "1 h 1 min"), (90_000, "1 d 1 h")] {
            let since = Timestamp::from_second(now.as_second() - seconds).unwrap();
            assert_eq!(age(since, now), text);
        }
    }
}
