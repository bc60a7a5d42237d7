//! Climbs from a name to a logged-in session, one rung at a time with a deadline each. It never retries.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use russh::keys::{Algorithm, HashAlg, PublicKey, PublicKeyOrCertificate};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::algorithms::{config, host_key_types, same_key_type};
use super::auth::{self, Credential};
use super::greet::{self, Greeting};
use super::handler::{Callbacks, Notes, Verifier};
use super::link::Link;
use super::reach::resolve;
use super::reached::Reached;
use super::session::Session;
use super::trust::{Judgement, KnownHosts};
use super::wire::{Transport, Wire};
use super::{Trouble, World};
use crate::model::{Advice, Code, Endpoint, Fault, Hop, Question, Rung, Untrusted};

/// The time for the key exchange.
const KEX_DEADLINE: Duration = Duration::from_secs(5);
/// The time for a login, an agent's consent included.
const LOGIN_DEADLINE: Duration = Duration::from_secs(20);
/// sshd starts to refuse at ten unauthenticated connections (`MaxStartups`, sshd_config(5)); we stay well below.
const UNAUTHENTICATED: usize = 4;

/// Limits the connections that are not logged in yet, per bastion.
#[derive(Default)]
pub(crate) struct Doors {
    doors: Mutex<HashMap<Endpoint, Arc<Semaphore>>>,
}

impl Doors {
    async fn enter(&self, endpoint: &Endpoint) -> Option<OwnedSemaphorePermit> {
        let door = {
            let mut doors = self.doors.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(doors.entry(endpoint.clone()).or_insert_with(|| Arc::new(Semaphore::new(UNAUTHENTICATED))))
        };
        door.acquire_owned().await.ok()
    }
}

/// Dials one hop: over a connection of our own, or through the session of the hop before.
///
/// # Errors
/// The first rung that failed, with a question when a person's answer would help.
pub(crate) async fn dial_hop(
    world: &World,
    doors: &Doors,
    hop: &Hop,
    before: Option<Session>,
    credential: &Credential,
    progress: &(dyn Fn(Rung) + Send + Sync),
) -> Result<Session, Trouble> {
    let _door = doors.enter(&hop.endpoint).await;
    let mut reached = connect(hop, before.as_ref(), progress).await?;
    progress(Rung::Greet);
    let greeting = greet::listen(&mut reached.transport, &hop.endpoint).await?;
    let address = reached.address().to_owned();
    let mut link = exchange_known(world, hop, reached.transport, greeting, &address).await?;
    progress(Rung::Prove);
    let login = auth::login(&mut link.handle, hop, credential, &link.notes);
    let outcome = timeout(LOGIN_DEADLINE, login).await;
    let fault = match outcome {
        Ok(Ok(())) => return Ok(Session::start(link, hop, before)),
        Ok(Err(fault)) => fault,
        Err(_) => {
            let seconds = LOGIN_DEADLINE.as_secs();
            Fault::new(
                Code::LoginTimeout,
                format!("{} did not finish the login of {} within {seconds} s", hop.endpoint, hop.user),
            )
        }
    };
    Err(fault.into())
}

async fn connect(
    hop: &Hop,
    before: Option<&Session>,
    progress: &(dyn Fn(Rung) + Send + Sync),
) -> Result<Reached, Fault> {
    if let Some(session) = before {
        progress(Rung::Reach);
        return Reached::through(session, hop).await;
    }
    progress(Rung::Resolve);
    let addresses = resolve(&hop.endpoint).await?;
    progress(Rung::Reach);
    Reached::direct(hop, &addresses).await
}

async fn load_known_hosts(files: Vec<PathBuf>) -> Result<KnownHosts, Fault> {
    match tokio::task::spawn_blocking(move || KnownHosts::load(&files)).await {
        Ok(Ok(known)) => Ok(known),
        Ok(Err(error)) => Err(Fault::new(Code::HostKeyUnknown, format!("host keys cannot be checked: {error}"))
            .advise(Advice::words("make the file readable, or move it away; without it no host key is trusted"))),
        Err(_) => Err(Fault::new(Code::HostKeyUnknown, "host keys cannot be checked: the reading task ended")),
    }
}

/// Known types first, in the order they are known, so that a server is never asked for another type while a known one exists.
fn in_known_order(known: &[Algorithm]) -> Vec<Algorithm> {
    let mut types = host_key_types();
    types.sort_by_key(|a| known.iter().position(|k| same_key_type(k, a)).unwrap_or(usize::MAX));
    types
}

/// Banner, key exchange and host key.
async fn shake(
    hop: &Hop,
    mut transport: Transport,
    verifier: Verifier,
    types: Vec<Algorithm>,
    certificates: bool,
    address: &str,
) -> Result<Link, Trouble> {
    let greeting = greet::listen(&mut transport, &hop.endpoint).await?;
    exchange(hop, transport, greeting, verifier, types, certificates, address).await
}

/// The key exchange with whoever keeps the files of `world`, judged by them.
pub(crate) async fn exchange_known(
    world: &World,
    hop: &Hop,
    transport: Transport,
    greeting: Greeting,
    address: &str,
) -> Result<Link, Trouble> {
    let known = load_known_hosts(world.known_host_files()).await?;
    let types = in_known_order(&known.known_types(&hop.endpoint));
    let certificates = known.has_authority(&hop.endpoint);
    let verifier = Verifier::Known(Box::new(known), hop.endpoint.clone());
    exchange(hop, transport, greeting, verifier, types, certificates, address).await
}

/// Key exchange and host key.
async fn exchange(
    hop: &Hop,
    transport: Transport,
    greeting: Greeting,
    verifier: Verifier,
    types: Vec<Algorithm>,
    certificates: bool,
    address: &str,
) -> Result<Link, Trouble> {
    let cut = CancellationToken::new();
    let wire = Wire::new(transport, greeting.bytes, cut.clone());
    let cut = cut.drop_guard();
    let life = wire.life();
    let notes = Notes::default();
    let settings = Arc::new(config(hop.keepalive, hop.legacy_algorithms, types, certificates));
    let callbacks = Callbacks { notes: notes.clone(), verifier };
    let exchange = russh::client::connect_stream(settings, wire, callbacks);
    let outcome = timeout(KEX_DEADLINE, exchange).await;
    if let Ok(Ok(handle)) = outcome {
        return Ok(Link { handle, notes, cut, life });
    }
    drop(cut);
    let shown = notes.with(|seen| seen.host_key.take());
    let Some(Err(error)) = outcome.ok() else {
        let seconds = KEX_DEADLINE.as_secs();
        let message =
            format!("{} ({}) did not finish the key exchange within {seconds} s", hop.endpoint, greeting.version);
        return Err(Fault::new(Code::KexTimeout, message)
            .advise(Advice::words("typical of a path that drops large packets (MTU), VPNs above all"))
            .into());
    };
    match (error, shown) {
        (russh::Error::UnknownKey, Some((key, judgement))) => Err(distrust(hop, &key, judgement, address)),
        (russh::Error::NoCommonAlgo { kind, ours, theirs }, _) => {
            let theirs = Untrusted::new(theirs.join(", ")).clean(400);
            let message = format!(
                "{} ({}) and adit share no {kind:?} algorithm: it offers {theirs}; adit offers {}",
                hop.endpoint,
                greeting.version,
                ours.join(", ")
            );
            Err(Fault::new(Code::NoCommonAlgorithm, message)
                .advise(Advice::words("ask the bastion's admin for an update; until then legacy_algorithms = true on this bastion offers old ones"))
                .into())
        }
        (error, _) => {
            let why = Untrusted::new(error.to_string()).clean(160);
            let message = format!("{} ({}) broke off during the key exchange: {why}", hop.endpoint, greeting.version);
            Err(Fault::new(Code::KexTimeout, message).into())
        }
    }
}

fn distrust(hop: &Hop, key: &PublicKeyOrCertificate, judgement: Judgement, address: &str) -> Trouble {
    let public = key.public_key();
    let fingerprint = public.fingerprint(HashAlg::Sha256).to_string();
    let kind = public.algorithm().to_string();
    let Hop { bastion, endpoint, .. } = hop;
    match judgement {
        Judgement::Changed { known } => {
            let before: Vec<String> = known
                .iter()
                .map(|k| format!("{} {} ({}:{})", k.key_type, k.fingerprint, k.path.display(), k.line))
                .collect();
            let message = format!("{endpoint} shows {kind} {fingerprint}, but it is known as {}", before.join(", "));
            Fault::new(Code::HostKeyChanged, message)
                .advise(Advice::words(
                    "someone may be in between: ask the bastion's admin whether the key was changed, and compare the fingerprint",
                ))
                .advise(Advice::command(
                    "only after they confirmed it: forget the old key and pin the new one",
                    format!("adit trust {bastion} --forget && adit trust {bastion} --fingerprint {fingerprint}"),
                ))
                .into()
        }
        Judgement::Revoked { path, line } => {
            let message =
                format!("{endpoint} shows {kind} {fingerprint}, which is revoked ({}:{line})", path.display());
            Fault::new(Code::HostKeyRevoked, message)
                .advise(Advice::words("do not connect; ask the bastion's admin for a server with a new key"))
                .into()
        }
        Judgement::BadCertificate { why } => {
            Fault::new(Code::HostKeyUnknown, format!("{endpoint} shows a host certificate that does not hold: {why}"))
                .into()
        }
        Judgement::Unknown | Judgement::Trusted { .. } => {
            let message = format!("the host key of {endpoint} is not known yet: {kind} {fingerprint}");
            let fault = Fault::new(Code::HostKeyUnknown, message).advise(Advice::command(
                "compare the fingerprint with the one the bastion's admin gives you, then pin it",
                format!("adit trust {bastion} --fingerprint {fingerprint}"),
            ));
            let question = Question::HostKey {
                bastion: bastion.clone(),
                endpoint: endpoint.clone(),
                address: address.to_owned(),
                key_type: kind,
                fingerprint,
                public_key: public.to_openssh().unwrap_or_default(),
            };
            Trouble { fault, question: Some(question) }
        }
    }
}

/// The host keys a server shows, each type asked for in turn. It goes as far as the key exchange and never logs in.
///
/// # Errors
/// The first fault before any key was seen.
pub async fn host_keys(hop: &Hop) -> Result<Vec<PublicKey>, Fault> {
    let mut keys: Vec<PublicKey> = Vec::new();
    for kind in host_key_types() {
        if keys.iter().any(|key| same_key_type(&key.algorithm(), &kind)) {
            continue;
        }
        let shown = async {
            let reached = connect(hop, None, &|_| {}).await?;
            let address = reached.address().to_owned();
            shake(hop, reached.transport, Verifier::LookOnly, vec![kind], false, &address).await
        };
        match shown.await {
            Ok(_) => {}
            Err(Trouble { question: Some(Question::HostKey { public_key, .. }), .. }) => {
                keys.extend(PublicKey::from_openssh(&public_key).ok());
            }
            Err(Trouble { fault, .. }) if fault.code == Code::NoCommonAlgorithm => {}
            Err(Trouble { fault, .. }) if keys.is_empty() => return Err(fault),
            Err(_) => break,
        }
    }
    if keys.is_empty() {
        let message = format!("{} offers no host key of a type that adit knows", hop.endpoint);
        return Err(Fault::new(Code::NoCommonAlgorithm, message));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests;
