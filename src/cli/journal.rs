//! `adit journal`: what happened, of all tunnels or of one. The service remembers it.

use clap::Args;

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::{print, select};
use crate::model::journal::Entry;
use crate::service::present::{journal_json, journal_text};
use crate::service::{Reply, Request};

/// Arguments of `journal`.
#[derive(Debug, Args)]
pub(super) struct Journal {
    /// Only what happened to this tunnel
    name: Option<String>,
}

/// Runs it.
pub(super) async fn run(context: &Context, journal: Journal) -> Outcome {
    let Some(client) = context.attached().await? else {
        if let Some(name) = &journal.name {
            known(context, name)?;
        }
        return Err(Stop::absent(
            "the background service does not run, and it alone knows what happened; adit logs shows its log",
        ));
    };
    let (entries, missed) = match client.request(Request::Journal).await? {
        Reply::Journal { entries, missed } => (entries, missed),
        Reply::Refused { code, message } => return Err(Stop::new(code, message)),
        _ => return Err(Stop::fault("the background service answered something else")),
    };
    let entries = match &journal.name {
        Some(name) => of_one(context, entries, name)?,
        None => entries,
    };
    if context.json {
        print::data(&journal_json(&entries, missed))?;
        return Ok(DONE);
    }
    if missed > 0 {
        let (it, is) = if missed == 1 { ("entry", "is") } else { ("entries", "are") };
        print::words(&format!("adit: {missed} older {it} {is} not kept any more"));
    }
    for line in journal_text(&entries) {
        print::data(&line)?;
    }
    Ok(DONE)
}

/// What happened to a tunnel; one that is configured no longer may still have a past.
fn of_one(context: &Context, entries: Vec<Entry>, name: &str) -> Result<Vec<Entry>, Stop> {
    let own: Vec<Entry> =
        entries.into_iter().filter(|entry| entry.tunnel.as_ref().is_some_and(|own| own.as_str() == name)).collect();
    if own.is_empty() {
        known(context, name)?;
    }
    Ok(own)
}

fn known(context: &Context, name: &str) -> Result<(), Stop> {
    let settings = context.settings()?;
    select::find("tunnel", name, settings.tunnels.keys()).map(|_| ()).map_err(Stop::unknown)
}
