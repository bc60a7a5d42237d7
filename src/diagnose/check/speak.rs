//! Judges what the database said. It does not talk to it.

use crate::diagnose::speak::Spoken;
use crate::model::contact::{Reply, Tls};
use crate::model::{Certainty, Code, Database, Fault, Finding, Kind, Name, Rung, Verdict};

/// The finding on the last rung; with the tunnel's name the advised commands fit it.
#[must_use]
pub fn judge(seen: &Spoken, database: &Database, tunnel: Option<&Name>) -> Vec<Finding> {
    let mut finding = match seen.reply.fault(database, tunnel) {
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
            (format!("{target} accepts; {name} answers"), (said != name).then(|| format!("it said \"{said}\"")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Owner;

    fn database(kind: Kind, port: u16) -> Database {
        Database { kind, host: "10.0.1.12".parse().unwrap(), port: port.try_into().unwrap() }
    }

    fn judged(reply: Reply, kind: Kind, port: u16) -> Finding {
        let name: Name = "orders".parse().unwrap();
        let seen = Spoken { reply, ms: 12.5 };
        let mut findings = judge(&seen, &database(kind, port), Some(&name));
        assert_eq!(findings.len(), 1);
        let finding = findings.remove(0);
        assert_eq!((finding.rung, finding.check.as_str(), finding.ms), (Rung::Speak, "database", Some(12.5)));
        assert_eq!(finding.code.is_none(), finding.verdict == Verdict::Pass);
        finding
    }

    fn refused(code: Code, text: &str) -> Reply {
        Reply::Refused { code, text: text.to_owned() }
    }

    fn speaks(product: &str, version: Option<&str>, tls: Tls) -> Reply {
        let version = version.map(str::to_owned);
        Reply::Speaks { product: product.to_owned(), version, tls, note: None }
    }

    fn commands(finding: &Finding) -> Vec<&str> {
        finding.advice.iter().filter_map(|advice| advice.command.as_deref()).collect()
    }

    #[test]
    fn what_answers_passes_in_one_sentence() {
        for (reply, kind, right) in [
            (speaks("PostgreSQL", None, Tls::Offered), Kind::Postgres, "PostgreSQL answers, TLS offered"),
            (speaks("MariaDB", Some("10.11.6"), Tls::No), Kind::Mysql, "MariaDB 10.11.6 answers, no TLS on this port"),
            (speaks("MongoDB", Some("7.0"), Tls::Unknown), Kind::Mongodb, "MongoDB 7.0 answers"),
        ] {
            let finding = judged(reply, kind, 1);
            assert_eq!((finding.verdict, finding.summary.as_str()), (Verdict::Pass, right));
            assert_eq!(finding.owner, None);
        }
    }

    #[test]
    fn plain_tcp_may_say_anything_or_nothing() {
        let stranger =
            Reply::Stranger { name: Some("an SSH server".to_owned()), kind: None, said: "SSH-2.0-x".to_owned() };
        for reply in [stranger, Reply::Silent { said: String::new() }] {
            assert_eq!(judged(reply, Kind::Tcp, 22).verdict, Verdict::Pass);
        }
        let closed = judged(Reply::Closed { asked: false, said: String::new() }, Kind::Tcp, 22);
        assert_eq!((closed.code, closed.certainty), (Some(Code::ClosedByDatabase), Certainty::Possible));
    }

    #[test]
    fn the_wrong_kind_comes_with_the_right_command() {
        let reply = Reply::Stranger {
            name: Some("MariaDB 10.11.6".to_owned()),
            kind: Some(Kind::Mariadb),
            said: "MariaDB 10.11.6".to_owned(),
        };
        let finding = judged(reply, Kind::Postgres, 5432);
        assert_eq!(finding.summary, "10.0.1.12:5432 answers as MariaDB 10.11.6, not as postgres");
        assert_eq!((finding.code, finding.owner), (Some(Code::WrongProtocol), Some(Owner::You)));
        assert_eq!(commands(&finding), ["adit tunnel edit orders --database mariadb"]);
        let nobody = Reply::Stranger { name: None, kind: None, said: "wat".to_owned() };
        let finding = judged(nobody, Kind::Redis, 6379);
        assert_eq!((finding.certainty, finding.verdict), (Certainty::Likely, Verdict::Fail));
        assert!(finding.summary.contains("\"wat\""));
    }

    #[test]
    fn the_keeper_is_told_what_to_run() {
        let blocked = judged(refused(Code::HostBlocked, "Host '10.0.1.5' is blocked"), Kind::Mariadb, 3306);
        assert_eq!(blocked.owner, Some(Owner::DatabaseAdmin));
        assert_eq!(commands(&blocked), ["mariadb-admin -u root -p flush-hosts"]);
        assert_eq!(blocked.certainty, Certainty::Certain);
        let newer = judged(refused(Code::HostBlocked, ""), Kind::Mysql, 3306);
        assert!(commands(&newer)[1].contains("host_cache"));
        let full = judged(refused(Code::TooManyConnections, "sorry"), Kind::Postgres, 5432);
        assert!(commands(&full)[0].contains("pg_stat_activity"));
        let forbidden = judged(refused(Code::HostNotAllowed, "Host '10.0.1.5' is not allowed"), Kind::Mysql, 3306);
        assert!(forbidden.advice[0].text.contains("10.0.1.5"), "{forbidden:?}");
        let starting = judged(refused(Code::StartingUp, "LOADING"), Kind::Redis, 6379);
        assert_eq!((starting.verdict, starting.code), (Verdict::Fail, Some(Code::StartingUp)));
    }

    #[test]
    fn a_rule_that_nobody_fits_is_only_possibly_missing() {
        let text = "no pg_hba.conf entry for host \"10.0.1.5\", user \"adit_probe\", database \"postgres\"";
        let finding = judged(refused(Code::HostNotAllowed, text), Kind::Postgres, 5432);
        assert_eq!((finding.verdict, finding.certainty), (Verdict::Warn, Certainty::Possible));
        assert!(finding.advice[0].text.contains("host all all 10.0.1.5/32 scram-sha-256"), "{finding:?}");
        assert!(finding.evidence.unwrap().contains("does not exist"));
        let text = "no entry for host \"evil\", \"2001:db8::5\"";
        let finding = judged(refused(Code::HostNotAllowed, text), Kind::Postgres, 5432);
        assert!(finding.advice[0].text.contains("2001:db8::5/128"));
    }

    #[test]
    fn tls_is_the_clients_business() {
        let closed = Reply::Closed { asked: true, said: String::new() };
        let finding = judged(closed.clone(), Kind::Redis, 6380);
        assert_eq!((finding.code, finding.certainty), (Some(Code::TlsRequired), Certainty::Likely));
        assert_eq!(commands(&finding), ["adit url orders"]);
        assert!(finding.advice[0].text.contains("rediss://"));
        assert_eq!(judged(closed.clone(), Kind::Postgres, 5432).code, Some(Code::ClosedByDatabase));
        let misplaced = judged(closed, Kind::Redis, 5432);
        assert_eq!(misplaced.code, Some(Code::ClosedByDatabase));
        assert_eq!(commands(&misplaced)[0], "adit tunnel edit orders --database postgres");
        let demanded = judged(refused(Code::TlsRequired, "insecure transport"), Kind::Mysql, 3306);
        assert_eq!((demanded.verdict, demanded.certainty), (Verdict::Fail, Certainty::Certain));
        let driver = judged(speaks("SQL Server 2022", Some("16.0.4131"), Tls::Required), Kind::Sqlserver, 1433);
        assert_eq!((driver.verdict, driver.code), (Verdict::Warn, Some(Code::TlsRequired)));
    }

    #[test]
    fn silence_is_only_possibly_what_it_seems() {
        for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Tcp) {
            let finding = judged(Reply::Silent { said: String::new() }, kind, 1);
            assert_eq!((finding.code, finding.certainty), (Some(Code::Silent), Certainty::Possible));
            assert!(finding.advice.iter().all(|advice| !advice.text.is_empty()));
        }
        let misplaced = judged(Reply::Silent { said: String::new() }, Kind::Mysql, 5432);
        assert_eq!(commands(&misplaced)[0], "adit tunnel edit orders --database postgres");
        // Two kinds share this port.
        let at_home = judged(Reply::Silent { said: String::new() }, Kind::Mariadb, 3306);
        assert!(!commands(&at_home).iter().any(|command| command.starts_with("adit tunnel")));
    }
}
