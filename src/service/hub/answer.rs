//! One request after the other: what each asks of engine, settings and files. It talks to nobody outside.

use std::path::PathBuf;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::again::Subject as Matter;
use super::{CLOSING, Hub};
use crate::config::{Store, nearest};
use crate::model::{Answer, Name, Pending, Phase, Question, Secret};
use crate::service::client::Asked;
use crate::service::protocol::{Reply, Request};
use crate::service::settings::Look;
use crate::ssh;

/// No theme has a longer name.
const LONGEST_THEME: usize = 100;

/// Why a request was not carried out.
struct Refusal {
    code: u8,
    message: String,
}

impl From<(u8, String)> for Refusal {
    fn from((code, message): (u8, String)) -> Self {
        Self { code, message }
    }
}

fn refuse(code: u8, message: impl Into<String>) -> Refusal {
    Refusal { code, message: message.into() }
}

impl Hub {
    pub(super) async fn take(&mut self, asked: Asked) {
        let Asked { request, reply: to } = asked;
        let done = match request {
            Request::Status => {
                self.look(Look::Certain).await;
                return self.status(to);
            }
            Request::Journal => return self.history(to),
            Request::Explain { text } => return self.explain(text, to),
            Request::SaveReport { subject, redacted } => match self.save_report(&subject, redacted).await {
                Ok(path) => return self.reply(to, Reply::Saved { path: path.display().to_string() }),
                Err((code, message)) => Err(refuse(code, message)),
            },
            Request::Diagnose { subject, admin } => {
                self.look(Look::Certain).await;
                self.diagnose(&subject, admin).map_err(|(code, message)| refuse(code, message))
            }
            Request::Up { names } => match self.prepare(&names).await {
                Ok(()) => return self.up(&names, to),
                Err(refusal) => Err(refusal),
            },
            Request::Restart { names } => match self.prepare(&names).await {
                Ok(()) => return self.restart(&names, to),
                Err(refusal) => Err(refusal),
            },
            Request::Down { names, now } => match self.known(&names).await {
                Ok(()) => return self.down(&names, now, to),
                Err(refusal) => Err(refusal),
            },
            Request::Answer { id, answer } => match self.answer(id, answer).await {
                Ok(subject) => return self.again(&subject, to),
                Err(refusal) => Err(refusal),
            },
            Request::Reload => {
                self.look(Look::Certain).await;
                self.in_force.error().map_or(Ok(()), |error| Err(refuse(2, error)))
            }
            Request::Agent { socket } => {
                self.set_agent(socket);
                Ok(())
            }
            Request::Stop => {
                self.stop.cancel();
                Ok(())
            }
            Request::SaveDraft { draft, was } => return self.save_draft(*draft, was.as_ref(), to).await,
            Request::Prefer { theme } => self.prefer(theme).await,
            Request::Key { ask } => return self.key(ask, to).await,
            Request::TrustHost { subject, fingerprint } => return self.trust_host(&subject, fingerprint, to),
            Request::DropDraft { name } => self.drop_draft(&name).map_err(Refusal::from),
            Request::HandOff { subject } => return self.hand_off(subject, to),
            Request::SaveHandOff { subject, sheet } => return self.save_hand_off(subject, sheet, to),
            Request::EditBastion { name, draft } => self.edit_bastion(&name, *draft).await.map_err(Refusal::from),
            Request::EditTunnel { name, draft } => return self.edit_tunnel(&name, *draft, to).await,
            Request::Rename { subject, to: name } => self.rename(&subject, &name).await.map_err(Refusal::from),
            Request::Copy { name, to: copy } => self.copy_tunnel(&name, &copy).await.map_err(Refusal::from),
            Request::Undo => match self.undo().await {
                Ok((words, again)) => return self.reply(to, Reply::Undone { words, again }),
                Err(refused) => Err(Refusal::from(refused)),
            },
            Request::Remove { subject } => self.remove(&subject).await.map_err(Refusal::from),
            Request::FinishDraft { name } => self.finish_draft(&name).await.map_err(Refusal::from),
            Request::CheckListen { listen, but } => {
                self.check_listen(&listen, but.as_ref()).map_or(Ok(()), |why| Err(refuse(1, why)))
            }
        };
        let reply = match done {
            Ok(()) => Reply::Done,
            Err(Refusal { code, message }) => Reply::Refused { code, message },
        };
        self.reply(to, reply);
    }

    /// Writes down a preference of the person's.
    async fn prefer(&mut self, theme: String) -> Result<(), Refusal> {
        if theme.is_empty() || theme.len() > LONGEST_THEME || theme.chars().any(char::is_control) {
            return Err(refuse(2, "that is no name of a theme"));
        }
        let store = Store::new(&self.paths);
        let written = tokio::task::spawn_blocking(move || store.prefer_theme(&theme)).await;
        let written = written.map_err(|_| refuse(1, "writing the configuration failed; the log says why"))?;
        written.map_err(|error| refuse(2, error.to_string()))?;
        self.look(Look::Certain).await;
        Ok(())
    }

    /// Refuses names that are not configured, by what is on disk now.
    async fn known(&mut self, names: &[Name]) -> Result<(), Refusal> {
        self.look(Look::Certain).await;
        let tunnels = &self.in_force.settings().tunnels;
        let Some(unknown) = names.iter().find(|name| !tunnels.contains_key(*name)) else { return Ok(()) };
        // It may stand in the files that do not load.
        if let Some(error) = self.in_force.error() {
            return Err(refuse(
                2,
                format!("no tunnel {unknown} is in force, and the configuration does not load: {error}"),
            ));
        }
        let near = nearest(unknown.as_str(), tunnels.keys().map(Name::as_str));
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        Err(refuse(3, format!("there is no tunnel {unknown}{hint}")))
    }

    /// Makes sure that tunnels can be opened: all are known and have ports.
    async fn prepare(&mut self, names: &[Name]) -> Result<(), Refusal> {
        self.known(names).await?;
        for name in names {
            let assigned = self.assign_port(name).await;
            assigned.map_err(|why| refuse(2, format!("{name} has no local port: {why}")))?;
        }
        self.want(names, &[]);
        // A person asked: what was refused before may be tried again.
        self.pool.forgive();
        Ok(())
    }

    fn up(&mut self, names: &[Name], to: oneshot::Sender<Reply>) {
        let before = self.statuses(names);
        self.engine.open(names, true);
        self.await_effect(&before, to, &[Phase::Stopped, Phase::Waiting]);
    }

    fn restart(&mut self, names: &[Name], to: oneshot::Sender<Reply>) {
        let before = self.statuses(names);
        self.engine.restart(names);
        self.await_effect(&before, to, &[Phase::Stopped, Phase::Waiting, Phase::Up, Phase::Connecting]);
    }

    fn down(&mut self, names: &[Name], now: bool, to: oneshot::Sender<Reply>) {
        self.want(&[], names);
        let closing = self.engine.close(names, now);
        let closed = self.closed.0.clone();
        tokio::spawn(async move {
            let reply = match timeout(CLOSING, closing).await {
                Ok(()) => Reply::Done,
                Err(_) => {
                    let message = format!("not closed within {} s; `adit status` tells more", CLOSING.as_secs());
                    Reply::Refused { code: 1, message }
                }
            };
            // The hub is gone, and the ports with it.
            let _ = closed.send((to, reply)).await;
        });
    }

    fn set_agent(&self, socket: Option<PathBuf>) {
        if socket.as_ref().is_none_or(|path| path.is_absolute()) {
            self.pool.set_agent(socket);
        }
    }

    /// Takes an answer; says what it was about.
    async fn answer(&mut self, id: u64, answer: Answer) -> Result<Matter, Refusal> {
        let gone = || refuse(1, format!("question {id} does not wait for an answer any more"));
        let pending = self.questions.open().iter().find(|pending| pending.id == id).cloned().ok_or_else(gone)?;
        match (&pending.question, answer) {
            (Question::HostKey { .. }, Answer::Trust { fingerprint }) => {
                self.trust(&pending.question, &fingerprint).await?
            }
            (Question::Passphrase { .. }, Answer::Passphrase { passphrase }) => self.unlock(&pending, passphrase)?,
            (Question::HostKey { .. }, Answer::Passphrase { .. })
            | (Question::Passphrase { .. }, Answer::Trust { .. }) => {
                return Err(refuse(2, format!("question {id} asks for something else")));
            }
        }
        self.subject(&pending).ok_or_else(gone)
    }

    /// Pins the key that was asked about.
    async fn trust(&mut self, question: &Question, given: &str) -> Result<(), Refusal> {
        let Question::HostKey { bastion, endpoint, fingerprint, public_key, .. } = question else { return Ok(()) };
        if given.trim() != fingerprint {
            let message = format!("the host key of {endpoint} has fingerprint {fingerprint}, not the one given");
            return Err(refuse(1, message));
        }
        let unreadable = |_| refuse(1, format!("the host key of {endpoint} cannot be read back"));
        let keys = [public_key.parse().map_err(unreadable)?];
        let (path, place) = (self.paths.known_hosts.clone(), endpoint.clone());
        let pinned = tokio::task::spawn_blocking(move || ssh::pin(&path, &place, &keys)).await;
        let pinned = pinned.map_err(|_| refuse(1, "writing the host key failed; the log says why"))?;
        pinned.map_err(|error| refuse(1, error.to_string()))?;
        self.note("trusted", &format!("the host key {fingerprint} of {bastion} ({endpoint}) is trusted from now on"));
        Ok(())
    }

    /// Hands a passphrase to the pool.
    fn unlock(&mut self, pending: &Pending, passphrase: Secret) -> Result<(), Refusal> {
        let Some(Matter::Identity(identity)) = self.subject(pending) else {
            return Err(refuse(1, "the tunnel that asked is not configured any more"));
        };
        self.pool.give_passphrase(&identity, passphrase);
        Ok(())
    }
}
