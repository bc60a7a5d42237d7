//! Files that are private from their first instant, whole or not there, and never reached through somebody else's link.
//! It knows nothing of what stands in them.

mod advisory;
mod error;
mod folder;

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

pub use advisory::{Lock, lock, try_lock};
pub use error::{Cause, FileError};
pub use folder::{make_private_dir, make_safe_dir};

use super::process::own_uid;

const READ: &str = "read";
const WRITE: &str = "write";
const MAKE: &str = "make";
const REMOVE: &str = "remove";
const APPEND: &str = "append to";

/// As many links as Linux follows (path_resolution(7)).
const MAX_LINKS: usize = 40;

/// Reads a regular file of at most `limit` bytes. A FIFO or a device is refused without waiting for it.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    open_regular(path).and_then(|(file, found)| read_all(path, file, &found, limit))
}

/// As [`read`], and the file must be ours or root's, and writable by nobody else: for what others may see, not decide.
pub fn read_trusted(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, found) = open_regular(path)?;
    check_owner(path, READ, &found)?;
    if found.mode() & 0o022 != 0 {
        return Err(FileError::new(path, READ, Cause::WritableByOthers { mode: found.mode() & 0o7777 }));
    }
    read_all(path, file, &found, limit)
}

/// As [`read`], and the file must be ours or root's, and closed to everybody else.
pub fn read_private(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, found) = open_regular(path)?;
    check_owner(path, READ, &found)?;
    check_closed(path, READ, &found)?;
    read_all(path, file, &found, limit)
}

/// Puts a file of mode 0600 in place of whatever regular file of ours is there, in one step: a reader sees the old
/// content or the new, and on any error the old file stays. A symbolic link is followed to its target, as dotfile
/// managers need.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let target = final_target(path)?;
    match fs::symlink_metadata(&target) {
        Ok(found) if !found.is_file() => return Err(FileError::new(path, WRITE, Cause::NotRegular)),
        // Renaming over it would take the file away from its owner, also where root may.
        Ok(found) if found.uid() != own_uid() => {
            return Err(FileError::new(path, WRITE, Cause::ForeignOwner { uid: found.uid() }));
        }
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(FileError::io(path, WRITE, &error)),
    }
    let temporary = filled(&target, WRITE, bytes, 0o600)?;
    temporary.persist(&target).map_err(|e| FileError::io(path, WRITE, &e.error))?;
    sync_folder(&target);
    Ok(())
}

/// Makes a file with exactly this mode, whole or not at all; never overwrites anything, nor follows a link.
pub fn create_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(FileError::new(path, MAKE, Cause::Exists));
    }
    let temporary = filled(path, MAKE, bytes, mode)?;
    temporary.persist_noclobber(path).map_err(|e| FileError::io(path, MAKE, &e.error))?;
    sync_folder(path);
    Ok(())
}

/// Takes a file away; one that is not there is no error.
pub fn remove(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(FileError::io(path, REMOVE, &error)),
    }
    Ok(())
}

/// Opens a file for appending, made with mode 0600 where it is missing. One that exists must be ours alone.
pub fn append_private(path: &Path) -> Result<File, FileError> {
    open_private(path, APPEND, true)
}

/// Opens or makes a private file that stays where it is: no links, no second names, nobody else's.
fn open_private(path: &Path, verb: &'static str, append: bool) -> Result<File, FileError> {
    let mut options = OpenOptions::new();
    options.read(true).create(true).mode(0o600).custom_flags(flags(OFlags::NOFOLLOW));
    if append {
        options.append(true)
    } else {
        options.write(true)
    };
    let file = options.open(path).map_err(|e| FileError::io(path, verb, &e))?;
    let found = file.metadata().map_err(|e| FileError::io(path, verb, &e))?;
    if !found.is_file() {
        return Err(FileError::new(path, verb, Cause::NotRegular));
    }
    check_owner(path, verb, &found)?;
    check_closed(path, verb, &found)?;
    if found.nlink() > 1 {
        return Err(FileError::new(path, verb, Cause::ManyNames { names: found.nlink() }));
    }
    if found.mode() & 0o600 != 0o600 {
        // Only under a umask that takes the owner's own bits.
        file.set_permissions(Permissions::from_mode(0o600)).map_err(|e| FileError::io(path, verb, &e))?;
    }
    Ok(file)
}

fn open_regular(path: &Path) -> Result<(File, Metadata), FileError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags(OFlags::empty()))
        .open(path)
        .map_err(|e| FileError::io(path, READ, &e))?;
    // Of the open file, not of the name, which may by now mean another one.
    let found = file.metadata().map_err(|e| FileError::io(path, READ, &e))?;
    if found.is_file() { Ok((file, found)) } else { Err(FileError::new(path, READ, Cause::NotRegular)) }
}

/// Never wait for a FIFO's writer, never gain a controlling terminal.
fn flags(more: OFlags) -> i32 {
    (OFlags::NONBLOCK | OFlags::NOCTTY | more).bits().cast_signed()
}

fn check_owner(path: &Path, verb: &'static str, found: &Metadata) -> Result<(), FileError> {
    match found.uid() {
        uid if uid == own_uid() || uid == 0 => Ok(()),
        uid => Err(FileError::new(path, verb, Cause::ForeignOwner { uid })),
    }
}

fn check_closed(path: &Path, verb: &'static str, found: &Metadata) -> Result<(), FileError> {
    match found.mode() & 0o077 {
        0 => Ok(()),
        _ => Err(FileError::new(path, verb, Cause::OpenToOthers { mode: found.mode() & 0o7777 })),
    }
}

fn read_all(path: &Path, file: File, found: &Metadata, limit: u64) -> Result<Vec<u8>, FileError> {
    let too_large = || FileError::new(path, READ, Cause::TooLarge { limit });
    if found.len() > limit {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    // The file may grow while we read, and files in /proc claim to be empty.
    let mut bounded = file.take(limit.saturating_add(1));
    bounded.read_to_end(&mut bytes).map_err(|e| FileError::io(path, READ, &e))?;
    if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) }
}

/// A hidden file beside the target, with its content on the disk and its mode set before the target's name exists.
fn filled(target: &Path, verb: &'static str, bytes: &[u8], mode: u32) -> Result<NamedTempFile, FileError> {
    let fail = |e: &io::Error| FileError::io(target, verb, e);
    let mut temporary = tempfile::Builder::new()
        .prefix(".adit-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder_of(target))
        .map_err(|e| fail(&e))?;
    temporary.write_all(bytes).map_err(|e| fail(&e))?;
    // The umask has cut the mode that we asked for; this one is exact.
    temporary.as_file().set_permissions(Permissions::from_mode(mode & 0o777)).map_err(|e| fail(&e))?;
    temporary.as_file().sync_all().map_err(|e| fail(&e))?;
    Ok(temporary)
}

fn final_target(path: &Path) -> Result<PathBuf, FileError> {
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            Err(_) => return Ok(target),
        }
    }
    Err(FileError::new(path, WRITE, Cause::Link))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the new name durable. The content is in place already, and not every file system can do this, so that a
/// failure here is no failure of the write.
fn sync_folder(path: &Path) {
    if let Ok(folder) = File::open(folder_of(path)) {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests;
