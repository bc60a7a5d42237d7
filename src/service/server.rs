//! Takes connections on the private socket and gives each a client of the hub. What requests mean is the hub's business.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::client::Client;
use super::frame::{self, Decoder, FrameError};
use super::inside::Door;
use super::protocol::{Call, Hello, PROTOCOL, Reply, Update};
use crate::local::process::own_uid;
use crate::model::Snapshot;

/// Clients at a time. More wait in the kernel's queue until one leaves.
const CLIENTS: usize = 32;

/// A connection must say Hello within this time.
const HELLO: Duration = Duration::from_secs(2);

/// A client that does not read for this long is dropped.
const PATIENCE: Duration = Duration::from_secs(5);

/// A client with more than this waiting for it is dropped.
const OUTBOX: usize = 1 << 20;

/// Requests of one client under way; more wait unread.
const IN_FLIGHT: usize = 32;

/// Pause after a connection could not be taken: it is mostly for want of descriptors, which comes back at once.
const BREATH: Duration = Duration::from_millis(100);

/// How long connections may take to notice the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a connection ended other than by the client's leaving.
#[derive(Debug, thiserror::Error)]
enum Ending {
    #[error("it belongs to user {0}")]
    Stranger(u32),
    #[error("it did not say Hello within {} s", HELLO.as_secs())]
    Mute,
    #[error("it speaks version {0} of the protocol, this service {PROTOCOL}")]
    OtherVersion(u32),
    #[error("it does not read what it asked for")]
    Deaf,
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Serves until told to stop accepting, then until the hub is gone or its clients are.
pub(super) async fn serve(listener: UnixListener, door: Door, stop: CancellationToken) {
    let seats = Arc::new(Semaphore::new(CLIENTS));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = connections.join_next() => {
                tell(ended);
                continue;
            }
            accepted = accept(&listener, &seats) => accepted,
        };
        match accepted {
            Ok((stream, seat)) => {
                let door = door.clone();
                connections.spawn(async move {
                    let ending = converse(stream, &door).await;
                    drop(seat);
                    ending
                });
            }
            Err(error) => {
                tracing::warn!("cannot take a connection: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    // The hub goes on while it closes tunnels; its end is the connections' end.
    while let Some(ended) = connections.join_next().await {
        tell(ended);
    }
}

/// Waits for the connections of `serve` after the hub has gone.
pub(super) async fn farewell(serving: tokio::task::JoinHandle<()>) {
    let abort = serving.abort_handle();
    if timeout(FAREWELL, serving).await.is_err() {
        abort.abort();
    }
}

async fn accept(
    listener: &UnixListener,
    seats: &Arc<Semaphore>,
) -> io::Result<(UnixStream, tokio::sync::OwnedSemaphorePermit)> {
    let seat = Arc::clone(seats).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, seat))
}

fn tell(ended: Result<Result<(), Ending>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(ending)) => tracing::info!("a client was let go: {ending}"),
        Err(error) if error.is_panic() => tracing::error!("the task of a client ended in a panic"),
        Err(_) => {}
    }
}

async fn converse(stream: UnixStream, door: &Door) -> Result<(), Ending> {
    let peer = stream.peer_cred()?.uid();
    if peer != own_uid() {
        return Err(Ending::Stranger(peer));
    }
    let (mut from, mut to) = stream.into_split();
    let mut decoder = Decoder::new(frame::FROM_CLIENT);
    let hello = frame::encode(&Hello::ours(), frame::FROM_SERVICE)?;
    let greeting = async {
        to.write_all(&hello).await?;
        decoder.read::<Hello>(&mut from).await
    };
    let theirs = match timeout(HELLO, greeting).await.map_err(|_| Ending::Mute)? {
        Ok(Some(theirs)) => theirs,
        // A probe that connects and leaves is no client, nor is one who lost patience in the queue.
        Ok(None) => return Ok(()),
        Err(FrameError::Io(error)) if has_left(&error) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    if theirs.protocol != PROTOCOL {
        return Err(Ending::OtherVersion(theirs.protocol));
    }
    let Some(client) = door.client() else { return Ok(()) };
    let (outbox, waiting) = Outbox::new();
    let snapshots = client.snapshots();
    let gone = outbox.gone.clone();
    let reading = async {
        let result = read(from, decoder, client, outbox.clone()).await;
        outbox.gone.cancel();
        result
    };
    let writing = async {
        let result = write(to, snapshots, waiting, &outbox).await;
        gone.cancel();
        result
    };
    let (read, written) = tokio::join!(reading, writing);
    // A client that has left makes the other direction fail too; the reason is the reader's.
    read.and(written)
}

/// Frames on their way to one client, counted.
#[derive(Clone)]
struct Outbox {
    frames: mpsc::Sender<Zeroizing<Vec<u8>>>,
    bytes: Arc<AtomicUsize>,
    gone: CancellationToken,
}

impl Outbox {
    /// Bounded by the requests under way; each of them leaves one frame.
    fn new() -> (Self, mpsc::Receiver<Zeroizing<Vec<u8>>>) {
        let (frames, waiting) = mpsc::channel(IN_FLIGHT);
        (Self { frames, bytes: Arc::new(AtomicUsize::new(0)), gone: CancellationToken::new() }, waiting)
    }

    async fn push(&self, id: u64, answer: Reply) {
        let frame = frame::encode(&Update::Reply { id, answer }, frame::FROM_SERVICE).or_else(|error| {
            let answer = Reply::Refused { code: 1, message: format!("the answer cannot be sent: {error}") };
            frame::encode(&Update::Reply { id, answer }, frame::FROM_SERVICE)
        });
        let Ok(frame) = frame else { return };
        let before = self.bytes.fetch_add(frame.len(), Ordering::Relaxed);
        // A single long answer is no sign of a client that does not read.
        if before > 0 && before.saturating_add(frame.len()) > OUTBOX {
            self.gone.cancel();
            return;
        }
        // The writer is gone with its client.
        let _ = self.frames.send(frame).await;
    }
}

/// Hands requests to the hub in their order. Once handed over, a request is finished even when its client vanishes.
async fn read(mut from: OwnedReadHalf, mut decoder: Decoder, client: Client, outbox: Outbox) -> Result<(), Ending> {
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    loop {
        let next = async {
            let seat = Arc::clone(&room).acquire_owned().await;
            (seat, decoder.read::<Call>(&mut from).await)
        };
        let (seat, call) = tokio::select! {
            () = outbox.gone.cancelled() => return Ok(()),
            next = next => next,
        };
        let call = match call {
            Ok(Some(call)) => call,
            Ok(None) => return Ok(()),
            // To leave in a hurry is no fault.
            Err(FrameError::Io(error)) if has_left(&error) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let Ok(answer) = client.send(call.request).await else { return Ok(()) };
        let outbox = outbox.clone();
        tokio::spawn(async move {
            if let Ok(answer) = answer.await {
                outbox.push(call.id, answer).await;
            }
            drop(seat);
        });
    }
}

/// Sends the newest snapshot whenever it changed, and replies; never a reply before the snapshot that goes with it.
async fn write(
    mut to: OwnedWriteHalf,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
    mut waiting: mpsc::Receiver<Zeroizing<Vec<u8>>>,
    outbox: &Outbox,
) -> Result<(), Ending> {
    snapshots.mark_changed();
    loop {
        let reply = tokio::select! {
            biased;
            () = outbox.gone.cancelled() => {
                let over = outbox.bytes.load(Ordering::Relaxed) > OUTBOX;
                return if over { Err(Ending::Deaf) } else { Ok(()) };
            }
            changed = snapshots.changed() => match changed {
                Ok(()) => {
                    snapshots.mark_changed();
                    None
                }
                Err(_) => return last_words(&mut to, &mut waiting).await,
            },
            Some(frame) = waiting.recv() => Some(frame),
        };
        if snapshots.has_changed().unwrap_or(false) {
            let snapshot = Arc::clone(&snapshots.borrow_and_update());
            send(&mut to, &frame::encode(&Update::Snapshot { snapshot }, frame::FROM_SERVICE)?).await?;
        }
        if let Some(frame) = reply {
            send(&mut to, &frame).await?;
            outbox.bytes.fetch_sub(frame.len(), Ordering::Relaxed);
        }
    }
}

/// The replies that were ready when the hub went.
async fn last_words(to: &mut OwnedWriteHalf, waiting: &mut mpsc::Receiver<Zeroizing<Vec<u8>>>) -> Result<(), Ending> {
    while let Ok(frame) = waiting.try_recv() {
        send(to, &frame).await?;
    }
    Ok(())
}

fn has_left(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset)
}

async fn send(to: &mut OwnedWriteHalf, frame: &[u8]) -> Result<(), Ending> {
    match timeout(PATIENCE, to.write_all(frame)).await {
        Ok(Ok(())) => Ok(()),
        // The reader notices too, and ends the conversation.
        Ok(Err(error)) if has_left(&error) => Ok(()),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(Ending::Deaf),
    }
}

#[cfg(test)]
mod tests;
