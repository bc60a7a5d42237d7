//! What every command needs: the places, the configuration, and the service if there is one.

use std::path::Path;

use super::failure::{ABSENT, FAULT, PERSON, Stop, UNKNOWN, USAGE};
use super::{print, themes};
use crate::config::{ConfigError, EditError, Paths, PathsError, Settings};
use crate::local::{Cause, FileError};
use crate::model::{Code, Fault, Tunnel};
use crate::service::{self, AttachError, Client, ClientError, Reply, Request};
use crate::ssh::{KeyError, TrustError, World};

/// The installation that a command works on, and how it is to answer.
#[derive(Debug)]
pub(super) struct Context {
    /// Where everything lives.
    pub(super) paths: Paths,
    /// Print JSON.
    pub(super) json: bool,
}

impl Context {
    /// The installation that `--home` or the environment names.
    pub(super) fn new(home: Option<&Path>, json: bool) -> Result<Self, Stop> {
        Ok(Self { paths: Paths::find(home)?, json })
    }

    /// The configuration on disk.
    pub(super) fn settings(&self) -> Result<Settings, Stop> {
        Ok(themes::judged(&self.paths)?)
    }

    /// The files that a dial reads.
    pub(super) fn world(&self) -> World {
        World::new(&self.paths.keys, &self.paths.known_hosts, self.paths.user_home.as_deref())
    }

    /// The service if one runs. Another version, or one that does not answer, is an error.
    pub(super) async fn attached(&self) -> Result<Option<Client>, Stop> {
        match service::attach(&self.paths).await {
            Ok(client) => Ok(Some(client)),
            Err(AttachError::NotRunning { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The service, started if none runs.
    pub(super) async fn ensured(&self) -> Result<Client, Stop> {
        Ok(service::ensure(&self.paths).await?)
    }

    /// Tells a running service that the configuration changed. Without one there is nobody to tell.
    pub(super) async fn reload(&self) {
        match service::attach(&self.paths).await {
            Ok(client) => reload(&client).await,
            Err(AttachError::NotRunning { .. }) => {}
            Err(error) => print::words(&format!("adit: the change is saved, but {error}")),
        }
    }
}

/// Has the service read the configuration now; where it cannot, says that the last good one stays in force.
pub(super) async fn reload(client: &Client) {
    if let Ok(Reply::Refused { message, .. }) = client.request(Request::Reload).await {
        print::words(&format!("adit: the background service keeps the configuration it has: {message}"));
    }
}

/// Asks the service and expects no more than that it was done.
pub(super) async fn ask(client: &Client, request: Request) -> Result<(), Stop> {
    match client.request(request).await? {
        Reply::Refused { code, message } => Err(Stop::new(code, message)),
        Reply::Done
        | Reply::Status { .. }
        | Reply::Journal { .. }
        | Reply::Saved { .. }
        | Reply::HandOff { .. }
        | Reply::Undone { .. }
        | Reply::Key { .. }
        | Reply::KeyLook { .. }
        | Reply::Explained { .. } => Ok(()),
    }
}

/// A tunnel of the configuration by name.
pub(super) fn tunnel<'a>(settings: &'a Settings, name: &str) -> Result<&'a Tunnel, Stop> {
    let name = super::select::find("tunnel", name, settings.tunnels.keys()).map_err(Stop::unknown)?;
    settings.tunnels.get(name).ok_or_else(|| Stop::unknown(format!("there is no tunnel named {name}")))
}

/// What the machine refuses is a failure; what the person can set right is configuration.
fn file_code(error: &FileError) -> u8 {
    if matches!(error.cause, Cause::Full | Cause::Busy | Cause::Io(..)) { FAULT } else { USAGE }
}

impl From<FileError> for Stop {
    fn from(error: FileError) -> Self {
        Self::new(file_code(&error), error)
    }
}

impl From<PathsError> for Stop {
    fn from(error: PathsError) -> Self {
        Self::usage(error)
    }
}

impl From<ConfigError> for Stop {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::File(error) => error.into(),
            ConfigError::Mistakes(mistakes) => Self::usage(format!("the configuration has mistakes:\n{mistakes}")),
        }
    }
}

impl From<EditError> for Stop {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Unknown { .. } | EditError::UnknownBastion { .. } => Self::new(UNKNOWN, error),
            EditError::Config(error) => error.into(),
            EditError::File(error) => error.into(),
            EditError::Exists { .. } | EditError::InUse { .. } | EditError::Invalid(_) => Self::usage(error),
        }
    }
}

impl From<KeyError> for Stop {
    fn from(error: KeyError) -> Self {
        let code = match &error {
            KeyError::Unknown { .. } => UNKNOWN,
            KeyError::File(error) => file_code(error),
            KeyError::Make(_) => FAULT,
            KeyError::Refused(fault) => return refused(fault),
            KeyError::Changed { .. } => FAULT,
            KeyError::Exists { .. } | KeyError::Broken { .. } | KeyError::Comment | KeyError::EmptyPassphrase => USAGE,
            KeyError::NoRotation { .. } | KeyError::Rotating { .. } => USAGE,
        };
        Self::new(code, error)
    }
}

/// A key that a person must open is waited for; everything else about its text is the person's to set right.
pub(super) fn refused(fault: &Fault) -> Stop {
    let code = if fault.code == Code::PassphraseNeeded { PERSON } else { USAGE };
    let advice = fault.advice.iter().map(|advice| match &advice.command {
        Some(command) => format!("\n  - {}: {command}", advice.text),
        None => format!("\n  - {}", advice.text),
    });
    Stop::new(code, format!("{}{}", fault.message, advice.collect::<String>()))
}

impl From<TrustError> for Stop {
    fn from(error: TrustError) -> Self {
        match error {
            TrustError::File(error) => error.into(),
            TrustError::Key { .. } => Self::fault(error),
        }
    }
}

impl From<AttachError> for Stop {
    fn from(error: AttachError) -> Self {
        Self::new(ABSENT, error)
    }
}

impl From<ClientError> for Stop {
    fn from(error: ClientError) -> Self {
        Self::new(ABSENT, error)
    }
}
