//! Database servers that answer as the real ones do, on a loopback port, with made-up rows. They hold no data, check no
//! password and write no file.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error::SandboxError;
use crate::model::Port;

mod answers;
mod mariadb;
mod postgres;
mod redis;
mod sqlserver;

/// The one account that the sandbox's databases let in, with any password; PostgreSQL lets everybody in.
pub const ACCOUNT: &str = "app";
/// The address that the databases believe their client has: the bastion's.
const SEEN_FROM: &str = "10.0.1.5";
/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 128;

/// Which protocol a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// PostgreSQL, simple and extended queries.
    Postgres,
    /// MariaDB, text protocol.
    Mariadb,
    /// Redis, RESP 2.
    Redis,
    /// SQL Server, TDS 7.4.
    Sqlserver,
}

/// How a server feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mood {
    /// It answers.
    #[default]
    Well,
    /// It accepts and says nothing (`silent`).
    Silent,
    /// It accepts and closes (`closed_by_database`).
    Closes,
    /// It has no room for one more connection (`too_many_connections`).
    Full,
    /// It is starting (`starting_up`); SQL Server closes instead.
    Starting,
    /// It does not let the bastion's address in (`host_not_allowed`); SQL Server closes instead.
    Forbids,
    /// It has blocked the bastion's address (`host_blocked`); only MariaDB knows that, the others forbid.
    Blocks,
    /// It speaks only TLS (`tls_required`); Redis then says nothing to clear text.
    WantsTls,
}

/// A running database; clones are the same one. It ends when the last clone is dropped.
#[derive(Clone)]
pub struct Database {
    address: SocketAddr,
    port: Port,
    mood: Arc<watch::Sender<Mood>>,
    _life: Arc<DropGuard>,
}

impl Database {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(speaks: Speaks) -> Result<Self, SandboxError> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| SandboxError::no_port(&error))?;
        let address = listener.local_addr().map_err(|error| SandboxError::no_port(&error))?;
        let port = Port::new(address.port())
            .ok_or_else(|| SandboxError::NoPort { why: "the system gave port 0".to_owned() })?;
        let stop = CancellationToken::new();
        let mood = Arc::new(watch::Sender::new(Mood::Well));
        tokio::spawn(serve(listener, speaks, mood.subscribe(), stop.clone()));
        Ok(Self { address, port, mood, _life: Arc::new(stop.drop_guard()) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> Port {
        self.port
    }

    /// Changes how it feels, from the next connection on.
    pub fn feel(&self, mood: Mood) {
        self.mood.send_replace(mood);
    }
}

async fn serve(listener: TcpListener, speaks: Speaks, mood: watch::Receiver<Mood>, stop: CancellationToken) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let shelf = redis::Shelf::default();
    loop {
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, stream) = tokio::select! {
            () = stop.cancelled() => return,
            (permit, accepted) = accepted => match accepted {
                Ok((stream, _)) => (permit, stream),
                Err(_) => {
                    // Out of descriptors, or a client that left again.
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                    continue;
                }
            }
        };
        let (stop, mood, shelf) = (stop.clone(), *mood.borrow(), shelf.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                // A conversation that breaks is the client's to judge.
                _ = converse(stream, speaks, mood, shelf) => {}
            }
            drop(permit);
        });
    }
}

async fn converse(stream: TcpStream, speaks: Speaks, mood: Mood, shelf: redis::Shelf) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufStream::with_capacity(4 * 1024, 32 * 1024, stream);
    match mood {
        Mood::Silent => return drain(&mut stream).await,
        Mood::Closes => return Ok(()),
        _ => {}
    }
    match speaks {
        Speaks::Postgres => postgres::converse(&mut stream, mood).await?,
        Speaks::Mariadb => mariadb::converse(&mut stream, mood).await?,
        Speaks::Redis => redis::converse(&mut stream, mood, &shelf).await?,
        Speaks::Sqlserver => sqlserver::converse(&mut stream, mood).await?,
    }
    stream.shutdown().await?;
    // Closing with unread bytes would be a reset, which may overtake the last answer.
    let parting = std::time::Duration::from_secs(1);
    tokio::time::timeout(parting, drain(&mut stream)).await.unwrap_or(Ok(()))
}

/// Reads and says nothing until the client leaves.
async fn drain(stream: &mut BufStream<TcpStream>) -> std::io::Result<()> {
    let mut sink = [0; 4096];
    while stream.read(&mut sink).await? > 0 {}
    Ok(())
}
