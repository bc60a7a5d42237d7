//! Redis, Valkey, KeyDB (redis.io, "Redis serialization protocol specification"): PING, and HELLO where nobody asks for a
//! password, for the version. It sends nothing that a line-based server could take for an order.

use super::cursor::{Cursor, after, find};
use super::{Heard, Reply, Tls, Turn, clean, version};
use crate::model::fault::Code;

pub(super) fn opening() -> Vec<u8> {
    b"*1\r\n$4\r\nPING\r\n".to_vec()
}

fn hello() -> Vec<u8> {
    b"*2\r\n$5\r\nHELLO\r\n$1\r\n2\r\n".to_vec()
}

fn speaks(product: &str, version: Option<String>, note: Option<String>) -> Reply {
    Reply::Speaks { product: product.to_owned(), version, tls: Tls::No, note }
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    if turn.asked > 1 {
        return introduced(turn.said);
    }
    let line = turn.said.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_whole = line.len() < turn.said.len();
    let line = line.trim_ascii_end();
    match line.first() {
        Some(b'+') if !b"+PONG".starts_with(line) => Heard::Foreign,
        Some(b'-') if !line.iter().skip(1).take(3).all(u8::is_ascii_uppercase) => Heard::Foreign,
        Some(b'+' | b'-') if !is_whole => Heard::More,
        Some(b'+') if line == b"+PONG" => Heard::Ask(hello(), speaks("Redis", None, None)),
        Some(b'-') => complaint(line.get(1..).unwrap_or_default()),
        _ => Heard::Foreign,
    }
}

/// An error: its first word is the code.
fn complaint(line: &[u8]) -> Heard {
    let word = line.split(|byte| *byte == b' ').next().unwrap_or_default();
    let refused = |code| Heard::know(Reply::Refused { code, text: clean(line) });
    let answers = |note: &str| Heard::know(speaks("Redis", None, Some(note.to_owned())));
    match word {
        b"LOADING" => refused(Code::StartingUp),
        b"DENIED" => refused(Code::HostNotAllowed),
        b"ERR" if find(line, b"max number of clients").is_some() => refused(Code::TooManyConnections),
        b"NOAUTH" | b"NOPERM" => answers("it asks for a password"),
        _ => answers(&format!("it said: {}", clean(line))),
    }
}

/// The answer to HELLO: names and values in turn, or an error from a server that does not know it.
fn introduced(said: &[u8]) -> Heard {
    match said.first() {
        Some(b'-') => Heard::know(speaks("Redis", None, None)),
        Some(b'*' | b'%') => {
            let value = |name: &[u8]| bulk(after(said, &[b"\r\n", name, b"\r\n"].concat())?);
            let (Some(server), Some(number), Some(_)) = (value(b"server"), value(b"version"), value(b"mode")) else {
                return Heard::More;
            };
            let product = match server {
                b"valkey" => "Valkey",
                b"keydb" => "KeyDB",
                _ => "Redis",
            };
            let note = match value(b"role") {
                Some(b"replica" | b"slave") => Some("a replica, which takes no writes".to_owned()),
                Some(_) => None,
                None => return Heard::More,
            };
            Heard::know(speaks(product, version(number), note))
        }
        _ => Heard::Foreign,
    }
}

/// A text with its length before it.
fn bulk(said: &[u8]) -> Option<&[u8]> {
    let rest = said.strip_prefix(b"$")?;
    let end = find(rest, b"\r\n")?;
    let length: usize = str::from_utf8(rest.get(..end)?).ok()?.parse().ok()?;
    Cursor(rest.get(end + 2..)?).take(length)
}
