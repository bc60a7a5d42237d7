//! States of a service that nobody runs, told as of one moment.

use std::sync::Arc;

use adit::model::journal::Entry;
use adit::model::{
    Advice, BastionStatus, Bytes, Code, Connections, Database, FaultStatus, KeyStatus, KnownHostKey, Name, Pending,
    Phase, Proof, Question, Rung, Snapshot, TunnelStatus,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

const NEW: &str = "SHA256:bQhYMw1kAyBkUGRwhbk2tSk0k0bhkTJDXkMmPbQ4sYk";
const OLD: &str = "SHA256:9c0fYhDAGZv6cXQvKqk7J3sCnFqfDGpH7IxvL1mWn2E";

/// The moment.
pub(crate) fn now() -> Timestamp {
    "2026-03-05T12:04:00Z".parse().unwrap()
}

fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A tunnel that is off.
pub(crate) fn tunnel(text: &str, kind: &str, host: &str, local: u16) -> TunnelStatus {
    let database: Database = serde_json::from_value(json!({"kind": kind, "host": host, "port": 5432})).unwrap();
    TunnelStatus {
        name: name(text),
        phase: Phase::Stopped,
        rung: None,
        proof: None,
        answered_at: None,
        listen: Some(format!("127.0.0.1:{local}").parse().unwrap()),
        bastion: name("prod"),
        database,
        since: Some(ago(7200)),
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

/// A tunnel that carries.
pub(crate) fn up(text: &str, kind: &str, host: &str, local: u16) -> TunnelStatus {
    TunnelStatus {
        phase: Phase::Up,
        proof: Some(Proof::Forward),
        answered_at: Some(ago(2)),
        since: Some(ago(11_520)),
        rtt_ms: Some(11.3),
        connections: Connections { open: 4, total: 38 },
        bytes: Bytes { to_database: 1_000_000, from_database: 90_000_000 },
        ..tunnel(text, kind, host, local)
    }
}

fn fault(code: Code, message: &str, retry_in_s: Option<f64>) -> FaultStatus {
    FaultStatus {
        rung: code.rung(),
        code,
        message: message.to_owned(),
        owner: code.owner(),
        advice: Vec::new(),
        since: ago(75),
        retry_in_s,
    }
}

fn waiting(text: &str, kind: &str, host: &str, local: u16, fault: FaultStatus) -> TunnelStatus {
    let since = Some(ago(75));
    TunnelStatus { phase: Phase::Waiting, since, fault: Some(fault), ..tunnel(text, kind, host, local) }
}

fn carrying() -> Vec<TunnelStatus> {
    let mut orders = up("orders", "postgres", "10.0.1.12", 15432);
    orders.tags = vec![name("prod"), name("shop")];
    (orders.user, orders.dbname) = (Some("shop".to_owned()), Some("shop".to_owned()));
    let mut billing = up("billing", "mariadb", "billing.db.internal", 13306);
    billing.proof = Some(Proof::Session);
    billing.connections = Connections { open: 1, total: 1 };
    billing.reconnects = 1;
    billing.tags = vec![name("prod")];
    let mut search = up("search", "elasticsearch", "search.internal", 19200);
    search.fault = Some(FaultStatus {
        advice: vec![Advice::command("ask the bastion's admin to allow it", "PermitOpen search.internal:5432")],
        ..fault(Code::ForwardProhibited, "the bastion prod forbids forwarding to search.internal:5432", Some(8.0))
    });
    search.warnings = vec!["listens on 0.0.0.0: everyone who reaches this machine reaches the database".to_owned()];
    let mut reports = up("reports", "clickhouse", "10.0.1.40", 19000);
    reports.proof = Some(Proof::Stale);
    reports.unproven_s = Some(42.0);
    reports.answered_at = Some(ago(42));
    vec![orders, billing, search, reports]
}

fn not_carrying() -> Vec<TunnelStatus> {
    let cache = TunnelStatus {
        phase: Phase::Connecting,
        rung: Some(Rung::Greet),
        since: Some(ago(1)),
        bastion: name("edge"),
        ..tunnel("cache", "redis", "10.0.1.14", 16379)
    };
    let again = TunnelStatus {
        phase: Phase::Connecting,
        rung: Some(Rung::Reach),
        since: Some(ago(3)),
        fault: Some(fault(Code::LinkTimeout, "nothing came from the bastion prod for 15 s", None)),
        ..tunnel("metrics", "tcp", "10.0.1.19", 19090)
    };
    let refused = fault(Code::TcpRefused, "198.51.100.4:22 refuses connections", Some(3.4));
    let retrying = waiting("stock", "mysql", "10.0.1.15", 13307, refused);
    let asks = fault(Code::HostKeyUnknown, &format!("the host key of edge is not known yet: ssh-ed25519 {NEW}"), None);
    let mut vault = waiting("vault", "mongodb", "10.0.1.16", 17017, asks);
    (vault.question, vault.bastion) = (Some(7), name("edge"));
    let mut refused = fault(Code::KeyRefused, "the bastion prod refused the key ledger for the user adit", None);
    refused.advice = vec![
        Advice::command("give this to the bastion's admin", "adit key show ledger"),
        Advice::words("the key may be absent, broken over two lines, or its file writable by others"),
    ];
    let ledger = waiting("ledger", "postgres", "10.0.1.17", 25432, refused);
    let message =
        format!("bastion.example.com:22 shows ssh-ed25519 {NEW}, but ssh-ed25519 {OLD} is known (/h/known_hosts:3)");
    let mut changed = fault(Code::HostKeyChanged, &message, None);
    changed.advice = vec![
        Advice::words("someone may be in between: ask the bastion's admin whether the key was changed"),
        Advice::command(
            "only after they confirmed it: forget the old key and pin the new one",
            format!("adit trust prod --forget && adit trust prod --fingerprint {NEW}"),
        ),
    ];
    let mirror = waiting("mirror", "postgres", "10.0.1.18", 25433, changed);
    let mut staging = tunnel("staging", "oracle", "10.9.0.2", 11521);
    (staging.phase, staging.since) = (Phase::Closing, Some(ago(2)));
    let mut archive = tunnel("archive", "sqlserver", "10.9.0.3", 11433);
    (archive.listen, archive.since) = (None, None);
    vec![cache, again, retrying, vault, ledger, mirror, staging, archive]
}

fn bastion(text: &str, host: &str, key: Option<&str>, tunnels: &[TunnelStatus]) -> BastionStatus {
    let of = tunnels.iter().filter(|tunnel| tunnel.bastion.as_str() == text);
    BastionStatus {
        name: name(text),
        endpoint: serde_json::from_value(json!({"host": host, "port": 22})).unwrap(),
        user: "adit".to_owned(),
        identity: "key prod".to_owned(),
        login: Some(adit::model::Identity::Key(name("prod"))),
        via: Vec::new(),
        host_key: key.map(|key| KnownHostKey { key_type: "ssh-ed25519".to_owned(), fingerprint: key.to_owned() }),
        tunnels: of.map(|tunnel| tunnel.name.clone()).collect(),
        leaves_from: Vec::new(),
        warnings: Vec::new(),
    }
}

fn key(text: &str, key_type: &str, bits: u32, used_by: &[&str]) -> KeyStatus {
    KeyStatus {
        name: name(text),
        key_type: key_type.to_owned(),
        bits,
        fingerprint: OLD.to_owned(),
        comment: format!("adit {text}"),
        encrypted: bits == 256,
        created: Some(ago(40 * 86_400)),
        public_key: format!(
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq0yP8mQb7q1cVdJw1zZ5nJvXQ0b2c9m4sT6uVwXyZ0 adit {text}"
        ),
        used_by: used_by.iter().map(|text| name(text)).collect(),
        needed_by: (!used_by.is_empty()).then(|| format!("the tunnels {}", used_by.join(", "))),
        bastions: Vec::new(),
        tunnels: used_by.iter().map(|text| name(text)).collect(),
        authorized_key: format!(
            "restrict,port-forwarding,permitopen=\"10.0.1.12:5432\" ssh-ed25519 \
             AAAAC3NzaC1lZDI1NTE5AAAAIGq0yP8mQb7q1cVdJw1zZ5nJvXQ0b2c9m4sT6uVwXyZ0 adit {text}"
        ),
        accounts: used_by.iter().take(1).map(|_| "adit on bastion.example.com".to_owned()).collect(),
        rotation: None,
        broken: None,
    }
}

fn entry(seconds: i64, tunnel: Option<&str>, event: &str, message: &str) -> Entry {
    Entry { at: ago(seconds), tunnel: tunnel.map(name), event: event.to_owned(), message: message.to_owned() }
}

/// One tunnel in each state, two bastions, three keys.
pub(crate) fn every_state() -> Arc<Snapshot> {
    let tunnels: Vec<TunnelStatus> = carrying().into_iter().chain(not_carrying()).collect();
    let mut prod = bastion("prod", "bastion.example.com", Some(OLD), &tunnels);
    prod.warnings = vec!["its login allows a shell as well".to_owned()];
    let mut edge = bastion("edge", "2001:db8::4", None, &tunnels);
    edge.via = vec![name("prod")];
    let mut broken = key("stale", "rsa", 3072, &[]);
    broken.broken = Some("its file can be read by others".to_owned());
    let journal = vec![
        entry(90_000, None, "start", "the service began"),
        entry(11_520, Some("orders"), "up", "up by bastion.example.com in 24 ms"),
        entry(11_400, Some("billing"), "lost", "the bastion closed the session"),
        entry(11_399, Some("billing"), "healed", "up again after 1 s"),
        entry(75, Some("ledger"), "fault", "the bastion prod refused the key ledger for the user adit"),
        entry(3, Some("orders"), "note", "a client came from 127.0.0.1:50122"),
    ];
    Arc::new(Snapshot {
        tunnels,
        questions: vec![asks_host_key("vault")],
        bastions: vec![prod, edge],
        keys: vec![
            key("prod", "ed25519", 256, &["orders", "billing"]),
            key("ledger", "ed25519", 255, &["ledger"]),
            broken,
        ],
        journal,
        ..Snapshot::default()
    })
}

pub(crate) fn asks_host_key(tunnel: &str) -> Pending {
    let question = json!({
        "ask": "host_key", "bastion": "edge", "endpoint": {"host": "2001:db8::4", "port": 22},
        "address": "[2001:db8::4]:22", "key_type": "ssh-ed25519", "fingerprint": NEW,
        "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq0yP8mQb7q1cVdJw1zZ5nJvXQ0b2c9m4sT6uVwXyZ0"
    });
    Pending { id: 7, tunnels: vec![name(tunnel)], question: serde_json::from_value(question).unwrap() }
}

pub(crate) fn asks_passphrase(tunnel: &str, again: bool) -> Pending {
    let question = Question::Passphrase { bastion: name("prod"), key: "/h/keys/prod".to_owned(), again };
    Pending { id: 8 + u64::from(again), tunnels: vec![name(tunnel)], question }
}

/// One tunnel that waits for a person, and what it asks.
pub(crate) fn asking(pending: Pending, code: Code) -> Arc<Snapshot> {
    let mut vault = waiting("vault", "mongodb", "10.0.1.16", 17017, fault(code, "a person must answer", None));
    vault.question = Some(pending.id);
    Arc::new(Snapshot { tunnels: vec![vault], questions: vec![pending], ..Snapshot::default() })
}

pub(crate) fn question_of_host_key() -> Arc<Snapshot> {
    asking(asks_host_key("vault"), Code::HostKeyUnknown)
}

pub(crate) fn question_of_passphrase(again: bool) -> Arc<Snapshot> {
    asking(asks_passphrase("vault", again), Code::PassphraseNeeded)
}

/// The fingerprint that the questions show.
pub(crate) fn shown_fingerprint() -> &'static str {
    NEW
}

/// The fingerprint that was known before.
pub(crate) fn known_fingerprint() -> &'static str {
    OLD
}

/// A configuration that is not in force.
pub(crate) fn misconfigured() -> Arc<Snapshot> {
    let error =
        "config.toml:12:7: bastion \"prd\" does not exist; did you mean \"prod\"?\nconfig.toml:14:1: two".to_owned();
    Arc::new(Snapshot { config_error: Some(error), ..Snapshot::clone(&every_state()) })
}

/// So many tunnels, every fourth of them up.
pub(crate) fn many(count: u16) -> Arc<Snapshot> {
    let tunnels: Vec<TunnelStatus> = (0..count)
        .map(|n| {
            let text = format!("t{n:03}");
            if n % 4 == 0 {
                up(&text, "postgres", "10.0.1.12", 20_000 + n)
            } else {
                tunnel(&text, "redis", "10.0.1.13", 20_000 + n)
            }
        })
        .collect();
    let bastions = vec![bastion("prod", "bastion.example.com", Some(OLD), &tunnels)];
    let keys = (0..count).map(|n| key(&format!("k{n:03}"), "ed25519", 256, &[])).collect();
    let journal = (0..count).map(|n| entry(i64::from(count - n), Some(&format!("t{n:03}")), "up", "up")).collect();
    Arc::new(Snapshot { tunnels, bastions, keys, journal, ..Snapshot::default() })
}

/// These words wherever a file or a server may put words.
pub(crate) fn saying(words: &str) -> Arc<Snapshot> {
    let mut snapshot = Snapshot::clone(&every_state());
    let long = format!("a{}", "b-_".repeat(20));
    for tunnel in &mut snapshot.tunnels {
        tunnel.user = Some(words.to_owned());
        tunnel.dbname = Some(words.to_owned());
        tunnel.warnings = vec![words.to_owned()];
        tunnel.tags = vec![name(&long)];
        if let Some(fault) = &mut tunnel.fault {
            fault.message = words.to_owned();
            fault.advice = vec![Advice::command(words, words)];
        }
    }
    for bastion in &mut snapshot.bastions {
        bastion.user = words.to_owned();
        bastion.identity = words.to_owned();
        bastion.warnings = vec![words.to_owned()];
    }
    for key in &mut snapshot.keys {
        key.comment = words.to_owned();
        key.broken = Some(words.to_owned());
        key.public_key = words.to_owned();
    }
    for entry in &mut snapshot.journal {
        entry.message = words.to_owned();
    }
    snapshot.config_error = Some(words.to_owned());
    Arc::new(snapshot)
}
