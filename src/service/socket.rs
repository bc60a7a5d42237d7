//! Who is the service: the holder of a lock, which it keeps for its life, and with it the right to the socket's path. It takes
//! no connections.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use crate::local::private_file::{self, Cause, FileError, Lock};

/// sockaddr_un holds 104 bytes on macOS, 108 on Linux, and a closing zero (unix(7)).
const LONGEST_PATH: usize = 100;

/// A socket that does not say within this time that nobody listens counts as alive.
const PROBE: Duration = Duration::from_millis(500);

/// Why there can be no service at a socket's path.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// The system would cut the path.
    #[error(
        "the socket's path {path} has {length} bytes, the limit is {LONGEST_PATH}; choose a shorter home or XDG_RUNTIME_DIR"
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// Its bytes.
        length: usize,
    },
    /// Something else is there.
    #[error("{path} is {what}, not a socket; remove it, then start again")]
    Obstructed {
        /// The path.
        path: PathBuf,
        /// What is there, in words.
        what: &'static str,
    },
    /// A service is there, but not under our lock.
    #[error("something answers at {path} without holding its lock; end that process, then start again")]
    Alive {
        /// The path.
        path: PathBuf,
    },
    /// Our lock was removed, and another process holds the new one.
    #[error("another process has become the background service")]
    Succeeded,
    /// The folder or the lock.
    #[error(transparent)]
    File(#[from] FileError),
    /// The socket.
    #[error("cannot {verb} the socket {path}: {error}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The path.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

/// Others look whether the lock is held by taking it for an instant; a taker outlasts them.
const GLANCES: Duration = Duration::from_millis(250);

/// The right to be the service. Given back when dropped: the socket goes first, then the lock.
#[derive(Debug)]
pub(super) struct Claim {
    socket: PathBuf,
    /// Which file at the path is ours.
    ours: Option<(u64, u64)>,
    /// Which file is the lock. Where somebody removed it, the next one is held as well.
    lock: Option<(u64, u64)>,
    held: Vec<Lock>,
}

/// The lock beside a socket.
#[must_use]
pub(super) fn lock_path(socket: &Path) -> PathBuf {
    socket.with_extension("lock")
}

/// The lock that those take who want to start a service, so that a hundred of them start one.
#[must_use]
pub(super) fn start_lock_path(socket: &Path) -> PathBuf {
    socket.with_extension("start")
}

/// The process that holds the lock, as it wrote down; a leftover number where nobody does.
#[must_use]
pub(super) fn holder(socket: &Path) -> Option<u32> {
    let text = private_file::read(&lock_path(socket), 64).ok()?;
    std::str::from_utf8(&text).ok()?.trim().parse().ok()
}

/// True while a process holds the lock. A missing folder holds nothing.
pub(super) fn is_held(socket: &Path) -> Result<bool, FileError> {
    let lock = lock_path(socket);
    if !lock.exists() {
        return Ok(false);
    }
    Ok(private_file::try_lock(&lock)?.is_none())
}

/// Makes sure that a socket can stand at the path: short enough, in a private folder, and nothing else in its place.
pub(super) fn prepare(socket: &Path) -> Result<(), SocketError> {
    let length = socket.as_os_str().len();
    if length > LONGEST_PATH {
        return Err(SocketError::TooLong { path: socket.to_owned(), length });
    }
    if let Some(folder) = socket.parent() {
        private_file::make_private_dir(folder)?;
    }
    present(socket).map(|_| ())
}

impl Claim {
    /// Takes the lock; nothing when another process holds it. May block for a quarter of a second.
    pub(super) fn take(socket: &Path) -> Result<Option<Self>, SocketError> {
        prepare(socket)?;
        let path = lock_path(socket);
        let lock = match private_file::lock(&path, GLANCES) {
            Ok(lock) => lock,
            Err(FileError { cause: Cause::Busy, .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // For the sentences of others only; a full disk must not keep tunnels down.
        let _ = fs::write(&path, format!("{}\n", std::process::id()));
        Ok(Some(Self { socket: socket.to_owned(), ours: None, lock: which(&path), held: vec![lock] }))
    }

    /// Listens again after the socket, or its whole folder, was taken away. An error of kind `Succeeded` when another process
    /// has become the service meanwhile.
    pub(super) async fn restore(&mut self) -> Result<UnixListener, SocketError> {
        let path = lock_path(&self.socket);
        if which(&path).is_none() || which(&path) != self.lock {
            let Some(mut next) = Self::take(&self.socket)? else { return Err(SocketError::Succeeded) };
            self.held.append(&mut next.held);
            self.lock = next.lock;
        }
        self.listen().await
    }

    /// Listens at the path. A stale socket is replaced in one step, so that the path never leads to a socket that nobody
    /// serves; one that lives is left alone.
    pub(super) async fn listen(&mut self) -> Result<UnixListener, SocketError> {
        if present(&self.socket)?.is_some() && is_alive(&self.socket).await {
            return Err(SocketError::Alive { path: self.socket.clone() });
        }
        // Not longer than the name it gets in the end.
        let draft = self.socket.with_file_name(format!(".{:x}", std::process::id()));
        let listener = self.place(&draft).inspect_err(|_| {
            // Whatever stage it reached; the error to tell is the first one.
            let _ = fs::remove_file(&draft);
        })?;
        Ok(listener)
    }

    fn place(&mut self, draft: &Path) -> Result<UnixListener, SocketError> {
        let failed = |verb| move |error| SocketError::Io { verb, path: draft.to_owned(), error };
        match fs::remove_file(draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("clear the way for")(error)),
            _ => {}
        }
        let listener = UnixListener::bind(draft).map_err(failed("make"))?;
        // The folder is 0700 already; this is for a folder that somebody opens later.
        fs::set_permissions(draft, Permissions::from_mode(0o600)).map_err(failed("close to others"))?;
        let found = fs::symlink_metadata(draft).map_err(failed("look at"))?;
        fs::rename(draft, &self.socket).map_err(failed("put in place"))?;
        self.ours = Some((found.dev(), found.ino()));
        Ok(listener)
    }

    /// False when the socket that we made is not at its path any more: a cleaner of temporary folders, or the end of a login
    /// took it.
    #[must_use]
    pub(super) fn is_in_place(&self) -> bool {
        self.ours.is_some() && which(&self.socket) == self.ours
    }

    /// Removes the socket, if it is still ours, and keeps the lock.
    pub(super) fn withdraw(&mut self) {
        if self.is_in_place() {
            // A leftover is stale and will be replaced.
            let _ = fs::remove_file(&self.socket);
        }
        self.ours = None;
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.withdraw();
    }
}

/// What tells a file at a path from another that comes to stand there.
fn which(path: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// The socket at the path, if there is one; anything else there is an error.
fn present(socket: &Path) -> Result<Option<Metadata>, SocketError> {
    match fs::symlink_metadata(socket) {
        Ok(found) if found.file_type().is_socket() => Ok(Some(found)),
        Ok(found) => {
            let kind = found.file_type();
            let what = if kind.is_dir() {
                "a folder"
            } else if kind.is_symlink() {
                "a symbolic link"
            } else if kind.is_file() {
                "a file"
            } else {
                "a device or pipe"
            };
            Err(SocketError::Obstructed { path: socket.to_owned(), what })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SocketError::Io { verb: "look at", path: socket.to_owned(), error }),
    }
}

/// Only a refusal proves that nobody listens: a full queue or silence is somebody who is busy.
async fn is_alive(socket: &Path) -> bool {
    match tokio::time::timeout(PROBE, UnixStream::connect(socket)).await {
        Ok(Ok(_)) | Err(_) => true,
        Ok(Err(error)) => !matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let socket = home.path().join("run/adit.sock");
        (home, socket)
    }

    #[tokio::test]
    async fn one_holder_and_its_socket_goes_with_it() {
        let (_home, socket) = home();
        assert!(!is_held(&socket).unwrap());
        let mut first = Claim::take(&socket).unwrap().unwrap();
        assert!(Claim::take(&socket).unwrap().is_none());
        assert!(is_held(&socket).unwrap());
        assert_eq!(holder(&socket), Some(std::process::id()));
        let _listener = first.listen().await.unwrap();
        assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(socket.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(first.is_in_place());
        drop(first);
        assert!(!socket.exists());
        assert!(Claim::take(&socket).unwrap().is_some());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
        let (_home, socket) = home();
        let mut claim = Claim::take(&socket).unwrap().unwrap();
        drop(UnixListener::bind(&socket).unwrap());
        assert!(socket.exists());
        let listener = claim.listen().await.unwrap();
        assert!(UnixStream::connect(&socket).await.is_ok());
        claim.ours = None;
        assert!(matches!(claim.listen().await, Err(SocketError::Alive { .. })));
        drop(listener);
        claim.listen().await.unwrap();
        let names: Vec<_> = fs::read_dir(socket.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "no drafts are left: {names:?}");
    }

    #[tokio::test]
    async fn a_socket_of_somebody_else_is_left_alone() {
        let (_home, socket) = home();
        let mut claim = Claim::take(&socket).unwrap().unwrap();
        let _listener = claim.listen().await.unwrap();
        fs::remove_file(&socket).unwrap();
        assert!(!claim.is_in_place());
        let _other = UnixListener::bind(&socket).unwrap();
        drop(claim);
        assert!(socket.exists());
    }

    #[tokio::test]
    async fn what_a_cleaner_took_is_put_back() {
        let (_home, socket) = home();
        let mut claim = Claim::take(&socket).unwrap().unwrap();
        let _first = claim.listen().await.unwrap();
        fs::remove_dir_all(socket.parent().unwrap()).unwrap();
        assert!(!claim.is_in_place());
        let _second = claim.restore().await.unwrap();
        assert!(claim.is_in_place() && UnixStream::connect(&socket).await.is_ok());
        assert!(Claim::take(&socket).unwrap().is_none());
        fs::remove_dir_all(socket.parent().unwrap()).unwrap();
        let _other = Claim::take(&socket).unwrap().unwrap();
        assert!(matches!(claim.restore().await, Err(SocketError::Succeeded)));
    }

    #[tokio::test]
    async fn what_is_in_the_way_is_named() {
        let (_home, socket) = home();
        fs::create_dir_all(&socket).unwrap();
        fs::set_permissions(socket.parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
        let error = Claim::take(&socket).unwrap_err().to_string();
        assert!(error.contains("is a folder, not a socket"), "{error}");
        fs::remove_dir(&socket).unwrap();
        fs::write(&socket, "").unwrap();
        let error = Claim::take(&socket).unwrap_err().to_string();
        assert!(error.contains("is a file, not a socket"), "{error}");
        let long = socket.with_file_name("x".repeat(120));
        assert!(matches!(Claim::take(&long), Err(SocketError::TooLong { .. })));
    }

    #[tokio::test]
    async fn an_open_folder_is_refused() {
        let (_home, socket) = home();
        fs::create_dir_all(socket.parent().unwrap()).unwrap();
        fs::set_permissions(socket.parent().unwrap(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(Claim::take(&socket), Err(SocketError::File(_))));
    }
}
