//! Starts, stops and replaces the tunnels' tasks. What a tunnel does is its own machine's business.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};

use super::driver::{Driver, Mail};
use super::event::{Event, Nudge};
use super::publish::{Cell, Recent, View};
use super::{Notice, Plan, Status};
use crate::model::{Change, Name};
use crate::ssh::Pool;

/// All tunnels of this process; clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool,
    notices: mpsc::Sender<Notice>,
    changes: watch::Sender<u64>,
    recent: Recent,
    tunnels: Mutex<BTreeMap<Name, Entry>>,
    start: Instant,
}

struct Entry {
    cell: Arc<Cell>,
    /// Unbounded on this side only: each of a person's requests must arrive, and there are few.
    requests: mpsc::UnboundedSender<Mail>,
}

impl Engine {
    /// An engine without tunnels. Needs a tokio runtime.
    #[must_use]
    pub fn start(pool: Pool, notices: mpsc::Sender<Notice>) -> Self {
        let inner = Inner {
            pool,
            notices,
            changes: watch::Sender::new(0),
            recent: Recent::default(),
            tunnels: Mutex::default(),
            start: Instant::now(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes the whole configuration: new tunnels are stopped, a running one whose way changed is restarted, one that is no
    /// longer there is closed.
    pub fn declare(&self, plans: Vec<Plan>) {
        let mut tunnels = self.tunnels();
        let mut gone: Vec<Name> = tunnels.keys().cloned().collect();
        for plan in plans {
            let name = plan.tunnel.name.clone();
            gone.retain(|other| *other != name);
            match tunnels.get(&name) {
                Some(entry) => entry.send(Mail::Plan(Box::new(plan))),
                None => {
                    tunnels.insert(name, self.spawn(plan));
                }
            }
        }
        for name in gone {
            if let Some(entry) = tunnels.remove(&name) {
                entry.send(Mail::Remove);
            }
        }
        drop(tunnels);
        self.inner.changes.send_modify(|count| *count += 1);
    }

    fn spawn(&self, plan: Plan) -> Entry {
        let view = View::new(&plan, self.inner.start);
        let cell = Arc::new(Cell::new(view, self.inner.changes.clone(), self.inner.recent.clone()));
        let mail = Driver::spawn(
            plan,
            self.inner.pool.clone(),
            Arc::clone(&cell),
            self.inner.notices.clone(),
            self.inner.start,
        );
        let (requests, mut queue) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(request) = queue.recv().await {
                if mail.send(request).await.is_err() {
                    return;
                }
            }
        });
        Entry { cell, requests }
    }

    /// Opens tunnels. Names that are not declared are passed over.
    pub fn open(&self, names: &[Name], by_person: bool) {
        self.send(names, || Event::Open { by_person });
    }

    /// Closes tunnels. The future is done when their ports are free and their connections ended.
    pub fn close(&self, names: &[Name], now: bool) -> impl Future<Output = ()> + Send + 'static {
        let tunnels = self.tunnels();
        let waits: Vec<_> = names
            .iter()
            .filter_map(|name| tunnels.get(name))
            .map(|entry| {
                let (done, wait) = oneshot::channel();
                entry.send(Mail::Close { now, done });
                wait
            })
            .collect();
        drop(tunnels);
        async move {
            for wait in waits {
                // A task that is gone has let go of everything.
                let _ = wait.await;
            }
        }
    }

    /// Closes and opens tunnels; stopped ones are opened.
    pub fn restart(&self, names: &[Name]) {
        self.send(names, || Event::Close { now: true, reopen: true });
        self.send(names, || Event::Open { by_person: true });
    }

    /// Tells every tunnel that something outside changed.
    pub fn nudge(&self, why: Nudge) {
        let names: Vec<Name> = self.tunnels().keys().cloned().collect();
        self.send(&names, || Event::Nudged(why));
    }

    /// All declared tunnels, by name.
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        let cells: Vec<Arc<Cell>> = self.tunnels().values().map(|entry| Arc::clone(&entry.cell)).collect();
        cells
            .iter()
            .map(|cell| {
                let view = cell.view().clone();
                view.status(cell)
            })
            .collect()
    }

    /// The last changes of phase, fault or proof, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<Change> {
        self.inner.recent.changes()
    }

    /// Counts changes of phase, rung, proof or fault; not of counters.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// Closes everything; connections get `patience` to finish.
    pub async fn shutdown(&self, patience: Duration) {
        let names: Vec<Name> = self.tunnels().keys().cloned().collect();
        if tokio::time::timeout(patience, self.close(&names, false)).await.is_err() {
            let last = Duration::from_secs(2);
            // What has not let go by then ends with the process.
            let _ = tokio::time::timeout(last, self.close(&names, true)).await;
        }
    }

    fn send(&self, names: &[Name], event: impl Fn() -> Event) {
        let tunnels = self.tunnels();
        for entry in names.iter().filter_map(|name| tunnels.get(name)) {
            entry.send(Mail::Event(event(), None));
        }
    }

    fn tunnels(&self) -> MutexGuard<'_, BTreeMap<Name, Entry>> {
        self.inner.tunnels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn send(&self, mail: Mail) {
        // A task that is gone was removed.
        let _ = self.requests.send(mail);
    }
}
