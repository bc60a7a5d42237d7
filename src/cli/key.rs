//! `adit key …`: adit's own keys, from their making to their removal. The private half is never shown.

mod bring;
mod passphrase;
mod remove;
mod rotate;
mod show;
mod unlock;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Subcommand, ValueEnum};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::context::{Context, refused};
use super::failure::{DONE, Outcome, Stop};
use super::{print, select};
use crate::model::{KeyType, Name, Secret};
use crate::service::present::{KeyView, key_json, key_text};
use crate::service::{KeyRefusal, key_users};
use crate::ssh::{KeyError, KeyInfo, Keystore};

/// Subcommands of `key`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make a key; one that exists is never overwritten
    New {
        /// Its name: a-z, 0-9, _ and -
        name: Name,
        /// Its type; rsa is 4096 bits, ecdsa is nistp256
        #[arg(long = "type", value_enum, default_value_t = Kind::Ed25519)]
        kind: Kind,
        /// Its comment [default: adit:NAME]
        #[arg(long)]
        comment: Option<String>,
        /// Encrypt it with the passphrase in the first line of this file
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// Take over a private key from a file or a paste: OpenSSH, PEM, PKCS#8 or PuTTY; the file stays as it is
    Import {
        /// The name it gets: a-z, 0-9, _ and -
        name: Name,
        /// Its file, or - to paste it or pipe it in
        #[arg(value_name = "FILE|-")]
        file: PathBuf,
        /// Open it with the passphrase in the first line of this file; the key keeps it
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// List the keys
    List,
    /// Print a key's public half in one line
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        form: show::Form,
    },
    /// Replace a key without a moment that has none that works
    Rotate(rotate::Rotate),
    /// Set, change or remove a key's passphrase
    Passphrase(passphrase::Passphrase),
    /// Remove a key that nothing uses
    Remove {
        /// Its name
        name: String,
    },
}

/// The kinds of key as arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Ed25519,
    Ecdsa,
    Rsa,
}

impl From<Kind> for KeyType {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Ed25519 => Self::Ed25519,
            Kind::Ecdsa => Self::Ecdsa,
            Kind::Rsa => Self::Rsa,
        }
    }
}

/// Runs it.
pub(super) async fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::New { name, kind, comment, passphrase_file } => {
            let secret = passphrase_file.map(|path| unlock::from_file(&path)).transpose()?;
            let info = make(context, &name, kind.into(), comment, secret).await?;
            print::words(&format!("adit: made the {} key {name}, {}", info.key_type, info.fingerprint));
            tell(context, info)
        }
        Command::Import { name, file, passphrase_file } => {
            let info = bring::import(context, &name, &file, passphrase_file.as_deref()).await?;
            tell(context, info)
        }
        Command::List => show::list(context),
        Command::Show { name, form } => show::show(context, &name, &form),
        Command::Rotate(rotate) => rotate::run(context, rotate).await,
        Command::Passphrase(passphrase) => passphrase::run(context, passphrase).await,
        Command::Remove { name } => remove::run(context, &name),
    }
}

fn store(context: &Context) -> Keystore {
    Keystore::new(context.paths.keys.clone())
}

/// Prints a key that was just made.
fn tell(context: &Context, info: KeyInfo) -> Outcome {
    // A bastion may have named it before; a configuration that does not load is no reason against a key.
    let settings = context.settings();
    let used_by = settings.map(|settings| key_users(&settings, &context.paths, &info.name).names());
    let view = KeyView { used_by: used_by.unwrap_or_default(), info, rotating: None };
    print::data(&if context.json { key_json(&view) } else { key_text(&view) })?;
    Ok(DONE)
}

/// The key that a text names; a text that is no name names no key either.
fn name(store: &Keystore, text: &str) -> Result<Name, Stop> {
    match text.parse() {
        Ok(name) => Ok(name),
        Err(_) => {
            let known: Vec<Name> = store.list()?.keys.into_iter().map(|info| info.name).collect();
            select::find("key", text, known.iter()).cloned().map_err(Stop::unknown)
        }
    }
}

/// What a refusal ends a command with.
fn refusal(error: &KeyRefusal) -> Stop {
    match error {
        KeyRefusal::InUse { .. } => Stop::usage(format!("{error}; give those another key first")),
        KeyRefusal::NoBastion { name } => {
            Stop::usage(format!("{error}; without a use, adit key remove {name} and adit key new {name} do the same"))
        }
        KeyRefusal::Closed(fault) => refused(fault),
        KeyRefusal::Key(error) => error.clone().into(),
    }
}

/// Makes a key off the runtime's thread, and says so when that takes its time.
async fn make(
    context: &Context,
    name: &Name,
    kind: KeyType,
    comment: Option<String>,
    secret: Option<Secret>,
) -> Result<KeyInfo, Stop> {
    context.paths.prepare_keys()?;
    let (store, owned) = (store(context), name.clone());
    let mut work = spawn_blocking(move || store.make(&owned, kind, comment.as_deref(), secret.as_ref()));
    let done = match timeout(Duration::from_secs(1), &mut work).await {
        Ok(done) => done,
        Err(_) => {
            print::words(&format!("adit: making the {} key takes a moment …", kind.as_str()));
            work.await
        }
    };
    Ok(done.map_err(|error| Stop::fault(format!("cannot make the key {name}: {error}")))??)
}

/// Makes a key of that name unless there is one; tells what was made.
pub(super) async fn make_if_absent(context: &Context, name: &Name, kind: KeyType) -> Result<Option<KeyInfo>, Stop> {
    match store(context).show(name) {
        Ok(_) => Ok(None),
        Err(KeyError::Unknown { .. }) => make(context, name, kind, None, None).await.map(Some),
        Err(error) => Err(error.into()),
    }
}
