//! The byte stream under an SSH session: read-ahead, prompt acknowledgements, a switch that ends it, and the time it last
//! heard something. It knows nothing of SSH packets.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::local::socket;

/// What carries the bytes of one hop.
pub(crate) enum Transport {
    /// A connection of our own.
    Tcp(TcpStream),
    /// A forward through the hop before.
    Hop(Box<russh::ChannelStream<russh::client::Msg>>),
}

/// Proof of life: when bytes last arrived.
pub(crate) struct Life {
    start: Instant,
    heard_ms: AtomicU64,
}

impl Life {
    fn new() -> Self {
        Self { start: Instant::now(), heard_ms: AtomicU64::new(0) }
    }

    fn heard(&self) {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.heard_ms.store(now, Ordering::Relaxed);
    }

    /// How long ago bytes last arrived.
    pub(crate) fn silence(&self) -> Duration {
        self.start.elapsed().saturating_sub(Duration::from_millis(self.heard_ms.load(Ordering::Relaxed)))
    }
}

/// Read-ahead starts small, because most sessions idle, and grows with the first large read.
const SMALL_BUFFER: usize = 16 * 1024;
/// A larger read-ahead no longer saves system calls.
const LARGE_BUFFER: usize = 256 * 1024;

/// The stream handed to russh. Cutting its token ends every read and write at once: russh's session task outlives the future
/// that started it, and only a failing stream stops it.
pub(crate) struct Wire {
    transport: Transport,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    life: Arc<Life>,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl Wire {
    /// A stream that first yields what was already read.
    pub(crate) fn new(transport: Transport, already: Vec<u8>, cut: CancellationToken) -> Self {
        let end = already.len();
        let mut buffer = already;
        buffer.resize(SMALL_BUFFER.max(end), 0);
        let life = Arc::new(Life::new());
        Self { transport, buffer, start: 0, end, life, cut: Box::pin(cut.cancelled_owned()) }
    }

    /// The stream's clock of life.
    pub(crate) fn life(&self) -> Arc<Life> {
        Arc::clone(&self.life)
    }

    fn check_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the session was ended")),
            Poll::Pending => Ok(()),
        }
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut window = ReadBuf::new(&mut self.buffer);
        match &mut self.transport {
            Transport::Tcp(stream) => {
                ready!(Pin::new(&mut *stream).poll_read(cx, &mut window))?;
                socket::acknowledge_now(stream);
            }
            Transport::Hop(stream) => ready!(Pin::new(stream).poll_read(cx, &mut window))?,
        }
        let filled = window.filled().len();
        self.start = 0;
        self.end = filled;
        if filled > 0 {
            self.life.heard();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_cut(cx)?;
        if this.start == this.end {
            if this.end == this.buffer.len() && this.buffer.len() < LARGE_BUFFER {
                this.buffer.resize(LARGE_BUFFER, 0);
            }
            ready!(this.fill(cx))?;
        }
        let ahead = this.buffer.get(this.start..this.end).unwrap_or_default();
        let part = ahead.get(..ahead.len().min(out.remaining())).unwrap_or_default();
        out.put_slice(part);
        this.start += part.len();
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_cut(cx)?;
        match &mut this.transport {
            Transport::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Transport::Hop(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match &mut this.transport {
            Transport::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Transport::Hop(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match &mut this.transport {
            Transport::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Transport::Hop(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
