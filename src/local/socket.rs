//! Socket settings that keep a tunnel quick and honest. It moves no bytes.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};

/// Prepares the TCP connection to a bastion: no Nagle delay (44 ms a new connection otherwise), and unacknowledged data
/// ends it after `patience` (`TCP_USER_TIMEOUT`, RFC 5482), because a blocked write hides the silence of a dead peer.
pub fn tune_session(stream: &impl AsFd, patience: Duration) -> io::Result<()> {
    let socket = SockRef::from(stream);
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(patience))?;
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(patience))
}

/// Acknowledges at once (`TCP_QUICKACK`, tcp(7)). sshd leaves Nagle's algorithm on for connections that only forward, so a
/// delayed acknowledgement stalls it. The kernel forgets the setting, hence after each read. Linux only.
pub fn acknowledge_now(stream: &impl AsFd) {
    #[cfg(target_os = "linux")]
    {
        // A socket that is gone is noticed by the next read.
        let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Makes the coming close a reset (`SO_LINGER` 0, socket(7)), so that a client does not take a broken stream for a whole one.
pub fn reset_on_close(stream: &impl AsFd) {
    // A socket that is gone needs no reset.
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
}

/// Sends small writes at once.
pub fn no_delay(stream: &impl AsFd) {
    // A socket that is gone is noticed by the next write.
    let _ = SockRef::from(stream).set_tcp_nodelay(true);
}
