//! Made-up clients of a made-up database: they connect to a local port, ask and write with a believable rhythm, leave and come
//! back. They are bounded in number and size, and the same seed asks the same questions.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::io::BufStream;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::database::Speaks;

mod rhythm;
mod talk;

use rhythm::Beat;
pub use rhythm::Rhythm;
use talk::Talk;

/// The most clients of one profile.
const MOST_CLIENTS: usize = 16;
/// How long a connection, a login or an answer may take; a tunnel that is away holds a client for 15 s.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who asks, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// How many clients; at most 16 are made.
    pub clients: usize,
    /// How each of them asks.
    pub rhythm: Rhythm,
}

/// Running clients. They stop when this is dropped.
pub struct Traffic {
    answers: Arc<AtomicU64>,
    paused: watch::Sender<bool>,
    _life: DropGuard,
}

impl Traffic {
    /// Starts clients that speak this protocol to this address. They end with `stop`, too.
    #[must_use]
    pub fn start(speaks: Speaks, address: SocketAddr, profile: Profile, seed: u64, stop: &CancellationToken) -> Self {
        let stop = stop.child_token();
        let (answers, paused) = (Arc::new(AtomicU64::new(0)), watch::Sender::new(false));
        for number in 0..profile.clients.min(MOST_CLIENTS) {
            let client = Client {
                speaks,
                address,
                rhythm: profile.rhythm,
                random: StdRng::seed_from_u64(seed ^ (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
                paused: paused.subscribe(),
                answers: Arc::clone(&answers),
            };
            tokio::spawn(stop.clone().run_until_cancelled_owned(client.live()));
        }
        Self { answers, paused, _life: stop.drop_guard() }
    }

    /// Lets the clients rest, connected, or go on.
    pub fn pause(&self, paused: bool) {
        self.paused.send_replace(paused);
    }

    /// How many questions were answered so far.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.answers.load(Ordering::Relaxed)
    }
}

/// One made-up client.
struct Client {
    speaks: Speaks,
    address: SocketAddr,
    rhythm: Rhythm,
    random: StdRng,
    paused: watch::Receiver<bool>,
    answers: Arc<AtomicU64>,
}

impl Client {
    async fn live(mut self) {
        // Not all at the same moment.
        self.rest(0, 1500).await;
        loop {
            match self.visit().await {
                Ok(()) => self.rest(200, 3000).await,
                // The database or the tunnel is away.
                Err(_) => self.rest(1000, 4000).await,
            }
        }
    }

    async fn rest(&mut self, least_ms: u64, most_ms: u64) {
        let ms = self.random.random_range(least_ms..=most_ms);
        sleep(Duration::from_millis(ms)).await;
    }

    /// Connects, asks for a while and leaves.
    async fn visit(&mut self) -> std::io::Result<()> {
        self.wait_while_paused().await;
        let stream = timeout(PATIENCE, TcpStream::connect(self.address)).await??;
        stream.set_nodelay(true)?;
        let mut talk = Talk::new(self.speaks, BufStream::with_capacity(64 * 1024, 16 * 1024, stream));
        timeout(PATIENCE, talk.log_in()).await??;
        let end = Instant::now() + Duration::from_secs(self.random.random_range(15..=60));
        let mut beat = Beat::new(self.rhythm);
        while Instant::now() < end {
            self.wait_while_paused().await;
            let (ask, pause) = beat.next(&mut self.random);
            timeout(PATIENCE, talk.ask(ask)).await??;
            self.answers.fetch_add(1, Ordering::Relaxed);
            sleep(pause).await;
        }
        timeout(PATIENCE, talk.leave()).await?
    }

    async fn wait_while_paused(&mut self) {
        // The sender being gone means that this client ends, too.
        let _ = self.paused.wait_for(|paused| !paused).await;
    }
}
