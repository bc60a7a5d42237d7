//! A line of a bastion's `authorized_keys`: the finished one that an admin is handed, and the reading of one that is there,
//! as sshd reads it. It opens no file.

mod expiry;
mod fault;
mod line;
mod options;
mod pattern;

pub use expiry::Expiry;
pub use fault::LineFault;
pub use line::KeyLine;
pub use options::Options;
pub(in crate::model) use options::{permit_matches, split_permit};
pub use pattern::{Admission, admits, glob, glob_list};

use super::endpoint::Endpoint;

/// A public key with its restrictions, as sshd reads it (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
///
/// `restrict` switches everything off, `port-forwarding` the one thing back on, and every `permitopen` names a database. A
/// key with no database gets no forwarding at all: `port-forwarding` without `permitopen` would open every address that the
/// bastion reaches, and sshd knows no "none" there.
#[must_use]
pub fn authorized_key(public_key: &str, targets: &[Endpoint]) -> String {
    let mut endpoints: Vec<&Endpoint> = targets.iter().collect();
    endpoints.sort();
    endpoints.dedup();
    let mut options = vec!["restrict".to_owned()];
    if !endpoints.is_empty() {
        options.push("port-forwarding".to_owned());
        options.extend(endpoints.iter().map(|endpoint| format!("permitopen=\"{endpoint}\"")));
    }
    format!("{} {}", options.join(","), public_key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str, port: u16) -> Endpoint {
        Endpoint::new(host.parse().unwrap(), port.try_into().unwrap())
    }

    #[test]
    fn every_database_is_named_once() {
        let targets = [endpoint("db.internal", 5432), endpoint("::1", 6379), endpoint("db.internal", 5432)];
        assert_eq!(
            authorized_key("ssh-ed25519 AAAA adit:prod\n", &targets),
            "restrict,port-forwarding,permitopen=\"[::1]:6379\",permitopen=\"db.internal:5432\" ssh-ed25519 AAAA adit:prod"
        );
    }

    #[test]
    fn a_key_without_a_database_forwards_nothing() {
        assert_eq!(authorized_key("ssh-ed25519 AAAA", &[]), "restrict ssh-ed25519 AAAA");
    }

    #[test]
    fn what_is_written_reads_back() {
        let targets = [endpoint("db.internal", 5432), endpoint("::1", 6379)];
        let line = KeyLine::read(&authorized_key("ssh-ed25519 AAAA adit:prod", &targets)).unwrap();
        assert_eq!((line.key_type.as_str(), line.blob.as_str()), ("ssh-ed25519", "AAAA"));
        assert!(line.options.forwarding);
        assert!(targets.iter().all(|target| line.options.permits(target)));
        assert!(!line.options.permits(&endpoint("db.internal", 5433)));
        assert!(!KeyLine::read(&authorized_key("ssh-ed25519 AAAA", &[])).unwrap().options.forwarding);
    }
}
