//! The login: one identity, offered once, and what each refusal means. It never tries a second key.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use russh::MethodKind;
use russh::client::{AuthResult, Handle};
use russh::keys::agent::AgentIdentity;
use russh::keys::agent::client::AgentClient;
use russh::keys::signature::Signer as _;
use russh::keys::ssh_encoding::Encode;
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey, ssh_key};
use tokio::net::UnixStream;

use super::Trouble;
use super::handler::{Callbacks, Ending, Notes};
use super::keystore;
use crate::model::{Advice, AgentSocket, Code, Fault, Hop, Identity, Question, Secret, Untrusted};

/// What a login will show, ready before the network is touched: a wait for a passphrase must not use up the server's
/// patience (`LoginGraceTime`).
#[derive(Clone)]
pub struct Credential {
    /// In words, for faults.
    pub(crate) words: String,
    public: PublicKey,
    signer: KeySigner,
}

impl Credential {
    /// What is shown, in words.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// `SHA256:…` of the public half.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.public.fingerprint(HashAlg::Sha256).to_string()
    }

    /// The public half as one line, without a comment where it could not be written.
    #[must_use]
    pub fn public_key(&self) -> String {
        self.public.to_openssh().unwrap_or_default()
    }
}

#[derive(Clone)]
enum KeySigner {
    Key(Arc<PrivateKey>),
    Agent(PathBuf),
}

/// Where identities are found.
#[derive(Debug, Clone)]
pub struct Sources {
    /// adit's own keys.
    pub keys: PathBuf,
    /// The agent of whoever attached last.
    pub agent: Option<PathBuf>,
    /// A passphrase that a person gave for this identity.
    pub passphrase: Option<Secret>,
}

/// Loads the hop's identity.
///
/// # Errors
/// A fault of the `prove` rung; with a question when a passphrase would help.
pub async fn prepare(hop: &Hop, sources: Sources) -> Result<Credential, Trouble> {
    match &hop.identity {
        Identity::Agent(socket) => {
            let path = match socket {
                AgentSocket::Path(path) => Some(path.clone()),
                AgentSocket::Environment => sources.agent,
            };
            from_agent(path, None).await.map_err(Trouble::from)
        }
        Identity::Key(name) => from_file(hop, sources.keys.join(name.as_str()), sources).await,
        Identity::File(path) => from_file(hop, path.clone(), sources).await,
    }
}

async fn from_file(hop: &Hop, path: PathBuf, sources: Sources) -> Result<Credential, Trouble> {
    let words = hop.identity.to_string();
    let given = sources.passphrase;
    let again = given.is_some();
    let place = path.clone();
    // Opening an encrypted key is deliberate work (bcrypt), so it stays off the async threads.
    let loaded = tokio::task::spawn_blocking(move || keystore::load_private(&place, given.as_ref())).await;
    match loaded {
        Ok(Ok(key)) => {
            let public = key.public_key().clone();
            Ok(Credential { words, public, signer: KeySigner::Key(Arc::new(key)) })
        }
        Ok(Err(fault)) if matches!(fault.code, Code::PassphraseNeeded | Code::PassphraseWrong) => {
            // As ssh does: an encrypted key whose public half is known may be in the agent, already open.
            if let Some(public) = public_half(&path)
                && let Ok(credential) = from_agent(sources.agent, Some(public)).await
            {
                return Ok(credential);
            }
            let question = Question::Passphrase { bastion: hop.bastion.clone(), key: words, again };
            Err(Trouble { fault, question: Some(question) })
        }
        Ok(Err(fault)) => Err(fault.into()),
        Err(_) => Err(Fault::new(Code::KeyUnreadable, format!("{words} could not be read")).into()),
    }
}

fn public_half(path: &Path) -> Option<PublicKey> {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    let text = crate::local::private_file::read(Path::new(&name), 64 * 1024).ok()?;
    PublicKey::from_openssh(std::str::from_utf8(&text).ok()?.trim()).ok()
}

async fn from_agent(socket: Option<PathBuf>, wanted: Option<PublicKey>) -> Result<Credential, Fault> {
    let Some(path) = socket else {
        let fault = Fault::new(Code::AgentUnavailable, "no SSH agent: SSH_AUTH_SOCK is not set here");
        return Err(
            fault.advise(Advice::command("start an agent and add your key", "eval \"$(ssh-agent)\" && ssh-add"))
        );
    };
    let dead = |why: String| {
        Fault::new(Code::AgentUnavailable, format!("the SSH agent at {} does not answer: {why}", path.display()))
            .advise(Advice::command("see which keys your agent holds", "ssh-add -l"))
    };
    let stream = UnixStream::connect(&path).await.map_err(|error| dead(error.to_string()))?;
    let mut agent = AgentClient::connect(stream);
    let identities =
        agent.request_identities().await.map_err(|error| dead(Untrusted::new(error.to_string()).clean(120)))?;
    let plain = identities.iter().filter_map(|identity| match identity {
        AgentIdentity::PublicKey { key, comment } => Some((key, comment)),
        AgentIdentity::Certificate { .. } => None,
    });
    let mut fitting = plain.filter(|(key, _)| wanted.as_ref().is_none_or(|w| w.key_data() == key.key_data()));
    let Some((key, comment)) = fitting.next() else {
        let fault =
            Fault::new(Code::AgentUnavailable, format!("the SSH agent at {} holds no key that fits", path.display()));
        return Err(fault.advise(Advice::command("add your key to the agent", "ssh-add")));
    };
    let others = fitting.count();
    let mut first = agent_key(key, comment, &path);
    if others > 0 {
        first.words.push_str(&format!(", the first of {} in the agent", others + 1));
    }
    Ok(first)
}

fn agent_key(key: &PublicKey, comment: &str, socket: &Path) -> Credential {
    let words = format!("agent key \"{}\"", Untrusted::new(comment.as_bytes()).clean(60));
    Credential { words, public: key.clone(), signer: KeySigner::Agent(socket.to_owned()) }
}

/// The first keys that an agent holds, at most `limit`; none where no agent answers.
pub(crate) async fn agent_keys(socket: &Path, limit: usize) -> Vec<Credential> {
    let Ok(stream) = UnixStream::connect(socket).await else { return Vec::new() };
    let Ok(identities) = AgentClient::connect(stream).request_identities().await else { return Vec::new() };
    let plain = identities.iter().filter_map(|identity| match identity {
        AgentIdentity::PublicKey { key, comment } => Some(agent_key(key, comment, socket)),
        AgentIdentity::Certificate { .. } => None,
    });
    plain.take(limit).collect()
}

/// Signs off the async threads, or asks the agent.
struct Signer {
    with: KeySigner,
    /// The server accepted the key and wants the signature (RFC 4252 section 7).
    asked: bool,
}

/// Why no signature came.
enum SignError {
    Session,
    Failed(String),
}

impl From<russh::SendError> for SignError {
    fn from(_: russh::SendError) -> Self {
        Self::Session
    }
}

impl russh::Signer for Signer {
    type Error = SignError;

    async fn auth_sign(
        &mut self,
        key: &AgentIdentity,
        hash: Option<HashAlg>,
        mut data: Vec<u8>,
    ) -> Result<Vec<u8>, SignError> {
        self.asked = true;
        match &self.with {
            KeySigner::Key(private) => {
                let private = Arc::clone(private);
                let signed = tokio::task::spawn_blocking(move || {
                    let signature = sign(&private, hash, &data)?;
                    signature.encode(&mut data)?;
                    Ok::<_, ssh_key::Error>(data)
                });
                match signed.await {
                    Ok(Ok(data)) => Ok(data),
                    Ok(Err(error)) => Err(SignError::Failed(error.to_string())),
                    Err(_) => Err(SignError::Failed("the signing task ended".to_owned())),
                }
            }
            KeySigner::Agent(path) => {
                let failed = |error: String| SignError::Failed(Untrusted::new(error).clean(120));
                let stream = UnixStream::connect(path).await.map_err(|error| failed(error.to_string()))?;
                let mut agent = AgentClient::connect(stream);
                agent.sign_request(key, hash, data).await.map_err(|error| failed(error.to_string()))
            }
        }
    }
}

/// The signature blob (RFC 4253 section 6.6, RFC 8332 section 3).
fn sign(key: &PrivateKey, hash: Option<HashAlg>, data: &[u8]) -> Result<Vec<u8>, ssh_key::Error> {
    let signature = match key.key_data() {
        KeypairData::Rsa(pair) => (pair, hash).try_sign(data)?,
        other => other.try_sign(data)?,
    };
    let mut blob = Vec::new();
    signature.encode(&mut blob)?;
    Ok(blob)
}

/// Logs in. The caller sets the deadline.
///
/// # Errors
/// A fault of the `prove` rung.
pub(crate) async fn login(
    handle: &mut Handle<Callbacks>,
    hop: &Hop,
    credential: &Credential,
    notes: &Notes,
) -> Result<(), Fault> {
    login_seen(handle, hop, credential, notes).await.0
}

/// As `login`; also says whether the server accepted the key and asked for its signature.
pub(crate) async fn login_seen(
    handle: &mut Handle<Callbacks>,
    hop: &Hop,
    credential: &Credential,
    notes: &Notes,
) -> (Result<(), Fault>, bool) {
    let mut signer = Signer { with: credential.signer.clone(), asked: false };
    let outcome = offer(handle, hop, credential, notes, &mut signer).await;
    (outcome, signer.asked)
}

async fn offer(
    handle: &mut Handle<Callbacks>,
    hop: &Hop,
    credential: &Credential,
    notes: &Notes,
    signer: &mut Signer,
) -> Result<(), Fault> {
    let hash = if matches!(credential.public.algorithm(), Algorithm::Rsa { .. }) {
        match handle.best_supported_rsa_hash().await {
            Ok(Some(None)) if !hop.legacy_algorithms => {
                let message =
                    format!("{} accepts RSA keys only with SHA-1 signatures, which are no longer safe", hop.endpoint);
                return Err(Fault::new(Code::KeyRefused, message)
                    .advise(Advice::words("use an ed25519 key, or set legacy_algorithms = true on this bastion")));
            }
            Ok(Some(hash)) => hash,
            Ok(None) => Some(HashAlg::Sha512),
            Err(_) => return Err(dropped(hop, notes).await),
        }
    } else {
        None
    };
    let outcome = handle.authenticate_publickey_with(hop.user.clone(), credential.public.clone(), hash, signer).await;
    match outcome {
        Ok(AuthResult::Success) => Ok(()),
        Ok(AuthResult::Failure { remaining_methods, partial_success }) => {
            if handle.is_closed() || remaining_methods.is_empty() {
                return Err(dropped(hop, notes).await);
            }
            let left: Vec<&str> = remaining_methods.iter().map(<&str>::from).collect();
            Err(refused(hop, credential, &left, partial_success, remaining_methods.contains(&MethodKind::PublicKey)))
        }
        Err(SignError::Session) => Err(dropped(hop, notes).await),
        Err(SignError::Failed(why)) => {
            let fault = Fault::new(Code::AgentUnavailable, format!("{} did not sign: {why}", credential.words));
            Err(fault.advise(Advice::words(
                "if the agent asks for consent or a touch, give it and bring the tunnel up again",
            )))
        }
    }
}

fn refused(hop: &Hop, credential: &Credential, left: &[&str], partial: bool, takes_keys: bool) -> Fault {
    let Hop { user, endpoint, .. } = hop;
    let methods = left.join(", ");
    if partial {
        let message = format!("{endpoint} accepted {} for {user} and asks for more: {methods}", credential.words);
        return Fault::new(Code::PersonNeeded, message)
            .advise(Advice::words("a second factor cannot be given yet; ask the admin for a login with a key alone"));
    }
    if !takes_keys {
        let message = format!("{endpoint} takes no keys for {user}, only {methods}");
        return Fault::new(Code::PublickeyDisabled, message)
            .advise(Advice::words("ask the bastion's admin to set PubkeyAuthentication yes for this user"));
    }
    let fingerprint = credential.public.fingerprint(HashAlg::Sha256);
    let message = format!("{endpoint} refused {} ({fingerprint}) for user {user}", credential.words);
    let fault = Fault::new(Code::KeyRefused, message).advise(Advice::words(
        "the server does not say why: the user or the key may be unknown, the key broken over two lines, or its file writable by others",
    ));
    match &hop.identity {
        Identity::Key(name) => fault.advise(Advice::command(
            "give the bastion's admin the line for ~/.ssh/authorized_keys",
            format!("adit key show {name} --authorized-key"),
        )),
        Identity::File(_) | Identity::Agent(_) => fault,
    }
}

/// The server hung up during the login: its last words decide.
pub(crate) async fn dropped(hop: &Hop, notes: &Notes) -> Fault {
    let patience = std::time::Duration::from_millis(500);
    let ending = tokio::time::timeout(patience, notes.wait_for(|seen| seen.ending.clone())).await;
    let banner = notes.with(|seen| seen.banner.clone());
    let Hop { user, endpoint, .. } = hop;
    match ending {
        Ok(Ending::Disconnect { text, .. }) if text.contains("Too many authentication failures") => {
            Fault::new(Code::TooManyFailures, format!("{endpoint} closed the login of {user}: \"{text}\""))
                .advise(Advice::words("wait a minute before trying again, and check the user and the key"))
        }
        Ok(Ending::Undecodable) => {
            let message = format!("{endpoint} shows a login banner that is not UTF-8, which ends the login");
            Fault::new(Code::BannerUnreadable, message)
                .advise(Advice::words("ask the bastion's admin to save the Banner file of sshd_config as UTF-8"))
        }
        Ok(Ending::Disconnect { text, .. }) => {
            Fault::new(Code::LoginDropped, format!("{endpoint} ended the login of {user}: \"{text}\""))
        }
        _ if !banner.is_empty() && banner.to_lowercase().contains("expired") => {
            Fault::new(Code::AccountRefused, format!("{endpoint} does not let {user} in: \"{banner}\""))
                .advise(Advice::words("ask the bastion's admin to renew the account"))
        }
        _ => Fault::new(Code::LoginDropped, format!("{endpoint} closed the connection during the login of {user}")),
    }
}
