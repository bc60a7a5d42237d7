//! One look at the database through an open forward: a short contact, finished politely. It never logs in, never asks twice,
//! and says to a kind of database only what that kind understands.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};

use crate::model::contact::{Contact, End, Reply, Step};
use crate::model::{Database, Kind};

/// The time for the server's words; with the parting it makes three seconds.
const WORDS: Duration = Duration::from_millis(2500);
/// The time for the parting.
const PARTING: Duration = Duration::from_millis(500);
/// How long something unknown is listened to.
const LISTENING: Duration = Duration::from_millis(300);
/// How long a server that should wait for its client is listened to before it is spoken to: a MySQL server in its place
/// greets by then, and would count a greeting that is talked over.
const FIRST_WORDS: Duration = Duration::from_millis(150);
/// What follows words that could be whole comes within this.
const MOMENT: Duration = Duration::from_millis(100);
/// The most that is read in parting.
const REST: usize = 64 * 1024;

/// What was seen of the database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spoken {
    /// What it turned out to be.
    pub reply: Reply,
    /// How long that took, in milliseconds.
    pub ms: f64,
}

/// Speaks with the database at the other end of an open forward, for at most three seconds and 8 KiB. The stream is shut down
/// for writing afterwards.
pub async fn look<S>(stream: &mut S, database: &Database) -> Spoken
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let begun = Instant::now();
    let (reply, parting) = converse(stream, database, begun).await;
    let ms = begun.elapsed().as_secs_f64() * 1000.0;
    // Whether the server still hears it is its own affair.
    let _ = timeout(PARTING, part(stream, &parting)).await;
    Spoken { reply, ms }
}

async fn converse<S>(stream: &mut S, database: &Database, begun: Instant) -> (Reply, Vec<u8>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut contact = Contact::begin(database.kind, database.port);
    let deadline = begun + WORDS;
    let first = if database.kind == Kind::Tcp { LISTENING } else { FIRST_WORDS };
    let mut turn = (!contact.server_speaks_first()).then_some(begun + first);
    let mut settled: Option<Reply> = None;
    let mut buffer = [0; 4096];
    loop {
        let until = match settled {
            Some(_) => deadline.min(Instant::now() + MOMENT),
            None => turn.unwrap_or(deadline),
        };
        let step = match timeout_at(until, stream.read(&mut buffer)).await {
            Ok(Ok(count @ 1..)) => contact.hear(buffer.get(..count).unwrap_or_default()),
            Ok(Ok(0) | Err(_)) => return settled.map_or_else(|| contact.end(End::Closed), |reply| (reply, Vec::new())),
            Err(_) => match (settled, turn.take()) {
                (Some(reply), _) => return (reply, Vec::new()),
                (None, Some(_)) => match contact.open() {
                    Some(words) => Step::Say(words),
                    None if contact.has_heard() => Step::Listen,
                    None => return contact.end(End::Quiet),
                },
                (None, None) => return contact.end(End::Quiet),
            },
        };
        settled = None;
        match step {
            Step::Listen => {}
            // Where the other side has closed, reading says so.
            Step::Say(words) => _ = timeout_at(deadline, say(stream, &words)).await,
            Step::Settle(reply) => settled = Some(reply),
            Step::Leave(reply, parting) => return (reply, parting),
        }
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), words: &[u8]) -> std::io::Result<()> {
    stream.write_all(words).await?;
    stream.flush().await
}

/// Says the last words, ends our half and waits for the other side to end its own: a reset would leave a line in its log.
async fn part<S>(stream: &mut S, parting: &[u8]) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    say(stream, parting).await?;
    stream.shutdown().await?;
    let (mut left, mut sink) = (REST, [0; 4096]);
    while left > 0 {
        match stream.read(&mut sink).await? {
            0 => return Ok(()),
            count => left = left.saturating_sub(count),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Tls;

    fn database(kind: Kind) -> Database {
        Database { kind, host: "db".parse().unwrap(), port: kind.default_port().unwrap_or(5432.try_into().unwrap()) }
    }

    /// A look at a server in a pipe of this width; the server's end closes with it.
    async fn seen(kind: Kind, width: usize, server: impl AsyncFnOnce(&mut tokio::io::DuplexStream)) -> Spoken {
        let (mut near, mut far) = tokio::io::duplex(width);
        let database = database(kind);
        let (_, seen) = tokio::join!(
            async {
                server(&mut far).await;
                drop(far);
            },
            async {
                let seen = look(&mut near, &database).await;
                drop(near);
                seen
            }
        );
        seen
    }

    async fn hears(far: &mut tokio::io::DuplexStream, count: usize) -> Vec<u8> {
        let mut words = vec![0; count];
        far.read_exact(&mut words).await.unwrap();
        words
    }

    /// Reads until the other side ends.
    async fn rest(far: &mut tokio::io::DuplexStream) -> Vec<u8> {
        let mut words = Vec::new();
        // A pipe that is gone has ended.
        let _ = far.read_to_end(&mut words).await;
        words
    }

    #[tokio::test(start_paused = true)]
    async fn one_byte_is_an_answer() {
        for width in [1, 4096] {
            let seen = seen(Kind::Postgres, width, async |far| {
                assert_eq!(hears(far, 8).await, [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]);
                far.write_all(b"S").await.unwrap();
                assert!(rest(far).await.is_empty());
            })
            .await;
            assert!(matches!(seen.reply, Reply::Speaks { tls: Tls::Offered, .. }), "{seen:?}");
            assert!((200.0..400.0).contains(&seen.ms), "{seen:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_mysql_greeting_is_answered_and_never_talked_over() {
        let greeting = [
            &b"\x4a\0\0\0\x0a8.0.36\0\x09\0\0\0salt1234\0\0\x0a\x2d\x02\0\x08\0\x15"[..],
            b"\0\0\0\0\0\0\0\0\0\x00123456789012\0mysql_native_password\0",
        ]
        .concat();
        assert_eq!(usize::from(greeting[0]) + 4, greeting.len());
        for kind in Kind::ALL {
            for width in [1, 4096] {
                let seen = seen(kind, width, async |far| {
                    far.write_all(&greeting).await.unwrap();
                    let header = hears(far, 4).await;
                    assert_eq!(header[3], 1, "{kind}");
                    let answer = hears(far, usize::from(header[0])).await;
                    assert!(answer.windows(10).any(|part| part == b"adit_probe"), "{kind}");
                    far.write_all(b"\x0b\0\0\x02\xff\x15\x04#28000no").await.unwrap();
                    assert!(rest(far).await.is_empty());
                })
                .await;
                let is_right = match seen.reply {
                    Reply::Speaks { ref version, .. } => version.as_deref() == Some("8.0.36"),
                    Reply::Stranger { kind, .. } => kind == Some(Kind::Mysql),
                    _ => false,
                };
                assert!(is_right, "{kind}: {seen:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silence_ends_after_three_seconds() {
        for kind in Kind::ALL {
            let begun = Instant::now();
            let seen = seen(kind, 4096, async |far| {
                rest(far).await;
            })
            .await;
            assert_eq!(seen.reply, Reply::Silent { said: String::new() }, "{kind}");
            assert!(begun.elapsed() <= Duration::from_secs(3), "{kind} took {:?}", begun.elapsed());
            assert_eq!(seen.ms < 400.0, kind == Kind::Tcp, "{kind}: {seen:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_never_reads_does_not_hold_us() {
        for kind in Kind::ALL {
            let (mut near, far) = tokio::io::duplex(1);
            let begun = Instant::now();
            let seen = look(&mut near, &database(kind)).await;
            assert!(matches!(seen.reply, Reply::Silent { .. }), "{kind}: {seen:?}");
            assert!(begun.elapsed() <= Duration::from_secs(3), "{kind}");
            drop(far);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closing_is_seen_before_and_after_our_words() {
        let before = seen(Kind::Redis, 4096, async |_| {}).await;
        assert_eq!(before.reply, Reply::Closed { asked: false, said: String::new() });
        let after = seen(Kind::Redis, 4096, async |far| {
            hears(far, 14).await;
        })
        .await;
        assert_eq!(after.reply, Reply::Closed { asked: true, said: String::new() });
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_left() {
        for kind in Kind::ALL {
            for byte in *b"A-H\0\xff" {
                let begun = Instant::now();
                let seen = seen(kind, 4096, async |far| {
                    for _ in 0..1024 {
                        // It is left in the middle.
                        let _ = far.write_all(&[byte; 1024]).await;
                    }
                })
                .await;
                let is_known = matches!(seen.reply, Reply::Stranger { .. } | Reply::Silent { .. });
                assert!(is_known, "{kind} {byte}: {seen:?}");
                assert!(begun.elapsed() <= Duration::from_secs(3), "{kind} {byte}: {:?}", begun.elapsed());
            }
        }
    }

    #[test]
    fn evidence_travels() {
        let seen = Spoken { reply: Reply::Closed { asked: true, said: "x".to_owned() }, ms: 1.5 };
        let text = serde_json::to_string(&seen).unwrap();
        assert_eq!(text, r#"{"reply":{"closed":{"asked":true,"said":"x"}},"ms":1.5}"#);
        assert_eq!(serde_json::from_str::<Spoken>(&text).unwrap(), seen);
    }
}
