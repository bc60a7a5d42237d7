//! russh's callbacks, written down as facts for whoever waits. It decides nothing but "is this host key the trusted one",
//! and that by asking the matcher.

use std::sync::{Arc, Mutex, PoisonError};

use russh::Names;
use russh::client::{DisconnectReason, Handler, Session};
use russh::keys::{PublicKeyOrCertificate, ssh_encoding};
use russh::{ChannelId, ChannelOpenFailure};
use tokio::sync::Notify;

use super::trust::{Judgement, KnownHosts};
use crate::model::{Endpoint, Untrusted};

/// Why a session ended, as far as it was said.
#[derive(Debug, Clone)]
pub(crate) enum Ending {
    /// The server said goodbye.
    Disconnect {
        /// RFC 4253 section 11.1.
        code: u32,
        /// The server's words, cleaned.
        text: String,
    },
    /// Nothing came back for three keepalives.
    Silence,
    /// The server sent text that is not UTF-8 where russh insists on it.
    Undecodable,
    /// The stream ended or failed.
    Broken,
}

/// The algorithms that both sides agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// The key exchange method.
    pub kex: String,
    /// The cipher.
    pub cipher: String,
}

/// The last refusal to open a channel.
#[derive(Debug, Clone, Default)]
pub(crate) struct OpenFailures {
    /// How many there were.
    pub(crate) count: u64,
    /// The last one's text, cleaned.
    pub(crate) text: String,
}

/// What the callbacks have seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The host key shown and what the matcher said.
    pub(crate) host_key: Option<(PublicKeyOrCertificate, Judgement)>,
    /// The algorithms of the first key exchange.
    pub(crate) agreed: Option<Agreed>,
    /// What the server showed before the login, cleaned, bounded.
    pub(crate) banner: String,
    /// Channel refusals.
    pub(crate) open_failures: OpenFailures,
    /// Set once, when the session is over.
    pub(crate) ending: Option<Ending>,
}

/// The notes shared between the callbacks and the session's owner.
#[derive(Clone, Default)]
pub(crate) struct Notes {
    seen: Arc<Mutex<Seen>>,
    changed: Arc<Notify>,
}

impl Notes {
    /// Reads or changes what was seen.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Seen) -> T) -> T {
        act(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until `found` finds something.
    pub(crate) async fn wait_for<T>(&self, mut found: impl FnMut(&Seen) -> Option<T>) -> T {
        loop {
            let changed = self.changed.notified();
            if let Some(value) = self.with(|seen| found(seen)) {
                return value;
            }
            changed.await;
        }
    }

    /// Says how the session ended, unless that is known already.
    pub(crate) fn end(&self, ending: Ending) {
        self.note(|seen| {
            seen.ending.get_or_insert(ending);
        });
    }

    fn note(&self, act: impl FnOnce(&mut Seen)) {
        self.with(act);
        self.changed.notify_waiters();
    }
}

/// How the host key is judged.
pub(crate) enum Verifier {
    /// By the known_hosts files.
    Known(Box<KnownHosts>, Endpoint),
    /// Not at all: the caller only wants to see the key and never logs in.
    LookOnly,
}

/// The callbacks of one session.
pub(crate) struct Callbacks {
    pub(crate) notes: Notes,
    pub(crate) verifier: Verifier,
}

/// A login banner longer than this is cut (characters).
const MAX_BANNER: usize = 2000;

impl Handler for Callbacks {
    type Error = russh::Error;

    async fn auth_banner(&mut self, banner: &str, _session: &mut Session) -> Result<(), russh::Error> {
        let text = Untrusted::new(banner).clean(MAX_BANNER);
        self.notes.note(|seen| {
            if seen.banner.len() < MAX_BANNER {
                seen.banner.push_str(&text);
            }
        });
        Ok(())
    }

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let copy = match key {
            PublicKeyOrCertificate::PublicKey { key, hash_alg } => {
                PublicKeyOrCertificate::PublicKey { key: key.clone(), hash_alg: *hash_alg }
            }
            PublicKeyOrCertificate::Certificate(certificate) => {
                PublicKeyOrCertificate::Certificate(certificate.clone())
            }
        };
        let judgement = match &self.verifier {
            Verifier::Known(known, endpoint) => known.judge(endpoint, key),
            Verifier::LookOnly => Judgement::Unknown,
        };
        let trusted = matches!(judgement, Judgement::Trusted { .. });
        self.notes.note(|seen| seen.host_key = Some((copy, judgement)));
        Ok(trusted)
    }

    async fn kex_done(
        &mut self,
        _shared_secret: Option<&[u8]>,
        names: &Names,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        let agreed = Agreed { kex: names.kex.as_ref().to_owned(), cipher: names.cipher.as_ref().to_owned() };
        self.notes.note(|seen| {
            seen.agreed.get_or_insert(agreed);
        });
        Ok(())
    }

    async fn channel_open_failure(
        &mut self,
        _channel: ChannelId,
        _reason: ChannelOpenFailure,
        description: &str,
        _language: &str,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        let text = Untrusted::new(description).clean(300);
        self.notes.note(|seen| {
            seen.open_failures.count += 1;
            seen.open_failures.text = text;
        });
        Ok(())
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        let ending = match reason {
            DisconnectReason::ReceivedDisconnect(info) => {
                Ending::Disconnect { code: info.reason_code as u32, text: Untrusted::new(info.message).clean(300) }
            }
            DisconnectReason::Error(russh::Error::KeepaliveTimeout | russh::Error::InactivityTimeout) => {
                Ending::Silence
            }
            DisconnectReason::Error(russh::Error::SshEncoding(ssh_encoding::Error::CharacterEncoding)) => {
                Ending::Undecodable
            }
            DisconnectReason::Error(_) => Ending::Broken,
        };
        self.notes.end(ending);
        Ok(())
    }
}

impl Drop for Callbacks {
    /// The session task is gone, however it went.
    fn drop(&mut self) {
        self.notes.end(Ending::Broken);
    }
}
