//! Is this the bastion? Looks the key that a server shows up in known_hosts files and decides as OpenSSH does; pins and
//! forgets keys in adit's own file. It asks nobody: what an unknown key leads to is the caller's business.

mod certificate;
mod line;
mod pattern;
mod pins;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use russh::keys::ssh_key::public::KeyData;
use russh::keys::{Algorithm, Certificate, HashAlg, PublicKey, PublicKeyOrCertificate};

use crate::local::clock;
use crate::local::private_file::{self, Cause, FileError};
use crate::model::Endpoint;

use line::{LineKey, Marker};
use pattern::Names;
pub use pins::{forget, pin};

/// No person's file is that large; a larger one is refused rather than half read.
const MAX_FILE: u64 = 16 << 20;

/// Why known_hosts files could not be read or written. Nothing is trusted then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// A file is there and cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A public key cannot be written in OpenSSH form.
    #[error("cannot write the {key_type} host key of {endpoint} in OpenSSH form")]
    Key {
        /// The key's type.
        key_type: String,
        /// Whose key it is.
        endpoint: Endpoint,
    },
}

/// A key that known_hosts holds for a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The key's type ("ssh-ed25519").
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
}

/// What the known_hosts files say about a server's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// The key, or the authority that signed its certificate, stands in this line.
    Trusted {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Nothing is known about the host.
    Unknown,
    /// Other keys of the host are known, of the same or of another type, and this is none of them.
    Changed {
        /// The known ones, in the order of the files.
        known: Vec<KnownKey>,
    },
    /// The key, or the authority that signed its certificate, is revoked in this line.
    Revoked {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// The server shows a certificate that does not hold, and its bare key is not known either.
    BadCertificate {
        /// What is wrong with it.
        why: String,
    },
}

/// The lines of some known_hosts files. A line's key is looked into only when its host matches.
#[derive(Debug, Clone, Default)]
pub struct KnownHosts {
    files: Vec<(PathBuf, Vec<u8>)>,
}

/// A line that speaks of the host.
struct Found<'a> {
    path: &'a Path,
    line: usize,
    marker: Marker,
    key: LineKey,
}

impl Found<'_> {
    fn known(&self) -> KnownKey {
        KnownKey {
            path: self.path.to_owned(),
            line: self.line,
            key_type: self.key.data.algorithm().to_string(),
            fingerprint: self.key.data.fingerprint(HashAlg::Sha256).to_string(),
        }
    }
}

impl KnownHosts {
    /// Reads files, the earlier ones first. A missing file knows nothing; one that is there and cannot be read is an error,
    /// because it may hold the line that matters.
    pub fn load(files: &[PathBuf]) -> Result<Self, TrustError> {
        let mut read = Vec::new();
        for path in files {
            match private_file::read(path, MAX_FILE) {
                Ok(bytes) => read.push((path.clone(), bytes)),
                Err(FileError { cause: Cause::Missing, .. }) => {}
                Err(FileError { cause: Cause::NotRegular, .. }) if is_null(path) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { files: read })
    }

    /// The types of the keys that are known for a host, in the order of the lines and each once: the server is to be asked
    /// for these first, or it shows a key that nobody can compare. An RSA key is `Rsa { hash: None }`.
    #[must_use]
    pub fn known_types(&self, endpoint: &Endpoint) -> Vec<Algorithm> {
        let names = Names::of(endpoint);
        for name in names.iter() {
            let mut types = Vec::new();
            for found in self.find(name) {
                let kind = found.key.data.algorithm();
                if found.marker == Marker::Host && !found.key.certified && !types.contains(&kind) {
                    types.push(kind);
                }
            }
            if !types.is_empty() {
                return types;
            }
        }
        Vec::new()
    }

    /// The keys that are known for a host, in the order of the lines, by the first of its names that has any.
    #[must_use]
    pub fn known(&self, endpoint: &Endpoint) -> Vec<KnownKey> {
        let names = Names::of(endpoint);
        let own = |found: &Found<'_>| found.marker == Marker::Host && !found.key.certified;
        let keys = names.iter().map(|name| self.find(name).filter(own).map(|found| found.known()).collect::<Vec<_>>());
        keys.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default()
    }

    /// True when some authority may sign certificates for the host: the server is to be asked for one.
    #[must_use]
    pub fn has_authority(&self, endpoint: &Endpoint) -> bool {
        let names = Names::of(endpoint);
        names.iter().any(|name| self.find(name).any(|found| found.marker == Marker::Authority))
    }

    /// Decides about the key that a server proved to hold.
    #[must_use]
    pub fn judge(&self, endpoint: &Endpoint, key: &PublicKeyOrCertificate) -> Judgement {
        self.judge_at(endpoint, key, clock::now())
    }

    fn judge_at(&self, endpoint: &Endpoint, key: &PublicKeyOrCertificate, now: Timestamp) -> Judgement {
        let shown = Shown {
            names: Names::of(endpoint),
            plain: key.public_key().key_data().clone(),
            certificate: key.certificate(),
            now,
        };
        if let Some(Err(why)) = shown.certificate.map(certificate::check_signature) {
            return Judgement::BadCertificate { why };
        }
        let exact = self.judge_as(&shown.names.exact, &shown);
        let Some(bare) = &shown.names.bare else {
            return exact;
        };
        match (exact, self.judge_as(bare, &shown)) {
            // OpenSSH takes the host's key on port 22 for another port of it as well, but not its absence or change for a
            // change.
            (Judgement::Unknown, found @ (Judgement::Trusted { .. } | Judgement::Revoked { .. })) => found,
            (Judgement::Unknown, found @ Judgement::BadCertificate { .. }) => found,
            (Judgement::BadCertificate { .. }, found @ (Judgement::Trusted { .. } | Judgement::Revoked { .. })) => {
                found
            }
            (exact, _) => exact,
        }
    }

    /// The decision under one name.
    fn judge_as(&self, name: &str, shown: &Shown<'_>) -> Judgement {
        let lines: Vec<Found<'_>> = self.find(name).collect();
        let revoked = |found: &&Found<'_>| {
            let signer = shown.certificate.map(Certificate::signature_key);
            found.marker == Marker::Revoked && (found.key.data == shown.plain || Some(&found.key.data) == signer)
        };
        if let Some(found) = lines.iter().find(revoked) {
            return Judgement::Revoked { path: found.path.to_owned(), line: found.line };
        }
        let mut bad = None;
        if let Some(certificate) = shown.certificate {
            let authority = |found: &&Found<'_>| {
                found.marker == Marker::Authority && found.key.data == *certificate.signature_key()
            };
            if let Some(found) = lines.iter().find(authority) {
                match certificate::check(certificate, &shown.names.host, shown.now) {
                    Ok(()) => return Judgement::Trusted { path: found.path.to_owned(), line: found.line },
                    Err(why) => bad = Some(why),
                }
            }
        }
        // Without a certificate that holds, the key inside it counts as if it had been shown bare.
        let own = || lines.iter().filter(|found| found.marker == Marker::Host);
        if let Some(found) = own().find(|found| !found.key.certified && found.key.data == shown.plain) {
            return Judgement::Trusted { path: found.path.to_owned(), line: found.line };
        }
        let known: Vec<KnownKey> = own().map(Found::known).collect();
        match bad {
            _ if !known.is_empty() => Judgement::Changed { known },
            Some(why) => Judgement::BadCertificate { why },
            None => Judgement::Unknown,
        }
    }

    /// The lines that speak of a name and hold a key that can be read.
    fn find<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Found<'a>> {
        self.files.iter().flat_map(move |(path, bytes)| {
            bytes.split(|b| *b == b'\n').enumerate().filter_map(move |(index, text)| {
                let line = line::split(text).filter(|line| pattern::matches(line.hosts, name))?;
                Some(Found { path, line: index + 1, marker: line.marker, key: line::key(line.key)? })
            })
        })
    }
}

/// What a server shows, and when.
struct Shown<'a> {
    names: Names,
    plain: KeyData,
    certificate: Option<&'a Certificate>,
    now: Timestamp,
}

/// Some people link a known_hosts file to the null device, so that it knows nothing.
fn is_null(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|target| target == Path::new("/dev/null"))
}

/// A public key as known_hosts and authorized_keys write it, without comment.
fn one_line(key: &PublicKey) -> Option<String> {
    PublicKey::new(key.key_data().clone(), "").to_openssh().ok()
}

#[cfg(test)]
mod tests;
