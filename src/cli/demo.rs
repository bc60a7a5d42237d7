//! `adit demo`: the dashboard over a sandbox in this process. It touches nothing of the person's: keys, known hosts and
//! configuration live in a private folder that goes with it.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::dashboard::{self, Away};
use super::failure::{DONE, Outcome, SIGNALLED, Stop};
use super::print;
use super::signals::Signals;
use crate::config::{BastionEdit, Paths, Store, TunnelEdit};
use crate::local::clock;
use crate::local::private_file;
use crate::local::scratch::Scratch;
use crate::model::{KeyType, Listen, Name, Preferences, Snapshot};
use crate::sandbox::Scenario;
use crate::service::present::watch_line;
use crate::service::{self, Client, Request};
use crate::ssh::Keystore;

/// Without a terminal and without `--for` the demo ends after this.
const UNATTENDED: Duration = Duration::from_secs(20);

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// End after SECONDS; without a terminal, print what happens until then
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: Option<u64>,
}

/// Runs it. A signal is heard from the first moment: what is staged must be tidied away.
pub(super) async fn run(demo: Demo) -> Outcome {
    let mut signals = Signals::listen()?;
    let failed = |why: String| Stop::fault(format!("the demo cannot be staged: {why}"));
    let scratch = Scratch::new().map_err(|error| failed(error.to_string()))?;
    let stage = tokio::select! {
        stage = Scenario::start() => Arc::new(stage.map_err(|error| failed(error.to_string()))?),
        number = signals.end() => return Ok(signalled(number)),
    };
    let mut paths = Paths::find(Some(scratch.path()))?;
    // The person's own known_hosts have nothing to say about the sandbox.
    paths.user_home = None;
    furnish(&paths, &stage).map_err(failed)?;
    let mut service = service::start(&paths, None).await;
    let client = service.door().client().ok_or_else(|| failed("its service ended".to_owned()))?;
    let opened: Vec<Name> = stage.tunnels().iter().filter(|t| t.opened).map(|t| t.name.clone()).collect();
    let second = service.door().client().ok_or_else(|| failed("its service ended".to_owned()))?;
    super::context::ask(&client, Request::Up { names: opened }).await?;
    let traffic = tokio::spawn(drive(second, Arc::clone(&stage)));
    let context = Context { paths: paths.clone(), json: false };
    let shown = show(&context, client, &demo, &mut signals).await;
    traffic.abort();
    service.stop().cancel();
    // Its tunnels carry only made-up traffic: nothing is lost by not waiting for the last byte.
    let _ = tokio::time::timeout(Duration::from_millis(500), service.ended()).await;
    drop(stage);
    shown
}

async fn show(context: &Context, client: Client, demo: &Demo, signals: &mut Signals) -> Outcome {
    let limit = demo.seconds.map(Duration::from_secs);
    match dashboard::obstacle() {
        None => {
            let mut look = dashboard::look(context, &Preferences::default(), None);
            look.badge = Some("demo".to_owned());
            let shown = dashboard::show(client, look, Away::Ends);
            match limit {
                Some(limit) => tokio::time::timeout(limit, shown).await.unwrap_or(Ok(DONE)),
                None => shown.await,
            }
        }
        Some(why) => {
            let limit = limit.unwrap_or(UNATTENDED);
            print::words(&format!("adit: {why}; what happens in the next {} s, a line a change", limit.as_secs()));
            tokio::select! {
                told = tell(client) => told,
                () = tokio::time::sleep(limit) => Ok(DONE),
                number = signals.end() => Ok(signalled(number)),
            }
        }
    }
}

fn signalled(number: i32) -> u8 {
    SIGNALLED + u8::try_from(number).unwrap_or(0)
}

/// Prints a line for each change, as `status --watch` does.
async fn tell(client: Client) -> Outcome {
    let mut snapshots = client.snapshots();
    let mut seen = 0;
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        let new = snapshot.changes.iter().skip_while(|change| change.seq <= seen);
        for change in new {
            print::data(&watch_line(&change.tunnel, change.at))?;
        }
        seen = snapshot.changes.last().map_or(seen, |change| change.seq);
        if snapshots.changed().await.is_err() {
            return Err(Stop::absent(format!("the demo's service ended at {}", clock::now())));
        }
    }
}

/// Writes keys, known hosts and configuration.
fn furnish(paths: &Paths, stage: &Scenario) -> Result<(), String> {
    paths.prepare().map_err(|error| error.to_string())?;
    let keys = Keystore::new(paths.keys.clone());
    for key in stage.keys() {
        let made = keys.make(&key.name, KeyType::Ed25519, None, None).map_err(|error| error.to_string())?;
        stage.hand_in(&key.name, &made.public_key).map_err(|error| error.to_string())?;
    }
    let known: Vec<String> = stage.bastions().iter().filter_map(|bastion| bastion.known_hosts_line()).collect();
    let known = format!("{}\n", known.join("\n"));
    private_file::replace(&paths.known_hosts, known.as_bytes()).map_err(|error| error.to_string())?;
    let store = Store::new(paths);
    for bastion in stage.bastions() {
        let edit = BastionEdit {
            host: Some(bastion.endpoint.host.to_string()),
            port: Some(bastion.endpoint.port.get()),
            user: Some(bastion.user.clone()),
            key: Some(bastion.key.clone()),
            ..BastionEdit::default()
        };
        store.add_bastion(&bastion.name, &edit).map_err(|error| error.to_string())?;
    }
    for tunnel in stage.tunnels() {
        let edit = TunnelEdit {
            bastion: Some(tunnel.bastion.clone()),
            key: tunnel.key.clone(),
            database: Some(tunnel.database.kind),
            host: Some(tunnel.database.host.to_string()),
            port: Some(tunnel.database.port.get()),
            user: Some(tunnel.user.clone()),
            dbname: tunnel.dbname.clone(),
            tags: tunnel.tags.clone(),
            ..TunnelEdit::default()
        };
        store.add_tunnel(&tunnel.name, &edit).map_err(|error| error.to_string())?;
    }
    // Nothing of this is the person's to be undone.
    store.forget().map_err(|error| error.to_string())
}

/// Lets the made-up clients loose on each tunnel as soon as its port is chosen.
async fn drive(client: Client, stage: Arc<Scenario>) {
    let mut snapshots = client.snapshots();
    let mut driven: Vec<Name> = Vec::new();
    loop {
        let snapshot: Arc<Snapshot> = Arc::clone(&snapshots.borrow_and_update());
        for tunnel in &snapshot.tunnels {
            if let (false, Some(Listen::Tcp(address))) = (driven.contains(&tunnel.name), &tunnel.listen) {
                driven.push(tunnel.name.clone());
                // A tunnel without made-up clients stays quiet.
                let _ = stage.drive(&tunnel.name, *address);
            }
        }
        if snapshots.changed().await.is_err() {
            return;
        }
    }
}
