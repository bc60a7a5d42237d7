//! Who holds a local port, and which one is free. It opens no port for use: what is free may be taken a moment later.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;

use socket2::{Domain, Socket, Type};

use super::process::program_of;
use crate::model::{Port, Untrusted};

/// A process that holds a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// Its program.
    pub program: String,
}

/// The process that keeps others from binding this address. `None` where nobody does, or where the system does not let
/// us see whose it is (another user's process, mostly).
#[must_use]
pub fn holder(address: SocketAddr) -> Option<Holder> {
    if cfg!(target_os = "linux") { from_proc(address) } else { from_lsof(address.port()) }
}

/// Where tunnels listen whose port nobody chose: below the range that systems hand out by themselves.
pub const TUNNEL_PORTS: RangeInclusive<u16> = 15_000..=29_999;

/// A port of the range that nothing on this machine listens on, beginning at a random one so that two programs that ask
/// at the same moment seldom get the same answer. Each candidate is really bound and let go again.
#[must_use]
pub fn free_port(range: RangeInclusive<u16>, avoid: &BTreeSet<u16>) -> Option<Port> {
    let (first, last) = (*range.start(), *range.end());
    if first > last {
        return None;
    }
    let start = rand::random_range(range);
    (start..=last).chain(first..start).filter(|port| !avoid.contains(port) && is_free(*port)).find_map(Port::new)
}

/// Bound without `SO_REUSEADDR`: with it macOS would grant a port of which another address is in use.
fn is_free(port: u16) -> bool {
    let try_bind = || -> std::io::Result<()> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        socket.listen(1)
    };
    port != 0 && try_bind().is_ok()
}

/// One line of /proc/net/tcp or tcp6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    local: SocketAddr,
    listening: bool,
    inode: u64,
}

fn from_proc(address: SocketAddr) -> Option<Holder> {
    let mut entries: Vec<Entry> = ["/proc/net/tcp", "/proc/net/tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(table).ok())
        .flat_map(|table| table.lines().filter_map(parse_entry).collect::<Vec<_>>())
        // Sockets in TIME_WAIT have no inode and belong to nobody.
        .filter(|entry| entry.inode != 0 && collides(entry.local, address))
        .collect();
    entries.sort_by_key(|entry| !entry.listening);
    entries.iter().find_map(|entry| process_with(entry.inode))
}

/// True where a bind to `wanted` fails because of `held`.
fn collides(held: SocketAddr, wanted: SocketAddr) -> bool {
    let (a, b) = (held.ip().to_canonical(), wanted.ip().to_canonical());
    // An IPv6 "any" listener takes IPv4 too, unless it was told not to (ipv6(7), IPV6_V6ONLY).
    held.port() == wanted.port() && (a == b || a.is_unspecified() || (b.is_unspecified() && a.is_ipv4() == b.is_ipv4()))
}

/// "sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …" (proc_net(5)).
fn parse_entry(line: &str) -> Option<Entry> {
    let mut fields = line.split_whitespace();
    let (address, port) = fields.nth(1)?.split_once(':')?;
    let state = fields.nth(1)?;
    let inode = fields.nth(5)?.parse().ok()?;
    let local = SocketAddr::new(parse_address(address)?, u16::from_str_radix(port, 16).ok()?);
    // TCP_LISTEN is 10 (include/net/tcp_states.h).
    Some(Entry { local, listening: state == "0A", inode })
}

/// 32-bit words in the machine's own byte order, as hexadecimal.
fn parse_address(hex: &str) -> Option<IpAddr> {
    let word = |at: usize| u32::from_str_radix(hex.get(at * 8..at * 8 + 8)?, 16).ok().map(u32::to_ne_bytes);
    match hex.len() {
        8 => Some(IpAddr::from(Ipv4Addr::from(word(0)?))),
        32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let bytes: [u8; 16] = words.concat().try_into().ok()?;
            Some(IpAddr::from(Ipv6Addr::from(bytes)))
        }
        _ => None,
    }
}

fn process_with(inode: u64) -> Option<Holder> {
    let wanted = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let pid = numbers.find(|pid| {
        // Other users' processes cannot be looked into; they are skipped.
        let Ok(open) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        open.flatten().any(|file| fs::read_link(file.path()).is_ok_and(|target| target == Path::new(&wanted)))
    })?;
    Some(Holder { pid, program: program_of(pid)? })
}

fn from_lsof(port: u16) -> Option<Holder> {
    let ask = format!("-iTCP:{port}");
    let output = Command::new("lsof").args(["-nP", &ask, "-sTCP:LISTEN", "-Fpc"]).output().ok()?;
    parse_lsof(&output.stdout)
}

/// Fields one a line, the first letter says which: `p` process, `c` command (lsof(8), OUTPUT FOR OTHER PROGRAMS).
fn parse_lsof(output: &[u8]) -> Option<Holder> {
    let field = |letter: u8| output.split(|b| *b == b'\n').find_map(|line| line.strip_prefix(&[letter]));
    let pid = std::str::from_utf8(field(b'p')?).ok()?.parse().ok()?;
    Some(Holder { pid, program: Untrusted::new(field(b'c')?).clean(60) })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_holder_of_a_port_is_named() {
        for listen in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(listen) else { continue };
            let address = listener.local_addr().unwrap();
            let found = holder(address).unwrap();
            assert_eq!(found.pid, std::process::id());
            assert_eq!(Some(found.program), program_of(std::process::id()));
            if address.ip().is_unspecified() {
                assert!(holder(SocketAddr::from(([127, 0, 0, 1], address.port()))).is_some());
            }
            drop(listener);
            assert_eq!(holder(address), None);
        }
    }

    #[test]
    fn a_free_port_can_be_bound_and_a_held_one_is_not_offered() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = held.local_addr().unwrap().port();
        assert_eq!(free_port(taken..=taken, &BTreeSet::new()), None);
        let port = free_port(20_000..=29_999, &BTreeSet::new()).unwrap();
        assert!(TcpListener::bind(("127.0.0.1", port.get())).is_ok());
        assert_eq!(free_port(port.get()..=port.get(), &BTreeSet::from([port.get()])), None);
        assert_eq!(free_port(0..=0, &BTreeSet::new()), None);
        #[expect(clippy::reversed_empty_ranges, reason = "what a careless caller may hand in")]
        let empty = 9..=3;
        assert_eq!(free_port(empty, &BTreeSet::new()), None);
    }

    #[test]
    fn kernel_lines_are_read_and_others_skipped() {
        let line =
            "   0: 0100007F:3C28 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0";
        let entry = parse_entry(line).unwrap();
        assert!(entry.listening);
        assert_eq!(entry.inode, 4711);
        if cfg!(target_endian = "little") {
            assert_eq!(entry.local.to_string(), "127.0.0.1:15400");
        }
        for bad in
            ["", "  sl  local_address rem_address   st", "0: 01:zz 0 0A 0 0 0 0 0 0", "0: äääää:1 0 0A 0 0 0 0 0 0"]
        {
            assert_eq!(parse_entry(bad), None);
        }
    }

    #[test]
    fn only_addresses_that_stand_in_the_way_collide() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(collides(at("0.0.0.0:1"), at("127.0.0.1:1")));
        assert!(collides(at("[::]:1"), at("127.0.0.1:1")));
        assert!(collides(at("[::ffff:127.0.0.1]:1"), at("127.0.0.1:1")));
        assert!(collides(at("127.0.0.1:1"), at("0.0.0.0:1")));
        assert!(!collides(at("10.0.0.1:1"), at("127.0.0.1:1")));
        assert!(!collides(at("[::1]:1"), at("127.0.0.1:1")));
        assert!(!collides(at("127.0.0.1:2"), at("127.0.0.1:1")));
    }

    #[test]
    fn lsof_is_understood() {
        let holder = parse_lsof(b"p4711\ncpostgres\nf7\n").unwrap();
        assert_eq!((holder.pid, holder.program.as_str()), (4711, "postgres"));
        assert_eq!(parse_lsof(b""), None);
        assert_eq!(parse_lsof(b"px\ncy\n"), None);
    }
}
