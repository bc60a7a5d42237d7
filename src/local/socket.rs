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

/// Tells the peer that no more will come (FIN).
pub fn end_writing(stream: &impl AsFd) {
    // A socket that is gone has been ended already.
    let _ = SockRef::from(stream).shutdown(std::net::Shutdown::Write);
}

/// Binds a Unix socket that only its owner can use, from its first instant: it is made in a private folder and then moved to
/// its name. A socket that nobody answers on is replaced; anything else at the name is left alone.
///
/// # Errors
/// `AddrInUse` when something lives there or the name is no socket, else what the system said.
pub fn bind_private(path: &std::path::Path) -> io::Result<std::os::unix::net::UnixListener> {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt};
    use std::os::unix::net::{UnixListener, UnixStream};

    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => {
            return Err(io::Error::new(io::ErrorKind::AddrInUse, "something that is no socket has this name"));
        }
        Ok(_) => match UnixStream::connect(path) {
            // Only a refusal proves that nobody is there: a busy owner does not answer either.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
            _ => return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process answers there")),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let private = tempfile::Builder::new()
        .prefix(".s")
        .rand_bytes(4)
        .permissions(std::fs::Permissions::from_mode(0o700))
        .tempdir_in(folder)?;
    let inside = private.path().join("s");
    let listener = UnixListener::bind(&inside)?;
    std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&inside, path)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
