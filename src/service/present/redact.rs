//! A report that can be shown to strangers: hosts, users, addresses and keys replaced by placeholders that stay the same
//! throughout it. Names of tunnels and bastions stay; they are the person's own words.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::{Advice, Finding, Report, Snapshot};

/// Names that everybody uses tell nothing about anybody.
const COMMON: &[&str] = &["localhost", "adit", "root"];

/// Ends of names that are files or units, not hosts.
const FILES: &[&str] =
    &["toml", "pub", "service", "socket", "conf", "json", "pem", "txt", "sock", "log", "d", "sh", "ppk", "old", "rs"];

/// Domains that stand in names of algorithms (RFC 4251, section 6).
const ALGORITHMS: &[&str] = &["openssh.com", "libssh.org", "lysator.liu.se", "ssh.com"];

/// The report with placeholders. `snapshot` is where the names of hosts and users are known from.
#[must_use]
pub fn report_redacted(report: &Report, snapshot: &Snapshot) -> Report {
    let mut masks = Masks::of(snapshot);
    let findings = report.findings.iter().map(|finding| Finding {
        summary: masks.hide(&finding.summary),
        evidence: finding.evidence.as_ref().map(|text| masks.hide(text)),
        advice: finding
            .advice
            .iter()
            .map(|advice| Advice {
                text: masks.hide(&advice.text),
                command: advice.command.as_ref().map(|text| masks.hide(text)),
            })
            .collect(),
        ..finding.clone()
    });
    Report { findings: findings.collect(), seen_from: None, ..report.clone() }
}

/// What a word is replaced as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Host,
    Address,
    User,
    Key,
}

impl Sort {
    fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Address => "address",
            Self::User => "user",
            Self::Key => "key",
        }
    }
}

/// The words to hide, and what stands for them.
#[derive(Default)]
struct Masks {
    /// Known from the configuration.
    known: BTreeMap<String, Sort>,
    given: BTreeMap<(Sort, String), usize>,
}

impl Masks {
    fn of(snapshot: &Snapshot) -> Self {
        let mut masks = Self::default();
        for bastion in &snapshot.bastions {
            masks.know(&bastion.endpoint.host.to_string(), Sort::Host);
            masks.know(&bastion.user, Sort::User);
        }
        for tunnel in &snapshot.tunnels {
            masks.know(&tunnel.database.host.to_string(), Sort::Host);
            for user in [&tunnel.user, &tunnel.dbname].into_iter().flatten() {
                masks.know(user, Sort::User);
            }
        }
        masks
    }

    fn know(&mut self, word: &str, sort: Sort) {
        if !word.is_empty() && !COMMON.contains(&word) && word.parse::<IpAddr>().is_err() {
            self.known.entry(word.to_lowercase()).or_insert(sort);
        }
    }

    fn hide(&mut self, text: &str) -> String {
        let in_word = |c: char| c.is_alphanumeric() || "._:@/%+~=-[]\\".contains(c);
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = if in_word(first) {
                rest.find(|c| !in_word(c)).unwrap_or(rest.len())
            } else {
                rest.find(in_word).unwrap_or(rest.len())
            };
            let (piece, after) = rest.split_at(end);
            if in_word(first) {
                out.push_str(&self.word(piece));
            } else {
                out.push_str(piece);
            }
            rest = after;
        }
        out
    }

    /// A run of letters, figures and what stands in paths, addresses and logins.
    fn word(&mut self, word: &str) -> String {
        let ends = |c: char| ".:,".contains(c);
        let bare = word.trim_end_matches(ends);
        let tail = word.get(bare.len()..).unwrap_or_default();
        if ALGORITHMS.iter().any(|domain| bare.ends_with(&format!("@{domain}"))) {
            return word.to_owned();
        }
        let hidden = if let Some(print) = bare.strip_prefix("SHA256:") {
            format!("SHA256:{}", self.placeholder(Sort::Key, print))
        } else if bare.starts_with("AAAA") && bare.len() > 30 {
            self.placeholder(Sort::Key, bare)
        } else if let Some((name, value)) = bare.split_once('=').filter(|(name, _)| is_option(name)) {
            format!("{name}={}", self.word(value))
        } else if let Some((user, place)) = bare.rsplit_once('@') {
            let user = if user.is_empty() { String::new() } else { self.login(user) };
            format!("{user}@{}", self.place(place))
        } else if bare.contains(['/', '\\']) {
            self.path(bare)
        } else {
            self.place(bare)
        };
        hidden + tail
    }

    /// A host or an address, with or without a port, or any other word.
    fn place(&mut self, place: &str) -> String {
        if let Some(sort) = self.known.get(&place.to_lowercase()).copied() {
            return self.placeholder(sort, place);
        }
        if place.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return self.address(place);
        }
        // `-L` has several places in a row, IPv6 ones in brackets.
        if let Some((host, rest)) = bracketed(place) {
            let more = rest.strip_prefix(':').map(|rest| format!(":{}", self.place(rest)));
            return self.address(host) + &more.unwrap_or_else(|| rest.to_owned());
        }
        if let Some((host, rest)) = place.split_once(':') {
            return format!("{}:{}", self.place(host), self.place(rest));
        }
        if looks_like_a_host(place) {
            return self.placeholder(Sort::Host, place);
        }
        place.to_owned()
    }

    fn address(&mut self, text: &str) -> String {
        match text.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if address.is_loopback() || address.is_unspecified() => text.to_owned(),
            Ok(address) => self.placeholder(Sort::Address, &address.to_string()),
            Err(_) => self.placeholder(Sort::Address, text),
        }
    }

    fn login(&mut self, user: &str) -> String {
        if COMMON.contains(&user) || user == "git" { user.to_owned() } else { self.placeholder(Sort::User, user) }
    }

    /// Folders below the homes are users' names.
    fn path(&mut self, path: &str) -> String {
        let mut after_home = false;
        let parts: Vec<String> = path
            .split('/')
            .map(|part| {
                let is_user = std::mem::replace(&mut after_home, matches!(part, "home" | "Users"));
                if is_user && !part.is_empty() { self.login(part) } else { self.place(part) }
            })
            .collect();
        parts.join("/")
    }

    fn placeholder(&mut self, sort: Sort, word: &str) -> String {
        let next = self.given.keys().filter(|(other, _)| *other == sort).count() + 1;
        let number = self.given.entry((sort, word.to_lowercase())).or_insert(next);
        format!("{}-{number}", sort.word())
    }
}

/// `from`, `PermitOpen`, `-o`'s words and the like.
fn is_option(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn bracketed(place: &str) -> Option<(&str, &str)> {
    let end = place.strip_prefix('[')?.find(']')? + 2;
    Some((place.get(..end)?, place.get(end..)?))
}

/// A name with dots whose last part is no file's and no number.
fn looks_like_a_host(word: &str) -> bool {
    let labels: Vec<&str> = word.split('.').collect();
    let plain = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-') && !label.starts_with('-')
    };
    let Some(last) = labels.last() else { return false };
    labels.len() > 1
        && labels.iter().all(plain)
        && last.len() > 1
        && last.chars().all(|c| c.is_ascii_alphabetic())
        && !FILES.contains(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{BastionStatus, Rung, Subject, Verdict};

    fn masks() -> Masks {
        let bastion: BastionStatus = serde_json::from_value(serde_json::json!({
            "name": "prod", "endpoint": {"host": "jump", "port": 22}, "user": "deploy", "identity": "key prod", "via": [],
            "host_key": null, "tunnels": [], "warnings": []
        }))
        .unwrap();
        Masks::of(&Snapshot { bastions: vec![bastion], ..Snapshot::default() })
    }

    #[test]
    fn hosts_users_and_addresses_have_placeholders_that_stay() {
        let mut masks = masks();
        for (text, hidden) in [
            ("jump is 198.51.100.4 and 2001:db8::4", "host-1 is address-1 and address-2"),
            ("198.51.100.4:22 refuses deploy@jump:22.", "address-1:22 refuses user-1@host-1:22."),
            (
                "ssh -N -L 127.0.0.1:1:db.example.com:5432 ana@[2001:db8::4]",
                "ssh -N -L 127.0.0.1:1:host-2:5432 user-2@address-2",
            ),
            ("/home/ana/.ssh/authorized_keys:3", "/home/user-2/.ssh/authorized_keys:3"),
            ("from=\"203.0.113.0\" HostName=other.example.com", "from=\"address-3\" HostName=host-3"),
            ("SHA256:9c0fYhDAGZv6cXQvKqk7J3sCnFqfDGpH7IxvL1mWn2E", "SHA256:key-1"),
            ("the login of deploy, at JUMP", "the login of user-1, at host-1"),
        ] {
            assert_eq!(masks.hide(text), hidden, "{text}");
        }
    }

    #[test]
    fn what_tells_nothing_about_anybody_stays() {
        let mut masks = masks();
        for text in [
            "OpenSSH_9.6p1, curve25519-sha256@libssh.org, aes256-gcm@openssh.com, 0.2 ms",
            "127.0.0.1:15432 is free; localhost and [::1]:22 too",
            "adit setup prod --check; sudo chmod go-w ~/.ssh/authorized_keys",
            "config.toml, config.d/more.toml, sshd.service, key.pub: see sshd_config(5), e.g. here...",
            "sudo usermod -p '*' root; the key may be absent, or 40 % of it",
        ] {
            assert_eq!(masks.hide(text), text);
        }
    }

    #[test]
    fn every_text_of_a_report_is_covered() {
        let mut finding = Finding::new(Rung::Reach, "tcp", Verdict::Fail, "198.51.100.4:22 refuses")
            .advise(Advice::command("ask at 198.51.100.4", "nc -vz 198.51.100.4 22"));
        finding.evidence = Some("RST from 198.51.100.4".to_owned());
        let name: crate::model::Name = "orders".parse().unwrap();
        let report = Report { findings: vec![finding], ..Report::begin(Subject::Tunnel(name.clone()), name) };
        let hidden = serde_json::to_string(&report_redacted(&report, &Snapshot::default())).unwrap();
        assert!(!hidden.contains("198.51") && hidden.matches("address-1").count() == 4, "{hidden}");
    }

    proptest! {
        #[test]
        fn nothing_breaks_it_and_no_address_survives(
            text in r"\PC{0,40}", a in 1_u8..127, b in any::<u8>(), c in any::<u8>(), d in any::<u8>()
        ) {
            let address = format!("{a}.{b}.{c}.{d}");
            let hidden = masks().hide(&format!("{text} {address}:22, {address}"));
            prop_assert!(!hidden.contains(&format!(" {address}")), "{hidden}");
        }
    }
}
