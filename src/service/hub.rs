//! The one task that owns engine and settings: it answers requests one after the other and publishes what a viewer may know.
//! It carries no bytes and waits for no tunnel.

mod again;
mod answer;
mod begun;
mod change;
mod diagnose;
mod handoff;
mod keys;
mod show;
mod wizard;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::client::Asked;
use super::drafts::Drafts;
use super::inside::{Desk, Door, wires};
use super::lists::{self, Lists};
use super::protocol::{Reply, Request};
use super::questions::Questions;
use super::settings::{InForce, Look, News};
use super::wanted::Wanted;
use crate::config::Paths;
use crate::engine::{Engine, Notice, Nudge, Status};
use crate::local::clock::{self, Jumps};
use crate::local::network::Network;
use crate::model::journal::{Entry, Ring};
use crate::model::{Name, Snapshot, Untrusted};
use crate::ssh::{Pool, World};
use again::Helped;
use begun::Begun;
use diagnose::Diagnoses;

/// Between two snapshots at least: ten a second.
const PACE: Duration = Duration::from_millis(100);

/// How often the world is looked at, and counters are published while someone is attached.
const TICK: Duration = Duration::from_secs(1);

/// Live connections get this long when the service ends.
const DRAIN: Duration = Duration::from_secs(10);

/// Entries of the journal that are kept.
const JOURNAL: usize = 1000;

/// Notices on their way from the engine; the hub takes them at once, except while it reads files.
const NOTICES: usize = 1024;

/// A tunnel that was told to close and has not after this time is reported instead of waited for.
const CLOSING: Duration = Duration::from_secs(15);

/// A running hub.
#[derive(Debug)]
pub struct Running {
    door: Door,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    /// Where clients of this process are made.
    #[must_use]
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// Cancelled when the service should end: by whoever holds this, or by a client's `Stop`.
    #[must_use]
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Done when all tunnels are closed. False when the hub did not end in order.
    pub async fn ended(&mut self) -> bool {
        (&mut self.task).await.is_ok()
    }

    /// Ends it where it stands, with whatever is open.
    pub fn abort(&self) {
        self.task.abort();
    }
}

/// Loads the configuration, publishes the first snapshot, then begins to open what was wanted.
pub async fn start(paths: &Paths, agent: Option<PathBuf>) -> Running {
    let pool = Pool::new(World::new(&paths.keys, &paths.known_hosts, paths.user_home.as_deref()));
    pool.set_agent(agent);
    let (notify, notices) = mpsc::channel(NOTICES);
    let (door, desk) = wires();
    let stop = CancellationToken::new();
    let (wanted, complaint) = Wanted::load(&paths.state);
    let (drafts, broken) = Drafts::load(&paths.state);
    let mut hub = Hub {
        paths: paths.clone(),
        engine: Engine::start(pool.clone(), notify),
        pool,
        notices,
        desk,
        in_force: InForce::new(paths),
        wanted,
        questions: Questions::default(),
        lists: Lists::default(),
        journal: Ring::new(JOURNAL),
        closed: mpsc::channel(NOTICES),
        begun: Vec::new(),
        helped: Vec::new(),
        drafts,
        diagnoses: Diagnoses::default(),
        ready: Vec::new(),
        dirty: true,
        stop: stop.clone(),
    };
    if let Some(error) = complaint {
        tracing::warn!("{error}");
        hub.note("wanted", &error.to_string());
    }
    for why in broken {
        hub.note("draft", &why);
    }
    hub.note("started", &format!("the service started, version {}", env!("CARGO_PKG_VERSION")));
    let news = hub.in_force.look(Look::Certain).await;
    let open = hub.apply(news);
    hub.publish();
    let task = tokio::spawn(async move {
        hub.open(&open, false).await;
        hub.run().await;
    });
    Running { door, stop, task }
}

struct Hub {
    paths: Paths,
    engine: Engine,
    pool: Pool,
    notices: mpsc::Receiver<Notice>,
    desk: Desk,
    in_force: InForce,
    wanted: Wanted,
    questions: Questions,
    lists: Lists,
    journal: Ring,
    /// Replies to what was done elsewhere, such as `Down` once its tunnels have closed. Bounded; who finds it full waits.
    closed: (mpsc::Sender<Late>, mpsc::Receiver<Late>),
    /// Requests that wait until the engine has taken them.
    begun: Vec<Begun>,
    /// Tunnels that an answer helps.
    helped: Vec<Helped>,
    drafts: Drafts,
    diagnoses: Diagnoses,
    /// Replies that go out after the next snapshot, so that nobody reads an older one after them.
    ready: Vec<Late>,
    dirty: bool,
    stop: CancellationToken,
}

/// A reply and where it goes.
type Late = (oneshot::Sender<Reply>, Reply);

impl Hub {
    async fn run(mut self) {
        let mut changes = self.engine.changes();
        let mut tick = interval(TICK);
        // After a standstill one look is enough, and its lateness tells of the standstill.
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut jumps, mut network) = (Jumps::new(), Network::new());
        let news = self.diagnoses.news();
        let mut pace = Instant::now();
        while !self.stop.is_cancelled() {
            let stop = self.stop.clone();
            tokio::select! {
                () = stop.cancelled() => {}
                Some(asked) = self.desk.requests.recv() => self.take(asked).await,
                Some(notice) = self.notices.recv() => self.record(&notice),
                Ok(()) = changes.changed() => self.dirty = true,
                () = news.notified() => self.dirty = true,
                Some(late) = self.closed.1.recv() => self.reply_late(late).await,
                () = sleep_until(pace), if self.dirty => {
                    pace = Instant::now() + PACE;
                    self.publish();
                }
                _ = tick.tick() => self.tick(&mut jumps, &mut network).await,
            }
        }
        self.end(changes, pace).await;
    }

    async fn tick(&mut self, jumps: &mut Jumps, network: &mut Network) {
        if let Some(gap) = jumps.check() {
            tracing::info!("woke after {} s", gap.as_secs());
            self.engine.nudge(Nudge::Woke);
        }
        if network.changed() {
            tracing::info!("the network changed");
            self.engine.nudge(Nudge::NetworkChanged);
        }
        self.look(Look::Doubtful).await;
        if self.desk.snapshots.receiver_count() > 0 {
            self.read_lists().await;
        }
        // Counters, and questions and requests that have waited long enough.
        self.dirty |= self.desk.snapshots.receiver_count() > 0 || !self.begun.is_empty() || !self.helped.is_empty();
    }

    /// Bastions and keys as the files have them now.
    async fn read_lists(&mut self) {
        let (settings, paths) = (self.in_force.settings().clone(), self.paths.clone());
        let drafts = self.drafts.all().to_vec();
        let read = move || lists::read(&settings, &paths, &drafts);
        // A task that failed leaves what was read last.
        if let Ok(lists) = tokio::task::spawn_blocking(read).await {
            self.lists = lists;
        }
    }

    /// Closes everything while viewers still watch.
    async fn end(mut self, mut changes: tokio::sync::watch::Receiver<u64>, mut pace: Instant) {
        self.note("stopping", "the service is stopping");
        let engine = self.engine.clone();
        let shutdown = engine.shutdown(DRAIN);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                Some(asked) = self.desk.requests.recv() => self.decline(asked),
                Some(notice) = self.notices.recv() => self.record(&notice),
                Ok(()) = changes.changed() => self.dirty = true,
                Some(late) = self.closed.1.recv() => self.reply(late.0, late.1),
                () = sleep_until(pace), if self.dirty => {
                    pace = Instant::now() + PACE;
                    self.publish();
                }
            }
        }
        self.desk.requests.close();
        while let Ok(asked) = self.desk.requests.try_recv() {
            self.decline(asked);
        }
        while let Ok(late) = self.closed.1.try_recv() {
            self.reply(late.0, late.1);
        }
        while let Ok(notice) = self.notices.try_recv() {
            self.record(&notice);
        }
        self.publish();
        self.note("stopped", "the service has stopped");
    }

    fn decline(&mut self, asked: Asked) {
        match asked.request {
            Request::Stop => self.reply(asked.reply, Reply::Done),
            Request::Status => self.status(asked.reply),
            Request::Journal => self.history(asked.reply),
            Request::Explain { text } => self.explain(text, asked.reply),
            Request::Agent { .. } => self.reply(asked.reply, Reply::Done),
            Request::Up { .. }
            | Request::Down { .. }
            | Request::Restart { .. }
            | Request::Answer { .. }
            | Request::SaveDraft { .. }
            | Request::DropDraft { .. }
            | Request::FinishDraft { .. }
            | Request::HandOff { .. }
            | Request::SaveHandOff { .. }
            | Request::EditTunnel { .. }
            | Request::EditBastion { .. }
            | Request::Remove { .. }
            | Request::Rename { .. }
            | Request::Copy { .. }
            | Request::Undo
            | Request::TrustHost { .. }
            | Request::CheckListen { .. }
            | Request::Key { .. }
            | Request::Prefer { .. }
            | Request::Diagnose { .. }
            | Request::SaveReport { .. }
            | Request::Reload => {
                let message = "the background service is stopping; try again when it has".to_owned();
                self.reply(asked.reply, Reply::Refused { code: 5, message });
            }
        }
    }

    /// Looks at the configuration on disk and takes what is new.
    async fn look(&mut self, look: Look) {
        let news = self.in_force.look(look).await;
        let open = self.apply(news);
        self.open(&open, false).await;
    }

    /// Takes a new configuration; says what should be opened now because it is new.
    fn apply(&mut self, news: News) -> Vec<Name> {
        match news {
            News::None => Vec::new(),
            News::Broken(error) => {
                self.dirty = true;
                self.note(
                    "config",
                    &format!("the configuration does not load; the last good one stays in force: {error}"),
                );
                Vec::new()
            }
            News::Changed { removed, added, first } => {
                self.dirty = true;
                self.engine.declare(self.in_force.plans().into_values().collect());
                self.want(&[], &removed);
                if !first {
                    self.note("config", "the configuration changed and is in force");
                }
                let tunnels = &self.in_force.settings().tunnels;
                let starts = |name: &Name| first && tunnels.get(name).is_some_and(|tunnel| tunnel.autostart);
                // A tunnel that is wanted may have been missing from files that were being mended.
                added.into_iter().filter(|name| self.wanted.names().contains(name) || starts(name)).collect()
            }
        }
    }

    /// Opens tunnels, choosing ports where none was chosen yet. What cannot have a port is left out and told.
    async fn open(&mut self, names: &[Name], by_person: bool) {
        let mut able = Vec::new();
        for name in names {
            match self.assign_port(name).await {
                Ok(()) => able.push(name.clone()),
                Err(why) => self.note("fault", &format!("{name} has no local port: {why}")),
            }
        }
        self.engine.open(&able, by_person);
    }

    /// Makes sure that a tunnel has a port; the first time one is chosen and written down.
    async fn assign_port(&mut self, name: &Name) -> Result<(), String> {
        if self.in_force.settings().tunnels.get(name).is_some_and(|tunnel| tunnel.listen.is_some()) {
            return Ok(());
        }
        let (store, wanted) = (crate::config::Store::new(&self.paths), name.clone());
        let assigned = tokio::task::spawn_blocking(move || store.assign_port(&wanted)).await;
        assigned.map_err(|_| "choosing one failed; the log says why".to_owned())?.map_err(|error| error.to_string())?;
        let news = self.in_force.look(Look::Certain).await;
        let open = self.apply(news);
        // Without ports for those: each would look again.
        self.engine.open(&open, false);
        match self.in_force.settings().tunnels.get(name) {
            Some(tunnel) if tunnel.listen.is_some() => Ok(()),
            _ => Err(self.in_force.error().unwrap_or("the configuration changed meanwhile").to_owned()),
        }
    }

    /// Changes the wanted set. Tunnels do not wait for a disk that is full.
    fn want(&mut self, add: &[Name], remove: &[Name]) {
        if let Err(error) = self.wanted.change(add, remove) {
            self.note("wanted", &format!("the next service will not know what is up now: {error}"));
        }
    }

    /// The tunnels as they are now.
    fn statuses(&self, names: &[Name]) -> Vec<Status> {
        self.engine.statuses().into_iter().filter(|status| names.contains(&status.tunnel.name)).collect()
    }

    /// Something that happened to a tunnel.
    fn record(&mut self, notice: &Notice) {
        let message = Untrusted::new(notice.message.as_str()).clean(1000);
        tracing::info!("{}: {}: {message}", notice.tunnel, notice.event);
        let entry =
            Entry { at: clock::now(), tunnel: Some(notice.tunnel.clone()), event: notice.event.to_owned(), message };
        self.journal.push(entry);
    }

    /// Something that happened to the service.
    fn note(&mut self, event: &'static str, message: &str) {
        self.note_of(None, event, message);
    }

    /// Something that was done to the configuration, of one tunnel where it is one.
    fn note_of(&mut self, tunnel: Option<&Name>, event: &'static str, message: &str) {
        let message = Untrusted::new(message).clean(1000);
        tracing::info!("{event}: {message}");
        self.journal.push(Entry { at: clock::now(), tunnel: tunnel.cloned(), event: event.to_owned(), message });
    }

    /// Replies to what was done elsewhere.
    async fn reply_late(&mut self, (to, reply): Late) {
        if let Reply::Key { key } = &reply {
            self.key_done(key).await;
        }
        self.reply(to, reply);
    }

    /// Replies once the present state is published.
    fn reply(&mut self, to: oneshot::Sender<Reply>, reply: Reply) {
        self.ready.push((to, reply));
        self.dirty = true;
    }

    /// Publishes the present state and sends the replies that waited for it.
    fn publish(&mut self) {
        let now = std::time::Instant::now();
        let mut statuses = self.engine.statuses();
        self.settle(&statuses, now);
        self.follow(&mut statuses, now);
        self.note_diagnoses();
        let snapshot = self.snapshot(statuses);
        self.dirty = false;
        let snapshot = Arc::new(snapshot);
        self.desk.snapshots.send_if_modified(|before| {
            let changed = **before != *snapshot;
            if changed {
                *before = Arc::clone(&snapshot);
            }
            changed
        });
        for (to, reply) in self.ready.drain(..) {
            let reply = match reply {
                Reply::Status { .. } => Reply::Status { snapshot: Arc::clone(&snapshot) },
                other => other,
            };
            // Whoever asked may have gone.
            let _ = to.send(reply);
        }
    }

    fn status(&mut self, to: oneshot::Sender<Reply>) {
        // Filled in when it is published.
        self.reply(to, Reply::Status { snapshot: Arc::new(Snapshot::default()) });
    }
}

#[cfg(test)]
mod tests;
