//! The whole hand-off: the steps of the platforms that are wanted, in the order in which they must be done. How it is shown is
//! `render`'s business.

use super::step::{Packet, Platform, Step};
use super::{Setup, address, aws, azure, check, database, firewall, gcp, hardening, line, linux, sshd, undo, windows};
use crate::model::Name;

/// The platforms that a set-up may be on, as far as its addresses tell.
#[must_use]
pub fn fitting(setup: &Setup) -> Vec<Platform> {
    let mut hosts: Vec<&str> = setup.databases.iter().map(|served| served.database.host.as_str()).collect();
    hosts.push(setup.address.host.as_str());
    let told: Vec<Platform> = [
        (Platform::Aws, aws::is_there as fn(&str) -> bool),
        (Platform::Azure, azure::is_there),
        (Platform::Gcp, gcp::is_there),
    ]
    .into_iter()
    .filter(|(_, is_there)| hosts.iter().any(|host| is_there(&host.to_ascii_lowercase())))
    .map(|(cloud, _)| cloud)
    .collect();
    let is_cloud = |platform: &Platform| matches!(platform, Platform::Aws | Platform::Azure | Platform::Gcp);
    // A bastion on Windows is rare, and nothing in an address tells of it.
    let fits = |platform: &Platform| match platform {
        Platform::Windows => false,
        cloud if is_cloud(cloud) => told.is_empty() || told.contains(cloud),
        _ => true,
    };
    Platform::ALL.into_iter().filter(fits).collect()
}

/// The hand-off for these platforms, in the order in which it must be done. Both ways through firewalls are always in it.
#[must_use]
pub fn packet(setup: &Setup, platforms: &[Platform]) -> Packet {
    let on = |platform: Platform| platforms.contains(&platform);
    let mut steps = vec![address::to_the_bastion(setup)];
    let firewalls: Vec<Platform> = platforms.iter().copied().filter(|platform| opens_ways(*platform)).collect();
    steps.extend(firewalls.iter().filter_map(|platform| way_in(setup, *platform)));
    if on(Platform::Linux) {
        steps.extend(linux::steps(setup));
    }
    if on(Platform::Windows) {
        steps.extend(windows::steps(setup));
    }
    if on(Platform::Sshd) {
        steps.extend(sshd::steps(setup));
    }
    steps.push(address::to_the_database(setup));
    steps.extend(firewalls.iter().flat_map(|platform| way_on(setup, *platform)));
    steps.extend(database::steps(setup));
    steps.extend(check::steps(setup, platforms));
    steps.push(hardening::step(setup));
    steps.push(hardening::sharing(setup));
    steps.extend(undo::step(setup, platforms));
    Packet {
        subject: setup.subject.clone(),
        bastion: setup.bastion.clone(),
        address: setup.address.clone(),
        user: setup.user.clone(),
        fingerprint: setup.key.as_ref().map(|key| key.fingerprint.clone()),
        authorized_key: line::line(setup),
        notes: notes(setup),
        steps,
    }
}

fn opens_ways(platform: Platform) -> bool {
    match platform {
        Platform::Ufw | Platform::Firewalld | Platform::Nftables | Platform::Aws | Platform::Azure | Platform::Gcp => {
            true
        }
        Platform::Linux | Platform::Windows | Platform::Sshd => false,
    }
}

/// From us to the bastion's SSH port.
fn way_in(setup: &Setup, platform: Platform) -> Option<Step> {
    match platform {
        Platform::Ufw | Platform::Firewalld | Platform::Nftables => firewall::way_in(setup, platform),
        Platform::Aws => Some(aws::way_in(setup)),
        Platform::Azure => Some(azure::way_in(setup)),
        Platform::Gcp => Some(gcp::way_in(setup)),
        Platform::Linux | Platform::Windows | Platform::Sshd => None,
    }
}

/// From the bastion to the databases' ports.
fn way_on(setup: &Setup, platform: Platform) -> Vec<Step> {
    match platform {
        Platform::Ufw | Platform::Firewalld | Platform::Nftables => firewall::way_on(setup, platform),
        Platform::Aws => aws::way_on(setup),
        Platform::Azure => azure::way_on(setup),
        Platform::Gcp => gcp::way_on(setup),
        Platform::Linux | Platform::Windows | Platform::Sshd => Vec::new(),
    }
}

/// What is known of the address that we come from, and what to do about what is not.
fn seen_from(setup: &Setup) -> Option<String> {
    let new: Vec<String> = setup
        .seen
        .iter()
        .map(std::net::IpAddr::to_canonical)
        .filter(|seen| !setup.from.iter().any(|known| known.to_canonical() == *seen))
        .map(|seen| seen.to_string())
        .collect();
    let new = new.join(", ");
    match (setup.from.is_empty(), new.is_empty()) {
        (true, true) => Some(
            "the address that you come from is not known, so the rules below ask for it. Give it with --from, or once for all as \
             leaves_from under [preferences]; then the rules name it, and the key is taken from there only. The keeper of your \
             network knows it; so does any server that you can log in to already, in the first word of $SSH_CONNECTION"
                .to_owned(),
        ),
        (true, false) => Some(format!(
            "the bastion saw you come from {new} in a session, and the rules below name it. The key's line does not: an address that \
             nobody promised may change. Keep it as leaves_from under [preferences] if it stays"
        )),
        (false, false) => Some(format!(
            "the bastion saw you come from {new} in a session, which is none of your leaves_from: the rules and the key's line name all of them"
        )),
        (false, true) => None,
    }
}

fn notes(setup: &Setup) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(why) = &setup.key_unknown {
        notes.push(format!("the public key is not known here, so its line is missing below: {why}"));
    }
    if setup.databases.is_empty() {
        notes.push(
            "no tunnel uses this login yet, so its key may log in and open nothing; describe the tunnel first, then hand this over"
                .to_owned(),
        );
    }
    notes.extend(seen_from(setup));
    if !setup.others.is_empty() {
        let names: Vec<String> = setup.others.iter().map(Name::to_string).collect();
        notes.push(format!(
            "other tunnels through this bastion have keys of their own, each with a hand-off of its own: {}",
            names.join(", ")
        ));
    }
    notes
}
