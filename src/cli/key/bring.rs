//! `adit key import`: takes over a private key from a file, a pipe or a paste at the terminal.

use std::io::{self, IsTerminal};
use std::path::Path;

use tokio::task::spawn_blocking;

use super::{store, unlock};
use crate::cli::context::{self, Context};
use crate::cli::failure::Stop;
use crate::cli::print;
use crate::local::terminal;
use crate::model::{Fault, Name, Untrusted};
use crate::service::present::imported_text;
use crate::ssh::keystore::{Brought, MAX_FILE, Source};
use crate::ssh::{KeyInfo, Keystore};

/// Imports and says what was found on the way.
pub(super) async fn import(
    context: &Context,
    name: &Name,
    file: &Path,
    passphrase_file: Option<&Path>,
) -> Result<KeyInfo, Stop> {
    let store = store(context);
    // Before anything is asked or pasted.
    store.vacant(name)?;
    let brought = if file == Path::new("-") {
        pasted(name).await?
    } else {
        Brought::file(file).map_err(|fault| context::refused(&fault))?
    };
    let encrypted = brought.needs_passphrase().map_err(|fault| context::refused(&fault))?;
    let secret = match (encrypted, passphrase_file) {
        (true, file) => Some(unlock::given(file, &shown(&brought), "give it with --passphrase-file").await?),
        (false, Some(_)) => {
            print::words("adit: this key has no passphrase, so --passphrase-file is not used");
            None
        }
        (false, None) => None,
    };
    context.paths.prepare_keys()?;
    let (place, owned) = (Keystore::clone(&store), name.clone());
    let work = spawn_blocking(move || {
        let imported = place.import(&owned, &brought, secret.as_ref());
        (brought, imported)
    });
    let (brought, imported) =
        work.await.map_err(|error| Stop::fault(format!("cannot import the key {name}: {error}")))?;
    let imported = imported?;
    for line in imported_text(&brought, &imported) {
        print::words(&format!("adit: {line}"));
    }
    Ok(imported.info)
}

/// What a person pastes, unseen, or a program pipes in.
async fn pasted(name: &Name) -> Result<Brought, Stop> {
    let read = spawn_blocking({
        let prompt = format!("Paste the private key for {name}; it is not shown. Then press Ctrl-D.\n");
        move || -> Result<Result<Brought, Fault>, io::Error> {
            if io::stdin().is_terminal() && terminal::has_terminal() {
                let limit = usize::try_from(MAX_FILE).unwrap_or(usize::MAX);
                Ok(Brought::paste(&terminal::paste_hidden(&prompt, limit)?))
            } else {
                Ok(Brought::pipe(io::stdin().lock()))
            }
        }
    });
    let read = read.await.map_err(io::Error::from).and_then(|read| read).map_err(|error| unlock::no_answer(&error))?;
    read.map_err(|fault| context::refused(&fault))
}

fn shown(brought: &Brought) -> String {
    match brought.source() {
        Source::File(path) => Untrusted::new(path.display().to_string()).clean(400),
        Source::Paste => "the pasted key".to_owned(),
    }
}
