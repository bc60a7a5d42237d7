//! The service as a process of its own: from the lock to the orderly end. What it answers is the hub's business.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use super::hub::{self, Running};
use super::log::{self, Log};
use super::server;
use super::socket::{self, Claim, SocketError};
use crate::config::Paths;
use crate::local::private_file::FileError;
use crate::local::{inherited, limits, process};

/// How often the socket is looked for at its place.
const PATROL: Duration = Duration::from_secs(5);

/// Why this process is not the service, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// Another process is it.
    #[error("the background service runs already{}", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Running {
        /// Its process, as far as known.
        pid: Option<u32>,
    },
    /// The socket or its lock.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// A folder or the log.
    #[error(transparent)]
    File(#[from] FileError),
    /// The system gives us no signals.
    #[error("cannot listen for signals: {0}")]
    Signals(std::io::Error),
    /// A fault of ours.
    #[error("the background service failed inside; its log says where")]
    Failed,
}

/// Is the service of these places until a client or a signal stops it: the first one in order, the second one at once.
/// `detached` first leaves the caller's terminal, folder and streams behind.
///
/// # Errors
/// Why it could not start, also written to its log.
pub async fn run(paths: &Paths, detached: bool) -> Result<(), DaemonError> {
    if detached {
        inherited::close_inherited();
        // Where we lead a group already, whoever started us has seen to it.
        let _ = process::new_session();
        // Nobody should be kept from unmounting the caller's folder.
        let _ = std::env::set_current_dir("/");
    }
    process::forbid_core_dumps();
    limits::allow_many_files();
    let log = Arc::new(Log::open(&paths.log)?);
    log::install(Arc::clone(&log));
    let outcome = serve(paths, detached, &log).await;
    if let Err(error) = &outcome {
        log::write_last_words(&error.to_string());
    }
    outcome
}

async fn serve(paths: &Paths, detached: bool, log: &Log) -> Result<(), DaemonError> {
    let mut signals = Signals::new(detached).map_err(DaemonError::Signals)?;
    paths.prepare()?;
    let Some(mut claim) = Claim::take(&paths.socket)? else {
        return Err(DaemonError::Running { pid: socket::holder(&paths.socket) });
    };
    log.keep_short();
    let listener = claim.listen().await?;
    let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty());
    let mut hub = hub::start(paths, agent.map(Into::into)).await;
    let in_order = until_stopped(&mut claim, listener, &mut hub, &mut signals).await;
    if in_order { Ok(()) } else { Err(DaemonError::Failed) }
}

/// Serves, then ends in order. False when the hub failed.
async fn until_stopped(claim: &mut Claim, listener: UnixListener, hub: &mut Running, signals: &mut Signals) -> bool {
    let closed = CancellationToken::new();
    let mut serving = vec![tokio::spawn(server::serve(listener, hub.door().clone(), closed.clone()))];
    let mut patrol = interval(PATROL);
    let stop = hub.stop().clone();
    let mut missing = false;
    let failed = loop {
        tokio::select! {
            // A hub that ends in order was told to stop before.
            biased;
            () = stop.cancelled() => break false,
            name = signals.stop() => {
                tracing::info!("stopping on {name}");
                break false;
            }
            _ = hub.ended() => break true,
            _ = patrol.tick() => match patrol_socket(claim, &mut missing).await {
                Ok(None) => {}
                Ok(Some(listener)) => {
                    serving.push(tokio::spawn(server::serve(listener, hub.door().clone(), closed.clone())));
                }
                // Nobody can reach us any more; what we hold is in the other's way.
                Err(SocketError::Succeeded) => break false,
                Err(_) => {}
            }
        }
    };
    // From here on nobody new finds us; those who are attached may watch.
    claim.withdraw();
    closed.cancel();
    stop.cancel();
    let in_order = !failed
        && tokio::select! {
            in_order = hub.ended() => in_order,
            name = signals.stop() => {
                tracing::warn!("stopping at once on a second {name}");
                hub.abort();
                true
            }
        };
    for task in serving {
        server::farewell(task).await;
    }
    in_order
}

/// Puts the socket back after a cleaner of temporary folders, or the end of a login, took it. Connections go on meanwhile.
async fn patrol_socket(claim: &mut Claim, missing: &mut bool) -> Result<Option<UnixListener>, SocketError> {
    if claim.is_in_place() {
        return Ok(None);
    }
    let restored = claim.restore().await;
    match &restored {
        Ok(_) => tracing::warn!("the socket was gone and is back"),
        Err(error) if !*missing => tracing::warn!("the socket is gone and cannot be put back: {error}"),
        Err(_) => {}
    }
    *missing = restored.is_err();
    restored.map(Some)
}

/// What a process is told by signals.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    detached: bool,
}

impl Signals {
    fn new(detached: bool) -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            detached,
        })
    }

    /// Waits for a signal to stop. A terminal that hangs up stops only who belongs to it.
    async fn stop(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return "SIGTERM",
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.hang_up.recv() => if !self.detached { return "SIGHUP" },
            }
        }
    }
}
