//! `adit key list` and `show`: the public half in every form that somebody needs.

use clap::Args;

use super::{name, store};
use crate::cli::context::Context;
use crate::cli::failure::{DONE, Outcome};
use crate::cli::print;
use crate::model::authorized_key;
use crate::service::present::{KeyView, document, key_json, key_text, keys_json, keys_text};
use crate::service::{key_targets, key_users};
use crate::ssh::KeyInfo;

/// How a key is shown.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(in crate::cli) struct Form {
    /// Print its SHA256 fingerprint instead
    #[arg(long)]
    pub(super) fingerprint: bool,
    /// Print the line for the bastion's authorized_keys, limited to the databases of the tunnels that use the key
    #[arg(long)]
    pub(super) authorized_key: bool,
}

pub(super) fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let listing = store(context).list()?;
    let view = |info: KeyInfo| KeyView { used_by: key_users(&settings, &context.paths.keys, &info.name).names(), info };
    let views: Vec<KeyView> = listing.keys.into_iter().map(view).collect();
    if context.json {
        print::data(&keys_json(&views))?;
    } else if views.is_empty() && listing.broken.is_empty() {
        print::words(
            "adit: there are no keys yet: `adit key new NAME` makes one, `adit key import NAME FILE` takes one over",
        );
    } else {
        print::lines(&keys_text(&views))?;
    }
    for broken in listing.broken {
        print::words(&format!("adit: the key {} cannot be used: {}", broken.name, broken.why));
    }
    Ok(DONE)
}

pub(super) fn show(context: &Context, text: &str, form: &Form) -> Outcome {
    let store = store(context);
    let name = name(&store, text)?;
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
        print::data(&key_json(&KeyView { used_by: key_users(&settings, &context.paths.keys, &name).names(), info }))?;
    } else {
        print::data(&key_text(&KeyView { used_by: Vec::new(), info }))?;
    }
    Ok(DONE)
}

/// The line for `authorized_keys`, with a forward for every database that is reached with this key.
fn show_authorized(context: &Context, info: &KeyInfo) -> Outcome {
    let settings = context.settings()?;
    let targets = key_targets(&settings, &context.paths.keys, &info.name);
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
