//! MongoDB (MongoDB wire protocol, OP_MSG): asks `hello`, which needs no login, and reads the top level of the answer.

use super::cursor::{Cursor, find};
use super::{Heard, Reply, Tls, Turn, clean};
use crate::model::fault::Code;

const MESSAGE: u32 = 2013;
/// What servers before 3.6 answer in.
const OLD_REPLY: u32 = 1;

/// `{hello: 1, $db: "admin"}`.
pub(super) fn opening() -> Vec<u8> {
    let mut document = b"\x10hello\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0".to_vec();
    let length = u32::try_from(document.len() + 4).unwrap_or(0);
    document.splice(0..0, length.to_le_bytes());
    // Flags, then one section of the kind "body".
    let mut message = vec![0; 5];
    message.append(&mut document);
    let length = u32::try_from(message.len() + 16).unwrap_or(0);
    let header = [length, 1, 0, MESSAGE].map(u32::to_le_bytes).concat();
    [header, message].concat()
}

/// What the answer said, as far as it matters.
#[derive(Default)]
struct Hello<'a> {
    wire: Option<u32>,
    set: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    error: Option<&'a [u8]>,
    code: Option<u32>,
    is_primary: Option<bool>,
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    let Some(length) = cursor.length_le() else {
        return if turn.said.get(3).is_some_and(|high| *high != 0) { Heard::Foreign } else { Heard::More };
    };
    // What is beyond our limit is read as far as it comes; no answer to a greeting is ever longer than this.
    if !(26..=1 << 16).contains(&length) {
        return Heard::Foreign;
    }
    let (Some(_), Some(_), Some(operation)) = (cursor.le32(), cursor.le32(), cursor.le32()) else { return Heard::More };
    let skipped = match operation {
        MESSAGE => 5,
        OLD_REPLY => 20,
        _ => return Heard::Foreign,
    };
    if turn.said.len() < length.min(super::MOST) {
        return Heard::More;
    }
    let Some(_) = cursor.take(skipped).and_then(|_| cursor.le32()) else { return Heard::Foreign };
    let mut hello = Hello::default();
    while element(&mut cursor, &mut hello).is_some() {}
    conclude(&hello)
}

/// One element of a document (BSON specification 1.1); nothing at the end or where it cannot be read.
fn element<'a>(cursor: &mut Cursor<'a>, hello: &mut Hello<'a>) -> Option<()> {
    let kind = cursor.byte().filter(|kind| *kind != 0)?;
    let name = cursor.text()?;
    match kind {
        0x10 => {
            let value = cursor.le32()?;
            match name {
                b"maxWireVersion" => hello.wire = Some(value),
                b"code" => hello.code = Some(value),
                _ => {}
            }
        }
        0x02 | 0x0d | 0x0e => {
            let length = cursor.length_le()?;
            let value = cursor.take(length)?;
            let value = value.strip_suffix(b"\0").unwrap_or(value);
            match name {
                b"setName" => hello.set = Some(value),
                b"msg" => hello.kind = Some(value),
                b"errmsg" | b"$err" => hello.error = Some(value),
                _ => {}
            }
        }
        0x08 => {
            let value = cursor.byte()? != 0;
            if matches!(name, b"isWritablePrimary" | b"ismaster") {
                hello.is_primary = Some(value);
            }
        }
        0x03 | 0x04 => {
            let length = cursor.length_le()?.checked_sub(4)?;
            cursor.take(length)?;
        }
        0x05 => {
            let length = cursor.length_le()?.checked_add(1)?;
            cursor.take(length)?;
        }
        0x01 | 0x09 | 0x11 | 0x12 => {
            cursor.take(8)?;
        }
        0x07 => {
            cursor.take(12)?;
        }
        0x13 => {
            cursor.take(16)?;
        }
        0x0a | 0x06 | 0x7f | 0xff => {}
        _ => return None,
    }
    Some(())
}

fn conclude(hello: &Hello<'_>) -> Heard {
    let speaks = |version: Option<&str>, note: Option<String>| {
        let version = version.map(str::to_owned);
        Heard::know(Reply::Speaks { product: "MongoDB".to_owned(), version, tls: Tls::Unknown, note })
    };
    if let Some(wire) = hello.wire {
        let note = if hello.kind == Some(b"isdbgrid") {
            Some("a router of shards".to_owned())
        } else {
            let role = if hello.is_primary == Some(false) { ", not its primary" } else { "" };
            hello.set.map(|set| format!("member of the replica set {}{role}", clean(set)))
        };
        return speaks(release(wire), note);
    }
    let text = hello.error.map(clean).unwrap_or_default();
    match hello.code {
        // CommandNotFound: `hello` came with 4.4.
        Some(59) => speaks(None, Some("older than 4.4".to_owned())),
        // ShutdownInProgress, InterruptedDueToReplStateChange, NotYetInitialized.
        Some(91 | 94 | 11602) => Heard::know(Reply::Refused { code: Code::StartingUp, text }),
        Some(_) if hello.error.is_some_and(|error| find(error, b"too many").is_some()) => {
            Heard::know(Reply::Refused { code: Code::TooManyConnections, text })
        }
        Some(_) => speaks(None, Some(format!("it said: {text}"))),
        None if hello.error.is_some() => speaks(None, Some(format!("it said: {text}"))),
        None => Heard::Foreign,
    }
}

/// The release that brought a wire version (MongoDB source, `wire_version.h`).
fn release(wire: u32) -> Option<&'static str> {
    match wire {
        6 => Some("3.6"),
        7 => Some("4.0"),
        8 => Some("4.2"),
        9 => Some("4.4"),
        13 => Some("5.0"),
        17 => Some("6.0"),
        21 => Some("7.0"),
        25 => Some("8.0"),
        _ => None,
    }
}
