//! Carries bytes between a local client and a channel: the only hot path. What each end of stream means is `pump`'s business.

mod pump;

use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use russh::client::Msg;
use russh::{ChannelMsg, ChannelReadHalf, ChannelWriteHalf};
use tokio::net::{TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;

use self::pump::{Act, Event, Pump};
use super::session::{Channel, Occupied};
use crate::local::socket;

/// A local client's connection.
#[derive(Debug)]
pub enum Client {
    /// Over TCP.
    Tcp(TcpStream),
    /// Over a Unix socket.
    Unix(UnixStream),
}

impl Client {
    /// Makes the coming close a reset. A Unix socket has none; its peer sees an end.
    pub fn reset(self) {
        match &self {
            Self::Tcp(stream) => socket::reset_on_close(stream),
            Self::Unix(_) => {}
        }
    }

    fn no_delay(&self) {
        match self {
            Self::Tcp(stream) => socket::no_delay(stream),
            Self::Unix(_) => {}
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.writable().await,
            Self::Unix(stream) => stream.writable().await,
        }
    }

    fn try_read(&self, buffer: &mut BytesMut) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read_buf(buffer),
            Self::Unix(stream) => stream.try_read_buf(buffer),
        }
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write_vectored(parts),
            Self::Unix(stream) => stream.try_write_vectored(parts),
        }
    }

    fn half_close(&self) {
        match self {
            Self::Tcp(stream) => socket::end_writing(stream),
            Self::Unix(stream) => socket::end_writing(stream),
        }
    }
}

/// What a tunnel has carried since the service started.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bytes from clients.
    pub to_database: AtomicU64,
    /// Bytes to clients.
    pub from_database: AtomicU64,
    /// Connections open now.
    pub open: AtomicU64,
    /// Connections since the start.
    pub total: AtomicU64,
}

/// Received bytes that may wait for one client.
const SPILL_PER_CLIENT: usize = 4 * 1024 * 1024;
/// Received bytes that may wait for all clients of this process.
const SPILL_IN_ALL: usize = 64 * 1024 * 1024;
/// The largest read from a client; russh cuts it into packets without copying.
const LARGE_READ: usize = 64 * 1024;
/// The first read after a pause: most requests are small, and a thousand idle clients should cost little.
const SMALL_READ: usize = 4 * 1024;
/// Pieces handed to one vectored write.
const PIECES: usize = 64;

/// How long the far side may take to close a channel that both sides have ended.
const CLOSE_PATIENCE: Duration = Duration::from_secs(10);

static SPILLED: AtomicUsize = AtomicUsize::new(0);

/// Bytes that wait for the client, counted against both limits.
#[derive(Default)]
struct Spill {
    pieces: VecDeque<Bytes>,
    bytes: usize,
}

impl Spill {
    fn push(&mut self, piece: Bytes) {
        self.bytes += piece.len();
        SPILLED.fetch_add(piece.len(), Ordering::Relaxed);
        self.pieces.push_back(piece);
    }

    fn consume(&mut self, mut count: usize) {
        self.bytes = self.bytes.saturating_sub(count);
        SPILLED.fetch_sub(count, Ordering::Relaxed);
        while let Some(first) = self.pieces.front_mut() {
            if first.len() > count {
                first.advance(count);
                return;
            }
            count -= first.len();
            self.pieces.pop_front();
        }
    }

    fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn is_full(&self) -> bool {
        // One piece may always wait, so that a full process does not starve a client that reads.
        self.bytes >= SPILL_PER_CLIENT || (self.bytes > 0 && SPILLED.load(Ordering::Relaxed) >= SPILL_IN_ALL)
    }
}

impl Drop for Spill {
    fn drop(&mut self) {
        SPILLED.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What this side is sending.
type Sending<'a> = Pin<Box<dyn Future<Output = Option<Event>> + Send + 'a>>;

/// Carries bytes both ways until both ends are done, or until `cut`. A clean end of the far side reaches the client as FIN,
/// any other as RST.
pub async fn carry(client: Client, channel: Channel, place: Place, counters: Arc<Counters>, cut: CancellationToken) {
    let Place(mut occupied) = place;
    client.no_delay();
    let end = occupied.session().end_token();
    let (mut incoming, outgoing) = channel.split();
    let mut spill = Spill::default();
    let mut pump = Pump::new();
    let mut sending: Option<Sending<'_>> = Some(Box::pin(upload(&client, &outgoing, &counters)));
    let (mut reset, mut close) = (false, false);
    // Made once: each would otherwise be entered in its list and taken out again for every few packets.
    let mut ended = std::pin::pin!(end.cancelled());
    let mut cut_off = std::pin::pin!(cut.cancelled());
    'connection: loop {
        let full = spill.is_full();
        occupied.set_stalled(full);
        let (first, second) = tokio::select! {
            // A session's end is told by its channel; the token ends those that hang.
            () = &mut ended => (Some(Event::Gone), None),
            () = &mut cut_off => { (reset, close) = (true, true); break }
            local = poll_sending(&mut sending) => { sending = None; (local, None) }
            (data, other) = receive(&mut incoming, &mut spill, &counters), if !full => (data.then_some(Event::Data), other),
            writable = client.writable(), if !spill.is_empty() => (writable.is_err().then_some(Event::LocalReset), None),
            () = tokio::time::sleep(CLOSE_PATIENCE), if pump.is_over() => (Some(Event::Overdue), None),
        };
        let third = write(&client, &mut spill);
        for event in [first, second, third].into_iter().flatten() {
            for act in pump.step(event) {
                match act {
                    Act::Deliver => {}
                    Act::FinLocal => client.half_close(),
                    // Never awaited here: while the session waits for this task to take data, it takes nothing from us.
                    Act::SendEof => sending = Some(Box::pin(say_eof(&outgoing))),
                    Act::CloseChannel => close = true,
                    Act::ResetLocal => reset = true,
                    Act::Finish => break 'connection,
                }
            }
        }
    }
    drop(sending);
    // What still arrives has no reader; a queue left open would block the session.
    drop(incoming);
    if close {
        occupied.session().count_abandoned();
        // A session that is gone has no channel to close.
        tokio::select! { _ = outgoing.close() => {} () = end.cancelled() => {} }
    }
    if reset {
        client.reset();
    }
}

async fn poll_sending(sending: &mut Option<Sending<'_>>) -> Option<Event> {
    match sending {
        Some(task) => task.await,
        None => std::future::pending().await,
    }
}

async fn say_eof(outgoing: &ChannelWriteHalf<Msg>) -> Option<Event> {
    // A session that is gone says so itself.
    let _ = outgoing.eof().await;
    None
}

/// A connection's place on its session, opaque outside this layer.
pub struct Place(pub(super) Occupied);

/// Takes what has arrived, several pieces at a time so that they go out in one write. Says whether there was data, and what
/// else came after it. Dropping the future loses nothing: only the first piece is waited for.
async fn receive(incoming: &mut ChannelReadHalf, spill: &mut Spill, counters: &Counters) -> (bool, Option<Event>) {
    let mut message = incoming.wait().await;
    let mut received = 0;
    loop {
        match message {
            Some(ChannelMsg::Data { data }) => {
                received += data.len();
                spill.push(data);
            }
            Some(ChannelMsg::Eof) => return (note(received, counters), Some(Event::Eof)),
            Some(ChannelMsg::Close) => return (note(received, counters), Some(Event::Close)),
            None => return (note(received, counters), Some(Event::Gone)),
            // Window adjustments and the like are russh's own business.
            Some(_) => {}
        }
        if spill.pieces.len() >= PIECES || spill.is_full() {
            return (note(received, counters), None);
        }
        message = tokio::select! {
            biased;
            next = incoming.wait() => next,
            () = std::future::ready(()) => return (note(received, counters), None),
        };
    }
}

fn note(received: usize, counters: &Counters) -> bool {
    counters.from_database.fetch_add(received as u64, Ordering::Relaxed);
    received > 0
}

/// Writes as much as the client takes now. Says when nothing is left, or that the client broke.
fn write(client: &Client, spill: &mut Spill) -> Option<Event> {
    if spill.is_empty() {
        return None;
    }
    loop {
        let slices: Vec<IoSlice<'_>> = spill.pieces.iter().take(PIECES).map(|piece| IoSlice::new(piece)).collect();
        match client.try_write(&slices) {
            Ok(0) => return Some(Event::LocalReset),
            Ok(count) => {
                spill.consume(count);
                if spill.is_empty() {
                    return Some(Event::Drained);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
            Err(_) => return Some(Event::LocalReset),
        }
    }
}

/// Carries the client's bytes until it ends or breaks.
async fn upload(client: &Client, outgoing: &ChannelWriteHalf<Msg>, counters: &Counters) -> Option<Event> {
    let mut size = SMALL_READ;
    loop {
        if client.readable().await.is_err() {
            return Some(Event::LocalReset);
        }
        let mut buffer = BytesMut::with_capacity(size);
        match client.try_read(&mut buffer) {
            Ok(0) => return Some(Event::LocalFin),
            Ok(count) => {
                size =
                    if count == size { (size * 4).min(LARGE_READ) } else { SMALL_READ.max(count.next_power_of_two()) };
                if outgoing.data_bytes(buffer.freeze()).await.is_err() {
                    return Some(Event::Gone);
                }
                counters.to_database.fetch_add(count as u64, Ordering::Relaxed);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => size = SMALL_READ,
            Err(_) => return Some(Event::LocalReset),
        }
    }
}
