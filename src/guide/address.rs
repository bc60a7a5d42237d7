//! Who is seen under which address: we by the bastion, and the bastion by the database. It writes no rule of any firewall.

use std::net::IpAddr;

use super::Setup;
use super::step::Step;
use crate::model::{Endpoint, Owner, shell_word};

/// Addresses for rules: known ones, or a shell variable and the lines that ask for it.
pub(super) struct Seen {
    /// Lines that must run first.
    pub(super) ask: Option<String>,
    /// Each as `(shell word, is it IPv6)`, with its mask.
    pub(super) networks: Vec<(String, bool)>,
}

impl Seen {
    fn known(addresses: &[IpAddr]) -> Self {
        let network = |address: &IpAddr| match address.to_canonical() {
            IpAddr::V4(four) => (format!("{four}/32"), false),
            IpAddr::V6(six) => (format!("{six}/128"), true),
        };
        Self { ask: None, networks: addresses.iter().map(network).collect() }
    }

    fn asked(variable: &str, prompt: &str) -> Self {
        let ask = format!("printf %s {}; read -r {variable}", shell_word(&format!("{prompt}: ")));
        Self { ask: Some(ask), networks: vec![(format!("\"${variable}\""), false)] }
    }

    /// One command a network, behind what asks for it.
    pub(super) fn each(&self, command: impl Fn(&str, bool) -> String) -> String {
        let mut lines: Vec<String> = self.ask.iter().cloned().collect();
        lines.extend(self.networks.iter().map(|(word, six)| command(word, *six)));
        lines.join("\n")
    }

    /// The networks of each family as one list: IPv4 first, then IPv6; clouds take no rule with both.
    pub(super) fn families(&self) -> Vec<(Vec<&str>, bool)> {
        [false, true]
            .into_iter()
            .map(|six| {
                (self.networks.iter().filter(|(_, is)| *is == six).map(|(word, _)| word.as_str()).collect(), six)
            })
            .filter(|(list, _): &(Vec<&str>, bool)| !list.is_empty())
            .collect()
    }

    /// The networks of one family in words, and whether there are any of the other; IPv4 where nothing is known.
    pub(super) fn words_of(&self, six: bool) -> Option<String> {
        if self.ask.is_some() {
            return (!six).then(|| self.words());
        }
        let list: Vec<&str> =
            self.networks.iter().filter(|(_, is)| *is == six).map(|(word, _)| word.as_str()).collect();
        (!list.is_empty()).then(|| list.join(", "))
    }

    /// All networks in words.
    pub(super) fn words(&self) -> String {
        match &self.ask {
            Some(_) => "the address that they come from".to_owned(),
            None => self.networks.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Where we come from, as the bastion sees it.
pub(super) fn clients(setup: &Setup) -> Seen {
    let sources = setup.sources();
    if sources.is_empty() {
        Seen::asked("client", "address that they come from, with its mask (/32 for one IPv4 address)")
    } else {
        Seen::known(&sources)
    }
}

/// The bastion, as the database sees it: its private address where both are in one network, its public one else.
pub(super) fn bastion(setup: &Setup, database: &Endpoint) -> Seen {
    let (here, there) = (setup.address.host.as_ip(), database.host.as_ip());
    match (here, there) {
        (Some(bastion), Some(database)) if is_private(bastion) == is_private(database) => Seen::known(&[bastion]),
        _ => Seen::asked(
            "bastion",
            "address of the bastion as the database sees it, with its mask (/32 for one IPv4 address)",
        ),
    }
}

/// Addresses that no router of the internet carries (RFC 1918, RFC 6598, RFC 4193).
pub(super) fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => {
            let [a, b, _, _] = four.octets();
            four.is_private() || four.is_loopback() || four.is_link_local() || (a == 100 && b & 0xc0 == 64)
        }
        IpAddr::V6(six) => {
            six.is_loopback() || six.segments().first().is_some_and(|s| s & 0xfe00 == 0xfc00 || s & 0xffc0 == 0xfe80)
        }
    }
}

pub(super) fn to_the_bastion(setup: &Setup) -> Step {
    let Endpoint { host, port } = &setup.address;
    let from = clients(setup).words();
    let title = format!("First way: from {from} to port {port} of the bastion {host}");
    let why = format!(
        "TCP to the destination port {port} must reach sshd itself: every firewall on the way, of the cloud, of the network and of the \
         machine, has to let it in; a load balancer in between cuts idle sessions"
    );
    let mut step = Step::new(None, Owner::Network, title, why);
    if setup.sources().is_empty() {
        step = step.say(
            "whoever asks for the tunnel says the address: with a login that works already, the bastion itself shows it in the \
             first word of $SSH_CONNECTION",
        );
    }
    let command = format!("nc -vz -w 5 {} {port}", shell_word(host.as_str()));
    step.run("afterwards, on the machine that the tunnel starts from, this says whether the way is open", command)
}

pub(super) fn to_the_database(setup: &Setup) -> Step {
    let targets = setup.targets();
    let list: Vec<String> = targets.iter().map(Endpoint::to_string).collect();
    let title = match list.as_slice() {
        [] => "Second way: from the bastion to the database's port".to_owned(),
        _ => format!("Second way: from the bastion to {}", list.join(", ")),
    };
    let why = "the database sees the bastion, never the person's machine. Where both are in one private network it sees the \
               bastion's private address; only where the database is reached over the internet does it see the public one, of the \
               bastion or of the gateway that it leaves through. Rules with the wrong one of the two look right and let nothing \
               pass";
    let mut step = Step::new(None, Owner::BastionAdmin, title, why);
    for target in &targets {
        let host = target.host.as_str();
        let command = match target.host.as_ip() {
            Some(ip) => format!("ip route get {}", shell_word(&ip.to_string())),
            None => format!("ip route get \"$(getent ahosts {} | awk 'NR == 1 {{ print $1 }}')\"", shell_word(host)),
        };
        step = step.run(
            format!(
                "on the bastion: the address behind \"src\" is the one that {target} sees, unless a gateway changes it"
            ),
            command,
        );
    }
    step
}
