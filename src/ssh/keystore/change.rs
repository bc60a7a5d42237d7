//! What happens to a key after it was made: another passphrase, or its removal. Whether somebody needs it is for others to know.

use std::fs;
use std::time::SystemTime;

use super::load::load_private;
use super::{KeyError, KeyInfo, Keystore, seal};
use crate::local::private_file;
use crate::model::{Name, Secret};

impl Keystore {
    /// Sets, changes or (with no new one) removes a key's passphrase, in one step and without a copy left behind (blocking). The
    /// key keeps its age.
    ///
    /// # Errors
    /// `Refused` when the old passphrase is missing or wrong; `Rotating` while there is a second key, which would keep the old
    /// one. The key is as it was then.
    pub fn change_passphrase(
        &self,
        name: &Name,
        old: Option<&Secret>,
        new: Option<&Secret>,
    ) -> Result<KeyInfo, KeyError> {
        if new.is_some_and(|secret| secret.reveal().is_empty()) {
            return Err(KeyError::EmptyPassphrase);
        }
        let info = self.show(name)?;
        let _lock = self.lock()?;
        if self.rotation(name)?.is_some() {
            return Err(KeyError::Rotating { name: name.clone() });
        }
        let path = self.path(name);
        let mut key = load_private(&path, old).map_err(|fault| KeyError::Refused(Box::new(fault)))?;
        if key.comment().is_empty() {
            key.set_comment(info.comment.as_str());
        }
        let sealed = seal(key, new).map_err(|e| KeyError::Make(e.to_string()))?;
        private_file::replace(&path, sealed.private.as_bytes())?;
        if let Some(created) = info.created {
            // Age is told by the file's times; a file system that keeps none tells less.
            let _ = fs::File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::from(created)));
        }
        self.show(name)
    }

    /// Removes both halves, and a second key beside them. Says what it was, where that can be told.
    ///
    /// # Errors
    /// `Unknown` when there is neither half, or a file that cannot be removed.
    pub fn remove(&self, name: &Name) -> Result<Option<KeyInfo>, KeyError> {
        let any = [self.path(name), self.public_path(name)].iter().any(|path| fs::symlink_metadata(path).is_ok());
        let info = match self.show(name) {
            Ok(info) => Some(info),
            // A broken key, or a public half that was left behind, can be removed as well.
            Err(KeyError::Broken { .. } | KeyError::Unknown { .. }) if any => None,
            Err(error) => return Err(error),
        };
        let _lock = self.lock()?;
        Keystore::new(self.next_dir()).delete(name)?;
        self.delete(name)?;
        Ok(info)
    }
}
