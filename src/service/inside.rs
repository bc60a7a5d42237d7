//! Makes clients within the service's own process: the surfaces of a test or a demo, and one for each connection that the
//! server takes. It answers nothing itself.

use std::sync::{Arc, Weak};

use tokio::sync::{mpsc, watch};

use super::client::{Asked, Client, WAITING_REQUESTS};
use super::protocol::Hello;
use crate::model::Snapshot;

/// Where clients are made. It keeps nothing alive: when the hub goes, its clients notice.
#[derive(Debug, Clone)]
pub struct Door {
    requests: mpsc::WeakSender<Asked>,
    snapshots: Weak<watch::Sender<Arc<Snapshot>>>,
}

/// The hub's ends of the wires.
#[derive(Debug)]
pub(super) struct Desk {
    /// Requests, in the order in which they came.
    pub(super) requests: mpsc::Receiver<Asked>,
    /// Snapshots; each replaces the one before.
    pub(super) snapshots: Arc<watch::Sender<Arc<Snapshot>>>,
    /// Keeps the wire of requests open while no client is there.
    pub(super) _open: mpsc::Sender<Asked>,
}

/// Both ends of the wires between a hub and its clients.
#[must_use]
pub(super) fn wires() -> (Door, Desk) {
    let (sender, requests) = mpsc::channel(WAITING_REQUESTS);
    let snapshots = Arc::new(watch::Sender::new(Arc::new(Snapshot::default())));
    let door = Door { requests: sender.downgrade(), snapshots: Arc::downgrade(&snapshots) };
    (door, Desk { requests, snapshots, _open: sender })
}

impl Door {
    /// A client of this process's hub; nothing once the hub is gone.
    #[must_use]
    pub fn client(&self) -> Option<Client> {
        let snapshots = self.snapshots.upgrade()?.subscribe();
        Some(Client::new(self.requests.upgrade()?, snapshots, Hello::ours()))
    }
}
