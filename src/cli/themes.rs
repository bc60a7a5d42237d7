//! The themes of this installation: those that come with the program, and the files in the person's own folder. What a theme says
//! is read elsewhere.

use std::path::Path;

use crate::config::{self, ConfigError, Paths, Settings, Surface};
use crate::local::private_file;
use crate::tui::{self, Themes};

/// A theme file is never larger.
const LARGEST: u64 = 64 * 1024;

/// The themes that there are, as files say.
pub(super) struct Installed {
    pub(super) themes: Themes,
    /// Identifier and text of the person's own.
    pub(super) own: Vec<(String, String)>,
}

/// All themes; what is wrong with the person's own is told among their mistakes.
pub(super) fn installed(folder: &Path) -> Installed {
    let (mut own, mut unreadable) = (Vec::new(), Vec::new());
    for (name, text) in read(folder) {
        match text {
            Ok(text) => own.push((name, text)),
            Err(why) => unreadable.push(format!("themes/{name}.toml: {why}")),
        }
    }
    let mut themes = Themes::load(&own);
    themes.mistakes.append(&mut unreadable);
    Installed { themes, own }
}

/// The configuration, judged also by what only the screen knows: themes, actions and keys.
pub(super) fn judged(paths: &Paths) -> Result<Settings, ConfigError> {
    config::load_judged(paths, &Surface { themes: &names(&paths.themes), judge: tui::judge })
}

/// The names that a configuration may choose from. One whose file is broken is a mistake of that file.
fn names(folder: &Path) -> Vec<String> {
    let own = files(folder).into_iter().map(|(name, _)| name);
    installed(folder).themes.choices().into_iter().map(|choice| choice.name).chain(own).collect()
}

/// The person's own themes as name and text, or why a file cannot be read.
fn read(folder: &Path) -> Vec<(String, Result<String, String>)> {
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
