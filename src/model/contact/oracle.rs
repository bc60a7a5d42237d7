//! Oracle's listener (Transparent Network Substrate): the question that `tnsping` asks, which names no service and no user.

use super::cursor::{Cursor, after};
use super::{Heard, Reply, Tls, Turn, clean};
use crate::model::fault::Code;

const CONNECT: u8 = 1;
const ACCEPT: u8 = 2;
const REFUSE: u8 = 4;
const REDIRECT: u8 = 5;
const RESEND: u8 = 11;
/// Where the text of a connect packet begins.
const PLACE: u8 = 58;
const PING: &[u8] = b"(CONNECT_DATA=(COMMAND=ping))";

/// A connect packet: version 312, at least 300; 2 KiB and 32 KiB of data units; no features; then the text.
pub(super) fn opening() -> Vec<u8> {
    let text = u8::try_from(PING.len()).unwrap_or(0);
    let mut packet = vec![0, PLACE + text, 0, 0, CONNECT, 0, 0, 0];
    packet.extend_from_slice(&[0x01, 0x38, 0x01, 0x2c, 0, 0, 0x08, 0, 0x7f, 0xff, 0x7f, 0x08, 0, 0, 0x01, 0]);
    packet.extend_from_slice(&[0, text, 0, PLACE]);
    packet.resize(usize::from(PLACE), 0);
    packet.extend_from_slice(PING);
    packet
}

fn speaks(version: Option<String>, tls: Tls, note: Option<String>) -> Reply {
    Reply::Speaks { product: "Oracle listener".to_owned(), version, tls, note }
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    let (length, check) = (cursor.be16(), cursor.be16());
    if length.is_some_and(|length| !(8..=super::MOST).contains(&length)) || check.is_some_and(|check| check != 0) {
        return Heard::Foreign;
    }
    let (Some(length), Some(_), Some(kind)) = (length, check, cursor.byte()) else { return Heard::More };
    if !matches!(kind, ACCEPT | REFUSE | REDIRECT | RESEND) {
        return Heard::Foreign;
    }
    let Some(body) = turn.said.get(8..length) else { return Heard::More };
    match kind {
        // It wants to hear that once more; a second time would be a circle.
        RESEND if turn.asked < 3 => Heard::Ask(opening(), speaks(None, Tls::Unknown, None)),
        REFUSE => refusal(body.get(4..).unwrap_or_default()),
        _ => Heard::know(speaks(None, Tls::No, None)),
    }
}

/// A refusal's text; a ping is answered so, with error 0.
fn refusal(text: &[u8]) -> Heard {
    let number = |key: &[u8]| {
        let rest = after(text, key)?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        str::from_utf8(rest.get(..digits)?).ok()?.parse::<u32>().ok()
    };
    let version = number(b"(VSNNUM=").and_then(release);
    let code = match number(b"(ERR=") {
        // Out of handlers, processes or room.
        Some(12516 | 12518 | 12519 | 12520) => Code::TooManyConnections,
        // Restricted, not open yet, not registered with the listener yet.
        Some(12526..=12528) => Code::StartingUp,
        // The listener's list of invited nodes.
        Some(12529 | 12546) => Code::HostNotAllowed,
        Some(0) | None => return Heard::know(speaks(version, Tls::No, None)),
        Some(number) => {
            let note = format!("it answered with TNS-{number:05}");
            return Heard::know(speaks(version, Tls::No, Some(note)));
        }
    };
    Heard::know(Reply::Refused { code, text: clean(text) })
}

/// A version packed into 32 bits; its grouping changed with release 18.
fn release(packed: u32) -> Option<String> {
    let part = |shift: u32, mask: u32| (packed >> shift) & mask;
    match packed >> 24 {
        0 => None,
        major @ 18.. => Some(format!("{major}.{}.{}", part(16, 0xff), part(12, 0xf))),
        major => Some(format!("{major}.{}.{}.{}", part(20, 0xf), part(12, 0xff), part(8, 0xf))),
    }
}
