//! From the files to the settings, and whether the files have changed since. It keeps nothing in memory.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::mistake::ConfigError;
use super::paths::Paths;
use super::resolve::{Surface, resolve};
use super::settings::Settings;
use super::source::{files, sources};

/// What the files looked like; differs once any of them was changed, added or removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fingerprint(BTreeMap<PathBuf, [i64; 6]>);

/// Looks at the configuration files without reading them; cheap enough for once a second.
#[must_use]
pub fn fingerprint(paths: &Paths) -> Fingerprint {
    let look = |path: PathBuf| {
        let found = fs::metadata(&path).ok()?;
        // The time of change as well: an editor may set the other one back.
        let facts = [
            found.ino().cast_signed(),
            found.len().cast_signed(),
            found.mtime(),
            found.mtime_nsec(),
            found.ctime(),
            found.ctime_nsec(),
        ];
        Some((path, facts))
    };
    Fingerprint(files(paths).unwrap_or_default().into_iter().filter_map(look).collect())
}

/// Reads the configuration. Files that do not exist are empty; all mistakes are told at once.
pub fn load(paths: &Paths) -> Result<Settings, ConfigError> {
    load_with(paths, &BTreeMap::new())
}

/// As [`load`], for whoever knows which themes, actions and keys there are: other names are mistakes.
pub fn load_judged(paths: &Paths, surface: &Surface<'_>) -> Result<Settings, ConfigError> {
    let (sources, mistakes) = sources(paths, &BTreeMap::new())?;
    Ok(resolve(&sources, paths.user_home.as_deref(), Some(surface), mistakes)?)
}

/// As [`load`], with these texts in place of what is on disk.
pub(super) fn load_with(paths: &Paths, instead: &BTreeMap<PathBuf, String>) -> Result<Settings, ConfigError> {
    let (sources, mistakes) = sources(paths, instead)?;
    Ok(resolve(&sources, paths.user_home.as_deref(), None, mistakes)?)
}
