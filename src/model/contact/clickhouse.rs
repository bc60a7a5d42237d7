//! ClickHouse: a greeting of its native protocol as nobody, whose refusal is the answer; on the port of its HTTP interface the
//! ping that it leaves unlogged.

use super::cursor::{Cursor, after, find};
use super::{Heard, NOBODY, Reply, Tls, Turn, clean, http, version};
use crate::model::fault::Code;

/// A revision that brings the patch level and asks for nothing after the greeting (ClickHouse source, `ProtocolDefines.h`).
const REVISION: u32 = 54_401;
const HELLO: u32 = 0;
const EXCEPTION: u32 = 2;

fn put_number(out: &mut Vec<u8>, mut number: u32) {
    while let Some(low) = u8::try_from(number & 0x7f).ok().filter(|_| number >= 0x80) {
        out.push(low | 0x80);
        number >>= 7;
    }
    out.extend(u8::try_from(number));
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, u32::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// Name, version, revision; database, user, password.
pub(super) fn opening() -> Vec<u8> {
    let mut hello = vec![0];
    put_text(&mut hello, "adit");
    for number in [1, 0, REVISION] {
        put_number(&mut hello, number);
    }
    for text in ["", NOBODY, ""] {
        put_text(&mut hello, text);
    }
    hello
}

fn speaks(version: Option<String>, tls: Tls, note: Option<&str>) -> Heard {
    let note = note.map(str::to_owned);
    Heard::know(Reply::Speaks { product: "ClickHouse".to_owned(), version, tls, note })
}

fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(cursor.varint()?).ok()?;
    cursor.take(length)
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    match cursor.varint() {
        Some(HELLO) => {
            // A name of this length, or something else altogether.
            match cursor.0 {
                [] => return Heard::More,
                [10, rest @ ..] if b"ClickHouse".starts_with(rest.get(..rest.len().min(10)).unwrap_or_default()) => {}
                _ => return Heard::Foreign,
            }
            hello(&mut cursor).unwrap_or(Heard::More)
        }
        Some(EXCEPTION) => {
            let mut name = cursor;
            let fits = |name: &[u8]| name.starts_with(b"DB::") || b"DB::".starts_with(name);
            match name.le32().and_then(|_| name.varint()) {
                Some(4..=80) if fits(name.0) => exception(&mut cursor).unwrap_or(Heard::More),
                None if cursor.0.len() < 5 => Heard::More,
                _ => Heard::Foreign,
            }
        }
        _ => Heard::Foreign,
    }
}

fn hello(cursor: &mut Cursor<'_>) -> Option<Heard> {
    text(cursor)?;
    let (major, minor, _revision) = (cursor.varint()?, cursor.varint()?, cursor.varint()?);
    // Time zone and display name.
    text(cursor)?;
    text(cursor)?;
    let patch = cursor.varint()?;
    Some(speaks(Some(format!("{major}.{minor}.{patch}")), Tls::No, Some("it lets anybody in without a password")))
}

fn exception(cursor: &mut Cursor<'_>) -> Option<Heard> {
    let number = cursor.le32()?;
    text(cursor)?;
    let words = text(cursor)?;
    let code = match number {
        // IP_ADDRESS_NOT_ALLOWED, TOO_MANY_SIMULTANEOUS_QUERIES and _SESSIONS, SERVER_OVERLOADED.
        195 => Code::HostNotAllowed,
        202 | 700 | 745 => Code::TooManyConnections,
        // ASYNC_LOAD_WAIT_FAILED
        696 => Code::StartingUp,
        _ => {
            let version = after(words, b"version ").and_then(version);
            let refused_nobody = matches!(number, 192..=194 | 516);
            let note = format!("it said: {}", clean(words));
            return Some(speaks(version, Tls::No, (!refused_nobody).then_some(note.as_str())));
        }
    };
    Some(Heard::know(Reply::Refused { code, text: clean(words) }))
}

/// The answer to `GET /ping`.
pub(super) fn read_http(turn: Turn<'_>) -> Heard {
    match http::read(turn.said) {
        http::Heard::More => Heard::More,
        http::Heard::Foreign => Heard::Foreign,
        http::Heard::Head(answer) if answer.wants_tls() => {
            Heard::Settle(Reply::Refused { code: Code::TlsRequired, text: clean(answer.body) })
        }
        http::Heard::Head(answer) => {
            let is_here = answer.has_header("x-clickhouse-") || find(answer.body, b"Ok.\n").is_some();
            match answer.status {
                200 if is_here => speaks(None, Tls::No, Some("its HTTP interface")),
                200 if !answer.is_whole() => Heard::More,
                _ if is_here => speaks(None, Tls::No, Some("its HTTP interface, which did not answer the ping")),
                _ => Heard::Foreign,
            }
        }
    }
}
