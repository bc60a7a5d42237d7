//! Hosts, ports and where a tunnel listens. Nothing here resolves a name or opens a socket.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU16;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A host name, IPv4 or IPv6 address, kept as the person wrote it (an IPv6 address without brackets).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Host(String);

/// Why a text is not a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a host: give a name, an IPv4 or an IPv6 address, without port, scheme or blanks")]
pub struct HostError {
    /// The text as given.
    pub text: String,
}

impl Host {
    /// The host as text, IPv6 without brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address, where the host is one.
    #[must_use]
    pub fn as_ip(&self) -> Option<IpAddr> {
        self.0.parse().ok()
    }
}

impl std::str::FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let error = || HostError { text: text.chars().take(80).collect() };
        let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']'));
        if let Some(inner) = bare {
            inner.parse::<Ipv6Addr>().map_err(|_| error())?;
            return Ok(Self(inner.to_owned()));
        }
        if text.contains(':') {
            // A scoped address ("fe80::1%eth0") is an address and a zone.
            let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
            address.parse::<Ipv6Addr>().map_err(|_| error())?;
            if zone.is_empty()
                || !zone.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-' || b == b'.')
            {
                return Err(error());
            }
            return Ok(Self(text.to_owned()));
        }
        // Under 254 bytes (RFC 1035 section 2.3.4). A leading '-' would read as an option in the commands that we print.
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
        if text.is_empty() || text.len() > 253 || text.starts_with(['-', '.']) || !plain {
            return Err(error());
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for Host {
    type Error = HostError;

    fn try_from(text: String) -> Result<Self, HostError> {
        text.parse()
    }
}

impl From<Host> for String {
    fn from(host: Host) -> Self {
        host.0
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A port, never 0.
pub type Port = NonZeroU16;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Endpoint {
    /// Where.
    pub host: Host,
    /// On which TCP port.
    pub port: Port,
}

impl Endpoint {
    /// A host and a port.
    #[must_use]
    pub fn new(host: Host, port: Port) -> Self {
        Self { host, port }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.0.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Where a tunnel listens on this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Listen {
    /// A TCP address.
    Tcp(SocketAddr),
    /// A Unix socket, by absolute path; made with mode 0600.
    Unix(PathBuf),
}

/// Why a text is not a place to listen on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a place to listen on: give a port, ADDRESS:PORT (an IP address, a port from 1 to 65535) or unix:/absolute/path"
)]
pub struct ListenError {
    /// The text as given.
    pub text: String,
}

impl Listen {
    /// The loopback address with a port.
    #[must_use]
    pub fn loopback(port: Port) -> Self {
        Self::Tcp(SocketAddr::from(([127, 0, 0, 1], port.get())))
    }

    /// True where only this machine can connect.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp(address) => address.ip().is_loopback(),
            Self::Unix(_) => true,
        }
    }

    /// The TCP port, where there is one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Self::Tcp(address) => Some(address.port()),
            Self::Unix(_) => None,
        }
    }

    /// The address a client on this machine uses: an "any" address is reached through loopback.
    #[must_use]
    pub fn client_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) if address.ip().is_unspecified() => {
                let ip =
                    if address.is_ipv4() { IpAddr::from([127, 0, 0, 1]) } else { IpAddr::from(Ipv6Addr::LOCALHOST) };
                Some(SocketAddr::new(ip, address.port()))
            }
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }
}

impl std::str::FromStr for Listen {
    type Err = ListenError;

    fn from_str(text: &str) -> Result<Self, ListenError> {
        let error = || ListenError { text: text.chars().take(120).collect() };
        if let Some(path) = text.strip_prefix("unix:") {
            // sockaddr_un holds 104 bytes on macOS, 108 on Linux (unix(7)).
            if !path.starts_with('/') || path.len() > 100 || path.contains(char::is_control) {
                return Err(error());
            }
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        if let Ok(port) = text.parse::<Port>() {
            return Ok(Self::loopback(port));
        }
        let named = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let address: SocketAddr = named.as_deref().unwrap_or(text).parse().map_err(|_| error())?;
        if address.port() == 0 { Err(error()) } else { Ok(Self::Tcp(address)) }
    }
}

impl TryFrom<String> for Listen {
    type Error = ListenError;

    fn try_from(text: String) -> Result<Self, ListenError> {
        text.parse()
    }
}

impl From<Listen> for String {
    fn from(listen: Listen) -> Self {
        listen.to_string()
    }
}

impl std::fmt::Display for Listen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses() {
        for good in ["db", "db.internal", "10.0.0.1", "::1", "[::1]", "fe80::1%eth0", "my_db"] {
            assert!(good.parse::<Host>().is_ok(), "{good}");
        }
        for bad in ["", "-oProxyCommand=x", "a b", "a:22", "ssh://a", "a/b", "a\x1b[2J", "[::1]:22", "ä.de", ".a"] {
            assert!(bad.parse::<Host>().is_err(), "{bad:?}");
        }
        assert_eq!("[::1]".parse::<Host>().map(|h| h.to_string()), Ok("::1".to_owned()));
    }

    #[test]
    fn listen_takes_a_port_an_address_or_a_path() {
        assert_eq!("15432".parse::<Listen>().map(|l| l.to_string()), Ok("127.0.0.1:15432".to_owned()));
        assert_eq!("localhost:15432".parse::<Listen>().map(|l| l.to_string()), Ok("127.0.0.1:15432".to_owned()));
        assert_eq!("[::1]:15432".parse::<Listen>().map(|l| l.is_local()), Ok(true));
        assert_eq!("0.0.0.0:1".parse::<Listen>().map(|l| l.is_local()), Ok(false));
        assert_eq!("unix:/run/x".parse::<Listen>().map(|l| l.to_string()), Ok("unix:/run/x".to_owned()));
        for bad in ["0", "65536", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "host:1", "unix:x", "unix:", ""] {
            assert!(bad.parse::<Listen>().is_err(), "{bad:?}");
        }
    }
}
