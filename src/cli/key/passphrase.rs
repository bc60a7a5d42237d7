//! `adit key passphrase`: sets, changes or removes a key's passphrase.

use std::path::PathBuf;

use clap::Args;
use tokio::task::spawn_blocking;

use super::{name, store, tell, unlock};
use crate::cli::context::Context;
use crate::cli::failure::{Outcome, PERSON, Stop};
use crate::cli::print;
use crate::local::terminal;
use crate::model::Secret;
use crate::ssh::KeyError;

/// Which passphrase instead of which.
#[derive(Debug, Args)]
pub(in crate::cli) struct Passphrase {
    /// Its name
    name: String,
    /// The passphrase it has, in the first line of this file
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// The passphrase it gets, in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "remove")]
    new_passphrase_file: Option<PathBuf>,
    /// Leave it without one: whoever has the file has the key
    #[arg(long)]
    remove: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, passphrase: Passphrase) -> Outcome {
    let Passphrase { name: text, passphrase_file, new_passphrase_file, remove } = passphrase;
    let store = store(context);
    let name = name(&store, &text)?;
    let before = store.show(&name)?;
    if store.rotation(&name)?.is_some() {
        return Err(KeyError::Rotating { name }.into());
    }
    if remove && !before.encrypted {
        print::words(&format!("adit: the key {name} has no passphrase"));
        return tell(context, before);
    }
    let old = match before.encrypted {
        true => {
            let what = format!("the key {name}");
            Some(unlock::given(passphrase_file.as_deref(), &what, "give it with --passphrase-file").await?)
        }
        false => None,
    };
    let new = match (remove, new_passphrase_file) {
        (true, _) => None,
        (false, Some(path)) => Some(unlock::from_file(&path)?),
        (false, None) => Some(twice(name.as_str()).await?),
    };
    let (encrypted, owned) = (new.is_some(), name.clone());
    let changed = spawn_blocking(move || store.change_passphrase(&owned, old.as_ref(), new.as_ref())).await;
    let info = changed.map_err(|error| Stop::fault(format!("cannot change the passphrase of {name}: {error}")))??;
    print::words(&match (before.encrypted, encrypted) {
        (true, true) => format!("adit: the key {name} has another passphrase now"),
        (false, _) => format!("adit: the key {name} has a passphrase now"),
        (true, false) => format!("adit: the key {name} has no passphrase any more: whoever has its file has the key"),
    });
    tell(context, info)
}

/// A new passphrase, typed twice: nobody sees what they type.
async fn twice(name: &str) -> Result<Secret, Stop> {
    if !terminal::has_terminal() {
        let text = "nobody is here to type a new passphrase: give it with --new-passphrase-file FILE, or --remove";
        return Err(Stop::new(PERSON, text));
    }
    let first = unlock::ask(format!("New passphrase of the key {name}: ")).await?;
    if first.reveal().is_empty() {
        return Err(Stop::usage("an empty passphrase protects nothing; --remove leaves the key without one"));
    }
    let again = unlock::ask("Once more: ".to_owned()).await?;
    if first.reveal() == again.reveal() { Ok(first) } else { Err(Stop::usage("the two differ; nothing was changed")) }
}
