//! What becomes of a request to open a forward, in OpenSSH's words. It connects to loopback only, and only where the table
//! says so.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use russh::server::{ChannelOpenHandle, Msg};
use russh::{Channel, ChannelOpenFailure};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::switches::{Forwarding, Target};
use super::{Shared, held};
use crate::model::Port;

/// RFC 4254 section 5.1.
const PROHIBITED: u32 = 1;
/// RFC 4254 section 5.1.
const CONNECT_FAILED: u32 = 2;

/// What a request comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Connect there.
    Loopback(Port),
    /// Refuse after a while, with this code and text.
    Refused(u32, Cow<'static, str>, Duration),
    /// Refuse as a kind of channel that is not known.
    Unsupported,
}

fn failed(text: &'static str) -> Found {
    Found::Refused(CONNECT_FAILED, text.into(), Duration::ZERO)
}

/// Judges a request by the switches, then by the table.
pub(super) fn look_up(shared: &Shared, host: &str, port: u32) -> Found {
    // Written as `Endpoint` writes it.
    let target = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let allowed = match &shared.switches.borrow().forwarding {
        Forwarding::Allowed => true,
        Forwarding::Prohibited => false,
        Forwarding::Only(targets) => targets.contains(&target),
        Forwarding::ProhibitedSaying(words) => {
            return Found::Refused(PROHIBITED, words.clone().into(), Duration::ZERO);
        }
        Forwarding::Unsupported => return Found::Unsupported,
    };
    if !allowed {
        return Found::Refused(PROHIBITED, "open failed".into(), Duration::ZERO);
    }
    match held(&shared.targets).get(&target) {
        Some(Target::Loopback(port)) => Found::Loopback(*port),
        Some(Target::Refused) => failed("Connection refused"),
        Some(Target::TimesOut(after)) => Found::Refused(CONNECT_FAILED, "Connection timed out".into(), *after),
        Some(Target::NameUnknown) => failed("Name or service not known"),
        Some(Target::NoRoute) => failed("No route to host"),
        None if host.parse::<IpAddr>().is_ok() => failed("Connection refused"),
        None => failed("Name or service not known"),
    }
}

/// Answers the request and, where it may, carries bytes until both sides have ended.
pub(super) async fn open(found: Found, channel: Channel<Msg>, reply: ChannelOpenHandle) {
    match found {
        Found::Loopback(port) => match TcpStream::connect((Ipv4Addr::LOCALHOST, port.get())).await {
            Ok(mut database) => {
                // Only delays small packets where it cannot be had.
                let _ = database.set_nodelay(true);
                reply.accept().await;
                let mut stream = channel.into_stream();
                // How it ends is between the client and the database.
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut database).await;
            }
            Err(_) => refuse(reply, CONNECT_FAILED, "Connection refused").await,
        },
        Found::Refused(code, text, after) => {
            sleep(after).await;
            refuse(reply, code, &text).await;
        }
        Found::Unsupported => reply.reject(ChannelOpenFailure::UnknownChannelType).await,
    }
}

/// The library has a fixed text for each known code; its open variant takes any code, and so any text.
async fn refuse(reply: ChannelOpenHandle, code: u32, text: &str) {
    reply.reject(ChannelOpenFailure::Other { code, reason: text.to_owned() }).await;
}
