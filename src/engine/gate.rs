//! The local port: bound as long as the tunnel is wanted; opens, holds or resets new connections. It carries no bytes itself.

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::event::Event;
use crate::local::{port_owner, socket};
use crate::model::{Advice, Code, Endpoint, Fault, Listen, Name};
use crate::ssh::{Client, Counters, Lane, OpenError, carry};

/// What happens to a new connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It is forwarded.
    Open,
    /// It waits for a session.
    Hold,
    /// It is reset.
    Refuse,
}

/// How long a connection is held before it is reset.
const HOLD: Duration = Duration::from_secs(15);
/// Connections that may be held at once; more are reset.
const HELD: usize = 1024;

/// What a tunnel's connections need.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) lane: Lane,
    pub(crate) target: Endpoint,
    pub(crate) counters: Arc<Counters>,
    /// Where forwards that opened or were refused are reported, while that is news.
    pub(crate) reports: mpsc::Sender<Event>,
    /// An opened forward would be news.
    pub(crate) curious: Arc<AtomicBool>,
}

/// The bound port.
pub(crate) struct Gate {
    mode: watch::Sender<Mode>,
    connections: TaskTracker,
    listening: CancellationToken,
    cut: CancellationToken,
}

enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, std::path::PathBuf),
}

impl Gate {
    /// Takes the port; it refuses until told otherwise.
    ///
    /// # Errors
    /// A fault of the `bind` rung.
    pub(crate) async fn bind(name: &Name, listen: &Listen, way: Way) -> Result<Self, Fault> {
        let listener = match listen {
            Listen::Tcp(address) => {
                Listener::Tcp(TcpListener::bind(address).await.map_err(|error| bind_fault(name, *address, &error))?)
            }
            Listen::Unix(path) => {
                let bound = socket::bind_private(path).and_then(UnixListener::from_std);
                let bound = bound.map_err(|error| unix_fault(path, &error))?;
                Listener::Unix(bound, path.clone())
            }
        };
        let gate = Self {
            mode: watch::Sender::new(Mode::Refuse),
            connections: TaskTracker::new(),
            listening: CancellationToken::new(),
            cut: CancellationToken::new(),
        };
        let door = Door {
            mode: gate.mode.subscribe(),
            connections: gate.connections.clone(),
            cut: gate.cut.clone(),
            held: Arc::new(AtomicUsize::new(0)),
            way,
        };
        gate.connections.spawn(accept(listener, door, gate.listening.clone()));
        Ok(gate)
    }

    /// What happens to new connections, and to those that are held.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Frees the port at once, then waits for the connections; those that are left after `patience` are cut.
    pub(crate) async fn release(&self, patience: Duration) {
        self.mode.send_replace(Mode::Refuse);
        self.listening.cancel();
        self.connections.close();
        let drained = tokio::time::timeout(patience, self.connections.wait());
        tokio::select! {
            drained = drained => if drained.is_err() { self.cut.cancel() },
            () = self.cut.cancelled() => {}
        }
        self.connections.wait().await;
    }

    /// Cuts what a release is waiting for.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }
}

#[derive(Clone)]
struct Door {
    mode: watch::Receiver<Mode>,
    connections: TaskTracker,
    cut: CancellationToken,
    held: Arc<AtomicUsize>,
    way: Way,
}

async fn accept(listener: Listener, door: Door, listening: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            () = listening.cancelled() => break,
            accepted = next(&listener) => accepted,
        };
        match accepted {
            Ok((client, origin)) => {
                door.connections.spawn(serve(client, origin, door.clone()));
            }
            // Out of file descriptors, or a client that gave up: the listener itself is whole.
            Err(error) => {
                tracing::warn!("cannot accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    if let Listener::Unix(_, path) = &listener {
        // Whoever replaced it meanwhile keeps theirs only by luck; the name is ours by configuration.
        let _ = std::fs::remove_file(path);
    }
}

async fn next(listener: &Listener) -> io::Result<(Client, Option<SocketAddr>)> {
    match listener {
        Listener::Tcp(listener) => listener.accept().await.map(|(stream, from)| (Client::Tcp(stream), Some(from))),
        Listener::Unix(listener, _) => listener.accept().await.map(|(stream, _)| (Client::Unix(stream), None)),
    }
}

/// A client whose connection ends as a reset unless something carries it.
struct Guest(Option<Client>);

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            client.reset();
        }
    }
}

async fn serve(client: Client, origin: Option<SocketAddr>, mut door: Door) {
    let mut guest = Guest(Some(client));
    let deadline = Instant::now() + HOLD;
    let way = door.way.clone();
    loop {
        let cut = door.cut.clone();
        let opened = async {
            if admitted(&mut door, deadline).await { Some(way.lane.open(&way.target, origin).await) } else { None }
        };
        let opened = tokio::select! {
            opened = opened => opened,
            () = cut.cancelled() => None,
        };
        let Some(opened) = opened else { return };
        match opened {
            Ok((channel, place)) => {
                if way.curious.load(Ordering::Relaxed) {
                    report(&way, Event::ForwardOpened);
                }
                let Some(client) = guest.0.take() else { return };
                let _counted = Counted::new(&way.counters);
                carry(client, channel, place, Arc::clone(&way.counters), door.cut.clone()).await;
                return;
            }
            Err(OpenError::Refused(fault)) => {
                report(&way, Event::ForwardRefused(*fault));
                return;
            }
            // The session ended under us: the tunnel will notice in a moment and hold.
            Err(OpenError::Lost) => {
                let pause = tokio::time::timeout(Duration::from_millis(50), door.mode.changed());
                if Instant::now() >= deadline || matches!(pause.await, Ok(Err(_))) {
                    return;
                }
            }
        }
    }
}

/// Waits until connections are forwarded; false when this one is to be reset.
async fn admitted(door: &mut Door, deadline: Instant) -> bool {
    match *door.mode.borrow_and_update() {
        Mode::Open => return true,
        Mode::Refuse => return false,
        Mode::Hold => {}
    }
    let _place = Held::new(&door.held);
    if door.held.load(Ordering::Relaxed) > HELD {
        return false;
    }
    let decided = door.mode.wait_for(|mode| *mode != Mode::Hold);
    match tokio::time::timeout_at(deadline, decided).await {
        Ok(Ok(mode)) => *mode == Mode::Open,
        Ok(Err(_)) | Err(_) => false,
    }
}

fn report(way: &Way, event: Event) {
    // Full means that the driver has the same news many times over.
    let _ = way.reports.try_send(event);
}

struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(held: &Arc<AtomicUsize>) -> Self {
        held.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(held))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Counted(Arc<Counters>);

impl Counted {
    fn new(counters: &Arc<Counters>) -> Self {
        counters.open.fetch_add(1, Ordering::Relaxed);
        counters.total.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counters))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn bind_fault(name: &Name, address: SocketAddr, error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let holder = port_owner::holder(address);
            let who = holder.map_or_else(
                || "a process that this user cannot see".to_owned(),
                |holder| format!("{} (process {})", holder.program, holder.pid),
            );
            let fault = Fault::new(Code::PortInUse, format!("{address} is taken by {who}"));
            elsewhere(fault, "stop that process, or let this tunnel listen on a port that is free", name)
        }
        io::ErrorKind::PermissionDenied => {
            let fault = Fault::new(Code::PortForbidden, format!("this user may not listen on {address}"));
            elsewhere(fault, "ports below 1024 are for root: listen on a higher one", name)
        }
        io::ErrorKind::AddrNotAvailable => {
            let fault = Fault::new(Code::AddressNotLocal, format!("{address} is not an address of this machine"));
            elsewhere(fault, "listen on an address that this machine has, such as 127.0.0.1", name)
        }
        _ => Fault::new(Code::PortForbidden, format!("cannot listen on {address}: {error}")),
    }
}

/// Adds a free port as advice, with the command that takes it.
fn elsewhere(fault: Fault, words: &str, name: &Name) -> Fault {
    match port_owner::free_port(port_owner::TUNNEL_PORTS, &BTreeSet::new()) {
        Some(port) => {
            fault.advise(Advice::command(words, format!("adit tunnel edit {name} --listen 127.0.0.1:{port}")))
        }
        None => fault.advise(Advice::words(words)),
    }
}

fn unix_fault(path: &std::path::Path, error: &io::Error) -> Fault {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::AlreadyExists => {
            Fault::new(Code::PortInUse, format!("unix:{path} is taken: {error}"))
                .advise(Advice::words("give this tunnel another path, or move away what is there"))
        }
        _ => Fault::new(Code::PortForbidden, format!("cannot listen on unix:{path}: {error}"))
            .advise(Advice::words("the folder must exist and be yours")),
    }
}
