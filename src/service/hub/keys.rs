//! What is asked about adit's own keys, carried out beside the hub's own task: a passphrase is stretched and an RSA key searched for
//! seconds, and a second key is tried at every bastion. What may be done to a key is `service::keys`' and the keystore's to say.

use std::path::{Path, PathBuf};

use tokio::sync::oneshot;

use super::Hub;
use crate::config::{Paths, Settings};
use crate::model::{Code, Fault, Identity, Name, Secret};
use crate::service::keys::{self, Finish, KeyRefusal};
use crate::service::present::{imported_text, trials_text};
use crate::service::protocol::{KeyDone, KeyLook, KeyRequest, KeySource, Reply};
use crate::service::settings::Look;
use crate::ssh::keystore::{Brought, Mended};
use crate::ssh::{KeyError, Keystore, Pool};

/// Why something was not done: an exit code and a sentence. Where a passphrase is missing or wrong the code is that of a person
/// who is needed.
type Refused = (u8, String);

const FAILED: u8 = 1;
const WRONG: u8 = 2;
const UNKNOWN: u8 = 3;
const PERSON: u8 = 4;

impl Hub {
    /// Carries it out elsewhere; the reply comes when it is done, with the new state.
    pub(super) async fn key(&mut self, ask: KeyRequest, to: oneshot::Sender<Reply>) {
        self.look(Look::Certain).await;
        let work = Work {
            settings: self.in_force.settings().clone(),
            not_in_force: self.in_force.error().map(str::to_owned),
            paths: self.paths.clone(),
            pool: self.pool.clone(),
        };
        let late = self.closed.0.clone();
        tokio::spawn(async move {
            let reply = work.carry_out(ask).await;
            let reply = reply.unwrap_or_else(|(code, message)| Reply::Refused { code, message });
            // The hub is gone, and the person with it.
            let _ = late.send((to, reply)).await;
        });
    }

    /// Takes note of what was done to a key, so that the state that goes out with the reply shows it.
    pub(super) async fn key_done(&mut self, key: &KeyDone) {
        self.read_lists().await;
        if let Some(news) = key.said.first().filter(|_| key.done) {
            self.note("key", news);
        }
        // A login that was refused for want of this key may be tried again.
        self.pool.forgive();
    }
}

/// What it takes.
struct Work {
    settings: Settings,
    /// Why the configuration on disk is not the one that is known here.
    not_in_force: Option<String>,
    paths: Paths,
    pool: Pool,
}

impl Work {
    async fn carry_out(self, ask: KeyRequest) -> Result<Reply, Refused> {
        let key = match ask {
            KeyRequest::Look { source } => {
                return self.look(source).await.map(|look| Reply::KeyLook { look });
            }
            KeyRequest::Make { name, kind, comment, passphrase } => {
                let store = self.store();
                let made = move || store.make(&name, kind, comment.as_deref(), passphrase.as_ref());
                let info = self.prepared(made).await?;
                news(format!("made the {} key {}, {}", info.key_type, info.name, info.fingerprint))
            }
            KeyRequest::Import { name, source, passphrase, for_login } => {
                let done = self.import(&name, source, passphrase.clone()).await?;
                if let Some(passphrase) = passphrase.filter(|_| for_login) {
                    self.pool.give_passphrase(&Identity::Key(name), passphrase);
                }
                done
            }
            KeyRequest::Rotate { name, passphrase } => {
                let (store, owned) = (self.store(), name.clone());
                let begun = move || store.begin_rotation(&owned, None, passphrase.as_ref());
                let second = blocking(begun).await?.map_err(|error| told(&error))?;
                news(format!("{name} has a second key now, {}; the first one stays in use", second.fingerprint))
            }
            KeyRequest::FinishRotation { name, passphrase } => self.finish(name, passphrase).await?,
            KeyRequest::AbortRotation { name } => {
                let (store, owned) = (self.store(), name.clone());
                let gone = blocking(move || store.abort_rotation(&owned)).await?.map_err(|error| told(&error))?;
                let which = gone.map(|info| format!(" ({})", info.fingerprint)).unwrap_or_default();
                KeyDone {
                    said: vec![
                        format!("the second key of {name}{which} is removed; {name} is the key it was"),
                        "if the admin has added the second line, it can go".to_owned(),
                    ],
                    ..news(String::new())
                }
            }
            KeyRequest::Passphrase { name, old, new } => self.passphrase(name, old, new).await?,
            KeyRequest::Remove { name } => self.remove(name).await?,
        };
        Ok(Reply::Key { key })
    }

    fn store(&self) -> Keystore {
        Keystore::new(self.paths.keys.clone())
    }

    /// Does it in the folder of keys, which is made where it is not there yet.
    async fn prepared<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, KeyError> + Send + 'static,
    ) -> Result<T, Refused> {
        let paths = self.paths.clone();
        let done = blocking(move || {
            paths.prepare_keys()?;
            work()
        });
        done.await?.map_err(|error| told(&error))
    }

    /// Who uses a key is only known where the configuration loads.
    fn certain(&self, what: &str) -> Result<(), Refused> {
        let why = |error: &String| (WRONG, format!("{what}: the configuration does not load: {error}"));
        self.not_in_force.as_ref().map_or(Ok(()), |error| Err(why(error)))
    }

    async fn look(&self, source: KeySource) -> Result<KeyLook, Refused> {
        let home = self.paths.user_home.clone();
        let looked = blocking(move || {
            let brought = bring(&source, home.as_deref())?;
            let encrypted = brought.needs_passphrase().map_err(|fault| Trouble::of(&fault))?;
            Ok(KeyLook {
                mended: brought.mended().iter().map(|mended: &Mended| mended.words().to_owned()).collect(),
                encrypted,
                open_to_others: brought.open_to_others().is_some(),
                ..KeyLook::default()
            })
        });
        Ok(looked.await?.unwrap_or_else(|Trouble { message, command, .. }| KeyLook {
            problem: Some(message),
            command,
            ..KeyLook::default()
        }))
    }

    async fn import(&self, name: &Name, source: KeySource, passphrase: Option<Secret>) -> Result<KeyDone, Refused> {
        let (store, paths, name) = (self.store(), self.paths.clone(), name.clone());
        let work = move || -> Result<Vec<String>, Refused> {
            paths.prepare_keys().map_err(|error| (FAILED, error.to_string()))?;
            let brought = bring(&source, paths.user_home.as_deref()).map_err(|trouble| trouble.refused())?;
            let imported = store.import(&name, &brought, passphrase.as_ref()).map_err(|error| told(&error))?;
            Ok(imported_text(&brought, &imported))
        };
        let said = blocking(work).await??;
        Ok(KeyDone { said, ..news(String::new()) })
    }

    async fn finish(&self, name: Name, passphrase: Option<Secret>) -> Result<KeyDone, Refused> {
        self.certain("nobody knows which bastions use the key")?;
        let finished = keys::finish_rotation(&self.settings, &self.paths, &name, passphrase).await;
        let Finish { trials, swapped } = finished.map_err(|error| refused(&error))?;
        let Some(swapped) = swapped else {
            let words =
                format!("not every bastion takes the second key, so nothing was changed and {name} is the key it was");
            return Ok(KeyDone { done: false, said: [vec![words], trials_text(&trials)].concat(), admin: Vec::new() });
        };
        let mut said = vec![format!(
            "{name} is {} now; the old key {} is deleted",
            swapped.new.fingerprint, swapped.old.fingerprint
        )];
        said.extend(trials_text(&trials));
        said.push("tunnels that are up keep their sessions, and the next login uses the new key".to_owned());
        let commands = keys::removal_commands(&self.settings, &self.paths, &swapped.old);
        let admin = commands.into_iter().map(|(place, command)| format!("{command}   # {place}")).collect();
        Ok(KeyDone { done: true, said, admin })
    }

    async fn passphrase(&self, name: Name, old: Option<Secret>, new: Option<Secret>) -> Result<KeyDone, Refused> {
        let (store, owned, given) = (self.store(), name.clone(), new.clone());
        let change = move || {
            let before = store.show(&owned)?.encrypted;
            store.change_passphrase(&owned, old.as_ref(), given.as_ref()).map(|_| before)
        };
        let before = blocking(change).await?.map_err(|error| told(&error))?;
        let identity = Identity::Key(name.clone());
        if let Some(new) = new.clone()
            && self.pool.passphrase(&identity).is_some()
        {
            // A tunnel that was given the old one would ask again.
            self.pool.give_passphrase(&identity, new);
        }
        Ok(news(match (before, new.is_some()) {
            (true, true) => format!("the key {name} has another passphrase now"),
            (false, true) => format!("the key {name} has a passphrase now"),
            (_, false) => format!("the key {name} has no passphrase any more: whoever has its file has the key"),
        }))
    }

    async fn remove(self, name: Name) -> Result<KeyDone, Refused> {
        self.certain("nobody knows who needs the key")?;
        let owned = name.clone();
        let gone = blocking(move || keys::remove(&self.settings, &self.paths, &owned)).await?;
        Ok(match gone.map_err(|error| refused(&error))? {
            Some(info) => KeyDone {
                done: true,
                said: vec![
                    format!("removed the {} key {name}, {}", info.key_type, info.fingerprint),
                    "adit keeps no copy. Its line in authorized_keys on a bastion can go as well".to_owned(),
                ],
                admin: vec![info.public_key],
            },
            None => news(format!("removed what was left of the key {name}; it could not be read")),
        })
    }
}

fn news(words: String) -> KeyDone {
    KeyDone { done: true, said: vec![words], admin: Vec::new() }
}

/// Does it where it may take its time.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| (FAILED, "the work on the key failed; the log says why".to_owned()))
}

/// What is wrong with a key that is brought, and the command that mends it.
struct Trouble {
    code: u8,
    message: String,
    command: Option<String>,
}

impl Trouble {
    fn of(fault: &Fault) -> Self {
        if matches!(fault.code, Code::PassphraseNeeded | Code::PassphraseWrong) {
            // The field for it is all the advice there is.
            return Self { code: PERSON, message: fault.message.clone(), command: None };
        }
        let mut message = fault.message.clone();
        for advice in &fault.advice {
            message.push_str(&format!("; {}", advice.text));
        }
        Self { code: WRONG, message, command: fault.advice.iter().find_map(|advice| advice.command.clone()) }
    }

    fn refused(self) -> Refused {
        let command = self.command.map(|command| format!(": {command}")).unwrap_or_default();
        (self.code, format!("{}{command}", self.message))
    }
}

fn bring(source: &KeySource, home: Option<&Path>) -> Result<Brought, Trouble> {
    let brought = match source {
        KeySource::Paste(text) => Brought::paste(text.reveal().as_bytes()),
        KeySource::File(path) => Brought::file(&whole(path, home)?),
    };
    brought.map_err(|fault| Trouble::of(&fault))
}

/// The service stands in another folder than the person.
fn whole(path: &Path, home: Option<&Path>) -> Result<PathBuf, Trouble> {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Ok(home.join(rest)),
        _ if path.is_absolute() => Ok(path.to_owned()),
        _ => {
            let message = format!("{} is no whole path: begin it with / or ~/", path.display());
            Err(Trouble { code: WRONG, message, command: None })
        }
    }
}

fn told(error: &KeyError) -> Refused {
    match error {
        KeyError::Refused(fault) => Trouble::of(fault).refused(),
        KeyError::Unknown { .. } => (UNKNOWN, error.to_string()),
        KeyError::File(_) | KeyError::Make(_) | KeyError::Changed { .. } => (FAILED, error.to_string()),
        KeyError::Exists { .. }
        | KeyError::Broken { .. }
        | KeyError::Comment
        | KeyError::EmptyPassphrase
        | KeyError::NoRotation { .. }
        | KeyError::Rotating { .. } => (WRONG, error.to_string()),
    }
}

fn refused(error: &KeyRefusal) -> Refused {
    match error {
        KeyRefusal::InUse { .. } => (WRONG, format!("{error}; give those another key first")),
        KeyRefusal::NoBastion { .. } => (WRONG, error.to_string()),
        KeyRefusal::Closed(fault) => Trouble::of(fault).refused(),
        KeyRefusal::Key(error) => told(error),
    }
}
