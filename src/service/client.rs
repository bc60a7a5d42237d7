//! What a surface holds of the service: requests go in, replies and snapshots come out. It does not know whether the service
//! is in this process, behind a socket, or a test's script.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};

use super::protocol::{Hello, Reply, Request};
use crate::model::Snapshot;

/// A request with the way back.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Where the reply goes; whoever asked may have gone meanwhile.
    pub reply: oneshot::Sender<Reply>,
}

/// How many requests may wait for the other side to take them; more wait with whoever asks.
pub(super) const WAITING_REQUESTS: usize = 32;

/// Two channel ends. Clones share them.
#[derive(Debug, Clone)]
pub struct Client {
    requests: mpsc::Sender<Asked>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    peer: Hello,
}

/// Why a request has no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The service ended, or the way to it did.
    #[error("the background service ended before it answered")]
    Gone,
}

impl Client {
    /// Takes over two channel ends; `peer` is who answers.
    #[must_use]
    pub fn new(requests: mpsc::Sender<Asked>, snapshots: watch::Receiver<Arc<Snapshot>>, peer: Hello) -> Self {
        Self { requests, snapshots, peer }
    }

    /// Asks and waits for the reply, however long the service needs; a wait that is given up does not undo the request.
    /// After the reply the snapshots are at least as new as it.
    pub async fn request(&self, request: Request) -> Result<Reply, ClientError> {
        self.send(request).await?.await.map_err(|_| ClientError::Gone)
    }

    /// Asks without waiting. Requests are taken in the order in which this returns.
    pub(super) async fn send(&self, request: Request) -> Result<oneshot::Receiver<Reply>, ClientError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(Asked { request, reply }).await.map_err(|_| ClientError::Gone)?;
        Ok(answer)
    }

    /// The newest snapshot, now and whenever it changes (latest wins). Its channel closes when the service goes.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.snapshots.clone()
    }

    /// The newest snapshot.
    #[must_use]
    pub fn latest(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    /// Who answers.
    #[must_use]
    pub fn peer(&self) -> &Hello {
        &self.peer
    }
}

/// The place of a service that is not there yet, behind a client that asks already.
#[derive(Debug)]
pub struct Seat {
    requests: mpsc::Receiver<Asked>,
    snapshots: watch::Sender<Arc<Snapshot>>,
}

/// A client before its service: what it asks waits, and it has no state, until somebody takes the seat. Left empty, it is as if the
/// service had gone.
#[must_use]
pub fn early() -> (Client, Seat) {
    let (requests, asked) = mpsc::channel(WAITING_REQUESTS);
    let (publish, snapshots) = watch::channel(Arc::default());
    (Client::new(requests, snapshots, Hello::ours()), Seat { requests: asked, snapshots: publish })
}

impl Seat {
    /// Lets this service answer, until it goes or nobody asks any more.
    pub async fn take(mut self, service: Client) {
        let mut news = service.snapshots();
        news.mark_changed();
        loop {
            tokio::select! {
                asked = self.requests.recv() => match asked {
                    // A service that is gone drops it, which is the answer.
                    Some(asked) => { let _ = service.requests.send(asked).await; }
                    None => return,
                },
                changed = news.changed() => match changed {
                    Ok(()) => { self.snapshots.send_replace(Arc::clone(&news.borrow_and_update())); }
                    Err(_) => return,
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_asked_early_waits_for_the_service() {
        let (client, seat) = early();
        let waiting = tokio::spawn({
            let client = client.clone();
            async move { client.request(Request::Reload).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        let (requests, mut asked) = mpsc::channel(1);
        let state = Snapshot { config_error: Some("x".to_owned()), ..Snapshot::default() };
        let (publish, snapshots) = watch::channel(Arc::new(state));
        let seated = tokio::spawn(seat.take(Client::new(requests, snapshots, Hello::ours())));
        let first: Asked = asked.recv().await.unwrap();
        first.reply.send(Reply::Done).unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(Reply::Done));
        let mut news = client.snapshots();
        news.wait_for(|snapshot| snapshot.config_error.is_some()).await.unwrap();
        drop((publish, asked));
        assert!(news.changed().await.is_err(), "it is gone");
        seated.await.unwrap();
        assert_eq!(client.request(Request::Status).await, Err(ClientError::Gone));
    }

    #[tokio::test]
    async fn an_empty_seat_is_a_service_that_is_gone() {
        let (client, seat) = early();
        drop(seat);
        assert_eq!(client.request(Request::Status).await, Err(ClientError::Gone));
        assert!(client.snapshots().changed().await.is_err());
    }

    #[tokio::test]
    async fn a_script_can_stand_in_for_the_service() {
        let (requests, mut asked) = mpsc::channel(1);
        let (publish, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let client = Client::new(requests, snapshots, Hello::ours());
        let script = tokio::spawn(async move {
            let first: Asked = asked.recv().await.unwrap();
            assert!(matches!(first.request, Request::Reload));
            publish.send_modify(|snapshot| Arc::make_mut(snapshot).config_error = Some("x".to_owned()));
            first.reply.send(Reply::Done).unwrap();
        });
        assert_eq!(client.request(Request::Reload).await, Ok(Reply::Done));
        assert_eq!(client.latest().config_error.as_deref(), Some("x"));
        script.await.unwrap();
        assert_eq!(client.request(Request::Status).await, Err(ClientError::Gone));
    }
}
