//! Whether this machine's way out has changed: another network, a VPN that came or went. It sends nothing and says only
//! "changed", never what.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Remembers the way out and compares.
#[derive(Debug)]
pub struct Network {
    last: Facts,
}

/// Source addresses, addresses and routes, in an order that does not depend on the kernel's.
type Facts = BTreeSet<String>;

/// Interfaces of containers and virtual machines come and go by the minute and lead to no bastion.
const INWARD: [&str; 7] = ["lo", "veth", "docker", "br-", "virbr", "cni", "podman"];

impl Network {
    /// Starts watching.
    #[must_use]
    pub fn new() -> Self {
        Self { last: facts() }
    }

    /// True when there is a way out and it is another one than at the last call, or there was none then. Losing it is no
    /// change: there is nothing to try again over.
    pub fn changed(&mut self) -> bool {
        self.compare(facts())
    }

    fn compare(&mut self, now: Facts) -> bool {
        let changed = !now.is_empty() && now != self.last;
        self.last = now;
        changed
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

fn facts() -> Facts {
    let mut facts = Facts::new();
    // Addresses of documentation (RFC 5737, RFC 3849): connecting a UDP socket asks for the route and sends nothing.
    facts.extend(source_towards(IpAddr::from(Ipv4Addr::new(192, 0, 2, 1))));
    facts.extend(source_towards(IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))));
    // Linux only; elsewhere the source addresses alone have to tell.
    facts.extend(routes(&fs::read_to_string("/proc/net/route").unwrap_or_default()));
    facts.extend(addresses(&fs::read_to_string("/proc/net/if_inet6").unwrap_or_default()));
    facts
}

fn source_towards(target: IpAddr) -> Option<String> {
    let any = if target.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { IpAddr::from(Ipv6Addr::UNSPECIFIED) };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((target, 9)).ok()?;
    let source = socket.local_addr().ok()?.ip();
    if source.is_loopback() { None } else { Some(format!("from {source}")) }
}

/// Interface, destination, gateway and mask of each IPv4 route (proc_net(5)); the counters in between would always
/// differ.
fn routes(table: &str) -> impl Iterator<Item = String> {
    table.lines().skip(1).filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (interface, destination, gateway) = (fields.next()?, fields.next()?, fields.next()?);
        let mask = fields.nth(4)?;
        outward(interface).then(|| format!("{interface} {destination}/{mask} by {gateway}"))
    })
}

/// The IPv6 addresses of global scope: the others say nothing of a way out, and flags change with the hour.
fn addresses(table: &str) -> impl Iterator<Item = String> {
    table.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (address, scope) = (fields.next()?, fields.nth(2)?);
        let interface = fields.nth(1)?;
        (scope == "00" && outward(interface)).then(|| format!("{interface} has {address}"))
    })
}

fn outward(interface: &str) -> bool {
    !INWARD.iter().any(|start| interface == *start || (*start != "lo" && interface.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
        eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
        docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
    const ADDRESSES: &str = "00000000000000000000000000000001 01 80 10 80       lo\n\
        fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n\
        fd000000000000000000000000000002 04 40 00 82     eth0\n";

    #[test]
    fn only_what_leads_outward_counts() {
        assert_eq!(routes(ROUTES).collect::<Vec<_>>(), ["eth0 00000000/00000000 by 010200C0"]);
        assert_eq!(addresses(ADDRESSES).collect::<Vec<_>>(), ["eth0 has fd000000000000000000000000000002"]);
        for garbage in ["", "\n\n", "x", "Iface\neth0\n", "a b c d e f g h i"] {
            assert_eq!(routes(garbage).count(), 0);
            assert!(addresses(garbage).count() < 2);
        }
    }

    #[test]
    fn a_change_is_told_once_and_losing_the_network_is_none() {
        let facts = |text: &str| Facts::from([text.to_owned()]);
        let mut network = Network { last: facts("from 192.0.2.7") };
        assert!(!network.compare(facts("from 192.0.2.7")));
        assert!(network.compare(facts("from 198.51.100.9")));
        assert!(!network.compare(facts("from 198.51.100.9")));
        assert!(!network.compare(Facts::new()));
        assert!(!network.compare(Facts::new()));
        // Back again, also where it was before.
        assert!(network.compare(facts("from 198.51.100.9")));
    }

    #[test]
    fn an_ordinary_second_changes_nothing() {
        let mut network = Network::new();
        assert!(!network.changed());
    }
}
