//! The service's log: one private file, and the one before it. It writes what it is given: payloads and secrets are kept out
//! by those who log.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;

use crate::local::clock;
use crate::local::private_file::{self, FileError};
use crate::model::Untrusted;

/// A longer log becomes the old one.
const LONGEST: u64 = 5 << 20;

/// How much of the end is searched for last words.
const TAIL: u64 = 64 << 10;

/// What a service that cannot start says about it, before its process number.
const LAST_WORDS: &str = "cannot start (process";

/// The log in its folder.
#[must_use]
pub fn log_path(folder: &Path) -> PathBuf {
    folder.join("adit.log")
}

/// The log before it.
#[must_use]
pub fn old_log_path(folder: &Path) -> PathBuf {
    folder.join("adit.log.1")
}

/// The open log.
#[derive(Debug)]
pub(super) struct Log(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    file: File,
    length: u64,
    longest: u64,
}

impl Log {
    /// Opens the log for more; makes its folder.
    pub(super) fn open(folder: &Path) -> Result<Self, FileError> {
        private_file::make_safe_dir(folder)?;
        let file = private_file::append_private(&log_path(folder))?;
        let length = file.metadata().map_or(0, |found| found.len());
        // Until the service is sure to be the only one, nothing is moved away under another's hands.
        Ok(Self(Mutex::new(Inner { folder: folder.to_owned(), file, length, longest: u64::MAX })))
    }

    /// From now on a long log is put aside; for the one process that is the service.
    pub(super) fn keep_short(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).longest = LONGEST;
    }
}

impl Inner {
    fn rotate(&mut self) -> Result<(), FileError> {
        let path = log_path(&self.folder);
        // Where it cannot be put aside, writing goes on in the long one, and the next try comes after as much again.
        self.length = 0;
        if fs::rename(&path, old_log_path(&self.folder)).is_ok() {
            self.file = private_file::append_private(&path)?;
        }
        Ok(())
    }
}

/// Writes whole entries only, so that an entry is never cut by the change of files.
impl Write for &Log {
    fn write(&mut self, entry: &[u8]) -> io::Result<usize> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.length.saturating_add(entry.len() as u64) > inner.longest {
            // The entry itself matters more.
            let _ = inner.rotate();
        }
        inner.file.write_all(entry)?;
        inner.length = inner.length.saturating_add(entry.len() as u64);
        Ok(entry.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Times as everywhere else in adit: UTC, to the millisecond.
struct Clock;

impl FormatTime for Clock {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{:.3}", clock::now())
    }
}

/// Sends this process's own entries, others' warnings and every panic to the log. The first log of a process stays.
pub(super) fn install(log: Arc<Log>) {
    let lines = tracing_subscriber::fmt::layer().with_writer(log).with_ansi(false).with_target(false).with_timer(Clock);
    let which = Targets::new().with_target("adit", LevelFilter::INFO).with_default(LevelFilter::WARN);
    if tracing::subscriber::set_global_default(tracing_subscriber::registry().with(which).with(lines)).is_err() {
        return;
    }
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or(payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no words");
        let place = panic.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
        tracing::error!("a task ended in a panic{place}: {}", Untrusted::new(text).clean(300));
        before(panic);
    }));
}

/// Writes down why this process cannot be the service.
pub(super) fn write_last_words(reason: &str) {
    tracing::error!("{LAST_WORDS} {}): {}", std::process::id(), Untrusted::new(reason).clean(2000));
}

/// Why a process could not be the service, if it wrote that down.
pub(super) fn last_words(folder: &Path, pid: u32) -> Option<String> {
    let mut file = File::open(log_path(folder)).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mark = format!("{LAST_WORDS} {pid}): ");
    text.lines().rev().find_map(|line| line.split_once(&mark)).map(|(_, reason)| reason.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_long_log_is_put_aside_once_it_is_ours_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("log");
        let log = Log::open(&folder).unwrap();
        (&log).write_all(b"first\n").unwrap();
        log.keep_short();
        log.0.lock().unwrap().longest = 10;
        (&log).write_all(b"second\n").unwrap();
        (&log).write_all(b"3\n").unwrap();
        assert_eq!(fs::read(old_log_path(&folder)).unwrap(), b"first\n");
        assert_eq!(fs::read(log_path(&folder)).unwrap(), b"second\n3\n");
        let mode = fs::metadata(log_path(&folder)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn entries_have_a_time_and_a_reason_is_found_by_process() {
        let home = tempfile::tempdir().unwrap();
        let log = Arc::new(Log::open(home.path()).unwrap());
        let layer = tracing_subscriber::fmt::layer().with_writer(log).with_ansi(false).with_timer(Clock);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            tracing::info!("hello");
            write_last_words("the disk\nis \x1b[2Jfull");
        });
        let text = fs::read_to_string(log_path(home.path())).unwrap();
        assert!(text.lines().next().unwrap().ends_with("hello"), "{text}");
        assert!(text.starts_with("20") && text.find("Z  INFO").is_some_and(|at| at == 23), "{text}");
        let reason = last_words(home.path(), std::process::id()).unwrap();
        assert!(reason.starts_with("the disk is ") && !reason.contains('\x1b'), "{reason}");
        assert_eq!(last_words(home.path(), 1), None);
    }
}
