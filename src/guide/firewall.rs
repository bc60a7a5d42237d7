//! Both ways through the firewall of a Linux machine: ufw, firewalld, nftables. Rules name destination ports.

use super::step::{Platform, Step};
use super::{Setup, address};
use crate::model::{Endpoint, Owner, shell_word};

fn tool(platform: Platform) -> &'static str {
    match platform {
        Platform::Firewalld => "firewalld",
        Platform::Nftables => "nftables",
        _ => "ufw",
    }
}

/// How to look before anything is changed.
fn look(platform: Platform) -> (&'static str, &'static str) {
    match platform {
        Platform::Firewalld => (
            "what is in force; where it says \"not running\" there is nothing to do here",
            "firewall-cmd --state && firewall-cmd --list-all",
        ),
        Platform::Nftables => (
            "what is in force; the rules below go into the chain with \"hook input\", which is called input in the table inet filter \
             unless somebody chose other names",
            "nft -a list ruleset",
        ),
        _ => ("what is in force; where it says \"inactive\" there is nothing to do here", "ufw status verbose"),
    }
}

/// A rule that lets a network in to a destination port of the machine that it is run on.
fn admit(platform: Platform, network: &str, six: bool, port: u16, label: &str) -> String {
    match platform {
        Platform::Firewalld => {
            let family = if six { "ipv6" } else { "ipv4" };
            // What the shell fills in must stand outside of the single quotes.
            let source = network.strip_prefix('"').map_or_else(|| network.to_owned(), |_| format!("'{network}'"));
            format!(
                "firewall-cmd --permanent --add-rich-rule='rule family=\"{family}\" source address=\"{source}\" port port=\"{port}\" protocol=\"tcp\" accept' && firewall-cmd --reload"
            )
        }
        Platform::Nftables => {
            let family = if six { "ip6" } else { "ip" };
            format!(
                "nft insert rule inet filter input {family} saddr {network} tcp dport {port} accept comment '\"{label}\"'"
            )
        }
        _ => format!("ufw allow proto tcp from {network} to any port {port} comment {}", shell_word(label)),
    }
}

fn keep(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::Nftables => Some(
            "nft forgets rules at the next start unless they stand in its file too: /etc/nftables.conf, on Fedora and RHEL below /etc/nftables/",
        ),
        Platform::Ufw => Some("ufw keeps rules by itself"),
        _ => None,
    }
}

pub(super) fn way_in(setup: &Setup, platform: Platform) -> Option<Step> {
    let Endpoint { host, port } = &setup.address;
    let clients = address::clients(setup);
    let title = format!("First way, {}: let them in to port {port} of {host}", tool(platform));
    let why = format!(
        "where the bastion runs {}, it drops what no rule names. The rule names {} and the destination port {port}; the port that \
         the other side sends from is any",
        tool(platform),
        clients.words()
    );
    let (text, command) = look(platform);
    let label = setup.label();
    let step = Step::new(platform, Owner::BastionAdmin, title, why)
        .run(text, command)
        .run("as root on the bastion", clients.each(|network, six| admit(platform, network, six, port.get(), &label)));
    Some(match keep(platform) {
        Some(words) => step.say(words),
        None => step,
    })
}

pub(super) fn way_on(setup: &Setup, platform: Platform) -> Vec<Step> {
    let label = setup.label();
    let targets = setup.targets();
    let mut steps: Vec<Step> = targets
        .iter()
        .map(|target| {
            let bastion = address::bastion(setup, target);
            let title = format!("Second way, {}: let the bastion in to port {} of {}", tool(platform), target.port, target.host);
            let why = format!(
                "where the database's machine runs {} itself; the rule names the bastion as the database sees it, and the \
                 destination port {}",
                tool(platform),
                target.port
            );
            Step::new(platform, Owner::DatabaseAdmin, title, why).run(
                "as root on the database's machine",
                bastion.each(|network, six| admit(platform, network, six, target.port.get(), &label)),
            )
        })
        .collect();
    if let Some(step) = outward(setup, platform, &targets) {
        steps.push(step);
    }
    steps
}

/// Few machines filter what they send; where one does, the way on needs a rule as well.
fn outward(setup: &Setup, platform: Platform, targets: &[Endpoint]) -> Option<Step> {
    let title = format!("Second way, {}: let the bastion out, if it filters what it sends", tool(platform));
    let why = "most machines let everything out; then leave this step out";
    let label = setup.label();
    let mut commands = Vec::new();
    for Endpoint { host, port } in targets {
        // These tools take addresses, no names: a rule for a name would break when the name moves.
        let ip = host.as_ip().map(|ip| ip.to_canonical());
        commands.push(match (platform, ip) {
            (Platform::Ufw, Some(ip)) => format!("ufw allow out proto tcp to {ip} port {port} comment {}", shell_word(&label)),
            (Platform::Ufw, None) => format!("ufw allow out proto tcp to any port {port} comment {}", shell_word(&label)),
            (Platform::Nftables, Some(ip)) => {
                let family = if ip.is_ipv6() { "ip6" } else { "ip" };
                format!("nft insert rule inet filter output {family} daddr {ip} tcp dport {port} accept comment '\"{label}\"'")
            }
            (Platform::Nftables, None) => format!("nft insert rule inet filter output tcp dport {port} accept comment '\"{label}\"'"),
            _ => return None,
        });
    }
    commands.dedup();
    if commands.is_empty() {
        return None;
    }
    Some(Step::new(platform, Owner::BastionAdmin, title, why).run("as root on the bastion", commands.join("\n")))
}
