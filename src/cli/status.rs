//! `adit status`: what each tunnel is doing, once or as it changes. It starts no service.

use std::sync::Arc;

use clap::Args;

use super::context::Context;
use super::failure::{ABSENT, DONE, FAULT, Outcome, Stop};
use super::print;
use super::select::{Candidate, by_name};
use crate::local::clock;
use crate::model::{Name, Snapshot, TunnelStatus};
use crate::service::present::{WatchMark, status_json, status_text, tunnel_line_json, watch_line, watch_mark};
use crate::service::{Client, Reply, Request};

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
            let snapshot = fresh(&client).await?;
            let names = wanted(&status.names, &snapshot)?;
            if status.watch { watch(context, &client, names).await } else { show(context, &snapshot, &names) }
        }
        None => {
            let settings = context.settings()?;
            let tunnels = settings.tunnels.values().map(TunnelStatus::stopped).collect();
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
pub(super) async fn all(context: &Context, client: &Client) -> Outcome {
    let snapshot = fresh(client).await?;
    show(context, &snapshot, &[])
}

/// The state of this moment: what was published last may be older, since counters are published only while someone watches.
async fn fresh(client: &Client) -> Result<Arc<Snapshot>, Stop> {
    match client.request(Request::Status).await {
        Ok(Reply::Status { snapshot }) => Ok(snapshot),
        Ok(_) | Err(_) => Ok(client.latest()),
    }
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
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        watch.print(&snapshot)?;
        tokio::select! {
            changed = snapshots.changed() => changed.map_err(|_| Stop::absent("the background service ended"))?,
            () = print::reader_gone() => return Err(Stop::PipeClosed),
        }
    }
}

/// What was printed last of each tunnel.
struct Watch<'a> {
    context: &'a Context,
    names: Vec<Name>,
    marks: std::collections::BTreeMap<Name, WatchMark>,
    /// The last change that was printed or came before the first snapshot.
    seen: Option<u64>,
}

impl<'a> Watch<'a> {
    fn new(context: &'a Context, names: Vec<Name>) -> Self {
        Self { context, names, marks: std::collections::BTreeMap::new(), seen: None }
    }

    fn print(&mut self, snapshot: &Snapshot) -> Result<(), Stop> {
        self.print_changes(snapshot)?;
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

    /// What happened between the snapshots, however quickly it passed.
    fn print_changes(&mut self, snapshot: &Snapshot) -> Result<(), Stop> {
        let last = snapshot.changes.last().map_or(0, |change| change.seq);
        let Some(seen) = self.seen.replace(last) else { return Ok(()) };
        let first = snapshot.changes.first().map_or(last, |change| change.seq);
        if first > seen + 1 {
            print::words(&format!("adit: {} changes came too quickly to be shown", first - seen - 1));
        }
        for change in snapshot.changes.iter().filter(|change| change.seq > seen) {
            let tunnel = &change.tunnel;
            let mark = watch_mark(tunnel);
            let wanted = self.names.is_empty() || self.names.contains(&tunnel.name);
            if wanted && self.marks.get(&tunnel.name) != Some(&mark) {
                print::data(&if self.context.json { tunnel_line_json(tunnel) } else { watch_line(tunnel, change.at) })?;
                self.marks.insert(tunnel.name.clone(), mark);
            }
        }
        Ok(())
    }
}
