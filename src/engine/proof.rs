//! One forward opened as proof that the way is whole, and finished politely. It never logs in and never asks twice.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::event::Event;
use crate::model::{Advice, Code, Database, Fault, Kind, Owner, Untrusted};
use crate::ssh::{Lane, OpenError};

/// The time for a database's first words.
const SPEAK_DEADLINE: Duration = Duration::from_secs(3);
/// How long a server that should wait for its client is listened to.
const FIRST_WORDS: Duration = Duration::from_millis(150);
/// A user that nobody has: being refused as it is a finished contact, which the server does not count against the bastion
/// (MySQL manual, `max_connect_errors`).
const NOBODY: &[u8] = b"adit_probe";
/// The longest first packet that is read.
const MAX_PACKET: usize = 8 * 1024;

/// Opens the forward and says what came of it; nothing when the session was lost meanwhile.
pub(crate) async fn prove(lane: &Lane, database: &Database) -> Option<Event> {
    match lane.open(&database.endpoint(), None).await {
        Ok((channel, _place)) => {
            if !database.kind.counts_strangers() {
                return Some(listen_a_moment(channel, database).await);
            }
            let mut stream = channel.into_stream();
            let spoken = timeout(SPEAK_DEADLINE, leave_politely(&mut stream, database)).await;
            let _ = stream.shutdown().await;
            match spoken {
                Ok(Err(fault)) => Some(Event::ForwardRefused(fault)),
                Ok(Ok(())) | Err(_) => Some(Event::ForwardOpened),
            }
        }
        Err(OpenError::Refused(fault)) => Some(Event::ForwardRefused(*fault)),
        Err(OpenError::Lost) => None,
    }
}

/// For servers that wait for the client: connecting and closing leaves no trace in their logs. One that speaks first is
/// another than configured.
async fn listen_a_moment(channel: crate::ssh::Channel, database: &Database) -> Event {
    let mut channel = channel;
    let heard = timeout(FIRST_WORDS, channel.wait()).await;
    let said = match heard {
        Ok(Some(message)) => crate::ssh::received(message),
        Ok(None) | Err(_) => None,
    };
    let stranger = said.as_deref().and_then(|bytes| stranger(bytes, database));
    if let (Some(said), Some(_)) = (&said, &stranger) {
        // A server that counts strangers must not count this one.
        if let Some(answer) = said.get(4..).and_then(answer) {
            // A server that has gone cannot be answered, and counts nothing.
            let _ = channel.data_bytes(framed(1, &answer)).await;
            let _ = timeout(FIRST_WORDS, channel.wait()).await;
        }
    }
    // A session that is gone has ended it.
    let _ = channel.eof().await;
    finish(channel).await;
    stranger.map_or(Event::ForwardOpened, Event::ForwardRefused)
}

/// Names a server by what it says before it is asked; nothing for what says nothing, or cannot be told from the right one.
fn stranger(said: &[u8], database: &Database) -> Option<Fault> {
    if database.kind == Kind::Tcp {
        return None;
    }
    let name = if matches!(said, [_, _, 0, 0, 0x0a | 0xff, ..]) {
        "a MySQL or MariaDB server"
    } else if said.starts_with(b"SSH-") {
        "an SSH server"
    } else if said.starts_with(b"220") {
        "a mail or FTP server"
    } else {
        return None;
    };
    let target = database.endpoint();
    let message = format!("{target} answers as {name}, not as {}", database.kind);
    Some(Fault::new(Code::WrongProtocol, message).advise(Advice::words("check the tunnel's database, host and port")))
}

/// Waits for the far side to close, so that the channel is forgotten; closes it after a while.
async fn finish(mut channel: crate::ssh::Channel) {
    let ended = async { while channel.wait().await.is_some() {} };
    if timeout(Duration::from_secs(1), ended).await.is_err() {
        // The session being gone closes it as well.
        let _ = channel.close().await;
    }
}

/// Reads the greeting and answers as nobody, until the server has said no.
async fn leave_politely(
    stream: &mut (impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin),
    database: &Database,
) -> Result<(), Fault> {
    let Some((_, greeting)) = read_packet(stream).await else { return Ok(()) };
    if let Some(fault) = refusal(&greeting, database) {
        return Err(fault);
    }
    let Some(answer) = answer(&greeting) else { return Ok(()) };
    if write_packet(stream, 1, &answer).await.is_err() {
        return Ok(());
    }
    // The server may change the method once or twice before it refuses; an empty answer fits each.
    for _ in 0..3 {
        let Some((sequence, packet)) = read_packet(stream).await else { return Ok(()) };
        match packet.first() {
            Some(0xfe | 0x01) => {
                if write_packet(stream, sequence.wrapping_add(1), &[]).await.is_err() {
                    return Ok(());
                }
            }
            Some(0xff) => return refusal(&packet, database).map_or(Ok(()), Err),
            _ => return Ok(()),
        }
    }
    Ok(())
}

async fn read_packet(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let mut header = [0_u8; 4];
    stream.read_exact(&mut header).await.ok()?;
    let [a, b, c, sequence] = header;
    let length = usize::from(a) | usize::from(b) << 8 | usize::from(c) << 16;
    if length > MAX_PACKET {
        return None;
    }
    let mut packet = vec![0; length];
    stream.read_exact(&mut packet).await.ok()?;
    Some((sequence, packet))
}

async fn write_packet(
    stream: &mut (impl tokio::io::AsyncWrite + Unpin),
    sequence: u8,
    payload: &[u8],
) -> std::io::Result<()> {
    stream.write_all(&framed(sequence, payload)).await?;
    stream.flush().await
}

fn framed(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
    let mut packet = vec![a, b, c, sequence];
    packet.extend_from_slice(payload);
    packet
}

/// The answer of nobody to a protocol 10 greeting (MySQL client/server protocol, HandshakeResponse41): no password, no
/// database, the server's own method.
fn answer(greeting: &[u8]) -> Option<Vec<u8>> {
    // 0x200 protocol 4.1, 0x8000 secure connection, 0x80000 named method.
    const CAPABILITIES: u32 = 0x0200 | 0x8000 | 0x0008_0000;
    if greeting.first() != Some(&10) {
        return None;
    }
    let mut answer = CAPABILITIES.to_le_bytes().to_vec();
    answer.extend_from_slice(&0x0100_0000_u32.to_le_bytes());
    answer.push(33); // utf8_general_ci
    answer.extend_from_slice(&[0; 23]);
    answer.extend_from_slice(NOBODY);
    answer.extend_from_slice(&[0, 0]); // end of the user, an empty password
    answer.extend_from_slice(b"mysql_native_password\0");
    Some(answer)
}

/// The refusals that are about this way rather than about nobody.
fn refusal(packet: &[u8], database: &Database) -> Option<Fault> {
    let [0xff, low, high, text @ ..] = packet else { return None };
    let number = u16::from_le_bytes([*low, *high]);
    let said = Untrusted::new(text).clean(200);
    let target = database.endpoint();
    match number {
        1040 => Some(Fault::new(
            Code::TooManyConnections,
            format!("{target} has no room for one more connection: \"{said}\""),
        )),
        1129 => Some(
            Fault::new(Code::HostBlocked, format!("{target} has blocked the bastion: \"{said}\""))
                .owned_by(Owner::DatabaseAdmin)
                .advise(Advice::command("the database's keeper can lift the block", "mysqladmin flush-hosts")),
        ),
        1130 => Some(
            Fault::new(Code::HostNotAllowed, format!("{target} does not let the bastion's address in: \"{said}\""))
                .advise(Advice::words("the database's keeper must allow the user from the bastion's address")),
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    fn mariadb() -> Database {
        Database { kind: Kind::Mariadb, host: "db".parse().unwrap(), port: 3306.try_into().unwrap() }
    }

    async fn meet(server: impl AsyncFnOnce(&mut tokio::io::DuplexStream)) -> Result<(), Fault> {
        let (mut near, mut far) = tokio::io::duplex(64 * 1024);
        let database = mariadb();
        let ((), met) = tokio::join!(
            async {
                server(&mut far).await;
                drop(far);
            },
            leave_politely(&mut near, &database)
        );
        met
    }

    #[tokio::test]
    async fn the_contact_is_finished_as_nobody() {
        let met = meet(async |far| {
            write_packet(far, 0, b"\x0a10.11.6-MariaDB\0rest").await.unwrap();
            let (sequence, answer) = read_packet(far).await.unwrap();
            assert_eq!(sequence, 1);
            assert!(answer.windows(NOBODY.len()).any(|part| part == NOBODY));
            write_packet(far, 2, b"\xfemysql_native_password\0salt").await.unwrap();
            assert_eq!(read_packet(far).await.unwrap(), (3, vec![]));
            write_packet(far, 4, b"\xff\x15\x04#28000Access denied").await.unwrap();
        });
        assert_eq!(met.await, Ok(()));
    }

    #[tokio::test]
    async fn a_blocked_bastion_is_a_fault() {
        let met = meet(async |far| {
            write_packet(far, 0, b"\xff\x69\x04Host '10.0.0.1' is blocked\x1b[2J").await.unwrap();
        });
        let fault = met.await.unwrap_err();
        assert_eq!(fault.code, Code::HostBlocked);
        assert!(!fault.message.contains('\x1b'));
    }

    #[tokio::test]
    async fn strangers_and_giants_are_left_alone() {
        for bytes in [&b"\xff\xff\xff\x00"[..], b"HTTP/1.1 400\r\n", b""] {
            let met = meet(async |far| far.write_all(bytes).await.unwrap());
            assert_eq!(met.await, Ok(()));
        }
    }
}
