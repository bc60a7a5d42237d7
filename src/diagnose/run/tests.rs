//! Scenarios from files: evidence in, findings out. A question that a scenario does not answer is never answered.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::super::plan::{Aim, Plan};
use super::super::probe::{
    Bound, Eyes, Greeted, Inside, Login, Look, Methods, Named, Offered, Opened, Probe, Reached, Trusted,
};
use super::super::speak::Spoken;
use crate::model::{
    AgentSocket, Code, Database, Endpoint, Finding, Hop, Identity, Kind, Listen, Name, Port, Report, Route, Subject,
    Verdict,
};

#[derive(Deserialize)]
struct Scenario {
    world: World,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    verdict: Verdict,
    /// `RUNG CODE`
    cause: Option<String>,
    /// `RUNG CHECK VERDICT CODE-or--`
    findings: Vec<String>,
}

#[derive(Deserialize)]
struct World {
    bind: Option<Look<Bound>>,
    hops: Vec<HopWorld>,
    #[serde(default)]
    addresses: BTreeMap<String, Vec<IpAddr>>,
    inside: Option<Look<Inside>>,
    #[serde(default)]
    opens: BTreeMap<String, Look<Opened>>,
    speak: Option<Spoken>,
    #[serde(skip)]
    logins: usize,
}

#[derive(Deserialize)]
struct HopWorld {
    resolve: Option<Look<Named>>,
    reach: Option<Look<Reached>>,
    greet: Option<Look<Greeted>>,
    trust: Option<Look<Trusted>>,
    identity: Option<Look<Offered>>,
    methods: Option<Look<Methods>>,
    login: Option<Look<Login>>,
}

/// The answer, or none for ever.
async fn answer<T>(known: Option<T>) -> T {
    match known {
        Some(known) => known,
        None => std::future::pending().await,
    }
}

impl Probe for World {
    async fn bind(&mut self) -> Look<Bound> {
        answer(self.bind.clone()).await
    }
    async fn resolve(&mut self, hop: usize) -> Look<Named> {
        answer(self.hops[hop].resolve.clone()).await
    }
    async fn addresses(&mut self, target: &Endpoint) -> Vec<IpAddr> {
        self.addresses.get(&target.to_string()).cloned().unwrap_or_default()
    }
    async fn reach(&mut self, hop: usize) -> Look<Reached> {
        answer(self.hops[hop].reach.clone()).await
    }
    async fn greet(&mut self, hop: usize) -> Look<Greeted> {
        answer(self.hops[hop].greet.clone()).await
    }
    async fn trust(&mut self, hop: usize) -> Look<Trusted> {
        answer(self.hops[hop].trust.clone()).await
    }
    async fn identity(&mut self, hop: usize) -> Look<Offered> {
        answer(self.hops[hop].identity.clone()).await
    }
    async fn methods(&mut self, hop: usize) -> Look<Methods> {
        answer(self.hops[hop].methods.clone()).await
    }
    async fn login(&mut self, hop: usize) -> Look<Login> {
        self.logins += 1;
        answer(self.hops[hop].login.clone()).await
    }
    async fn inside(&mut self, _eyes: &Eyes) -> Look<Inside> {
        answer(self.inside.clone()).await
    }
    async fn open(&mut self, target: &Endpoint) -> Look<Opened> {
        answer(self.opens.get(&target.to_string()).cloned()).await
    }
    async fn speak(&mut self) -> Option<Spoken> {
        answer(self.speak.clone().map(Some)).await
    }
}

fn plan(hops: usize) -> Plan {
    let hop = |number: usize| Hop {
        bastion: if number + 1 == hops { "prod" } else { "edge" }.parse().unwrap(),
        endpoint: Endpoint::new("bastion.example.com".parse().unwrap(), Port::new(22).unwrap()),
        user: "adit".to_owned(),
        identity: Identity::Agent(AgentSocket::Environment),
        keepalive: Duration::from_secs(3),
        legacy_algorithms: false,
    };
    let mut route: Vec<Hop> = (0..hops).map(hop).collect();
    let last = route.pop().unwrap();
    let database =
        Database { kind: Kind::Postgres, host: "db.internal".parse().unwrap(), port: Port::new(5432).unwrap() };
    let name: Name = "orders".parse().unwrap();
    Plan {
        subject: Subject::Tunnel(name.clone()),
        route: Route { via: route, last },
        targets: vec![database.endpoint()],
        aim: Some(Aim { name, listen: Some(Listen::loopback(Port::new(15432).unwrap())), held: false, database }),
        leaves_from: Vec::new(),
        admin: None,
        by_hand: vec!["ssh -N -L x".to_owned(), "psql x".to_owned()],
        person: None,
        now: jiff::Timestamp::UNIX_EPOCH,
    }
}

fn line(finding: &Finding) -> String {
    let Finding { rung, check, verdict, code, .. } = finding;
    format!("{rung} {check} {} {}", verdict.as_str(), code.map_or("-", Code::as_str))
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diagnosis")
}

fn read(file: &Path) -> Scenario {
    let text = std::fs::read_to_string(file).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[tokio::test(start_paused = true)]
async fn scenarios_come_out_as_written() {
    let mut files: Vec<_> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 10, "{files:?}");
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let Scenario { mut world, expected } = read(&file);
        let plan = plan(world.hops.len());
        let mut told: Vec<usize> = Vec::new();
        let begun = tokio::time::Instant::now();
        let report = super::run(&plan, &mut world, |report: &Report| told.push(report.findings.len())).await;
        let lines: Vec<String> = report.findings.iter().map(line).collect();
        assert_eq!(lines, expected.findings, "{name}");
        assert_eq!(report.verdict(), expected.verdict, "{name}");
        let cause = report.cause().map(|f| format!("{} {}", f.rung, f.code.map_or("-", Code::as_str)));
        assert_eq!(cause, expected.cause, "{name}");
        assert!(report.finished && begun.elapsed() <= Duration::from_secs(30), "{name}");
        // Every finding was told as soon as it was known, and the whole once more.
        assert_eq!(told, (1..=lines.len()).chain([lines.len()]).collect::<Vec<_>>(), "{name}");
        assert!(world.logins <= world.hops.len(), "{name}: more than one login a hop");
        assert_eq!(report.findings.last().unwrap().hop, world.hops.len() - 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_says_how_to_see_the_same_without_adit() {
    let Scenario { mut world, .. } = read(&folder().join("key_refused_without_eyes.json"));
    let report = super::run(&plan(1), &mut world, |_| {}).await;
    let commands: Vec<&str> =
        report.cause().unwrap().advice.iter().filter_map(|advice| advice.command.as_deref()).collect();
    assert!(commands.ends_with(&["ssh -N -L x", "psql x"]), "{commands:?}");
}
