//! Where everything of one installation lives. Finding the places makes none of them; `prepare` does.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use crate::local::private_file::{FileError, make_private_dir, make_safe_dir};
use crate::local::process::own_uid;

/// The longest socket path that every system takes: `sockaddr_un` holds 104 bytes on macOS, 108 on Linux (unix(7)), and
/// binding under a temporary name needs a few of them.
const LONGEST_SOCKET: usize = 100;

/// The places of one installation, all absolute. Two installations with different places have different services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The home that `--home` or `ADIT_HOME` named, if one did.
    pub home: Option<PathBuf>,
    /// The person's own home folder, for `~/` in the configuration.
    pub user_home: Option<PathBuf>,
    /// The configuration file.
    pub config: PathBuf,
    /// The folder of further configuration files.
    pub config_dir: PathBuf,
    /// The folder of adit's own keys.
    pub keys: PathBuf,
    /// adit's own known_hosts file.
    pub known_hosts: PathBuf,
    /// The folder of what is kept from one service to the next; also where its lock belongs.
    pub state: PathBuf,
    /// The service's socket, in a folder of its own.
    pub socket: PathBuf,
    /// The folder of logs.
    pub log: PathBuf,
    /// The folder of themes.
    pub themes: PathBuf,
}

/// Why the places cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PathsError {
    /// Neither a home nor enough of the XDG variables.
    #[error("cannot tell where {what} belongs: set HOME to an absolute path, or name a folder with --home")]
    NoHome {
        /// What has no place.
        what: &'static str,
    },
    /// `--home ""`.
    #[error("--home needs a folder")]
    EmptyHome,
    /// A relative path, and no current folder to begin at.
    #[error("cannot make {} absolute: {why}", .path.display())]
    NoFolder {
        /// The path.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
}

impl Paths {
    /// Finds the places from `--home` (where given), the environment and the current folder. Makes nothing.
    pub fn find(home: Option<&Path>) -> Result<Self, PathsError> {
        let get = |name: &str| env::var_os(name);
        Self::from(&get, own_uid(), home)
    }

    /// As [`Paths::find`], with the environment and the user handed in.
    pub fn from(env: &dyn Fn(&str) -> Option<OsString>, uid: u32, home: Option<&Path>) -> Result<Self, PathsError> {
        let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if home.is_some_and(|home| home.as_os_str().is_empty()) {
            return Err(PathsError::EmptyHome);
        }
        let user_home = set("HOME").filter(|home| home.is_absolute());
        let paths = match home.map(Path::to_owned).or_else(|| set("ADIT_HOME")) {
            Some(home) => Self::in_home(absolute(&home)?, user_home),
            None => Self::in_xdg(&set, user_home, uid)?,
        };
        Ok(paths.with_short_socket(uid))
    }

    fn in_home(home: PathBuf, user_home: Option<PathBuf>) -> Self {
        let at = |name: &str| home.join(name);
        Self {
            config: at("config.toml"),
            config_dir: at("config.d"),
            keys: at("keys"),
            known_hosts: at("known_hosts"),
            state: at("state"),
            socket: at("run/adit.sock"),
            log: at("log"),
            themes: at("themes"),
            home: Some(home),
            user_home,
        }
    }

    fn in_xdg(set: &dyn Fn(&str) -> Option<PathBuf>, user_home: Option<PathBuf>, uid: u32) -> Result<Self, PathsError> {
        let folder = |variable: &str, default: &str, what: &'static str| {
            let base = match (set(variable), &user_home) {
                (Some(named), _) => absolute(&named)?,
                (None, Some(home)) => home.join(default),
                (None, None) => return Err(PathsError::NoHome { what }),
            };
            Ok(base.join("adit"))
        };
        let config = folder("XDG_CONFIG_HOME", ".config", "the configuration")?;
        let data = folder("XDG_DATA_HOME", ".local/share", "the keys")?;
        let state = folder("XDG_STATE_HOME", ".local/state", "the state")?;
        // `su` and `sudo -E` leave us with somebody else's runtime folder.
        let runtime = match set("XDG_RUNTIME_DIR").map(|named| absolute(&named)).transpose()? {
            Some(named) if fs::metadata(&named).map_or(true, |found| found.uid() == uid) => named.join("adit"),
            _ => state.join("run"),
        };
        Ok(Self {
            home: None,
            user_home,
            config: config.join("config.toml"),
            config_dir: config.join("config.d"),
            keys: data.join("keys"),
            known_hosts: data.join("known_hosts"),
            socket: runtime.join("adit.sock"),
            log: state.join("log"),
            themes: config.join("themes"),
            state,
        })
    }

    /// A socket path that is too long for the system gives way to a folder in /tmp that is always the same for this
    /// user and this home. /tmp is sticky, and the folder is checked to be ours and 0700 before it is used.
    fn with_short_socket(mut self, uid: u32) -> Self {
        if self.socket.as_os_str().len() > LONGEST_SOCKET {
            let mut hash = Sha1::new();
            hash.update(settled(&self.socket).as_os_str().as_encoded_bytes());
            let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
            self.socket = PathBuf::from(format!("/tmp/adit-{uid}-{hash}/adit.sock"));
        }
        self
    }

    /// Makes the folders that are missing, with mode 0700, and checks those that exist: the keys' and the socket's must
    /// be ours and 0700, the others ours and not writable by others. `config.d` and `themes` are checked but not made.
    pub fn prepare(&self) -> Result<(), FileError> {
        self.prepare_config()?;
        self.prepare_keys()?;
        make_safe_dir(&self.log)?;
        self.prepare_socket()?;
        if self.themes.exists() { make_safe_dir(&self.themes) } else { Ok(()) }
    }

    /// The part of [`Paths::prepare`] that editing the configuration needs.
    pub fn prepare_config(&self) -> Result<(), FileError> {
        self.config.parent().map_or(Ok(()), make_safe_dir)?;
        make_safe_dir(&self.state)?;
        if self.config_dir.exists() { make_safe_dir(&self.config_dir) } else { Ok(()) }
    }

    /// The part of [`Paths::prepare`] that keys and host keys need.
    pub fn prepare_keys(&self) -> Result<(), FileError> {
        self.known_hosts.parent().map_or(Ok(()), make_safe_dir)?;
        make_private_dir(&self.keys)
    }

    /// The part of [`Paths::prepare`] that the socket needs: its folder must be private, above all in /tmp.
    pub fn prepare_socket(&self) -> Result<(), FileError> {
        self.socket.parent().map_or(Ok(()), make_private_dir)
    }
}

/// Absolute, without `.` and superfluous slashes; nothing is looked up.
fn absolute(path: &Path) -> Result<PathBuf, PathsError> {
    match std::path::absolute(path) {
        Ok(absolute) => Ok(absolute.components().collect()),
        Err(error) => Err(PathsError::NoFolder { path: path.to_owned(), why: error.to_string() }),
    }
}

/// The same text for every spelling of a path, and before and after its last folders were made: links are resolved as
/// far as the path exists.
fn settled(path: &Path) -> PathBuf {
    let found =
        path.ancestors().find_map(|above| Some((fs::canonicalize(above).ok()?, path.strip_prefix(above).ok()?)));
    match found {
        Some((above, below)) if !below.as_os_str().is_empty() => above.join(below),
        Some((above, _)) => above,
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests;
