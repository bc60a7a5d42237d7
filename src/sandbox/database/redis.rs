//! A server's side of Redis' protocol (RESP 2, redis.io "protocol spec"), with a small shelf of values. It keeps nothing
//! beyond its process.

use std::collections::HashMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::Mood;

/// The longest line and the most words of a command.
const MAX_LINE: u64 = 4096;
const MAX_WORDS: usize = 256;
/// The longest word of a command.
const MAX_WORD: usize = 256 * 1024;
/// Values that are kept; then the shelf is cleared.
const MAX_VALUES: usize = 512;

/// The values of one server.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    values: Arc<Mutex<HashMap<Vec<u8>, Vec<u8>>>>,
}

impl Shelf {
    fn with<T>(&self, act: impl FnOnce(&mut HashMap<Vec<u8>, Vec<u8>>) -> T) -> T {
        act(&mut self.values.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, key: &[u8], value: Vec<u8>) {
        self.with(|values| {
            if values.len() >= MAX_VALUES {
                values.clear();
            }
            values.insert(key.to_vec(), value);
        });
    }
}

/// One connection.
pub(super) async fn converse<S>(stream: &mut S, mood: Mood, shelf: &Shelf) -> Result<()>
where
    S: AsyncBufRead + AsyncWrite + Unpin,
{
    match mood {
        Mood::Full => {
            stream.write_all(b"-ERR max number of clients reached\r\n").await?;
            return stream.flush().await;
        }
        Mood::Forbids | Mood::Blocks => {
            stream.write_all(b"-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the default user.\r\n").await?;
            return stream.flush().await;
        }
        _ => {}
    }
    loop {
        let Some(words) = command(stream).await? else { return Ok(()) };
        let Some((name, rest)) = words.split_first() else { continue };
        match mood {
            Mood::Starting => stream.write_all(b"-LOADING Redis is loading the dataset in memory\r\n").await?,
            // What a TLS port makes of clear text.
            Mood::WantsTls => return Ok(()),
            _ => {
                let answer = answer(&String::from_utf8_lossy(name).to_ascii_uppercase(), rest, shelf);
                stream.write_all(&answer).await?;
                if name.eq_ignore_ascii_case(b"QUIT") {
                    return stream.flush().await;
                }
            }
        }
        stream.flush().await?;
    }
}

/// Reads one command, as an array or as a plain line; nothing at the end.
async fn command(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<Vec<Vec<u8>>>> {
    let beyond = || Error::new(ErrorKind::InvalidData, "a command beyond all measure");
    let Some(line) = line(stream).await? else { return Ok(None) };
    let Some(count) = line.strip_prefix('*') else {
        return Ok(Some(line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()));
    };
    let count: usize = count.parse().map_err(|_| beyond())?;
    if count > MAX_WORDS {
        return Err(beyond());
    }
    let mut words = Vec::with_capacity(count);
    for _ in 0..count {
        let header = self::line(stream).await?.unwrap_or_default();
        let length = header.strip_prefix('$').and_then(|text| text.parse::<usize>().ok());
        let length = length.filter(|length| *length <= MAX_WORD).ok_or_else(beyond)?;
        let mut word = vec![0; length + 2];
        stream.read_exact(&mut word).await?;
        word.truncate(length);
        words.push(word);
    }
    Ok(Some(words))
}

async fn line(stream: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<String>> {
    let mut line = Vec::new();
    if stream.take(MAX_LINE).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

fn bulk(value: &[u8]) -> Vec<u8> {
    let mut out = format!("${}\r\n", value.len()).into_bytes();
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
    out
}

fn answer(name: &str, rest: &[Vec<u8>], shelf: &Shelf) -> Vec<u8> {
    match (name, rest) {
        ("PING", []) => b"+PONG\r\n".to_vec(),
        ("PING" | "ECHO", [word]) => bulk(word),
        ("QUIT" | "SELECT" | "CLIENT" | "FLUSHALL" | "EXPIRE", _) => b"+OK\r\n".to_vec(),
        ("AUTH", _) => b"-ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?\r\n".to_vec(),
        ("SET", [key, value, ..]) => {
            shelf.put(key, value.clone());
            b"+OK\r\n".to_vec()
        }
        ("GET", [key]) => shelf.with(|values| values.get(key).map_or_else(|| b"$-1\r\n".to_vec(), |value| bulk(value))),
        ("DEL", keys) => {
            let gone = shelf.with(|values| keys.iter().filter(|key| values.remove(*key).is_some()).count());
            format!(":{gone}\r\n").into_bytes()
        }
        ("INCR", [key]) => {
            let before = shelf.with(|values| values.get(key).cloned());
            let before = before.and_then(|value| String::from_utf8(value).ok()?.parse::<i64>().ok()).unwrap_or(0);
            let now = before.wrapping_add(1);
            shelf.put(key, now.to_string().into_bytes());
            format!(":{now}\r\n").into_bytes()
        }
        ("DBSIZE", _) => format!(":{}\r\n", shelf.with(|values| values.len())).into_bytes(),
        ("INFO", _) => bulk(b"# Server\r\nredis_version:7.2.5\r\nredis_mode:standalone\r\nos:adit sandbox\r\n"),
        // redis-cli asks for these to help with typing.
        ("COMMAND" | "KEYS", _) => b"*0\r\n".to_vec(),
        ("HELLO", _) => b"-NOPROTO the sandbox speaks RESP 2\r\n".to_vec(),
        _ => {
            let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
            format!("-ERR unknown command '{name}' in the sandbox of adit's demo\r\n").into_bytes()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufStream;

    async fn talk(words: &[u8], mood: Mood) -> String {
        let (mut client, server) = tokio::io::duplex(1 << 16);
        let serving = tokio::spawn(async move {
            let mut stream = BufStream::new(server);
            // An end by error shows in what was heard.
            let _ = converse(&mut stream, mood, &Shelf::default()).await;
            let _ = stream.shutdown().await;
        });
        client.write_all(words).await.unwrap();
        client.shutdown().await.unwrap();
        let mut heard = String::new();
        client.read_to_string(&mut heard).await.unwrap();
        serving.await.unwrap();
        heard
    }

    #[tokio::test]
    async fn commands_are_answered() {
        let words = b"PING\r\n*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2\r\nxy\r\n*2\r\n$3\r\nget\r\n$1\r\na\r\nINCR n\r\nFOO\r\nQUIT\r\nPING\r\n";
        let heard = talk(words, Mood::Well).await;
        let end = "-ERR unknown command 'FOO' in the sandbox of adit's demo\r\n+OK\r\n";
        assert_eq!(heard, format!("+PONG\r\n+OK\r\n$2\r\nxy\r\n:1\r\n{end}"));
    }

    #[tokio::test]
    async fn nonsense_and_giants_end_the_connection() {
        for words in [&b"*999999\r\n"[..], b"*1\r\n$99999999\r\n", b"*1\r\n:1\r\n", b"*x\r\n"] {
            assert_eq!(talk(words, Mood::Well).await, "", "{words:?}");
        }
        assert!(talk(b"PING\r\n", Mood::Starting).await.starts_with("-LOADING"));
    }
}
