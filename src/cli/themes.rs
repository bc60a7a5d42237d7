//! The themes of this installation: those that come with the program, and the files in the person's own folder.

use std::path::Path;

use crate::local::private_file;
use crate::tui::BUILT_IN;

/// A theme file is never larger.
const LARGEST: u64 = 64 * 1024;

/// The names that a configuration may choose from.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let own = files(folder).into_iter().map(|(name, _)| name);
    BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).chain(own).collect()
}

/// The person's own themes as name and text, or why a file cannot be read.
pub(super) fn own(folder: &Path) -> Vec<(String, Result<String, String>)> {
    let read = |path: &Path| {
        let bytes = private_file::read(path, LARGEST).map_err(|error| error.to_string())?;
        String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())
    };
    files(folder).into_iter().map(|(name, path)| (name, read(&path))).collect()
}

/// The theme files by name.
fn files(folder: &Path) -> Vec<(String, std::path::PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        // A leading dot is how editors hide what they are not done with.
        .filter(|(name, _)| !name.starts_with('.'))
        .collect();
    files.sort();
    files
}
