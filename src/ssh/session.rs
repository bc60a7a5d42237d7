//! A logged-in connection to a bastion: opens forwards, measures its round trip, notices its death, hangs up. It does not
//! know which tunnel it serves.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use russh::client::{Handle, Msg};
use russh::{ChannelOpenFailure, Disconnect};
use tokio::sync::{Notify, RwLock};
use tokio::time::{sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::handler::{Callbacks, Ending, Notes};
use super::link::Link;
use super::wire::Life;
use crate::model::{Advice, Code, Endpoint, Fault, Hop, Name, Owner};

/// The time for a forward to open. Behind it the bastion still tries to reach the database, often for two minutes.
const OPEN_DEADLINE: Duration = Duration::from_secs(12);
/// How long an answer may take after waking up or a change of network.
const CHALLENGE: Duration = Duration::from_secs(2);
/// A session whose client has not read for this long takes no new connections.
pub(crate) const STALL: Duration = Duration::from_millis(250);

/// Channels that we closed first, after which a session is replaced: about 5 MiB.
const WORN: usize = 1000;

/// A channel to the database, open.
pub type Channel = russh::Channel<Msg>;

/// The bytes of a message, if it carries any.
#[must_use]
pub fn received(message: russh::ChannelMsg) -> Option<bytes::Bytes> {
    match message {
        russh::ChannelMsg::Data { data } => Some(data),
        _ => None,
    }
}

/// A living session; clones are the same one.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    handle: Handle<Callbacks>,
    notes: Notes,
    cut: CancellationToken,
    life: Arc<Life>,
    bastion: Name,
    endpoint: Endpoint,
    keepalive: Duration,
    rtt_us: AtomicU32,
    /// Channels handed out and not yet given back.
    channels: AtomicUsize,
    /// Opens begun and in flight, to tell whose the last failure text is.
    opens: AtomicU64,
    in_flight: AtomicUsize,
    alone: RwLock<()>,
    stalls: Mutex<Stalls>,
    challenge: Notify,
    abandoned: AtomicUsize,
    /// The session that carries this one, if any; it must live as long.
    _before: Option<Session>,
}

#[derive(Default)]
struct Stalls {
    count: usize,
    since: Option<Instant>,
    until: Option<Instant>,
}

/// Why a forward did not open.
#[derive(Debug)]
pub enum OpenError {
    /// The session is gone.
    Lost,
    /// The bastion or the database refused, or nobody answered.
    Refused(Box<Fault>),
}

impl OpenError {
    /// The fault, also where the session is gone.
    #[must_use]
    pub fn into_fault(self, target: &Endpoint) -> Fault {
        match self {
            Self::Lost => {
                Fault::new(Code::LinkClosed, format!("the session ended while a forward to {target} was opening"))
            }
            Self::Refused(fault) => *fault,
        }
    }
}

impl Session {
    /// Takes over a logged-in handle and watches it.
    pub(crate) fn start(link: Link, hop: &Hop, before: Option<Self>) -> Self {
        let inner = Arc::new(Inner {
            handle: link.handle,
            notes: link.notes,
            cut: link.cut.disarm(),
            life: link.life,
            bastion: hop.bastion.clone(),
            endpoint: hop.endpoint.clone(),
            keepalive: hop.keepalive,
            rtt_us: AtomicU32::new(0),
            channels: AtomicUsize::new(0),
            opens: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            alone: RwLock::new(()),
            stalls: Mutex::default(),
            challenge: Notify::new(),
            abandoned: AtomicUsize::new(0),
            _before: before,
        });
        tokio::spawn(watch(Arc::clone(&inner)));
        Self { inner }
    }

    /// Opens a forward to the target, naming `origin` as the client (RFC 4254 section 7.2).
    ///
    /// # Errors
    /// `Lost` when the session is gone, else a fault of the `open` rung.
    pub async fn open(&self, target: &Endpoint, origin: Option<SocketAddr>) -> Result<Channel, OpenError> {
        self.open_once(target, origin, false).await.map_err(|(error, _)| error)
    }

    /// As `open`, on a session that tunnels share: a refusal is repeated alone before it is named, since the text that comes
    /// with it cannot be told from another open's.
    pub(crate) async fn open_shared(
        &self,
        target: &Endpoint,
        origin: Option<SocketAddr>,
    ) -> Result<Channel, OpenError> {
        match self.open_once(target, origin, false).await {
            Err((OpenError::Refused(_), crowded)) if crowded => {
                self.open_once(target, origin, true).await.map_err(|(error, _)| error)
            }
            other => other.map_err(|(error, _)| error),
        }
    }

    async fn open_once(
        &self,
        target: &Endpoint,
        origin: Option<SocketAddr>,
        alone: bool,
    ) -> Result<Channel, (OpenError, bool)> {
        let inner = Arc::clone(&self.inner);
        let (host, port) = (target.host.to_string(), u32::from(target.port.get()));
        let (from, from_port) =
            origin.map_or_else(|| ("127.0.0.1".to_owned(), 0), |a| (a.ip().to_string(), u32::from(a.port())));
        let first = self.inner.opens.fetch_add(1, Ordering::SeqCst) + 1;
        let crowd = self.inner.in_flight.fetch_add(1, Ordering::SeqCst);
        let failures = self.inner.notes.with(|seen| seen.open_failures.count);
        let mut opening = Opening(Some(Box::pin(async move {
            let _in_flight = InFlight(&inner.in_flight);
            let opening = inner.handle.channel_open_direct_tcpip(host, port, from, from_port);
            if alone {
                // Waiting for quiet must not hold up the others for long.
                let _quiet = timeout(Duration::from_secs(1), inner.alone.write()).await;
                opening.await
            } else {
                let _shared = inner.alone.read().await;
                opening.await
            }
        })));
        let ended = self.inner.cut.cancelled();
        let outcome = tokio::select! {
            outcome = timeout(OPEN_DEADLINE, opening.answer()) => outcome,
            () = ended => return Err((OpenError::Lost, false)),
        };
        let crowded = crowd > 0 || self.inner.opens.load(Ordering::SeqCst) != first;
        match outcome {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(russh::Error::ChannelOpenFailure(reason))) => {
                let text = self.failure_text(failures).await;
                let fault = open_fault(&reason, &text, target, &self.inner.bastion);
                Err((OpenError::Refused(Box::new(fault)), crowded))
            }
            Ok(_) => Err((OpenError::Lost, false)),
            Err(_) => {
                let seconds = OPEN_DEADLINE.as_secs();
                let message =
                    format!("{} has not answered within {seconds} s whether it can reach {target}", self.inner.bastion);
                let fault = Fault::new(Code::OpenTimeout, message).advise(Advice::words(
                    "typical of a firewall or security group between the bastion and the database that drops packets",
                ));
                Err((OpenError::Refused(Box::new(fault)), crowded))
            }
        }
    }

    /// Opens a session for a command.
    pub(crate) async fn open_session(&self) -> Result<Channel, OpenError> {
        let failures = self.inner.notes.with(|seen| seen.open_failures.count);
        match timeout(OPEN_DEADLINE, self.inner.handle.channel_open_session()).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(russh::Error::ChannelOpenFailure(_))) => {
                let text = self.failure_text(failures).await;
                Err(OpenError::Refused(Box::new(Fault::new(Code::ForwardUnavailable, text))))
            }
            Ok(Err(_)) | Err(_) => Err(OpenError::Lost),
        }
    }

    /// The text of the refusal that came after `before` others; russh delivers it just after the refusal itself.
    async fn failure_text(&self, before: u64) -> String {
        let newer = self.inner.notes.wait_for(|seen| {
            let failures = &seen.open_failures;
            (failures.count > before).then(|| failures.text.clone())
        });
        timeout(Duration::from_millis(500), newer).await.unwrap_or_default()
    }

    /// True while the session can open forwards, as far as is known.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.inner.cut.is_cancelled()
            && !self.inner.handle.is_closed()
            && self.inner.notes.with(|seen| seen.ending.is_none())
    }

    /// What the server showed before the login, cleaned; may be empty.
    #[must_use]
    pub fn banner(&self) -> String {
        self.inner.notes.with(|seen| seen.banner.clone())
    }

    /// True for clones of one session.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Waits for the end and says why, in words of the `reach` rung.
    pub async fn ended(&self) -> Fault {
        let ending = self.inner.notes.wait_for(|seen| seen.ending.clone()).await;
        self.inner.cut.cancel();
        loss_fault(&ending, &self.inner.bastion, &self.inner.endpoint, self.inner.keepalive)
    }

    /// Ends it: says goodbye, then ends the stream, so that nothing is left of it.
    pub async fn close(&self) {
        let farewell = self.inner.handle.disconnect(Disconnect::ByApplication, "closed", "");
        // A session that hangs does not hear the farewell.
        let _ = timeout(Duration::from_millis(200), farewell).await;
        let over = self.inner.notes.wait_for(|seen| seen.ending.clone());
        let _ = timeout(Duration::from_millis(300), over).await;
        self.inner.cut.cancel();
    }

    /// Ends when the session ends; pumps stop on it.
    pub(crate) fn end_token(&self) -> CancellationToken {
        self.inner.cut.clone()
    }

    /// The last round trip, once there was one.
    #[must_use]
    pub fn round_trip(&self) -> Option<Duration> {
        match self.inner.rtt_us.load(Ordering::Relaxed) {
            0 => None,
            us => Some(Duration::from_micros(u64::from(us))),
        }
    }

    /// How long the server has been silent.
    #[must_use]
    pub fn silence(&self) -> Duration {
        self.inner.life.silence()
    }

    /// How long a client of ours has kept the session full, if it has.
    #[must_use]
    pub fn stalled_for(&self) -> Option<Duration> {
        self.stalls().since.map(|since| since.elapsed())
    }

    /// Asks for a sign of life within two seconds.
    pub(crate) fn challenge(&self) {
        self.inner.challenge.notify_one();
    }

    /// Channels in use.
    pub(crate) fn channels(&self) -> usize {
        self.inner.channels.load(Ordering::Relaxed)
    }

    /// Notes that we closed a channel first. russh keeps a few kilobytes for each such channel as long as the session lives.
    pub(crate) fn count_abandoned(&self) {
        self.inner.abandoned.fetch_add(1, Ordering::Relaxed);
    }

    /// True when the session should be replaced once another is there.
    pub(crate) fn is_worn(&self) -> bool {
        self.inner.abandoned.load(Ordering::Relaxed) >= WORN
    }

    /// Counts a channel until the guard is dropped.
    pub(crate) fn occupy(&self) -> Occupied {
        self.inner.channels.fetch_add(1, Ordering::Relaxed);
        Occupied { session: self.clone(), stalled: false }
    }

    fn stalls(&self) -> std::sync::MutexGuard<'_, Stalls> {
        self.inner.stalls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Request = Pin<Box<dyn Future<Output = Result<Channel, russh::Error>> + Send>>;

/// A request for a forward. It outlives whoever gave up on it: a forward that opens too late must be closed, or the bastion
/// keeps a connection to the database that nobody owns.
struct Opening(Option<Request>);

impl Opening {
    async fn answer(&mut self) -> Result<Channel, russh::Error> {
        let Some(request) = &mut self.0 else { return Err(russh::Error::Disconnect) };
        let answer = request.as_mut().await;
        self.0 = None;
        answer
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and the session with it.
        if let (Some(request), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Ok(late) = request.await {
                    // The session being gone closes it as well.
                    let _ = late.close().await;
                }
            });
        }
    }
}

/// Counts a request until it is answered.
struct InFlight<'a>(&'a AtomicUsize);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One channel's place on a session.
pub(crate) struct Occupied {
    session: Session,
    stalled: bool,
}

impl Occupied {
    /// The session itself.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Says whether this channel's client has stopped reading and its buffer is full. russh has no back-pressure per channel,
    /// so such a channel soon stops its whole session.
    pub(crate) fn set_stalled(&mut self, stalled: bool) {
        if self.stalled == stalled {
            return;
        }
        self.stalled = stalled;
        let mut stalls = self.session.stalls();
        if stalled {
            stalls.count += 1;
            stalls.since.get_or_insert_with(Instant::now);
        } else {
            stalls.count = stalls.count.saturating_sub(1);
            if stalls.count == 0 {
                stalls.since = None;
                stalls.until = Some(Instant::now());
            }
        }
    }
}

impl Drop for Occupied {
    fn drop(&mut self) {
        self.set_stalled(false);
        self.session.inner.channels.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Pings about once a keepalive, measures, and ends a session that stays silent. russh's own keepalive does not run while its
/// loop is blocked by a full channel or a full socket, so this watch stands outside it.
async fn watch(inner: Arc<Inner>) {
    let patience = inner.keepalive * 3 + Duration::from_millis(500);
    // A little faster than russh's own timer, which then never needs to send.
    let pace = inner.keepalive.mul_f64(0.9);
    let mut asked: Option<Instant> = None;
    loop {
        let sent = Instant::now();
        let mut round = std::pin::pin!(async {
            ping(&inner, sent).await;
            sleep_until((sent + pace).into()).await;
        });
        let dead = loop {
            let judged_at = Instant::now() + remaining(&inner, patience, asked);
            tokio::select! {
                _ = inner.notes.wait_for(|seen| seen.ending.clone()) => break true,
                () = &mut round => break false,
                () = inner.challenge.notified() => asked = Some(Instant::now()),
                () = sleep_until(judged_at.into()) => {
                    if remaining(&inner, patience, asked).is_zero() {
                        break true;
                    }
                }
            }
        };
        asked = asked.filter(|asked| inner.life.silence() > asked.elapsed());
        if dead {
            inner.notes.end(Ending::Silence);
            inner.cut.cancel();
            return;
        }
    }
}

/// How long the server may still stay silent. While a client of ours keeps russh's loop from reading, nothing is held against
/// the server.
fn remaining(inner: &Inner, patience: Duration, asked: Option<Instant>) -> Duration {
    let stalls = inner.stalls.lock().unwrap_or_else(PoisonError::into_inner);
    if stalls.since.is_some() {
        return patience;
    }
    let excused = stalls.until.map_or(Duration::MAX, |until| until.elapsed());
    drop(stalls);
    let silence = inner.life.silence().min(excused);
    let regular = patience.saturating_sub(silence);
    match asked.map(|asked| asked.elapsed()) {
        Some(waited) if silence > waited => regular.min(CHALLENGE.saturating_sub(waited)),
        _ => regular,
    }
}

async fn ping(inner: &Inner, sent: Instant) {
    if inner.handle.send_ping().await.is_ok() {
        let us = u32::try_from(sent.elapsed().as_micros()).unwrap_or(u32::MAX).max(1);
        inner.rtt_us.store(us, Ordering::Relaxed);
    } else {
        std::future::pending::<()>().await;
    }
}

fn loss_fault(ending: &Ending, bastion: &Name, endpoint: &Endpoint, keepalive: Duration) -> Fault {
    match ending {
        Ending::Silence => {
            let seconds = (keepalive * 3).as_secs_f32();
            Fault::new(Code::LinkTimeout, format!("{bastion} ({endpoint}) has not answered for {seconds} s"))
        }
        Ending::Disconnect { code, text } => Fault::new(
            Code::LinkClosed,
            format!("{bastion} ({endpoint}) ended the session: \"{text}\" (reason {code})"),
        ),
        Ending::Broken | Ending::Undecodable => {
            Fault::new(Code::LinkClosed, format!("the session to {bastion} ({endpoint}) was closed without a word"))
        }
    }
}

/// Names a refusal by its reason code (RFC 4254 section 5.1) and sshd's text (channels.c, misc.c).
fn open_fault(reason: &ChannelOpenFailure, text: &str, target: &Endpoint, bastion: &Name) -> Fault {
    let said = if text.is_empty() { String::new() } else { format!(": \"{text}\"") };
    let has = |part: &str| text.to_lowercase().contains(part);
    match reason {
        ChannelOpenFailure::AdministrativelyProhibited => {
            Fault::new(Code::ForwardProhibited, format!("{bastion} does not allow a forward to {target}{said}"))
                .advise(Advice::words(format!(
                    "ask the bastion's admin to allow it: permitopen=\"{target}\" in the key's line, AllowTcpForwarding local and PermitOpen in sshd_config; hosts are compared as written"
                )))
        }
        ChannelOpenFailure::ConnectFailed if has("refused") => {
            Fault::new(Code::TargetRefused, format!("{target} refuses connections from {bastion}{said}"))
                .advise(Advice::words("check the database's host and port as the bastion sees them, and that it listens on more than its own loopback"))
        }
        ChannelOpenFailure::ConnectFailed if has("timed out") => {
            Fault::new(Code::TargetTimeout, format!("{target} does not answer {bastion}{said}"))
                .advise(Advice::words("a firewall or security group between the bastion and the database usually causes this: allow the bastion's address to the database's port"))
        }
        ChannelOpenFailure::ConnectFailed if has("name") || has("nodename") || has("unknown host") || has("not known") => {
            Fault::new(Code::TargetNameUnknown, format!("{bastion} does not know the name {}{said}", target.host))
                .advise(Advice::words("give the database's host as the bastion sees it, or its address"))
                .owned_by(Owner::You)
        }
        ChannelOpenFailure::ConnectFailed => {
            Fault::new(Code::TargetNoRoute, format!("{bastion} has no way to {target}{said}"))
                .advise(Advice::words("the bastion must be in a network that reaches the database; a firewall may also reject it"))
        }
        ChannelOpenFailure::UnknownChannelType | ChannelOpenFailure::ResourceShortage | ChannelOpenFailure::Other { .. } => {
            Fault::new(Code::ForwardUnavailable, format!("{bastion} cannot open a forward to {target}{said}"))
                .advise(Advice::words("ask the bastion's admin whether its SSH server supports local forwarding"))
        }
    }
}
