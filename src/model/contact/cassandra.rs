//! Apache Cassandra and ScyllaDB (CQL binary protocol, version 4): asks for the options, which needs no login.

use super::cursor::{Cursor, find};
use super::{Heard, Reply, Tls, Turn, clean, version};
use crate::model::fault::Code;

const ERROR: u8 = 0x00;
const SUPPORTED: u8 = 0x06;

/// OPTIONS: a header of version 4 and no body.
pub(super) fn opening() -> Vec<u8> {
    vec![4, 0, 0, 0, 5, 0, 0, 0, 0]
}

fn speaks(product: &str, version: Option<String>, note: Option<String>) -> Heard {
    Heard::know(Reply::Speaks { product: product.to_owned(), version, tls: Tls::Unknown, note })
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    let header = (cursor.byte(), cursor.byte(), cursor.be16(), cursor.byte(), cursor.length_be());
    let (Some(begins), flags) = (header.0, header.1) else { return Heard::More };
    if !(0x81..=0x86).contains(&begins) || flags.is_some_and(|flags| flags > 0x1f) {
        return Heard::Foreign;
    }
    let (Some(operation), Some(length)) = (header.3, header.4) else { return Heard::More };
    if !matches!(operation, ERROR | SUPPORTED) || length > super::MOST {
        return Heard::Foreign;
    }
    let Some(body) = cursor.take(length) else { return Heard::More };
    if operation == SUPPORTED { supported(body) } else { complaint(body).unwrap_or(Heard::Foreign) }
}

fn text<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = cursor.be16()?;
    cursor.take(length)
}

/// Names, each with a list of values.
fn supported(body: &[u8]) -> Heard {
    let mut cursor = Cursor(body);
    let (mut product, mut language) = ("Cassandra", None);
    let count = cursor.be16().unwrap_or(0);
    for _ in 0..count {
        let (Some(name), Some(values)) = (text(&mut cursor), cursor.be16()) else { break };
        if name.starts_with(b"SCYLLA_") {
            product = "ScyllaDB";
        }
        for _ in 0..values {
            let Some(value) = text(&mut cursor) else { break };
            if name == b"CQL_VERSION" && language.is_none() {
                language = version(value);
            }
        }
    }
    speaks(product, None, language.map(|language| format!("CQL {language}")))
}

/// A number and a text (section 9 of the specification).
fn complaint(body: &[u8]) -> Option<Heard> {
    let mut cursor = Cursor(body);
    let number = cursor.be32()?;
    let words = text(&mut cursor)?;
    let refused = |code| Heard::know(Reply::Refused { code, text: clean(words) });
    Some(match number {
        0x1001 => refused(Code::TooManyConnections),
        0x1002 => refused(Code::StartingUp),
        0x000a if find(words, b"unsupported protocol version").is_some() => {
            speaks("Cassandra", None, Some("it does not speak version 4 of its protocol".to_owned()))
        }
        _ => speaks("Cassandra", None, Some(format!("it said: {}", clean(words)))),
    })
}
