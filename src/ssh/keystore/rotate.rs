//! The second key beside a key, and the step in which it takes the first one's place. Whether a bastion accepts it is for others to
//! find out.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::load::load_private;
use super::{KeyError, KeyInfo, Keystore, public_half};
use crate::local::clock;
use crate::local::private_file::{self, Cause, FileError};
use crate::model::{KeyType, Name, Secret};

/// Second keys lie in a folder of this name, which no key can have.
const NEXT: &str = ".next";

/// How files begin that are being written.
const LEFTOVER: &str = ".adit-";

/// Writing a key takes no time; what is older belongs to nobody.
const STALE: Duration = Duration::from_secs(60);

/// What changed places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swapped {
    /// The key that is gone.
    pub old: KeyInfo,
    /// The key that has its place and its name.
    pub new: KeyInfo,
}

impl Keystore {
    /// The folder of second keys, each under the name of its first: logins that look there try the second ones.
    #[must_use]
    pub fn next_dir(&self) -> PathBuf {
        self.dir.join(NEXT)
    }

    fn next(&self) -> Self {
        Self::new(self.next_dir())
    }

    /// The second key of a rotation that is under way.
    ///
    /// # Errors
    /// When its file cannot be understood; giving the rotation up removes it.
    pub fn rotation(&self, name: &Name) -> Result<Option<KeyInfo>, KeyError> {
        self.heal(name);
        let next = self.next();
        if fs::symlink_metadata(next.path(name)).is_err() {
            return Ok(None);
        }
        match next.show(name) {
            Ok(info) => Ok(Some(info)),
            // It took the first one's place between the two looks.
            Err(KeyError::Unknown { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the second key (blocking). It is of the first one's type unless another is asked for, and encrypted with the first
    /// one's passphrase where that has one; one without may get one this way.
    ///
    /// # Errors
    /// `Exists` when a rotation is under way; `Refused` when the passphrase is missing or does not open the first key.
    pub fn begin_rotation(
        &self,
        name: &Name,
        kind: Option<KeyType>,
        passphrase: Option<&Secret>,
    ) -> Result<KeyInfo, KeyError> {
        let old = self.show(name)?;
        let _lock = self.lock()?;
        self.heal(name);
        if old.encrypted {
            // A mistyped one would lock the new key with something that nobody knows.
            load_private(&self.path(name), passphrase).map_err(|fault| KeyError::Refused(Box::new(fault)))?;
        }
        let kind = kind.unwrap_or(match old.key_type.as_str() {
            "rsa" => KeyType::Rsa,
            "ecdsa" => KeyType::Ecdsa,
            _ => KeyType::Ed25519,
        });
        // The date tells the two lines apart in a file that an admin sees.
        let date = clock::now().to_string();
        let comment = format!("adit:{name}:{}", date.get(..10).unwrap_or(&date));
        self.next().make(name, kind, Some(&comment), passphrase)
    }

    /// Puts the second key in the first one's place, in one step: at every moment one of the two is there whole. `proven` is the
    /// fingerprint that bastions accepted.
    ///
    /// # Errors
    /// `NoRotation`; `Changed` when the second key is another one by now. Nothing is changed then.
    pub fn finish_rotation(&self, name: &Name, proven: &str) -> Result<Swapped, KeyError> {
        let _lock = self.lock()?;
        let old = self.show(name)?;
        let new = self.rotation(name)?.ok_or_else(|| KeyError::NoRotation { name: name.clone() })?;
        if new.fingerprint != proven {
            return Err(KeyError::Changed { name: name.clone() });
        }
        let next = self.next();
        rename(&next.path(name), &self.path(name))?;
        // Should this not come to pass, the next look at the rotation makes up for it.
        self.heal(name);
        sync(&self.dir);
        sync(&next.dir);
        Ok(Swapped { old, new: self.show(name)? })
    }

    /// Gives a rotation up: removes the second key. Says which it was, where that can be told.
    ///
    /// # Errors
    /// `NoRotation`, or a file that cannot be removed.
    pub fn abort_rotation(&self, name: &Name) -> Result<Option<KeyInfo>, KeyError> {
        let _lock = self.lock()?;
        self.heal(name);
        let next = self.next();
        if fs::symlink_metadata(next.path(name)).is_err() {
            return Err(KeyError::NoRotation { name: name.clone() });
        }
        let info = next.show(name).ok();
        next.delete(name)?;
        Ok(info)
    }

    /// Ends what a process that was killed had begun: of a second key whose private half is gone, the public one belongs to the
    /// first key by now, or to none. What cannot be done now is tried again.
    fn heal(&self, name: &Name) {
        let next = self.next();
        let left = next.public_path(name);
        if fs::symlink_metadata(&left).is_err() || fs::symlink_metadata(next.path(name)).is_ok() {
            return;
        }
        let Some(half) = public_half(&left) else { return };
        let ours = self
            .show(name)
            .is_ok_and(|info| half.fingerprint(russh::keys::HashAlg::Sha256).to_string() == info.fingerprint);
        let _ = if ours { fs::rename(&left, self.public_path(name)) } else { fs::remove_file(&left) };
    }

    /// Removes both halves; the private one last, so that a key is a key until it is gone.
    pub(super) fn delete(&self, name: &Name) -> Result<(), KeyError> {
        for path in [self.public_path(name), self.path(name)] {
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(FileError { path, verb: "remove", cause: Cause::from(&error) }.into()),
            }
        }
        sync(&self.dir);
        Ok(())
    }

    /// Keeps other processes from changing keys meanwhile; making new ones needs none.
    pub(super) fn lock(&self) -> Result<private_file::Lock, KeyError> {
        private_file::make_private_dir(&self.dir)?;
        let lock = private_file::lock(&self.dir.join(".lock"), super::PATIENCE)?;
        for folder in [self.dir.clone(), self.next_dir()] {
            sweep(&folder);
        }
        Ok(lock)
    }
}

/// Removes what a process that was killed while it wrote has left: a hidden file with a private half in it.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(LEFTOVER)) {
        let age = entry.metadata().and_then(|found| found.modified()).ok().and_then(|time| time.elapsed().ok());
        if age.is_some_and(|age| age > STALE) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), KeyError> {
    fs::rename(from, to)
        .map_err(|error| FileError { path: to.to_owned(), verb: "replace", cause: Cause::from(&error) }.into())
}

/// Makes renames and removals durable, where the file system can.
fn sync(folder: &Path) {
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
}
