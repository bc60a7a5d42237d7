//! A client of the service behind the private socket. It starts nothing: that is `start`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout_at};

use super::client::{Asked, Client, WAITING_REQUESTS};
use super::frame::{self, Decoder, FrameError};
use super::protocol::{Call, Hello, PROTOCOL, Reply, Request, Update};
use super::socket;
use crate::config::Paths;
use crate::local::process::own_uid;
use crate::model::Snapshot;

/// A service that is alive answers within this time, also while all its seats are taken by others who come and go.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pause before a full queue is tried again.
const BREATH: Duration = Duration::from_millis(20);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// No service runs.
    #[error("no background service runs at {socket}; start one with `adit daemon start`")]
    NotRunning {
        /// Where it would be.
        socket: PathBuf,
    },
    /// The service speaks other words.
    #[error(
        "the background service (version {version}, process {pid}) speaks version {theirs} of the protocol, this adit \
         version {ours}; end it with `kill {pid}`, then start it again with this adit"
    )]
    OtherVersion {
        /// Its version of the protocol.
        theirs: u32,
        /// Ours.
        ours: u32,
        /// Its process.
        pid: u32,
        /// Its program's version.
        version: String,
    },
    /// Something accepts and does not answer.
    #[error("the background service{} does not answer at {socket} within {} s", process(*pid), PATIENCE.as_secs())]
    Silent {
        /// Where.
        socket: PathBuf,
        /// The process that holds the lock, as far as known.
        pid: Option<u32>,
    },
    /// What answers is no service of ours.
    #[error("what answers at {socket} is not adit's background service: {why}")]
    Foreign {
        /// Where.
        socket: PathBuf,
        /// How it showed.
        why: String,
    },
    /// The socket cannot be used.
    #[error("cannot connect to {socket}: {error}")]
    Unusable {
        /// Where.
        socket: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A service was started and did not come up.
    #[error("the background service did not start: {reason}")]
    NotStarted {
        /// Its last words, or what kept it from being started.
        reason: String,
    },
}

fn process(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// Attaches to the service of these places, if one runs, and hands it this process's `SSH_AUTH_SOCK`. The first snapshot is
/// there when this returns.
pub async fn attach(paths: &Paths) -> Result<Client, AttachError> {
    attach_at(&paths.socket).await
}

pub(super) async fn attach_at(socket: &Path) -> Result<Client, AttachError> {
    let deadline = Instant::now() + PATIENCE;
    let stream = connect(socket, deadline).await?;
    let owner = stream.peer_cred().map_err(|error| AttachError::Unusable { socket: socket.to_owned(), error })?.uid();
    if owner != own_uid() {
        let why = format!("it belongs to user {owner}");
        return Err(AttachError::Foreign { socket: socket.to_owned(), why });
    }
    let (from, to) = stream.into_split();
    let greeted = timeout_at(deadline, greet(socket, from, to)).await;
    let greeted =
        greeted.map_err(|_| AttachError::Silent { socket: socket.to_owned(), pid: socket::holder(socket) })?;
    let (peer, first, from, to, decoder) = greeted?;
    let (requests, asked) = mpsc::channel(WAITING_REQUESTS);
    let (publish, snapshots) = watch::channel(first);
    tokio::spawn(carry(from, to, decoder, asked, publish));
    let client = Client::new(requests, snapshots, peer);
    if let Some(agent) = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()) {
        // Nobody waits for the reply; a service that goes shows at the next request.
        let _ = client.send(Request::Agent { socket: Some(agent.into()) }).await;
    }
    Ok(client)
}

async fn connect(socket: &Path, deadline: Instant) -> Result<UnixStream, AttachError> {
    loop {
        match UnixStream::connect(socket).await {
            Ok(stream) => return Ok(stream),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Err(AttachError::NotRunning { socket: socket.to_owned() });
            }
            // The queue is full: somebody lives there (unix(7), EAGAIN).
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < deadline => {
                sleep(BREATH).await;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(AttachError::Silent { socket: socket.to_owned(), pid: socket::holder(socket) });
            }
            Err(error) => return Err(AttachError::Unusable { socket: socket.to_owned(), error }),
        }
    }
}

type Greeted = (Hello, Arc<Snapshot>, OwnedReadHalf, OwnedWriteHalf, Decoder);

async fn greet(socket: &Path, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> Result<Greeted, AttachError> {
    let foreign = |error: FrameError| match error {
        // It ended while we came in.
        FrameError::Io(_) | FrameError::Cut => AttachError::NotRunning { socket: socket.to_owned() },
        other => AttachError::Foreign { socket: socket.to_owned(), why: other.to_string() },
    };
    let gone = || AttachError::NotRunning { socket: socket.to_owned() };
    let hello = frame::encode(&Hello::ours(), frame::FROM_CLIENT).map_err(foreign)?;
    to.write_all(&hello).await.map_err(|error| foreign(error.into()))?;
    let mut decoder = Decoder::new(frame::FROM_SERVICE);
    let peer: Hello = decoder.read(&mut from).await.map_err(foreign)?.ok_or_else(gone)?;
    if peer.protocol != PROTOCOL {
        let Hello { protocol: theirs, version, pid } = peer;
        let version = crate::model::Untrusted::new(version).clean(40);
        return Err(AttachError::OtherVersion { theirs, ours: PROTOCOL, pid, version });
    }
    loop {
        match decoder.read(&mut from).await.map_err(foreign)?.ok_or_else(gone)? {
            Update::Snapshot { snapshot } => return Ok((peer, snapshot, from, to, decoder)),
            Update::Reply { .. } => {}
        }
    }
}

/// Replies to come, by the number of their call.
#[derive(Default)]
struct Open(Mutex<BTreeMap<u64, oneshot::Sender<Reply>>>);

impl Open {
    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<u64, oneshot::Sender<Reply>>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Carries requests out and updates in until either side is gone; whoever waits for a reply then learns of it.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut decoder: Decoder,
    mut asked: mpsc::Receiver<Asked>,
    publish: watch::Sender<Arc<Snapshot>>,
) {
    let open = Open::default();
    let outward = async {
        let mut last = 0_u64;
        while let Some(Asked { request, reply }) = asked.recv().await {
            last = last.wrapping_add(1);
            let frame = match frame::encode(&Call { id: last, request }, frame::FROM_CLIENT) {
                Ok(frame) => frame,
                Err(error) => {
                    let message = format!("the request cannot be sent: {error}");
                    // Whoever asked may have gone.
                    let _ = reply.send(Reply::Refused { code: 2, message });
                    continue;
                }
            };
            open.with(|open| open.insert(last, reply));
            if to.write_all(&frame).await.is_err() {
                break;
            }
        }
    };
    let inward = async {
        while let Ok(Some(update)) = decoder.read::<Update>(&mut from).await {
            match update {
                Update::Snapshot { snapshot } => {
                    publish.send_replace(snapshot);
                }
                Update::Reply { id, answer } => {
                    if let Some(reply) = open.with(|open| open.remove(&id)) {
                        // Whoever asked may have gone.
                        let _ = reply.send(answer);
                    }
                }
            }
        }
    };
    tokio::select! {
        () = outward => {}
        () = inward => {}
    }
}
