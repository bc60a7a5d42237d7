//! The first two rungs: from a bastion's name to a TCP connection. It knows nothing of SSH.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::model::{Advice, Code, Endpoint, Fault, Untrusted};

/// The time for a name.
const RESOLVE_DEADLINE: Duration = Duration::from_secs(3);
/// The time for a TCP connection.
const REACH_DEADLINE: Duration = Duration::from_secs(5);
/// The head start of each address over the next (RFC 8305 section 5).
const STAGGER: Duration = Duration::from_millis(250);

/// All addresses of the name.
pub async fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Fault> {
    if let Some(ip) = endpoint.host.as_ip() {
        return Ok(vec![SocketAddr::new(ip, endpoint.port.get())]);
    }
    let host = endpoint.host.as_str();
    let lookup = tokio::net::lookup_host((host, endpoint.port.get()));
    match timeout(RESOLVE_DEADLINE, lookup).await {
        Err(_) => {
            let seconds = RESOLVE_DEADLINE.as_secs();
            Err(Fault::new(Code::DnsUnavailable, format!("no name server answered for {host} within {seconds} s"))
                .advise(Advice::words("check this machine's network and VPN")))
        }
        Ok(Err(error)) => Err(name_fault(host, &error)),
        Ok(Ok(found)) => {
            let addresses: Vec<_> = found.collect();
            if addresses.is_empty() { Err(name_fault(host, &io::Error::other("no address"))) } else { Ok(addresses) }
        }
    }
}

fn name_fault(host: &str, error: &io::Error) -> Fault {
    let text = Untrusted::new(error.to_string()).clean(120);
    // getaddrinfo(3): EAI_AGAIN is the network's fault, everything else means the name.
    if text.contains("emporary failure") || text.contains("try again") {
        Fault::new(Code::DnsUnavailable, format!("the name server cannot be asked for {host}: {text}"))
            .advise(Advice::words("check this machine's network and VPN"))
    } else {
        Fault::new(Code::NameUnknown, format!("the name {host} does not exist: {text}"))
            .advise(Advice::words("check the spelling of the bastion's host, or whether it needs a VPN's name server"))
    }
}

/// Connects to the first address that answers, giving each a short head start over the next.
pub(crate) async fn reach(endpoint: &Endpoint, addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let race = async {
        let mut attempts = JoinSet::new();
        let mut queue = addresses.iter().copied();
        let mut last = None;
        loop {
            let next = queue.next();
            if let Some(address) = next {
                attempts.spawn(TcpStream::connect(address));
            }
            let head_start = if queue.len() == 0 { REACH_DEADLINE } else { STAGGER };
            match timeout(head_start, attempts.join_next()).await {
                Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
                Ok(Some(Ok(Err(error)))) => last = Some(error),
                Ok(Some(Err(_))) | Err(_) => {}
                Ok(None) => return Err(last.unwrap_or_else(|| io::ErrorKind::TimedOut.into())),
            }
        }
    };
    match timeout(REACH_DEADLINE, race).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(reach_fault(endpoint, &error)),
        Err(_) => Err(reach_fault(endpoint, &io::ErrorKind::TimedOut.into())),
    }
}

fn reach_fault(endpoint: &Endpoint, error: &io::Error) -> Fault {
    match error.kind() {
        // It accepted, and took it back before we could look.
        io::ErrorKind::ConnectionReset => {
            Fault::new(Code::ClosedBeforeBanner, format!("{endpoint} accepted the connection and reset it at once"))
                .advise(Advice::words(
                    "ask the bastion's admin whether a firewall, TCP wrapper or sshd setting turns this address away",
                ))
        }
        io::ErrorKind::ConnectionRefused => Fault::new(Code::TcpRefused, format!("{endpoint} refuses connections"))
            .advise(Advice::words(
                "check host and port; if they are right, ask the bastion's admin whether sshd is running",
            )),
        io::ErrorKind::TimedOut => {
            let seconds = REACH_DEADLINE.as_secs();
            Fault::new(Code::TcpTimeout, format!("{endpoint} did not answer within {seconds} s")).advise(Advice::words(
                "a firewall or security group usually causes this: ask for this machine's address to be allowed to the SSH port",
            ))
        }
        _ => Fault::new(Code::NoRoute, format!("there is no way to {endpoint}: {error}"))
            .advise(Advice::words("check this machine's network and VPN")),
    }
}
