//! A connection to a bastion that has not said anything yet: our own, or one through the session of the hop before.

use std::net::{IpAddr, SocketAddr};

use super::reach::reach;
use super::session::Session;
use super::wire::Transport;
use crate::local::socket;
use crate::model::{Code, Fault, Hop};

/// A connection that has not said anything yet.
pub struct Reached {
    pub(super) transport: Transport,
    address: String,
    local: Option<IpAddr>,
    pub(super) before: Option<Session>,
}

impl Reached {
    /// Connects to the first of the addresses that answers. Three keepalives unanswered are its end; a write that stalls as
    /// long is, too.
    ///
    /// # Errors
    /// A fault of the `reach` rung.
    pub async fn direct(hop: &Hop, addresses: &[SocketAddr]) -> Result<Self, Fault> {
        let stream = reach(&hop.endpoint, addresses).await?;
        let address = stream.peer_addr().map_or_else(|_| hop.endpoint.to_string(), |address| address.to_string());
        let local = stream.local_addr().ok().map(|address| address.ip());
        socket::tune_session(&stream, hop.keepalive * 3).map_err(|error| {
            Fault::new(Code::ClosedBeforeBanner, format!("{} hung up at once: {error}", hop.endpoint))
        })?;
        Ok(Self { transport: Transport::Tcp(stream), address, local, before: None })
    }

    /// Connects through the session of the hop before.
    ///
    /// # Errors
    /// A fault of the `open` rung of that session.
    pub async fn through(session: &Session, hop: &Hop) -> Result<Self, Fault> {
        let channel = session.open(&hop.endpoint, None).await.map_err(|error| error.into_fault(&hop.endpoint))?;
        let transport = Transport::Hop(Box::new(channel.into_stream()));
        Ok(Self { transport, address: hop.endpoint.to_string(), local: None, before: Some(session.clone()) })
    }

    /// What answers, as address and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address that this machine uses towards it; what the server sees may be another one (NAT).
    #[must_use]
    pub fn local(&self) -> Option<IpAddr> {
        self.local
    }
}
