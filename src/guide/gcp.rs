//! Both ways through Google's VPC firewall: by clicks and by its command line. Rules reach machines by network tags.

use super::step::{Platform, Step};
use super::{Setup, address};
use crate::model::{Database, Kind, Owner, shell_word};

/// True for a host name that only this cloud hands out.
pub(super) fn is_there(host: &str) -> bool {
    host.ends_with(".googleusercontent.com") || (host.ends_with(".internal") && host.contains(".c."))
}

/// Finds a machine by its address: name, zone, network and private address, in variables with a prefix.
fn find(prefix: &str, lookup: &str, field: &str) -> String {
    format!(
        "{lookup}\n\
         set -- $(gcloud compute instances list --filter=\"networkInterfaces{field}=$address\" --format='value(name,zone.basename(),networkInterfaces[0].network.basename(),networkInterfaces[0].networkIP)')\n\
         {prefix}name=$1 {prefix}zone=$2 {prefix}network=$3 {prefix}private=$4"
    )
}

fn find_bastion(setup: &Setup) -> String {
    let host = &setup.address.host;
    let (lookup, field) = match host.as_ip() {
        Some(ip) if address::is_private(ip) => (format!("address={}", shell_word(&ip.to_string())), ".networkIP"),
        Some(ip) => (format!("address={}", shell_word(&ip.to_string())), ".accessConfigs.natIP"),
        None => (format!("address=$(dig +short {} | tail -n 1)", shell_word(host.as_str())), ".accessConfigs.natIP"),
    };
    find("", &lookup, field)
}

fn tag(name: &str, prefix: &str) -> String {
    format!("gcloud compute instances add-tags \"${prefix}name\" --zone \"${prefix}zone\" --tags {}", shell_word(name))
}

fn rule(name: &str, tag: &str, network: &str, sources: &str, port: u16) -> String {
    let (name, tag) = (shell_word(name), shell_word(tag));
    format!(
        "gcloud compute firewall-rules create {name} --network \"${network}\" --direction INGRESS --action ALLOW --rules tcp:{port} --source-ranges {sources} --target-tags {tag}"
    )
}

/// Names of rules and tags are lower case letters, digits and dashes, at most 63 (RFC 1035).
pub(super) fn name_of(text: &str) -> String {
    let plain: String =
        text.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    plain.chars().take(60).collect::<String>().trim_end_matches('-').to_owned()
}

pub(super) fn way_in(setup: &Setup) -> Step {
    let port = setup.address.port.get();
    let clients = address::clients(setup);
    let name = name_of(&format!("{}-ssh", setup.label()));
    let title = format!("First way, Google Cloud: let them in to port {port} of the bastion");
    let why = "a rule of its own for one network tag: the rule default-allow-ssh, where it is there, lets the whole internet in to \
               every machine";
    let mut commands = vec![find_bastion(setup)];
    commands.extend(clients.ask.clone());
    for (list, six) in clients.families() {
        // A rule takes one family.
        let own = if six { format!("{name}-v6") } else { name.clone() };
        commands.push(rule(&own, &name, "network", &list.join(","), port));
    }
    commands.push(tag(&name, ""));
    let ranges = match (clients.words_of(false), clients.words_of(true)) {
        (Some(four), Some(six)) => {
            format!(
                "source IPv4 ranges {four} (and a second rule {name}-v6, the same but for source IPv6 ranges {six})"
            )
        }
        (None, Some(six)) => format!("source IPv6 ranges {six}"),
        (four, None) => format!("source IPv4 ranges {}", four.unwrap_or_default()),
    };
    Step::new(Platform::Gcp, Owner::BastionAdmin, title, why)
        .say(format!(
            "in the console: VPC network, Firewall, Create firewall rule {name}: the network of the bastion, direction Ingress, action \
             Allow, target tags {name}, {ranges}, protocols and ports TCP {port}; then Compute Engine, VM instances, the bastion, Edit, \
             Network tags: add {name}"
        ))
        .run("or by command", commands.join("\n"))
}

pub(super) fn way_on(setup: &Setup) -> Vec<Step> {
    setup.distinct().into_iter().map(|database| one(setup, database)).collect()
}

fn one(setup: &Setup, database: &Database) -> Step {
    let port = database.port.get();
    let host = database.host.as_str();
    let name = name_of(&format!("{}-{}-{port}", setup.label(), database.kind));
    let title = format!("Second way, Google Cloud: let the bastion in to port {port} of {host}");
    let why = "inside one VPC network the database sees the internal address of the bastion; over the internet it sees the external \
               one, of the bastion or of Cloud NAT";
    let step = Step::new(Platform::Gcp, Owner::DatabaseAdmin, title, why);
    let lookup = match database.host.as_ip() {
        Some(ip) => format!("address={}", shell_word(&ip.to_string())),
        None => format!("address=$(dig +short {} | tail -n 1)", shell_word(host)),
    };
    let commands = [
        find_bastion(setup),
        find("db", &lookup, ".networkIP"),
        rule(&name, &name, "dbnetwork", "\"$private/32\"", port),
        tag(&name, "db"),
    ];
    let step = step
        .say(format!(
            "in the console: VPC network, Firewall, Create firewall rule {name}: the network of the database, direction Ingress, action \
             Allow, target tags {name}, source IPv4 ranges the internal address of the bastion with /32, protocols and ports TCP {port}; \
             then the database's machine, Edit, Network tags: add {name}"
        ))
        .run("or by command, where the database runs on a machine of its own", commands.join("\n"));
    if matches!(database.kind, Kind::Postgres | Kind::Mysql | Kind::Sqlserver) {
        return step.say(
            "Cloud SQL with a private address needs no rule: the bastion must be in the network that the private services access \
             belongs to. With a public address: SQL, the instance, Connections, Networking, Add a network: the external address of \
             the bastion with /32. By command gcloud sql instances patch --authorized-networks replaces the whole list, so name the \
             networks that are there as well",
        );
    }
    step
}
