//! `adit down`: takes tunnels down, wants them no longer, and returns when their ports are free.

use clap::Args;

use super::context::{self, Context};
use super::failure::{DONE, Outcome, SIGNALLED, UNKNOWN, worst};
use super::print;
use super::select::{Candidate, Picked, Selection};
use super::signals::Signals;
use super::up::show;
use crate::model::{Snapshot, TunnelStatus};
use crate::service::{self, Request};

/// Arguments of `down`.
#[derive(Debug, Args)]
pub(super) struct Down {
    #[command(flatten)]
    selection: Selection,
    /// Cut live connections instead of giving them 10 s
    #[arg(long)]
    now: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, down: Down) -> Outcome {
    let client = context.attached().await?;
    // A running service is asked about what it runs, also while the configuration on disk does not load.
    let offline = match &client {
        Some(_) => None,
        None => Some(context.settings()?),
    };
    let candidates: Vec<Candidate> = match (&client, &offline) {
        (Some(client), _) => client.latest().tunnels.iter().map(Candidate::from).collect(),
        (None, Some(settings)) => settings.tunnels.values().map(Candidate::from).collect(),
        (None, None) => Vec::new(),
    };
    let Picked { names, unknown } = down.selection.pick(&candidates)?;
    for sentence in &unknown {
        print::words(&format!("adit: {sentence}"));
    }
    let missing = if unknown.is_empty() { DONE } else { UNKNOWN };
    let mut code = DONE;
    let snapshot = match (&client, &offline) {
        (Some(client), _) if !names.is_empty() => {
            let mut signals = Signals::listen()?;
            let request = Request::Down { names: names.clone(), now: down.now };
            tokio::select! {
                done = context::ask(client, request) => done?,
                number = signals.end() => {
                    print::words("adit: the tunnels go on closing in the background");
                    code = SIGNALLED.saturating_add(u8::try_from(number).unwrap_or(0));
                }
            }
            client.latest()
        }
        (Some(client), _) => client.latest(),
        (None, Some(settings)) => {
            service::forget_wanted(&context.paths, &names)?;
            let tunnels = settings.tunnels.values().map(TunnelStatus::stopped).collect();
            Snapshot { tunnels, ..Snapshot::default() }.into()
        }
        (None, None) => Snapshot::default().into(),
    };
    if names.is_empty() && missing != DONE {
        return Ok(missing);
    }
    show(context, &snapshot, &names)?;
    Ok(worst([missing, code]))
}
