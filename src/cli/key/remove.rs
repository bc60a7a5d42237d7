//! `adit key remove`: takes a key away that nobody needs, and says which it was.

use super::{name, refusal, store};
use crate::cli::context::Context;
use crate::cli::failure::{DONE, Outcome};
use crate::cli::print;
use crate::service::present::{KeyView, key_json};
use crate::service::remove_key;

/// Runs it.
pub(super) fn run(context: &Context, text: &str) -> Outcome {
    // Without the configuration nobody knows who needs it.
    let settings = context.settings()?;
    let store = store(context);
    let name = name(&store, text)?;
    let second = store.rotation(&name).ok().flatten();
    let gone = remove_key(&settings, &context.paths, &name).map_err(|error| refusal(&error))?;
    match &gone {
        Some(info) => print::words(&format!(
            "adit: removed the {} key {name}, {}. adit keeps no copy; where you have one: adit key import {name} FILE. Its line \
             in authorized_keys on a bastion can go as well:\n  {}",
            info.key_type, info.fingerprint, info.public_key
        )),
        None => print::words(&format!("adit: removed what was left of the key {name}; it could not be read")),
    }
    if let Some(second) = &second {
        print::words(&format!("adit: its second key, {}, is removed with it", second.fingerprint));
    }
    if let Some(info) = gone.filter(|_| context.json) {
        print::data(&key_json(&KeyView { info, used_by: Vec::new(), rotating: None }))?;
    }
    Ok(DONE)
}
