//! The last edit, kept so that it can be undone exactly: what the files held before and after, and what was done, in words.
//! It judges no text.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::config::edit::EditError;
use crate::config::paths::Paths;
use crate::local::private_file::{Cause, FileError, read, read_private, remove, replace};

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
    so_far: Mutex<SoFar>,
}

/// How far it has come.
#[derive(Debug, Default)]
struct SoFar {
    files: Vec<Written>,
    /// What could be undone before it: that again, where all of this one is taken back.
    earlier: Option<Record>,
}

impl Deed {
    pub(super) fn new(words: String) -> Self {
        Self { words, so_far: Mutex::default() }
    }

    /// What can be undone now that this was written for it.
    fn with(&self, paths: &Paths, written: Vec<Written>) -> Record {
        let mut so_far = self.so_far.lock().unwrap_or_else(PoisonError::into_inner);
        let SoFar { files, earlier } = &mut *so_far;
        let earlier = earlier.get_or_insert_with(|| recorded(paths).ok().flatten().unwrap_or_default());
        for new in written {
            match files.iter_mut().find(|old| old.path == new.path) {
                // Somebody else wrote in between: what was there before cannot come back without undoing theirs.
                Some(old) if old.after != new.before => *files = vec![new],
                Some(old) => old.after = new.after,
                None => files.push(new),
            }
        }
        let mut files = files.clone();
        // What was taken back within one change.
        files.retain(|file| file.before != file.after);
        if files.is_empty() {
            return earlier.clone();
        }
        Record { words: self.words.clone(), undone: false, files }
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
    write(paths, &deed.with(paths, written));
}

fn write(paths: &Paths, record: &Record) {
    if let Ok(bytes) = serde_json::to_vec(record) {
        // As said at `keep`.
        let _ = replace(&place(paths), &bytes);
    }
}

/// Forgets the last edit.
pub(super) fn forget(paths: &Paths) -> Result<(), EditError> {
    Ok(remove(&place(paths))?)
}

/// What is kept; nothing where nothing is, or nothing that can be read as a record.
fn recorded(paths: &Paths) -> Result<Option<Record>, FileError> {
    match read_private(&place(paths), LONGEST) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes).ok()),
        Err(FileError { cause: Cause::Missing, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last edit, where the files still are as it left them.
pub(super) fn last(paths: &Paths) -> Result<Record, EditError> {
    let nothing = || EditError::Invalid("nothing was changed here that could be undone".to_owned());
    let record = recorded(paths)?.ok_or_else(nothing)?;
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
