//! What can be wrong with a file, as facts and as a sentence. It decides nothing.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

/// Why a file or folder could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot {verb} {}: {cause}{}", .path.display(), self.hint())]
pub struct FileError {
    /// The file or folder.
    pub path: PathBuf,
    /// What was tried: "read", "write", "lock" …
    pub verb: &'static str,
    /// What stood in the way.
    pub cause: Cause,
}

/// What stood in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// Nothing is there.
    #[error("it does not exist")]
    Missing,
    /// Something is there that must not be overwritten.
    #[error("it exists already")]
    Exists,
    /// The system denies it.
    #[error("permission denied")]
    Denied,
    /// A folder, a FIFO, a device or a socket.
    #[error("it is not a regular file")]
    NotRegular,
    /// A file where a folder is needed.
    #[error("it is not a folder")]
    NotFolder,
    /// A symbolic link that is not followed here.
    #[error("it is a symbolic link, which is not followed here")]
    Link,
    /// The file has a second name somewhere (a hard link), so that writing would change that one too.
    #[error("it has {names} names (hard links), so writing to it would change another file")]
    ManyNames {
        /// How many names the file has.
        names: u64,
    },
    /// Larger than anything that belongs here.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// Group or others may read or write what must be private.
    #[error("it is open to others (mode {mode:04o})")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// Group or others may change it.
    #[error("others may write to it (mode {mode:04o})")]
    WritableByOthers {
        /// The permission bits.
        mode: u32,
    },
    /// It belongs to somebody else.
    #[error("it belongs to another user (uid {uid})")]
    ForeignOwner {
        /// The owner.
        uid: u32,
    },
    /// No space is left, or the quota is used up.
    #[error("no space is left on the disk; nothing was changed")]
    Full,
    /// Another process holds the lock.
    #[error("another process is using it")]
    Busy,
    /// Anything else, in the system's words.
    #[error("{1}")]
    Io(io::ErrorKind, String),
}

impl FileError {
    pub(super) fn new(path: &Path, verb: &'static str, cause: Cause) -> Self {
        Self { path: path.to_owned(), verb, cause }
    }

    pub(super) fn io(path: &Path, verb: &'static str, error: &io::Error) -> Self {
        Self::new(path, verb, Cause::from(error))
    }

    /// The command that mends it, where one command does.
    #[must_use]
    pub fn command(&self) -> Option<String> {
        let path = quoted(&self.path);
        match (&self.cause, self.path.is_dir()) {
            (Cause::OpenToOthers { .. }, true) => Some(format!("chmod 700 {path}")),
            (Cause::OpenToOthers { .. }, false) => Some(format!("chmod 600 {path}")),
            (Cause::WritableByOthers { .. }, _) => Some(format!("chmod go-w {path}")),
            _ => None,
        }
    }

    fn hint(&self) -> String {
        self.command().map(|command| format!("; run: {command}")).unwrap_or_default()
    }
}

impl From<&io::Error> for Cause {
    fn from(error: &io::Error) -> Self {
        // The kind of these two is still unstable or too wide. ENXIO: a FIFO or socket without a peer; certainly no
        // file.
        match error.raw_os_error().map(Errno::from_raw_os_error) {
            Some(Errno::LOOP) => return Self::Link,
            Some(Errno::NXIO) => return Self::NotRegular,
            _ => {}
        }
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            io::ErrorKind::AlreadyExists => Self::Exists,
            io::ErrorKind::PermissionDenied => Self::Denied,
            io::ErrorKind::NotADirectory => Self::NotFolder,
            io::ErrorKind::IsADirectory => Self::NotRegular,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full,
            kind => {
                let text = error.to_string();
                let words = text.split(" (os error").next().unwrap_or_default();
                Self::Io(kind, lower_first(words))
            }
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

/// A path as one word of a POSIX shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-' | b'+' | b',' | b'@' | b':');
    if !text.is_empty() && text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
