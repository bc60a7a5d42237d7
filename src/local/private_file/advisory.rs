//! Advisory locks between our own processes. The lock file stays: removing it would let two processes hold "the" lock.

use std::fs::File;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::{Cause, FileError};
use super::open_private;

const LOCK: &str = "lock";

/// How often a waiting process looks again.
const LOOK: Duration = Duration::from_millis(10);

/// An exclusive lock, held until this is dropped or the process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held for its life: closing the descriptor releases the lock")] File);

/// Takes a lock, waiting for it at most `patience` (blocking). The file is made with mode 0600 where it is missing.
pub fn lock(path: &Path, patience: Duration) -> Result<Lock, FileError> {
    let start = Instant::now();
    loop {
        if let Some(lock) = try_lock(path)? {
            return Ok(lock);
        }
        let left = patience.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(FileError::new(path, LOCK, Cause::Busy));
        }
        thread::sleep(LOOK.min(left));
    }
}

/// Takes a lock if nobody holds it.
pub fn try_lock(path: &Path) -> Result<Option<Lock>, FileError> {
    let file = open_private(path, LOCK, false)?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(Some(Lock(file))),
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(FileError::io(path, LOCK, &io::Error::from(error))),
        }
    }
}
