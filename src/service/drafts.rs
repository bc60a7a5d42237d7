//! Tunnels in the making, one private file each, and what the configuration would be with one of them. It changes no
//! configuration.

use std::path::{Path, PathBuf};

use crate::config::{Paths, Settings};
use crate::local::private_file::{self, FileError};
use crate::model::{Draft, Name};

/// A draft is a handful of lines.
const LONGEST: u64 = 64 * 1024;

/// The drafts and their folder.
#[derive(Debug)]
pub(super) struct Drafts {
    folder: PathBuf,
    all: Vec<Draft>,
}

impl Drafts {
    /// Those of the folder of state, by name, and the files that are none.
    pub(super) fn load(state: &Path) -> (Self, Vec<String>) {
        let folder = state.join("drafts");
        let mut all = Vec::new();
        let mut broken = Vec::new();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                match read(&path) {
                    Ok(draft) => all.push(draft),
                    Err(why) => broken.push(format!("the draft {} cannot be read: {why}", path.display())),
                }
            }
        }
        all.sort_by(|a: &Draft, b| a.name.cmp(&b.name));
        (Self { folder, all }, broken)
    }

    pub(super) fn all(&self) -> &[Draft] {
        &self.all
    }

    pub(super) fn find(&self, name: &Name) -> Option<&Draft> {
        self.all.iter().find(|draft| draft.name == *name)
    }

    /// Keeps a draft; one of the same name, and the one that it was called before, are replaced.
    pub(super) fn save(&mut self, draft: Draft, was: Option<&Name>) -> Result<(), FileError> {
        private_file::make_private_dir(&self.folder)?;
        // Plain data always serializes.
        let text = serde_json::to_vec_pretty(&draft).unwrap_or_default();
        private_file::replace(&self.path(&draft.name), &text)?;
        if let Some(was) = was.filter(|was| **was != draft.name) {
            self.remove(&was.clone())?;
        }
        self.all.retain(|other| other.name != draft.name);
        self.all.push(draft);
        self.all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    /// Forgets a draft; one that is not there is no error.
    pub(super) fn remove(&mut self, name: &Name) -> Result<(), FileError> {
        self.all.retain(|draft| draft.name != *name);
        private_file::remove(&self.path(name))
    }

    fn path(&self, name: &Name) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

fn read(path: &Path) -> Result<Draft, String> {
    let bytes = private_file::read(path, LONGEST).map_err(|error| error.to_string())?;
    serde_json::from_slice(&bytes).map_err(|error| error.to_string())
}

/// The draft of this name, where no service runs that could be asked.
#[must_use]
pub fn find_draft(paths: &Paths, name: &Name) -> Option<Draft> {
    Drafts::load(&paths.state).0.find(name).cloned()
}

/// All drafts by name, where no service runs that could be asked.
#[must_use]
pub fn all_drafts(paths: &Paths) -> Vec<Draft> {
    Drafts::load(&paths.state).0.all
}

/// The configuration as it would be with this draft, as far as it is answered.
#[must_use]
pub fn with_draft(settings: &Settings, draft: &Draft) -> Settings {
    let mut settings = settings.clone();
    settings.bastions.extend(draft.new_bastion().map(|bastion| (bastion.name.clone(), bastion)));
    let tunnel = draft.tunnel().filter(|tunnel| settings.bastions.contains_key(&tunnel.bastion));
    settings.tunnels.extend(tunnel.map(|tunnel| (tunnel.name.clone(), tunnel)));
    settings
}
