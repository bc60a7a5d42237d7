//! `adit status`: what each tunnel is doing, once or as it changes. It starts no service.

use clap::Args;

use super::context::Context;
use super::failure::{ABSENT, DONE, FAULT, Outcome, Stop};
use super::print;
use super::select::{Candidate, by_name};
use crate::local::clock;
use crate::model::{Name, Snapshot, TunnelStatus};
use crate::service::Client;
use crate::service::present::{WatchMark, status_json, status_text, stopped, tunnel_line_json, watch_line, watch_mark};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Only these tunnels
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Stay, and print a line for each change
    #[arg(long, short)]
    watch: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, status: Status) -> Outcome {
    match context.attached().await? {
        Some(client) => {
            let names = wanted(&status.names, &client.latest())?;
            if status.watch { watch(context, &client, names).await } else { show(context, &client.latest(), &names) }
        }
        None => {
            let settings = context.settings()?;
            let tunnels = settings.tunnels.values().map(stopped).collect();
            let snapshot = Snapshot { tunnels, ..Snapshot::default() };
            let names = wanted(&status.names, &snapshot)?;
            if status.watch {
                Watch::new(context, names).print(&snapshot)?;
            } else {
                show(context, &snapshot, &names)?;
            }
            print::words("adit: no background service runs; `adit up` or `adit daemon start` starts it");
            Ok(ABSENT)
        }
    }
}

/// The plain status of everything the service has.
pub(super) fn all(context: &Context, client: &Client) -> Outcome {
    show(context, &client.latest(), &[])
}

/// The names asked for; none means all. One that does not exist is an error.
fn wanted(names: &[String], snapshot: &Snapshot) -> Result<Vec<Name>, Stop> {
    let candidates: Vec<Candidate> = snapshot.tunnels.iter().map(Candidate::from).collect();
    let picked = by_name(names, &candidates);
    if picked.unknown.is_empty() { Ok(picked.names) } else { Err(Stop::unknown(picked.unknown.join("\n      "))) }
}

fn shown<'a>(snapshot: &'a Snapshot, names: &[Name]) -> Vec<&'a TunnelStatus> {
    snapshot.tunnels.iter().filter(|tunnel| names.is_empty() || names.contains(&tunnel.name)).collect()
}

fn show(context: &Context, snapshot: &Snapshot, names: &[Name]) -> Outcome {
    let tunnels = shown(snapshot, names);
    if context.json {
        print::data(&status_json(snapshot, &tunnels))?;
    } else if tunnels.is_empty() {
        print::words("adit: there are no tunnels yet: describe one with `adit tunnel add`");
    } else {
        print::lines(&status_text(&tunnels, clock::now()))?;
    }
    if let Some(error) = &snapshot.config_error {
        print::words(&format!("adit: the configuration on disk is not in force: {error}"));
    }
    Ok(if tunnels.iter().all(|tunnel| tunnel.is_healthy()) { DONE } else { FAULT })
}

/// Prints the present state and then each change, until the service or the reader goes.
async fn watch(context: &Context, client: &Client, names: Vec<Name>) -> Outcome {
    let mut snapshots = client.snapshots();
    let mut watch = Watch::new(context, names);
    loop {
        let snapshot = std::sync::Arc::clone(&snapshots.borrow_and_update());
        watch.print(&snapshot)?;
        if snapshots.changed().await.is_err() {
            return Err(Stop::absent("the background service ended"));
        }
    }
}

/// What was printed last of each tunnel.
struct Watch<'a> {
    context: &'a Context,
    names: Vec<Name>,
    marks: std::collections::BTreeMap<Name, WatchMark>,
}

impl<'a> Watch<'a> {
    fn new(context: &'a Context, names: Vec<Name>) -> Self {
        Self { context, names, marks: std::collections::BTreeMap::new() }
    }

    fn print(&mut self, snapshot: &Snapshot) -> Result<(), Stop> {
        let now = clock::now();
        for tunnel in shown(snapshot, &self.names) {
            let mark = watch_mark(tunnel);
            if self.marks.get(&tunnel.name) != Some(&mark) {
                print::data(&if self.context.json { tunnel_line_json(tunnel) } else { watch_line(tunnel, now) })?;
                self.marks.insert(tunnel.name.clone(), mark);
            }
        }
        self.marks.retain(|name, _| snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name));
        Ok(())
    }
}
