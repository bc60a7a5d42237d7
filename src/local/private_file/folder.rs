//! Folders that are ours alone. It makes and checks them, and never changes the mode of one that a person made.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::Path;

use super::error::{Cause, FileError};
use crate::local::process::own_uid;

const MAKE: &str = "make the folder";
const USE: &str = "use the folder";

/// Makes a folder with mode 0700, and missing parents likewise. One that exists must be ours and open to nobody else.
pub fn make_private_dir(path: &Path) -> Result<(), FileError> {
    let found = ensure(path)?;
    match found.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(FileError::new(path, USE, Cause::OpenToOthers { mode: found.mode() & 0o7777 })),
    }
}

/// Makes a folder with mode 0700, and missing parents likewise. One that exists is refused only when group or others
/// may write to it, or when it belongs to somebody else.
pub fn make_safe_dir(path: &Path) -> Result<(), FileError> {
    let found = ensure(path)?;
    match found.mode() & 0o022 {
        0 => Ok(()),
        _ => Err(FileError::new(path, USE, Cause::WritableByOthers { mode: found.mode() & 0o7777 })),
    }
}

/// Makes the folder where it is missing; what is returned is a folder of ours.
fn ensure(path: &Path) -> Result<Metadata, FileError> {
    let us = own_uid();
    // The name itself: a link that somebody else planted must not lead us to a folder of ours.
    let named = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path)?;
            fs::symlink_metadata(path).map_err(|e| FileError::io(path, MAKE, &e))?
        }
        Err(error) => return Err(FileError::io(path, USE, &error)),
    };
    let found = fs::metadata(path).map_err(|e| FileError::io(path, USE, &e))?;
    if !found.is_dir() {
        return Err(FileError::new(path, USE, Cause::NotFolder));
    }
    match [named.uid(), found.uid()].into_iter().find(|uid| *uid != us) {
        Some(uid) => Err(FileError::new(path, USE, Cause::ForeignOwner { uid })),
        None => Ok(found),
    }
}

fn make(path: &Path) -> Result<(), FileError> {
    if let Some(parent) = path.parent()
        && !parent.as_os_str().is_empty()
        && !parent.exists()
    {
        make(parent)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        // Somebody else was quicker; `ensure` looks at what they made.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(FileError::io(path, MAKE, &error)),
    }
    let made = fs::symlink_metadata(path).map_err(|e| FileError::io(path, MAKE, &e))?;
    if made.is_dir() && made.mode() & 0o700 != 0o700 {
        // A umask that takes the owner's own bits would leave a folder that nobody can use.
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(|e| FileError::io(path, MAKE, &e))?;
    }
    Ok(())
}
