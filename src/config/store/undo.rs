//! The last edit, kept so that it can be undone exactly: what the files held before and after, and what was done, in words.
//! It judges no text.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::config::edit::EditError;
use crate::config::paths::Paths;
use crate::local::private_file::{Cause, FileError, read, read_private, replace};

/// No record is longer: it holds the configuration files of one edit twice.
const LONGEST: u64 = 16 << 20;

/// One file of an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    pub(super) path: PathBuf,
    /// Its text before; where there was no file, what a first one begins with: an absent file would look like an accident.
    pub(super) before: String,
    pub(super) after: String,
}

/// The last edit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// What was done: "removed orders".
    pub(super) words: String,
    /// It was undone, and undoing that does it again.
    #[serde(default)]
    pub(super) undone: bool,
    pub(super) files: Vec<Written>,
}

/// What undoing did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// The edit, in words: "removed orders".
    pub words: String,
    /// It was undone before, and is done again now.
    pub again: bool,
}

/// Several edits that a person sees as one.
#[derive(Debug, Default)]
pub(super) struct Deed {
    pub(super) words: String,
    files: Mutex<Vec<Written>>,
}

impl Deed {
    pub(super) fn new(words: String) -> Self {
        Self { words, files: Mutex::default() }
    }

    /// All that was written for it so far, with this.
    fn with(&self, written: Vec<Written>) -> Vec<Written> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        for new in written {
            match files.iter_mut().find(|old| old.path == new.path) {
                // Somebody else wrote in between: what was there before cannot come back without undoing theirs.
                Some(old) if old.after != new.before => *files = vec![new],
                Some(old) => old.after = new.after,
                None => files.push(new),
            }
        }
        files.clone()
    }
}

fn place(paths: &Paths) -> PathBuf {
    paths.state.join("last-change.json")
}

/// Keeps what was written. An edit that cannot be kept is made all the same: undoing then finds other files and refuses.
pub(super) fn keep(paths: &Paths, deed: &Deed, written: Vec<Written>) {
    if written.is_empty() {
        return;
    }
    let mut files = deed.with(written);
    // What was taken back within one change.
    files.retain(|file| file.before != file.after);
    write(paths, &Record { words: deed.words.clone(), undone: false, files });
}

fn write(paths: &Paths, record: &Record) {
    if let Ok(bytes) = serde_json::to_vec(record) {
        // As said at `keep`.
        let _ = replace(&place(paths), &bytes);
    }
}

/// The last edit, where the files still are as it left them.
pub(super) fn last(paths: &Paths) -> Result<Record, EditError> {
    let nothing = || EditError::Invalid("nothing was changed here that could be undone".to_owned());
    let bytes = match read_private(&place(paths), LONGEST) {
        Ok(bytes) => bytes,
        Err(FileError { cause: Cause::Missing, .. }) => return Err(nothing()),
        Err(error) => return Err(error.into()),
    };
    let record: Record = serde_json::from_slice(&bytes).map_err(|_| nothing())?;
    if record.files.is_empty() {
        return Err(nothing());
    }
    for file in &record.files {
        if text(&file.path)?.as_deref() != Some(file.after.as_str()) {
            let what = if record.undone { "done again" } else { "undone" };
            return Err(EditError::Invalid(format!(
                "{} was changed since, so \"{}\" is not {what}",
                file.path.display(),
                record.words
            )));
        }
    }
    Ok(record)
}

fn text(path: &Path) -> Result<Option<String>, EditError> {
    match read(path, LONGEST) {
        Ok(bytes) => Ok(String::from_utf8(bytes).ok()),
        Err(FileError { cause: Cause::Missing, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Takes note that the files are as they were before, so that undoing that does it again.
pub(super) fn turn(paths: &Paths, record: Record) -> Undone {
    let Record { words, undone, files } = record;
    let files = files.into_iter().map(|file| Written { path: file.path, before: file.after, after: file.before });
    write(paths, &Record { words: words.clone(), undone: !undone, files: files.collect() });
    Undone { words, again: undone }
}
