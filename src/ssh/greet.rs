//! Listens to what a port says before we say anything (RFC 4253 section 4.2). Texts such as "Exceeded MaxStartups" come before
//! any SSH banner and are lost to whoever talks first.

use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::wire::Transport;
use crate::model::{Advice, Code, Endpoint, Fault, Untrusted};

/// The time for a banner.
pub(crate) const BANNER_DEADLINE: Duration = Duration::from_secs(5);
/// Lines before the banner that a server may send; more is a tarpit.
const MAX_LINES: usize = 20;
/// Bytes before the end of the banner that are kept.
const MAX_BYTES: usize = 8 * 1024;

/// What a server said first.
#[derive(Debug)]
pub(crate) struct Greeting {
    /// Every byte read so far, to be read again by the SSH library.
    pub(crate) bytes: Vec<u8>,
    /// The version line, cleaned.
    pub(crate) version: String,
}

/// How far the bytes lead.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// An SSH 2 version line.
    Ssh(String),
    /// Nothing that decides.
    More,
    /// Certainly not SSH 2.
    Else(Code, String),
}

/// Waits for the version line.
///
/// # Errors
/// A fault of the `greet` rung, with what answered instead.
pub(crate) async fn listen(transport: &mut Transport, endpoint: &Endpoint) -> Result<Greeting, Fault> {
    let deadline = Instant::now() + BANNER_DEADLINE;
    let mut bytes = Vec::new();
    let mut chunk = [0_u8; 2048];
    loop {
        let read = async {
            match transport {
                Transport::Tcp(stream) => stream.read(&mut chunk).await,
                Transport::Hop(stream) => stream.read(&mut chunk).await,
            }
        };
        let count = match timeout_at(deadline, read).await {
            Err(_) => return Err(silence(&bytes, endpoint)),
            Ok(Err(error)) => return Err(closed(&bytes, endpoint, Some(&error))),
            Ok(Ok(0)) => return Err(closed(&bytes, endpoint, None)),
            Ok(Ok(count)) => count,
        };
        bytes.extend_from_slice(chunk.get(..count).unwrap_or_default());
        match judge(&bytes, endpoint) {
            Heard::Ssh(version) => return Ok(Greeting { bytes, version }),
            Heard::More => {}
            Heard::Else(code, message) => return Err(dress(code, message)),
        }
    }
}

/// Judges what arrived so far.
fn judge(bytes: &[u8], endpoint: &Endpoint) -> Heard {
    let mut lines = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let whole = line.ends_with(b"\n");
        if line.starts_with(b"SSH-") {
            if !whole {
                break;
            }
            let version = Untrusted::new(line).clean(255);
            if line.starts_with(b"SSH-2.0-") || line.starts_with(b"SSH-1.99-") {
                return Heard::Ssh(version);
            }
            return Heard::Else(
                Code::NotSsh,
                format!("{endpoint} speaks an SSH version that is no longer safe: {version}"),
            );
        }
        if is_quiet_please(line) {
            let said = Untrusted::new(line).clean(120);
            return Heard::Else(Code::RefusedForNow, format!("{endpoint} refuses new connections for now: \"{said}\""));
        }
        if let Some(name) = stranger(line) {
            let said = Untrusted::new(line).clean(80);
            return Heard::Else(Code::NotSsh, format!("{endpoint} is not SSH, {name} answers: \"{said}\""));
        }
        lines += usize::from(whole);
    }
    if lines > MAX_LINES || bytes.len() > MAX_BYTES {
        return Heard::Else(
            Code::NotSsh,
            format!("{endpoint} sends lines without end and never an SSH banner (an SSH tarpit?)"),
        );
    }
    Heard::More
}

/// The texts with which sshd turns a connection away before its banner (sshd.c; 8.2 to 9.7, 9.8 and later).
fn is_quiet_please(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    text.contains("Exceeded MaxStartups") || text.contains("Not allowed at this time")
}

/// Names a protocol by its first bytes.
fn stranger(line: &[u8]) -> Option<&'static str> {
    if line.starts_with(b"HTTP/") {
        Some("a web server")
    } else if line.starts_with(b"220 ") || line.starts_with(b"220-") {
        Some("a mail or FTP server")
    } else if matches!(line, [0x15 | 0x16, 0x03, ..]) {
        Some("a TLS server")
    } else if matches!(line, [_, _, 0, 0, 0x0a, ..]) {
        Some("a MySQL or MariaDB server")
    } else if line.starts_with(b"RFB ") {
        Some("a VNC server")
    } else {
        None
    }
}

fn silence(bytes: &[u8], endpoint: &Endpoint) -> Fault {
    if bytes.is_empty() {
        let seconds = BANNER_DEADLINE.as_secs();
        dress(Code::BannerTimeout, format!("{endpoint} accepts connections but said nothing for {seconds} s"))
    } else {
        other(bytes, endpoint)
    }
}

fn closed(bytes: &[u8], endpoint: &Endpoint, error: Option<&io::Error>) -> Fault {
    if !bytes.is_empty() {
        return other(bytes, endpoint);
    }
    let how = match error.map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionReset) => "reset",
        _ => "closed",
    };
    dress(Code::ClosedBeforeBanner, format!("{endpoint} accepted the connection and {how} it before saying anything"))
}

fn other(bytes: &[u8], endpoint: &Endpoint) -> Fault {
    let said = Untrusted::new(bytes).clean(120);
    dress(Code::NotSsh, format!("{endpoint} answers, but not with SSH: \"{said}\""))
}

fn dress(code: Code, message: String) -> Fault {
    let text = match code {
        Code::RefusedForNow => {
            "wait a minute before trying again; each try lengthens the ban. The admin sees the cause in sshd's log (MaxStartups, PerSourcePenalties)"
        }
        Code::NotSsh => "check the bastion's host and port",
        Code::ClosedBeforeBanner => {
            "ask the bastion's admin whether a firewall, TCP wrapper or sshd setting turns this address away"
        }
        _ => "check the port, and ask the bastion's admin whether sshd is running behind it",
    };
    Fault::new(code, message).advise(Advice::words(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(bytes: &[u8]) -> Heard {
        judge(bytes, &Endpoint::new("b".parse().unwrap(), 22.try_into().unwrap()))
    }

    fn code(heard: Heard) -> Code {
        match heard {
            Heard::Else(code, _) => code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_banner_may_follow_other_lines() {
        assert_eq!(heard(b"hello\r\nSSH-2.0-OpenSSH_9.2\r\n"), Heard::Ssh("SSH-2.0-OpenSSH_9.2".to_owned()));
        assert_eq!(heard(b"SSH-2.0-Open"), Heard::More);
        assert_eq!(heard(b"SS"), Heard::More);
    }

    #[test]
    fn what_is_not_ssh_is_named() {
        assert_eq!(code(heard(b"SSH-1.5-x\n")), Code::NotSsh);
        assert_eq!(code(heard(b"Not allowed at this time\r\n")), Code::RefusedForNow);
        assert_eq!(code(heard(b"Exceeded MaxStartups\r\n")), Code::RefusedForNow);
        assert_eq!(code(heard(b"HTTP/1.1 400 Bad Request\r\n")), Code::NotSsh);
        assert_eq!(code(heard(&b"x\n".repeat(21))), Code::NotSsh);
        assert_eq!(code(heard(&b"x".repeat(9000))), Code::NotSsh);
    }
}
