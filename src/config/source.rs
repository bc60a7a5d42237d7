//! Configuration files as text, and where in a text something stands. It knows no keys.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::mistake::{ConfigError, Mistake};
use super::paths::Paths;
use crate::local::FileError;
use crate::local::private_file::{self, Cause};

/// More than anybody writes by hand; less than would take noticeable time to read.
const LARGEST: u64 = 1 << 20;

/// The text of one file.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    /// Where each line begins, in bytes.
    lines: Vec<usize>,
}

impl Source {
    pub(super) fn new(path: &Path, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { path: path.to_owned(), text, lines }
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub(super) fn place(&self, byte: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|start| *start <= byte);
        let start = line.checked_sub(1).and_then(|index| self.lines.get(index)).copied().unwrap_or(0);
        let end = (start..=byte).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(start);
        let column = self.text.get(start..end).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// A mistake at a byte of this file.
    pub(super) fn mistake(&self, byte: usize, key: String, message: String) -> Mistake {
        let (line, column) = self.place(byte);
        Mistake { path: self.path.clone(), line, column, key, message, nearest: None }
    }
}

/// Reads one file. `None` where it does not exist.
fn read(path: &Path) -> Result<Option<Source>, Mistake> {
    let bytes = match private_file::read_trusted(path, LARGEST) {
        Ok(bytes) => bytes,
        Err(FileError { cause: Cause::Missing, .. }) => return Ok(None),
        Err(error) => {
            let hint = error.command().map(|command| format!("; run: {command}")).unwrap_or_default();
            let message = format!("cannot be read: {}{hint}", error.cause);
            return Err(Mistake {
                path: path.to_owned(),
                line: 0,
                column: 0,
                key: String::new(),
                message,
                nearest: None,
            });
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(Source::new(path, text))),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let message = "not UTF-8: save the file in that encoding".to_owned();
            Err(Source::new(path, text).mistake(good, String::new(), message))
        }
    }
}

/// The configuration's files, `config.toml` first, then those of `config.d` by name, whether they exist or not.
pub(super) fn files(paths: &Paths) -> Result<Vec<PathBuf>, FileError> {
    let mut more = Vec::new();
    let fail =
        |error: &io::Error| FileError { path: paths.config_dir.clone(), verb: "look into", cause: Cause::from(error) };
    match fs::read_dir(&paths.config_dir) {
        Ok(entries) => {
            for entry in entries {
                let path = entry.map_err(|e| fail(&e))?.path();
                let name = path.file_name().map(|name| name.as_encoded_bytes().to_vec()).unwrap_or_default();
                // A leading dot is how editors hide what they are not done with.
                if name.ends_with(b".toml") && !name.starts_with(b".") {
                    more.push(path);
                }
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(fail(&error)),
    }
    more.sort();
    more.insert(0, paths.config.clone());
    Ok(more)
}

/// The texts of all files that exist, with `instead` in place of what is on disk, and what could not be read.
pub(super) fn sources(
    paths: &Paths,
    instead: &BTreeMap<PathBuf, String>,
) -> Result<(Vec<Source>, Vec<Mistake>), ConfigError> {
    let (mut found, mut mistakes) = (Vec::new(), Vec::new());
    for path in files(paths)? {
        match instead.get(&path) {
            Some(text) => found.push(Source::new(&path, text.clone())),
            None => match read(&path) {
                Ok(source) => found.extend(source),
                Err(mistake) => mistakes.push(mistake),
            },
        }
    }
    Ok((found, mistakes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_in_characters() {
        let source = Source::new(Path::new("x"), "a = 1\nä = \"öö\" # x\n\nlast".to_owned());
        assert_eq!(source.place(0), (1, 1));
        assert_eq!(source.place(4), (1, 5));
        assert_eq!(source.place(6), (2, 1));
        assert_eq!(source.place(8), (2, 2));
        assert_eq!(source.place(source.text.find('#').unwrap()), (2, 10));
        assert_eq!(source.place(source.text.find("last").unwrap()), (4, 1));
        // Beyond the end, and within a character.
        assert_eq!(source.place(7), (2, 1));
        assert_eq!(source.place(9_999).0, 4);
        assert_eq!(Source::new(Path::new("x"), String::new()).place(0), (1, 1));
    }
}
