//! `adit key rotate`: a second key beside the first, proven by a login before it takes the first one's place.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;
use tokio::task::spawn_blocking;

use super::{Kind, name, refusal, store, unlock};
use crate::cli::context::Context;
use crate::cli::failure::{DONE, FAULT, Outcome, Stop};
use crate::cli::print;
use crate::config::Settings;
use crate::model::Name;
use crate::service::present::{document, rotation_json, trials_text};
use crate::service::{Finish, RotationView, finish_rotation, key_accounts, removal_commands, rotation_view};
use crate::ssh::{KeyInfo, Keystore};

/// How far to go.
#[derive(Debug, Args)]
pub(in crate::cli) struct Rotate {
    /// Its name
    name: String,
    /// The second key's type [default: the first one's]
    #[arg(long = "type", value_enum, conflicts_with_all = ["finish", "abort"])]
    kind: Option<Kind>,
    /// Log in with the second key at every bastion that uses the first; when all accept it, it takes the first one's place
    #[arg(long)]
    finish: bool,
    /// Give it up: remove the second key
    #[arg(long, conflicts_with = "finish")]
    abort: bool,
    /// The passphrase of both keys, in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with = "abort")]
    passphrase_file: Option<PathBuf>,
}

/// Runs it.
pub(super) async fn run(context: &Context, rotate: Rotate) -> Outcome {
    let store = store(context);
    let name = name(&store, &rotate.name)?;
    if rotate.abort {
        return abort(context, &store, &name);
    }
    let settings = context.settings()?;
    let file = rotate.passphrase_file.as_deref();
    if rotate.finish {
        return finish(context, &settings, &name, file).await;
    }
    let old = store.show(&name)?;
    let new = match store.rotation(&name)? {
        Some(new) => {
            print::words(&format!("adit: a rotation of the key {name} is under way already"));
            new
        }
        None => begin(&store, &old, rotate.kind, file).await?,
    };
    let view = rotation_view(&settings, &context.paths, old, new);
    explain(context, &settings, &view);
    if context.json {
        print::data(&rotation_json(&view, "under_way", &[]))?;
    } else {
        print::lines(&[view.old_line, view.new_line])?;
    }
    Ok(DONE)
}

async fn begin(store: &Keystore, old: &KeyInfo, kind: Option<Kind>, file: Option<&Path>) -> Result<KeyInfo, Stop> {
    let what = format!("the key {}", old.name);
    let secret = match (old.encrypted, file) {
        (true, file) => Some(unlock::given(file, &what, "give it with --passphrase-file").await?),
        (false, Some(file)) => Some(unlock::from_file(file)?),
        (false, None) => None,
    };
    let (place, owned) = (store.clone(), old.name.clone());
    let made = spawn_blocking(move || place.begin_rotation(&owned, kind.map(Into::into), secret.as_ref())).await;
    Ok(made.map_err(|error| Stop::fault(format!("cannot make the second key: {error}")))??)
}

/// What to do now, and who does it.
fn explain(context: &Context, settings: &Settings, view: &RotationView) {
    let name = &view.old.name;
    let places: Vec<String> = key_accounts(settings, &context.paths, name)
        .iter()
        .map(|bastion| format!("~/.ssh/authorized_keys of {} on {}", bastion.user, bastion.endpoint.host))
        .collect();
    if places.is_empty() {
        print::words(&format!(
            "adit: the second key {} lies beside the first; no bastion uses {name} yet, and only a login can prove it",
            view.new.fingerprint
        ));
        return;
    }
    print::words(&format!(
        "adit: the key {name} stays in use ({}); its second key is {}\n\
         \x20 1. The bastion's admin adds the second of these lines to {}, and keeps the first.\n\
         \x20 2. adit key rotate {name} --finish   logs in with the second key, and when it is accepted everywhere, puts it in the \
         first one's place.\n\
         \x20 3. The admin removes the first line.\n\
         \x20 adit key rotate {name} --abort    gives it up.",
        view.old.fingerprint,
        view.new.fingerprint,
        places.join(" and ")
    ));
}

async fn finish(context: &Context, settings: &Settings, name: &Name, file: Option<&Path>) -> Outcome {
    let store = store(context);
    let old = store.show(name)?;
    let secret = match store.rotation(name)?.is_some_and(|new| new.encrypted) {
        true => {
            Some(unlock::given(file, &format!("the second key of {name}"), "give it with --passphrase-file").await?)
        }
        false => None,
    };
    let Finish { trials, swapped } =
        finish_rotation(settings, &context.paths, name, secret).await.map_err(|error| refusal(&error))?;
    for line in trials_text(&trials) {
        print::words(&format!("adit: {line}"));
    }
    let Some(swapped) = swapped else {
        print::words(&format!(
            "adit: not every bastion takes the second key, so nothing was changed and {name} is the key it was \
             ({}). Once the admin has added the line (adit key rotate {name} shows it again): adit key rotate {name} --finish",
            old.fingerprint
        ));
        if context.json {
            let new = store.rotation(name)?.unwrap_or_else(|| old.clone());
            print::data(&rotation_json(&rotation_view(settings, &context.paths, old, new), "refused", &trials))?;
        }
        return Ok(FAULT);
    };
    let view = rotation_view(settings, &context.paths, swapped.old, swapped.new);
    removal(context, settings, &view);
    print::data(&if context.json { rotation_json(&view, "finished", &trials) } else { view.old_line })?;
    Ok(DONE)
}

/// What is left for the admin.
fn removal(context: &Context, settings: &Settings, view: &RotationView) {
    let name = &view.old.name;
    print::words(&format!(
        "adit: {name} is {} now; the old key {} is deleted. Tunnels that are up keep their sessions, and the next login uses the \
         new key. The bastion's admin can remove the old line:",
        view.new.fingerprint, view.old.fingerprint
    ));
    for (place, command) in removal_commands(settings, &context.paths, &view.old) {
        print::words(&format!("  {place}: {command}"));
    }
}

fn abort(context: &Context, store: &Keystore, name: &Name) -> Outcome {
    // A name that no key has is unknown rather than not rotating.
    if let Err(error @ crate::ssh::KeyError::Unknown { .. }) = store.show(name)
        && !store.next_dir().join(name.as_str()).exists()
    {
        return Err(error.into());
    }
    let gone = store.abort_rotation(name)?;
    let which = gone.as_ref().map(|info| format!(" ({})", info.fingerprint)).unwrap_or_default();
    print::words(&format!(
        "adit: the second key of {name}{which} is removed; {name} is the key it was. If the admin has added the second line, \
         it can go"
    ));
    if context.json {
        let fingerprint = gone.map_or(Value::Null, |info| info.fingerprint.into());
        print::data(&document([("key", name.as_str().into()), ("state", "aborted".into()), ("removed", fingerprint)]))?;
    }
    Ok(DONE)
}
