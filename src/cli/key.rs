//! `adit key …`: makes and shows adit's own keys. The private half is never shown.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::{print, select};
use crate::config::Settings;
use crate::local::private_file;
use crate::model::{Endpoint, Identity, KeyType, Name, Secret, authorized_key};
use crate::service::present::{KeyView, document, key_json, key_text, keys_json, keys_text};
use crate::ssh::{KeyError, KeyInfo, Keystore};

/// A passphrase is one line that a person can type.
const LONGEST_PASSPHRASE: u64 = 4096;

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
    /// List the keys
    List,
    /// Print a key's public half in one line
    Show {
        /// Its name
        name: String,
        #[command(flatten)]
        form: Form,
    },
}

/// How a key is shown.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct Form {
    /// Print its SHA256 fingerprint instead
    #[arg(long)]
    fingerprint: bool,
    /// Print the line for the bastion's authorized_keys, limited to the databases of the tunnels that use the key
    #[arg(long)]
    authorized_key: bool,
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
            let secret = passphrase_file.map(|path| passphrase(&path)).transpose()?;
            let info = make(context, &name, kind.into(), comment, secret).await?;
            print::words(&format!("adit: made the {} key {name}, {}", info.key_type, info.fingerprint));
            // A bastion may have named it before; a configuration that does not load is no reason against a key.
            let used_by = context.settings().map(|settings| used_by(&settings, &name)).unwrap_or_default();
            let view = KeyView { used_by, info };
            print::data(&if context.json { key_json(&view) } else { key_text(&view) })?;
            Ok(DONE)
        }
        Command::List => list(context),
        Command::Show { name, form } => show(context, &name, &form),
    }
}

fn store(context: &Context) -> Keystore {
    Keystore::new(context.paths.keys.clone())
}

/// The first line of a file that only its owner can read.
fn passphrase(path: &std::path::Path) -> Result<Secret, Stop> {
    let bytes = zeroize::Zeroizing::new(private_file::read_private(path, LONGEST_PASSPHRASE)?);
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(Stop::usage(format!("the first line of {} is empty: no passphrase", path.display()))),
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(Stop::usage(format!("the first line of {} is not UTF-8 text", path.display()))),
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

fn used_by(settings: &Settings, name: &Name) -> Vec<Name> {
    let identity = Identity::Key(name.clone());
    let bastions = settings.bastions.values().filter(|bastion| bastion.identity == identity).map(|b| &b.name);
    let tunnels = settings.tunnels.values().filter(|tunnel| tunnel.identity.as_ref() == Some(&identity));
    let mut names: Vec<Name> = bastions.chain(tunnels.map(|tunnel| &tunnel.name)).cloned().collect();
    names.sort();
    names.dedup();
    names
}

fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let listing = store(context).list()?;
    let view = |info: KeyInfo| KeyView { used_by: used_by(&settings, &info.name), info };
    let views: Vec<KeyView> = listing.keys.into_iter().map(view).collect();
    if context.json {
        print::data(&keys_json(&views))?;
    } else if views.is_empty() && listing.broken.is_empty() {
        print::words("adit: there are no keys yet: adit key new NAME");
    } else {
        print::lines(&keys_text(&views))?;
    }
    for broken in listing.broken {
        print::words(&format!("adit: the key {} cannot be used: {}", broken.name, broken.why));
    }
    Ok(DONE)
}

fn show(context: &Context, text: &str, form: &Form) -> Outcome {
    let store = store(context);
    // A text that is no name names no key either.
    let name: Name = match text.parse() {
        Ok(name) => name,
        Err(_) => {
            let known: Vec<Name> = store.list()?.keys.into_iter().map(|info| info.name).collect();
            select::find("key", text, known.iter()).cloned().map_err(Stop::unknown)?
        }
    };
    let info = store.show(&name)?;
    if form.authorized_key {
        return show_authorized(context, &info);
    }
    if form.fingerprint && !context.json {
        print::data(&info.fingerprint)?;
        return Ok(DONE);
    }
    if context.json {
        let settings = context.settings()?;
        print::data(&key_json(&KeyView { used_by: used_by(&settings, &name), info }))?;
    } else {
        print::data(&key_text(&KeyView { used_by: Vec::new(), info }))?;
    }
    Ok(DONE)
}

/// The line for `authorized_keys`, with a forward for every database that is reached with this key.
fn show_authorized(context: &Context, info: &KeyInfo) -> Outcome {
    let settings = context.settings()?;
    let targets = targets(&settings, &info.name);
    if targets.is_empty() {
        print::words(&format!(
            "adit: no tunnel uses the key {} yet, so this line lets it log in and forward nothing; print it again once \
             there is one",
            info.name
        ));
    }
    let line = authorized_key(&info.public_key, &targets);
    if context.json {
        print::data(&document([("key", info.name.as_str().into()), ("authorized_key", line.into())]))?;
    } else {
        print::data(&line)?;
    }
    Ok(DONE)
}

/// The databases of the tunnels whose login shows this key.
fn targets(settings: &Settings, name: &Name) -> Vec<Endpoint> {
    let identity = Identity::Key(name.clone());
    let uses = |tunnel: &&crate::model::Tunnel| match &tunnel.identity {
        Some(own) => *own == identity,
        None => settings.bastions.get(&tunnel.bastion).is_some_and(|bastion| bastion.identity == identity),
    };
    settings.tunnels.values().filter(uses).map(|tunnel| tunnel.database.endpoint()).collect()
}
