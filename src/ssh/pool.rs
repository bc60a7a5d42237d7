//! Which session carries which connection. It hands out lanes; whether two lanes ride one session is its secret. It never
//! retries a dial.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::auth::{self, Sources};
use super::dial::{self, Doors};
use super::forward::Place;
use super::session::{Channel, OpenError, STALL, Session};
use super::{Trouble, World};
use crate::model::{Code, Endpoint, Fault, Hop, Identity, Retry, Route, Rung, Secret, Sharing};

/// Sessions over which a tunnel's connections are spread.
const SPREAD: usize = 4;
/// Sessions that a tunnel may have while some of them are stalled by clients that do not read.
const SPREAD_STALLED: usize = 8;
/// How often idle spare sessions are looked for; one that is idle twice in a row is closed.
const SWEEP: Duration = Duration::from_secs(30);

/// All sessions of this process.
#[derive(Clone)]
pub struct Pool {
    inner: Arc<PoolInner>,
}

struct PoolInner {
    world: World,
    doors: Doors,
    agent: Mutex<Option<PathBuf>>,
    passphrases: Mutex<HashMap<Identity, Secret>>,
    logins: Mutex<HashMap<LoginKey, Arc<Login>>>,
    lanes: Mutex<Vec<Weak<LaneInner>>>,
}

/// What makes two logins the same: where, as whom, with what.
type LoginKey = Vec<(Endpoint, String, Identity)>;

fn login_key(route: &Route) -> LoginKey {
    route.hops().map(|hop| (hop.endpoint.clone(), hop.user.clone(), hop.identity.clone())).collect()
}

/// What is known of a login, so that fifty tunnels with one wrong key make one failed login.
#[derive(Default)]
struct Login {
    /// It worked, and nothing has been lost since: dials need not queue.
    proven: AtomicBool,
    /// The refusal, until a person acts. Held while an unproven login is tried.
    refusal: tokio::sync::Mutex<Option<Trouble>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// An empty pool.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self {
            inner: Arc::new(PoolInner {
                world,
                doors: Doors::default(),
                agent: Mutex::default(),
                passphrases: Mutex::default(),
                logins: Mutex::default(),
                lanes: Mutex::default(),
            }),
        }
    }

    /// The agent's socket that `agent = true` means from now on.
    pub fn set_agent(&self, socket: Option<PathBuf>) {
        *held(&self.inner.agent) = socket;
    }

    /// The agent's socket that `agent = true` means now.
    #[must_use]
    pub fn agent(&self) -> Option<PathBuf> {
        held(&self.inner.agent).clone()
    }

    /// The passphrase that was given for an identity, while a lane needs it.
    #[must_use]
    pub fn passphrase(&self, identity: &Identity) -> Option<Secret> {
        held(&self.inner.passphrases).get(identity).cloned()
    }

    /// Takes a passphrase for an identity, kept while a lane needs it.
    pub fn give_passphrase(&self, identity: &Identity, passphrase: Secret) {
        held(&self.inner.passphrases).insert(identity.clone(), passphrase);
    }

    /// A person acted: refused logins may be tried again.
    pub fn forgive(&self) {
        held(&self.inner.logins).clear();
    }

    /// A lane along the route. Lanes of a shared route ride one session.
    #[must_use]
    pub fn lane(&self, route: &Route, sharing: Sharing) -> Lane {
        let mut lanes = held(&self.inner.lanes);
        lanes.retain(|lane| lane.strong_count() > 0);
        if sharing == Sharing::Shared {
            let mut living = lanes.iter().filter_map(Weak::upgrade);
            let in_use = |lane: &Arc<LaneInner>| lane.users.load(Ordering::SeqCst) > 0;
            if let Some(inner) = living.find(|lane| lane.shared && lane.route == *route && in_use(lane)) {
                inner.users.fetch_add(1, Ordering::SeqCst);
                return Lane { inner };
            }
        }
        let inner = Arc::new(LaneInner {
            pool: self.clone(),
            route: route.clone(),
            shared: sharing == Sharing::Shared,
            users: AtomicUsize::new(1),
            sessions: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
            growing: AtomicBool::new(false),
            alive: watch::Sender::new(Alive { sessions: 0, last: None }),
        });
        lanes.push(Arc::downgrade(&inner));
        Lane { inner }
    }

    /// Living sessions on a server, one for each login that is in use there; none that a client of ours keeps full.
    #[must_use]
    pub fn sessions_on(&self, endpoint: &Endpoint) -> Vec<Session> {
        let lanes: Vec<Lane> =
            held(&self.inner.lanes).iter().filter_map(Weak::upgrade).map(|inner| Lane { inner }).collect();
        let mut logins: Vec<LoginKey> = Vec::new();
        let mut found = Vec::new();
        for lane in lanes.iter().filter(|lane| lane.inner.route.last.endpoint == *endpoint) {
            let login = login_key(&lane.inner.route);
            let free = lane.living().into_iter().find(|session| !is_stalled(session));
            if let Some(session) = free.filter(|_| !logins.contains(&login)) {
                logins.push(login);
                found.push(session);
            }
        }
        found
    }

    fn sources(&self, identity: &Identity) -> Sources {
        Sources {
            keys: self.inner.world.keys.clone(),
            agent: held(&self.inner.agent).clone(),
            passphrase: held(&self.inner.passphrases).get(identity).cloned(),
        }
    }

    async fn dial(&self, route: &Route, progress: &(dyn Fn(Rung) + Send + Sync)) -> Result<Session, Trouble> {
        let login = Arc::clone(held(&self.inner.logins).entry(login_key(route)).or_default());
        if login.proven.load(Ordering::SeqCst) {
            let outcome = self.climb(route, progress).await;
            if let Err(trouble) = &outcome
                && is_refusal(&trouble.fault)
            {
                login.proven.store(false, Ordering::SeqCst);
                *login.refusal.lock().await = Some(trouble.clone());
            }
            return outcome;
        }
        let mut refusal = login.refusal.lock().await;
        if let Some(trouble) = &*refusal {
            return Err(trouble.clone());
        }
        let outcome = self.climb(route, progress).await;
        match &outcome {
            Ok(_) => login.proven.store(true, Ordering::SeqCst),
            Err(trouble) if is_refusal(&trouble.fault) => *refusal = Some(trouble.clone()),
            Err(_) => {}
        }
        outcome
    }

    async fn climb(&self, route: &Route, progress: &(dyn Fn(Rung) + Send + Sync)) -> Result<Session, Trouble> {
        // All identities first: nothing is dialled that would then wait for a passphrase.
        let mut steps = Vec::new();
        for hop in route.hops() {
            steps.push((hop, self.credential(hop).await?));
        }
        let mut session = None;
        for (hop, credential) in steps {
            let world = &self.inner.world;
            session = Some(dial::dial_hop(world, &self.inner.doors, hop, session, &credential, progress).await?);
        }
        session.ok_or_else(|| Fault::new(Code::NoRoute, "the route has no hop").into())
    }

    async fn credential(&self, hop: &Hop) -> Result<auth::Credential, Trouble> {
        let sources = self.sources(&hop.identity);
        let tried = sources.passphrase.clone();
        let outcome = auth::prepare(hop, sources).await;
        if outcome.as_ref().is_err_and(|trouble| trouble.fault.code == Code::PassphraseWrong) {
            let mut passphrases = held(&self.inner.passphrases);
            // A newer one may have come meanwhile.
            let same = |now: &Secret| tried.as_ref().is_some_and(|tried| tried.reveal() == now.reveal());
            if passphrases.get(&hop.identity).is_some_and(same) {
                passphrases.remove(&hop.identity);
            }
        }
        outcome
    }

    /// Forgets what was proven for a route whose session was lost: the next login is tried alone.
    fn doubt(&self, route: &Route) {
        if let Some(login) = held(&self.inner.logins).get(&login_key(route)) {
            login.proven.store(false, Ordering::SeqCst);
        }
    }

    /// Drops passphrases that no lane needs any more.
    fn tidy(&self) {
        let living: Vec<_> = held(&self.inner.lanes).iter().filter_map(Weak::upgrade).collect();
        let needed = |identity: &Identity| {
            living
                .iter()
                .any(|lane| !held(&lane.sessions).is_empty() && lane.route.hops().any(|hop| hop.identity == *identity))
        };
        held(&self.inner.passphrases).retain(|identity, _| needed(identity));
    }
}

/// A refusal that the server counted against us.
fn is_refusal(fault: &Fault) -> bool {
    fault.code.rung() == Rung::Prove && fault.code.retry() == Retry::Never
}

/// A tunnel's way to the bastion; clones are the same one.
#[derive(Clone)]
pub struct Lane {
    inner: Arc<LaneInner>,
}

struct LaneInner {
    pool: Pool,
    route: Route,
    shared: bool,
    /// Tunnels that have not closed it.
    users: AtomicUsize,
    sessions: Mutex<Vec<Session>>,
    /// Held while the lane's first session is dialled.
    connecting: tokio::sync::Mutex<()>,
    /// A spare is being dialled, or was refused lately.
    growing: AtomicBool,
    alive: watch::Sender<Alive>,
}

#[derive(Debug, Clone)]
struct Alive {
    sessions: usize,
    /// Why the last one ended.
    last: Option<Fault>,
}

/// What a lane knows of its life.
#[derive(Debug, Clone, Copy, Default)]
pub struct Health {
    /// The last round trip.
    pub round_trip: Option<Duration>,
    /// How long the server has been silent; absent without a session.
    pub silence: Option<Duration>,
    /// How long all sessions have been kept full by clients of ours.
    pub stalled: Option<Duration>,
}

impl Lane {
    /// Makes sure that there is a living session.
    ///
    /// # Errors
    /// The first rung that failed.
    pub async fn connect(&self, progress: &(dyn Fn(Rung) + Send + Sync)) -> Result<(), Trouble> {
        let _alone = self.inner.connecting.lock().await;
        if self.living().is_empty() {
            let session = self.inner.pool.dial(&self.inner.route, progress).await?;
            self.adopt(session);
        }
        Ok(())
    }

    /// Opens a forward on the session that suits best.
    ///
    /// # Errors
    /// `Lost` when no session is left, else a fault of the `open` rung.
    pub async fn open(&self, target: &Endpoint, origin: Option<SocketAddr>) -> Result<(Channel, Place), OpenError> {
        // A session that ends under an open is replaced by another, if there is one.
        for _ in 0..SPREAD {
            let session = self.place().await?;
            let occupied = session.occupy();
            self.grow();
            let opened = if self.inner.shared {
                session.open_shared(target, origin).await
            } else {
                session.open(target, origin).await
            };
            match opened {
                Ok(channel) => return Ok((channel, Place(occupied))),
                Err(OpenError::Lost) => {}
                Err(refused @ OpenError::Refused(_)) => return Err(refused),
            }
        }
        Err(OpenError::Lost)
    }

    /// Waits until no session is left and says why the last one ended.
    pub async fn lost(&self) -> Fault {
        let mut alive = self.inner.alive.subscribe();
        let last = match alive.wait_for(|alive| alive.sessions == 0).await {
            Ok(alive) => alive.last.clone(),
            Err(_) => None,
        };
        last.unwrap_or_else(|| Fault::new(Code::LinkClosed, "the session was closed"))
    }

    /// How it stands.
    #[must_use]
    pub fn health(&self) -> Health {
        let sessions = self.living();
        let all_stalled = !sessions.is_empty() && sessions.iter().all(is_stalled);
        Health {
            round_trip: sessions.iter().filter_map(Session::round_trip).min(),
            silence: sessions.iter().map(Session::silence).min(),
            stalled: all_stalled.then(|| sessions.iter().filter_map(Session::stalled_for).min()).flatten(),
        }
    }

    /// Asks every session for a sign of life, after waking up or a change of network.
    pub fn challenge(&self) {
        for session in self.living() {
            session.challenge();
        }
    }

    /// Closes the lane's sessions, unless other tunnels ride them. Once for each time the pool handed it out.
    pub async fn close(&self) {
        if self.inner.users.fetch_sub(1, Ordering::SeqCst) > 1 {
            return;
        }
        let sessions = std::mem::take(&mut *held(&self.inner.sessions));
        let closing: Vec<_> = sessions.into_iter().map(|s| tokio::spawn(async move { s.close().await })).collect();
        for session in closing {
            // A task that failed has closed its session by ending.
            let _ = session.await;
        }
        self.inner.alive.send_modify(|alive| alive.sessions = 0);
        self.inner.pool.tidy();
    }

    fn living(&self) -> Vec<Session> {
        held(&self.inner.sessions).iter().filter(|session| session.is_alive()).cloned().collect()
    }

    /// The session for a new connection: the least used one that is not stalled or worn, else a fresh one, else any.
    async fn place(&self) -> Result<Session, OpenError> {
        let living = self.living();
        let fit = living.iter().filter(|session| !is_stalled(session) && !session.is_worn());
        if let Some(session) = fit.min_by_key(|session| session.channels()) {
            return Ok(session.clone());
        }
        if !living.is_empty()
            && living.len() < SPREAD_STALLED
            && !self.inner.shared
            && let Ok(session) = self.inner.pool.dial(&self.inner.route, &|_| {}).await
        {
            self.adopt(session.clone());
            return Ok(session);
        }
        living.into_iter().min_by_key(Session::channels).ok_or(OpenError::Lost)
    }

    /// Dials a spare when there are more connections than sessions.
    fn grow(&self) {
        let living = self.living();
        let connections: usize = living.iter().map(Session::channels).sum();
        if self.inner.shared || connections < 2 || living.len() >= SPREAD.min(connections) {
            return;
        }
        if self.inner.growing.swap(true, Ordering::SeqCst) {
            return;
        }
        let lane = self.clone();
        tokio::spawn(async move {
            match lane.inner.pool.dial(&lane.inner.route, &|_| {}).await {
                Ok(session) => lane.adopt(session),
                // The tunnel works without it; ask again later.
                Err(_) => tokio::time::sleep(SWEEP).await,
            }
            lane.inner.growing.store(false, Ordering::SeqCst);
        });
    }

    fn adopt(&self, session: Session) {
        {
            let mut sessions = held(&self.inner.sessions);
            sessions.push(session.clone());
            self.inner.alive.send_modify(|alive| alive.sessions = sessions.len());
        }
        let lane = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let mut idle = false;
            loop {
                let fault = tokio::select! {
                    fault = session.ended() => Some(fault),
                    () = tokio::time::sleep(SWEEP) => None,
                };
                let Some(lane) = lane.upgrade().map(|inner| Self { inner }) else {
                    session.close().await;
                    return;
                };
                if let Some(fault) = fault {
                    lane.inner.pool.doubt(&lane.inner.route);
                    lane.remove(&session, Some(fault));
                    return;
                }
                let spare = lane.living().len() > 1 && session.channels() == 0;
                if spare && idle {
                    lane.remove(&session, None);
                    session.close().await;
                    return;
                }
                idle = spare;
            }
        });
    }

    fn remove(&self, session: &Session, why: Option<Fault>) {
        let mut sessions = held(&self.inner.sessions);
        sessions.retain(|other| !other.is(session));
        let left = sessions.len();
        self.inner.alive.send_modify(|alive| {
            alive.sessions = left;
            if why.is_some() {
                alive.last = why;
            }
        });
    }
}

fn is_stalled(session: &Session) -> bool {
    session.stalled_for().is_some_and(|time| time >= STALL)
}
