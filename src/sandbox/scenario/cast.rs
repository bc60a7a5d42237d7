//! The table of the stage: who plays in the demo. Nothing here opens a port.

use std::time::Duration;

use super::{Admission, Shows, StageKey, StageTunnel};
use crate::model::{Database, Host, Kind, Name, Port};
use crate::sandbox::bastion::{Flap, Switches};
use crate::sandbox::database::ACCOUNT;
use crate::sandbox::error::SandboxError;
use crate::sandbox::traffic::{Profile, Rhythm};

/// The account on every bastion.
pub(super) const USER: &str = "adit";

/// A bastion before it runs.
pub(super) struct Role {
    pub(super) name: Name,
    pub(super) switches: Switches,
    pub(super) host_key_known: bool,
    pub(super) host_key_changed: bool,
}

fn name(text: &str) -> Result<Name, SandboxError> {
    text.parse().map_err(|error| SandboxError::Table { why: format!("{error}") })
}

/// The bastions. The latency is one way: half of the round trip that is shown, less what this machine adds.
pub(super) fn bastions() -> Result<Vec<Role>, SandboxError> {
    let role = |text, one_way_ms, host_key_known, host_key_changed, flap| {
        let switches = Switches { latency: Duration::from_millis(one_way_ms), flap, ..Switches::default() };
        Ok(Role { name: name(text)?, switches, host_key_known, host_key_changed })
    };
    // About three deaths a minute, each with a pause that can be seen.
    let flap = Flap { up: Duration::from_secs(20), down: Duration::from_secs(4) };
    Ok(vec![
        role("prod", 5, true, false, None)?,
        role("eu", 11, true, false, None)?,
        role("branch", 19, true, false, Some(flap))?,
        role("dc2", 8, true, true, None)?,
        role("staging", 4, false, false, None)?,
    ])
}

/// The keys of tunnels that have one of their own; every bastion has one of its name besides.
pub(super) fn keys() -> Result<Vec<StageKey>, SandboxError> {
    let key = |text| Ok(StageKey { name: name(text)?, bastion: name("prod")?, admission: Admission::WhenTold });
    Ok(vec![key("ledger")?, key("payroll")?])
}

/// A line of the table below.
struct Line {
    name: &'static str,
    bastion: &'static str,
    kind: Kind,
    place: (&'static str, u16),
    tags: &'static [&'static str],
    shows: Shows,
    traffic: Option<(usize, Rhythm)>,
}

const LINES: [Line; 13] = [
    Line {
        name: "orders",
        bastion: "prod",
        kind: Kind::Postgres,
        place: ("10.0.1.12", 5432),
        tags: &["prod", "shop"],
        shows: Shows::Healthy,
        traffic: Some((4, Rhythm::Bursts)),
    },
    Line {
        name: "billing",
        bastion: "prod",
        kind: Kind::Mariadb,
        place: ("10.0.1.20", 3306),
        tags: &["prod", "money"],
        shows: Shows::Healthy,
        traffic: Some((2, Rhythm::Bursts)),
    },
    Line {
        name: "cache",
        bastion: "prod",
        kind: Kind::Redis,
        place: ("10.0.1.31", 6379),
        tags: &["prod", "shop"],
        shows: Shows::Healthy,
        traffic: Some((3, Rhythm::Chatter)),
    },
    Line {
        name: "reports",
        bastion: "eu",
        kind: Kind::Sqlserver,
        place: ("reports.internal", 1433),
        tags: &["eu", "money"],
        shows: Shows::Healthy,
        traffic: Some((1, Rhythm::Steady)),
    },
    Line {
        name: "events",
        bastion: "branch",
        kind: Kind::Postgres,
        place: ("10.40.0.7", 5432),
        tags: &["branch"],
        shows: Shows::Flaps,
        traffic: Some((2, Rhythm::Rare)),
    },
    Line {
        name: "payroll",
        bastion: "prod",
        kind: Kind::Postgres,
        place: ("10.0.1.17", 5432),
        tags: &["prod", "money"],
        shows: Shows::WaitsForAdmin,
        traffic: Some((1, Rhythm::Rare)),
    },
    Line {
        name: "ledger",
        bastion: "prod",
        kind: Kind::Postgres,
        place: ("10.0.1.14", 5432),
        tags: &["prod", "money"],
        shows: Shows::KeyRefused,
        traffic: None,
    },
    Line {
        name: "invoices",
        bastion: "prod",
        kind: Kind::Mariadb,
        place: ("10.0.1.22", 3306),
        tags: &["prod", "money"],
        shows: Shows::ForwardProhibited,
        traffic: None,
    },
    Line {
        name: "inventory",
        bastion: "prod",
        kind: Kind::Postgres,
        place: ("10.0.1.15", 5432),
        tags: &["prod", "shop"],
        shows: Shows::TargetRefused,
        traffic: None,
    },
    Line {
        name: "customers",
        bastion: "prod",
        kind: Kind::Postgres,
        place: ("10.0.1.16", 3306),
        tags: &["prod", "shop"],
        shows: Shows::WrongProtocol,
        traffic: None,
    },
    Line {
        name: "warehouse",
        bastion: "dc2",
        kind: Kind::Redshift,
        place: ("10.30.0.4", 5439),
        tags: &["dc2"],
        shows: Shows::HostKeyChanged,
        traffic: None,
    },
    Line {
        name: "preview",
        bastion: "staging",
        kind: Kind::Mariadb,
        place: ("10.50.0.3", 3306),
        tags: &["staging"],
        shows: Shows::HostKeyUnknown,
        traffic: Some((1, Rhythm::Rare)),
    },
    Line {
        name: "archive",
        bastion: "eu",
        kind: Kind::Sqlserver,
        place: ("10.20.0.9", 1433),
        tags: &["eu"],
        shows: Shows::Stopped,
        traffic: Some((1, Rhythm::Rare)),
    },
];

/// The tunnels.
pub(super) fn tunnels() -> Result<Vec<StageTunnel>, SandboxError> {
    let own_keys = keys()?;
    LINES
        .iter()
        .map(|line| {
            let (host, port) = line.place;
            let wrong = |why: String| SandboxError::Table { why };
            let host: Host = host.parse().map_err(|error| wrong(format!("{error}")))?;
            let port = Port::new(port).ok_or_else(|| wrong("port 0".to_owned()))?;
            let own = name(line.name)?;
            Ok(StageTunnel {
                bastion: name(line.bastion)?,
                key: own_keys.iter().map(|key| &key.name).find(|key| **key == own).cloned(),
                database: Database { kind: line.kind, host, port },
                user: ACCOUNT.to_owned(),
                dbname: (line.kind != Kind::Redis).then(|| line.name.to_owned()),
                tags: line.tags.iter().map(|tag| name(tag)).collect::<Result<_, _>>()?,
                opened: line.shows != Shows::Stopped,
                shows: line.shows,
                traffic: line.traffic.map(|(clients, rhythm)| Profile { clients, rhythm }),
                name: own,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_holds_together() {
        let (tunnels, bastions) = (tunnels().unwrap(), bastions().unwrap());
        let names: BTreeSet<_> = tunnels.iter().map(|tunnel| &tunnel.name).collect();
        let places: BTreeSet<_> = tunnels.iter().map(|tunnel| tunnel.database.endpoint()).collect();
        assert_eq!((names.len(), places.len()), (tunnels.len(), tunnels.len()));
        assert!(tunnels.iter().all(|tunnel| bastions.iter().any(|bastion| bastion.name == tunnel.bastion)));
        let healthy = tunnels.iter().filter(|tunnel| tunnel.shows == Shows::Healthy);
        assert!(healthy.clone().all(|tunnel| tunnel.traffic.is_some()));
        assert_eq!(healthy.count(), 4);
    }
}
