//! `adit up`: brings tunnels up, and keeps them wanted also where that fails.

use std::time::Duration;

use clap::Args;

use super::climb::{Before, chosen, climb, complain};
use super::context::{self, Context};
use super::failure::{DONE, Outcome, Stop, UNKNOWN, worst};
use super::print;
use super::select::{Candidate, Picked, Selection};
use super::signals::Signals;
use crate::model::{Name, Snapshot, TunnelStatus};
use crate::service::Request;
use crate::service::present::{status_json, up_line};

/// Arguments of `up`.
#[derive(Debug, Args)]
pub(super) struct Up {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    pub(super) wait: Wait,
}

/// How long to wait.
#[derive(Debug, Args)]
pub(super) struct Wait {
    /// Wait at most this long
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = duration)]
    wait: Duration,
    /// Do not wait
    #[arg(long, conflicts_with = "wait")]
    no_wait: bool,
}

impl Wait {
    pub(super) fn patience(&self) -> Duration {
        if self.no_wait { Duration::ZERO } else { self.wait }
    }
}

/// "20s", "2m", "1500ms", "1m 30s"; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let spelled = if text.bytes().all(|b| b.is_ascii_digit()) { format!("{text}s") } else { text.to_owned() };
    let parsed = spelled.parse::<jiff::SignedDuration>().ok().and_then(|d| Duration::try_from(d).ok());
    let limit = Duration::from_secs(7 * 24 * 3600);
    parsed.filter(|d| *d <= limit).ok_or_else(|| "give a time from 0s to a week, such as 20s or 2m".to_owned())
}

/// Runs it.
pub(super) async fn run(context: &Context, up: Up) -> Outcome {
    bring(context, &up.selection, up.wait.patience(), |names| Request::Up { names }).await
}

/// Sends the request that brings the selected tunnels up, waits, and prints a line each.
pub(super) async fn bring(
    context: &Context,
    selection: &Selection,
    patience: Duration,
    request: impl FnOnce(Vec<Name>) -> Request,
) -> Outcome {
    let settings = context.settings()?;
    let candidates: Vec<Candidate> = settings.tunnels.values().map(Candidate::from).collect();
    let Picked { names, unknown } = selection.pick(&candidates)?;
    for sentence in &unknown {
        print::words(&format!("adit: {sentence}"));
    }
    let missing = if unknown.is_empty() { None } else { Some(UNKNOWN) };
    if names.is_empty() {
        if missing.is_none() {
            print::words("adit: there are no tunnels yet: describe one with `adit tunnel add`");
            show(context, &Snapshot::default(), &names)?;
        }
        return Ok(worst(missing));
    }
    let mut signals = Signals::listen()?;
    let client = context.ensured().await?;
    context::reload(&client).await;
    let request = request(names.clone());
    let restarts = matches!(request, Request::Restart { .. });
    // After a restart nothing of before counts.
    let before = if restarts { Before::default() } else { Before::of(&client.latest(), &names) };
    context::ask(&client, request).await?;
    let (snapshot, code) = if patience.is_zero() {
        // Nothing is known yet that could be a failure.
        (client.latest(), DONE)
    } else {
        let climb = climb(&client, &names, &before, patience, &mut signals).await?;
        complain(&climb.snapshot, &names);
        (climb.snapshot, climb.code)
    };
    show(context, &snapshot, &names)?;
    Ok(worst(missing.into_iter().chain([code])))
}

/// Prints the tunnels: a line each, or the status object of those.
pub(super) fn show(context: &Context, snapshot: &Snapshot, names: &[Name]) -> Result<(), Stop> {
    let tunnels: Vec<&TunnelStatus> = chosen(snapshot, names).collect();
    if context.json {
        return print::data(&status_json(snapshot, &tunnels));
    }
    print::lines(&tunnels.iter().map(|tunnel| up_line(tunnel)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_people_write_them() {
        for (text, millis) in
            [("20s", 20_000), ("20", 20_000), ("2m", 120_000), ("1500ms", 1500), ("0", 0), ("1m 30s", 90_000)]
        {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "-1s", "s", "20 apples", "9999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
