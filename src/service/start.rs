//! Starting and stopping the service from outside: a hundred processes that want one at the same moment get the same one. What
//! the service does is `daemon`.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::attach::{AttachError, attach_at};
use super::client::Client;
use super::log::{self, Log};
use super::protocol::{Reply, Request};
use super::socket;
use crate::config::Paths;
use crate::local::private_file;

/// Enough for a service to close its tunnels in order and for the next one to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pause between two looks.
const BREATH: Duration = Duration::from_millis(20);

/// The end of a process that should become the service, with its reason.
type Ended = Pin<Box<dyn Future<Output = String> + Send>>;

/// Why a service did not end.
#[derive(Debug, thiserror::Error)]
pub enum StopError {
    /// There is none, or it cannot be spoken to.
    #[error(transparent)]
    Attach(#[from] AttachError),
    /// It said no.
    #[error("the background service does not stop: {0}")]
    Refused(String),
    /// It was asked and is still there.
    #[error("the background service{} has not ended after {} s", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), PATIENCE.as_secs())]
    Stays {
        /// Its process.
        pid: Option<u32>,
    },
}

/// Attaches to the service of these places, after starting one in the background when there is none. It is this program, and
/// outlives it.
pub async fn ensure(paths: &Paths) -> Result<Client, AttachError> {
    let reason = |error: String| AttachError::NotStarted { reason: error };
    if let Some(client) = look(&paths.socket).await? {
        return Ok(client);
    }
    // What the new process would stumble over is best said here, where somebody listens.
    Log::open(&paths.log).map_err(|error| reason(error.to_string()))?;
    ensure_at(&paths.socket, || begin(paths)).await
}

/// As `ensure`; `begin` starts a process that tries to become the service.
async fn ensure_at(socket: &Path, begin: impl Fn() -> io::Result<Ended>) -> Result<Client, AttachError> {
    let deadline = Instant::now() + PATIENCE;
    let failed = |reason: String| AttachError::NotStarted { reason };
    loop {
        if let Some(client) = look(socket).await? {
            return Ok(client);
        }
        if Instant::now() >= deadline {
            let reason = format!("nothing answers at {} after {} s", socket.display(), PATIENCE.as_secs());
            return Err(failed(reason));
        }
        socket::prepare(socket).map_err(|error| failed(error.to_string()))?;
        let start = socket::start_lock_path(socket);
        let ours = private_file::try_lock(&start).map_err(|error| failed(error.to_string()))?;
        // While somebody else starts it, or the one before is on its way out, only looking helps.
        if ours.is_some() {
            // It may have come up before we had the lock.
            if let Some(client) = look(socket).await? {
                return Ok(client);
            }
            if !socket::is_held(socket).map_err(|error| failed(error.to_string()))? {
                let ended = begin().map_err(|error| failed(format!("cannot start a process: {error}")))?;
                if let Some(client) = watch(socket, ended, deadline).await? {
                    return Ok(client);
                }
                continue;
            }
        }
        drop(ours);
        sleep(BREATH).await;
    }
}

async fn look(socket: &Path) -> Result<Option<Client>, AttachError> {
    match attach_at(socket).await {
        Ok(client) => Ok(Some(client)),
        Err(AttachError::NotRunning { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Waits until the new process answers, ends, or time is up.
async fn watch(socket: &Path, mut ended: Ended, deadline: Instant) -> Result<Option<Client>, AttachError> {
    while Instant::now() < deadline {
        tokio::select! {
            reason = &mut ended => {
                // Another one may have been quicker; then that is the service.
                let taken = socket::is_held(socket).unwrap_or(false);
                return if taken { look(socket).await } else { Err(AttachError::NotStarted { reason }) };
            }
            () = sleep(BREATH) => {}
        }
        if let Some(client) = look(socket).await? {
            return Ok(Some(client));
        }
    }
    Ok(None)
}

/// Starts this program again as the background service of a home. It keeps none of our streams.
fn begin(paths: &Paths) -> io::Result<Ended> {
    let mut command = tokio::process::Command::new(std::env::current_exe()?);
    if let Some(home) = &paths.home {
        command.arg("--home").arg(home);
    }
    command.args(["daemon", "run", "--detached"]);
    // It leaves our session itself; a leader of a group could not (setsid(2)).
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let pid = child.id();
    let logs = paths.log.clone();
    Ok(Box::pin(async move {
        let status = match child.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let words = pid.and_then(|pid| log::last_words(&logs, pid));
        words.unwrap_or_else(|| format!("its process ended ({status}); see {}", log::log_path(&logs).display()))
    }))
}

/// Asks the service of these places to end, and waits until it has.
pub async fn stop(paths: &Paths) -> Result<(), StopError> {
    stop_at(&paths.socket).await
}

async fn stop_at(socket: &Path) -> Result<(), StopError> {
    let client = attach_at(socket).await?;
    let pid = Some(client.peer().pid);
    // It may be gone before its answer came through.
    if let Ok(Reply::Refused { message, .. }) = client.request(Request::Stop).await {
        return Err(StopError::Refused(message));
    }
    let free = async {
        while socket::is_held(socket).unwrap_or(true) {
            sleep(BREATH).await;
        }
    };
    timeout(PATIENCE, free).await.map_err(|_| StopError::Stays { pid })
}

#[cfg(test)]
mod tests;
