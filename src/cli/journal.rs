//! `adit journal`: what happened to the tunnels since the service started. The log is `logs`.

use clap::Args;

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::print;
use super::select::{Candidate, by_name};
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
        return Err(Stop::absent("no background service runs, and so there is no journal; see `adit logs`"));
    };
    let (mut entries, missed): (Vec<Entry>, u64) = match client.request(Request::Journal).await? {
        Reply::Journal { entries, missed } => (entries, missed),
        Reply::Refused { code, message } => return Err(Stop::new(code, message)),
        Reply::Done | Reply::Status { .. } => (Vec::new(), 0),
    };
    if let Some(name) = journal.name {
        // A tunnel that was removed still has a past.
        if !entries.iter().any(|entry| entry.tunnel.as_ref().is_some_and(|tunnel| tunnel.as_str() == name)) {
            let candidates: Vec<Candidate> = client.latest().tunnels.iter().map(Candidate::from).collect();
            let picked = by_name(std::slice::from_ref(&name), &candidates);
            if !picked.unknown.is_empty() {
                return Err(Stop::unknown(picked.unknown.concat()));
            }
        }
        entries.retain(|entry| entry.tunnel.as_ref().is_some_and(|tunnel| tunnel.as_str() == name));
    }
    if context.json {
        print::data(&journal_json(&entries, missed))?;
    } else {
        print::lines(&journal_text(&entries))?;
    }
    Ok(DONE)
}
