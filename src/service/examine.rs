//! A diagnosis from what is configured: where to, as whom, and what the running tunnels tell. It looks at nothing by itself.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::config::{Paths, Settings};
use crate::diagnose::{Aim, Means, Passphrases, Plan};
use crate::local::{clock, port_owner};
use crate::model::{
    Admin, Bastion, Draft, Endpoint, Format, Hop, Identity, Listen, Name, Phase, Recipe, Route, Rung, Snapshot, SshWay,
    Subject, Tunnel,
};
use crate::ssh::World;

use super::drafts::with_draft;

/// The plan for a draft, as far as it is answered; nothing before its bastion is.
#[must_use]
pub fn draft_plan(settings: &Settings, paths: &Paths, draft: &Draft, admin: Option<Admin>) -> Option<Plan> {
    let would_be = with_draft(settings, draft);
    plan_for(&would_be, paths, &Subject::Draft(draft.name.clone()), draft.bastion_name(), admin, None)
}

/// The plan for a subject; nothing where the configuration does not know it. `snapshot` is the running service's, if any.
#[must_use]
pub fn plan(
    settings: &Settings,
    paths: &Paths,
    subject: &Subject,
    admin: Option<Admin>,
    snapshot: Option<&Snapshot>,
) -> Option<Plan> {
    plan_for(settings, paths, subject, None, admin, snapshot)
}

fn plan_for(
    settings: &Settings,
    paths: &Paths,
    subject: &Subject,
    bastion_of_draft: Option<&Name>,
    admin: Option<Admin>,
    snapshot: Option<&Snapshot>,
) -> Option<Plan> {
    let (bastion, tunnel) = match subject {
        Subject::Tunnel(name) => {
            let tunnel = settings.tunnels.get(name)?;
            (settings.bastions.get(&tunnel.bastion)?, Some(tunnel))
        }
        Subject::Bastion(name) => (settings.bastions.get(name)?, None),
        Subject::Draft(name) => match settings.tunnels.get(name) {
            Some(tunnel) => (settings.bastions.get(&tunnel.bastion)?, Some(tunnel)),
            None => (settings.bastions.get(bastion_of_draft?)?, None),
        },
    };
    let own = tunnel.and_then(|tunnel| tunnel.identity.as_ref());
    let route = Route::direct(Hop::through(bastion, own));
    let aim = tunnel.map(|tunnel| aim(tunnel, snapshot));
    let by_hand = match (&aim, tunnel) {
        (Some(aim), Some(tunnel)) => by_hand(paths, &route, tunnel, aim),
        _ => Vec::new(),
    };
    Some(Plan {
        subject: subject.clone(),
        targets: targets(settings, bastion, &route.last.identity),
        aim,
        route,
        leaves_from: settings.preferences.leaves_from.clone(),
        admin,
        by_hand,
        person: std::env::var("USER").or_else(|_| std::env::var("LOGNAME")).ok().filter(|name| !name.is_empty()),
        now: clock::now(),
    })
}

/// What of this machine a diagnosis may use.
#[must_use]
pub fn means(paths: &Paths, agent: Option<PathBuf>, passphrases: Passphrases) -> Means {
    let home = paths.user_home.clone();
    Means { world: World::new(&paths.keys, &paths.known_hosts, home.as_deref()), agent, home, passphrases }
}

fn aim(tunnel: &Tunnel, snapshot: Option<&Snapshot>) -> Aim {
    let running = snapshot.and_then(|snapshot| snapshot.tunnels.iter().find(|status| status.name == tunnel.name));
    let held = running.is_some_and(|status| {
        // Between its attempts a tunnel keeps its port; one whose port is taken never had it.
        let unbound = status.fault.as_ref().is_some_and(|fault| fault.rung == Rung::Bind);
        status.phase != Phase::Stopped && !unbound
    });
    let listen = tunnel.listen.clone().or_else(|| running.and_then(|status| status.listen.clone()));
    Aim { name: tunnel.name.clone(), listen, held, database: tunnel.database.clone() }
}

/// Every database that tunnels reach through this bastion with this identity.
fn targets(settings: &Settings, bastion: &Bastion, identity: &Identity) -> Vec<Endpoint> {
    let theirs = |tunnel: &&Tunnel| {
        tunnel.bastion == bastion.name && tunnel.identity.as_ref().unwrap_or(&bastion.identity) == identity
    };
    let mut found: Vec<Endpoint> =
        settings.tunnels.values().filter(theirs).map(|tunnel| tunnel.database.endpoint()).collect();
    found.sort();
    found.dedup();
    found
}

/// The same tunnel with OpenSSH, and the client to try it with.
fn by_hand(paths: &Paths, route: &Route, tunnel: &Tunnel, aim: &Aim) -> Vec<String> {
    // While the tunnel's own is in use.
    let other = || port_owner::free_port(port_owner::TUNNEL_PORTS, &BTreeSet::new()).map(Listen::loopback);
    let listen = match &aim.listen {
        Some(listen) if !aim.held => Some(listen.clone()),
        Some(_) | None => other(),
    };
    let Some(listen) = listen else { return Vec::new() };
    let way = SshWay {
        name: &tunnel.name,
        route,
        target: tunnel.database.endpoint(),
        keys: &paths.keys,
        known_hosts: Some(paths.known_hosts.as_path()).filter(|path| path.exists()),
    };
    let recipe = Recipe::of(tunnel, &listen);
    let client = Format::client(tunnel.database.kind).unwrap_or(Format::Hostport);
    [recipe.write(Format::Ssh, &way), recipe.write(client, &way)].into_iter().flatten().collect()
}
