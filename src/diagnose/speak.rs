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
