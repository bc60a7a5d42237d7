//! The names that a person brought up and did not take down, kept from one service to the next. It opens nothing.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Paths;
use crate::local::private_file::{self, Cause, FileError};
use crate::model::Name;

/// Room for more names than a configuration holds.
const LONGEST: u64 = 1 << 20;

/// The file's version.
const VERSION: u32 = 1;

/// The wanted set and its file. The file is replaced in one step, so it is always the set before or after a change.
#[derive(Debug)]
pub(super) struct Wanted {
    path: PathBuf,
    names: BTreeSet<Name>,
}

#[derive(Serialize, Deserialize)]
struct OnDisk {
    version: u32,
    tunnels: BTreeSet<Name>,
}

/// Why the wanted set of the last service is not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum WantedError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is damaged: {why}; what was up before stays down until it is brought up again", path.display())]
    Damaged { path: PathBuf, why: String },
}

impl Wanted {
    /// The set that the last service left in the folder of state; empty where there is none, with the reason where it
    /// cannot be read.
    pub(super) fn load(state: &Path) -> (Self, Option<WantedError>) {
        let path = state.join("wanted.json");
        let (names, error) = match read(&path) {
            Ok(names) => (names, None),
            Err(error) => (BTreeSet::new(), Some(error)),
        };
        (Self { path, names }, error)
    }

    pub(super) fn names(&self) -> &BTreeSet<Name> {
        &self.names
    }

    /// Adds and removes, and writes the file if that changed anything. The set changes even when the file cannot be written.
    pub(super) fn change(&mut self, add: &[Name], remove: &[Name]) -> Result<(), FileError> {
        let before = self.names.clone();
        self.names.extend(add.iter().cloned());
        self.names.retain(|name| !remove.contains(name));
        if self.names == before {
            return Ok(());
        }
        let on_disk = OnDisk { version: VERSION, tunnels: self.names.clone() };
        // Names always serialize.
        let text = serde_json::to_vec_pretty(&on_disk).unwrap_or_default();
        private_file::replace(&self.path, &text)
    }
}

/// Wants tunnels no longer, where no service runs that could be told.
///
/// # Errors
/// The file cannot be written.
pub fn forget_wanted(paths: &Paths, names: &[Name]) -> Result<(), FileError> {
    Wanted::load(&paths.state).0.change(&[], names)
}

/// Wants a tunnel under its new name, where no service runs that could be told.
///
/// # Errors
/// The file cannot be written.
pub fn rename_wanted(paths: &Paths, old: &Name, new: &Name) -> Result<(), FileError> {
    let (mut wanted, _) = Wanted::load(&paths.state);
    if wanted.names().contains(old) {
        wanted.change(std::slice::from_ref(new), std::slice::from_ref(old))?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<BTreeSet<Name>, WantedError> {
    let bytes = match private_file::read(path, LONGEST) {
        Ok(bytes) => bytes,
        Err(FileError { cause: Cause::Missing, .. }) => return Ok(BTreeSet::new()),
        Err(error) => return Err(error.into()),
    };
    let damaged = |why: String| WantedError::Damaged { path: path.to_owned(), why };
    let on_disk: OnDisk = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if on_disk.version != VERSION {
        return Err(damaged(format!("it has version {}, not {VERSION}", on_disk.version)));
    }
    Ok(on_disk.tunnels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(words: &[&str]) -> Vec<Name> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn the_next_service_finds_what_this_one_left() {
        let home = tempfile::tempdir().unwrap();
        let (mut wanted, error) = Wanted::load(home.path());
        assert!(error.is_none());
        wanted.change(&names(&["b", "a"]), &[]).unwrap();
        wanted.change(&[], &names(&["b", "x"])).unwrap();
        assert_eq!(Wanted::load(home.path()).0.names().iter().map(Name::as_str).collect::<Vec<_>>(), ["a"]);
    }

    #[test]
    fn a_damaged_file_is_told_and_replaced_at_the_next_change() {
        let home = tempfile::tempdir().unwrap();
        for bad in ["", "{", "[]", "{\"version\":2,\"tunnels\":[]}", "{\"version\":1,\"tunnels\":[\"../x\"]}"] {
            std::fs::write(home.path().join("wanted.json"), bad).unwrap();
            let (mut wanted, error) = Wanted::load(home.path());
            assert!(error.unwrap().to_string().contains("damaged"), "{bad}");
            wanted.change(&names(&["a"]), &[]).unwrap();
            assert!(Wanted::load(home.path()).1.is_none());
        }
    }

    #[test]
    fn a_set_that_cannot_be_written_still_holds_in_memory() {
        let home = tempfile::tempdir().unwrap();
        let (mut wanted, _) = Wanted::load(&home.path().join("missing"));
        assert!(wanted.change(&names(&["a"]), &[]).is_err());
        assert_eq!(wanted.names().len(), 1);
    }
}
