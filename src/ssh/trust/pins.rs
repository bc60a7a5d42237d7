//! Lines of adit's own known_hosts file: pinned, forgotten. Other people's files are never written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use russh::keys::PublicKey;

use super::line::{self, Line, Marker};
use super::pattern::{self, Names};
use super::{MAX_FILE, TrustError, one_line};
use crate::local::private_file::{self, Cause, FileError, Lock};
use crate::model::Endpoint;

/// How long another writer may hold the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Adds keys of an endpoint to the file; those that stand there already are not repeated. All or none are written.
pub fn pin(path: &Path, endpoint: &Endpoint, keys: &[PublicKey]) -> Result<(), TrustError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        private_file::make_safe_dir(folder)?;
    }
    let _lock = lock(path)?;
    let mut bytes = read(path)?;
    let name = Names::of(endpoint).exact;
    let mut added = false;
    for key in keys {
        let present = bytes.split(|b| *b == b'\n').filter_map(line::split).any(|line| {
            let same = || line::key(line.key).is_some_and(|k| !k.certified && k.data == *key.key_data());
            line.marker == Marker::Host && pattern::matches(line.hosts, &name) && same()
        });
        if present {
            continue;
        }
        let text = one_line(key)
            .ok_or_else(|| TrustError::Key { key_type: key.algorithm().to_string(), endpoint: endpoint.clone() })?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(format!("{name} {text}\n").as_bytes());
        added = true;
    }
    if added {
        private_file::replace(path, &bytes)?;
    }
    Ok(())
}

/// Removes an endpoint from the file: its own lines, and its name from lines that it shares. Lines that speak of it by a
/// pattern, authorities and revocations stay. Says how many lines were changed.
pub fn forget(path: &Path, endpoint: &Endpoint) -> Result<usize, TrustError> {
    if !path.exists() {
        return Ok(0);
    }
    let _lock = lock(path)?;
    let bytes = read(path)?;
    let name = Names::of(endpoint).exact;
    let mut kept = Vec::with_capacity(bytes.len());
    let mut changed = 0;
    for text in bytes.split_inclusive(|b| *b == b'\n') {
        let bare = text.strip_suffix(b"\n").unwrap_or(text);
        match line::split(bare).and_then(|line| without(bare, &line, &name)) {
            Some(rest) => {
                changed += 1;
                if !rest.is_empty() {
                    kept.extend_from_slice(&rest);
                    kept.push(b'\n');
                }
            }
            None => kept.extend_from_slice(text),
        }
    }
    if changed > 0 {
        private_file::replace(path, &kept)?;
    }
    Ok(changed)
}

/// The line without a name; empty when it named nothing else; absent when it does not name it.
fn without(text: &[u8], line: &Line<'_>, name: &str) -> Option<Vec<u8>> {
    if line.marker != Marker::Host {
        return None;
    }
    if line.hosts.starts_with(b"|") {
        return pattern::matches(line.hosts, name).then(Vec::new);
    }
    let is_name = |item: &[u8]| item.eq_ignore_ascii_case(name.as_bytes());
    if !line.hosts.split(|b| *b == b',').any(is_name) {
        return None;
    }
    let others: Vec<&[u8]> = line.hosts.split(|b| *b == b',').filter(|item| !is_name(item)).collect();
    // What is only excluded names nobody.
    if others.iter().all(|item| item.is_empty() || item.starts_with(b"!")) {
        return Some(Vec::new());
    }
    let before = text.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let (blanks, rest) = text.split_at(before);
    let after = rest.strip_prefix(line.hosts)?;
    Some([blanks, &others.join(&b','), after].concat())
}

fn read(path: &Path) -> Result<Vec<u8>, FileError> {
    match private_file::read(path, MAX_FILE) {
        Err(FileError { cause: Cause::Missing, .. }) => Ok(Vec::new()),
        other => other,
    }
}

/// The file itself is replaced at every write, so that the lock stands beside it.
fn lock(path: &Path) -> Result<Lock, FileError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    private_file::lock(&PathBuf::from(beside), PATIENCE)
}
