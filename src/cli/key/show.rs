//! `adit key list` and `show`: the public half in every form that somebody needs.

use std::io::IsTerminal;

use clap::Args;

use super::{name, store};
use crate::cli::context::Context;
use crate::cli::failure::{DONE, Outcome, Stop};
use crate::cli::print;
use crate::model::authorized_key;
use crate::service::present::{KeyView, Qr, document, key_json, key_text, keys_json, keys_text};
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
    /// Print the line as a QR code
    #[arg(long)]
    pub(super) qr: bool,
}

/// All keys.
pub(super) fn list(context: &Context) -> Outcome {
    let settings = context.settings()?;
    let store = store(context);
    let listing = store.list()?;
    let view = |info: KeyInfo| KeyView {
        used_by: key_users(&settings, &context.paths, &info.name).names(),
        rotating: store.rotation(&info.name).ok().flatten(),
        info,
    };
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
    views.iter().for_each(say_rotating);
    for broken in listing.broken {
        print::words(&format!("adit: the key {} cannot be used: {}", broken.name, broken.why));
    }
    Ok(DONE)
}

fn say_rotating(view: &KeyView) {
    if let Some(second) = &view.rotating {
        let name = &view.info.name;
        print::words(&format!(
            "adit: a rotation of {name} is under way, its second key is {}: adit key rotate {name} shows both lines",
            second.fingerprint
        ));
    }
}

/// One key.
pub(super) fn show(context: &Context, text: &str, form: &Form) -> Outcome {
    let store = store(context);
    let name = name(&store, text)?;
    let info = store.show(&name)?;
    if form.authorized_key {
        return show_authorized(context, &info);
    }
    if form.qr {
        return show_qr(context, &info);
    }
    if form.fingerprint && !context.json {
        print::data(&info.fingerprint)?;
        return Ok(DONE);
    }
    let rotating = store.rotation(&name).ok().flatten();
    // The line alone needs no configuration.
    let used_by =
        if context.json { key_users(&context.settings()?, &context.paths, &name).names() } else { Vec::new() };
    let view = KeyView { used_by, rotating, info };
    print::data(&if context.json { key_json(&view) } else { key_text(&view) })?;
    say_rotating(&view);
    Ok(DONE)
}

/// The public line as a QR code: black on white where the terminal has colours, so that every reader takes it.
fn show_qr(context: &Context, info: &KeyInfo) -> Outcome {
    let qr = Qr::new(&info.public_key).map_err(|error| {
        let name = &info.name;
        Stop::usage(format!(
            "the public line of {name} ({} {}) does not fit: {error}; adit key show {name} prints the line to copy, and an \
             ed25519 key has a short one",
            info.key_type, info.bits
        ))
    })?;
    if context.json {
        let lines = qr.dark_on_light();
        print::data(&document([("key", info.name.as_str().into()), ("qr", lines.into())]))?;
    } else if colours() {
        let painted = |line: String| format!("\u{1b}[30;107m{line}\u{1b}[0m");
        print::lines(&qr.dark_on_light().into_iter().map(painted).collect::<Vec<_>>())?;
    } else {
        print::lines(&qr.light_on_dark())?;
    }
    Ok(DONE)
}

/// Whether colours come out as colours (<https://no-color.org>).
fn colours() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stdout().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The line for `authorized_keys`, with a forward for every database that is reached with this key.
fn show_authorized(context: &Context, info: &KeyInfo) -> Outcome {
    let settings = context.settings()?;
    let targets = key_targets(&settings, &context.paths, &info.name);
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
