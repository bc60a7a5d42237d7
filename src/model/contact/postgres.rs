//! PostgreSQL and what speaks its protocol 3 (PostgreSQL manual, "Message Formats"): asks for TLS; only a server that has none
//! is told a name, and nobody's. It never answers a demand for a password.

use super::cursor::{Cursor, find};
use super::{Heard, NOBODY, Reply, Tls, Turn, clean, version};
use crate::model::fault::Code;

/// SSLRequest: its length, then 1234 and 5679.
pub(super) fn opening() -> Vec<u8> {
    vec![0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]
}

/// A start of protocol 3.0 as nobody. The server leaves no line in its log when it asks for a password and hears nothing.
fn start() -> Vec<u8> {
    let mut body = 196_608_u32.to_be_bytes().to_vec();
    for (key, value) in [("user", NOBODY), ("database", "postgres"), ("application_name", "adit")] {
        body.extend_from_slice(format!("{key}\0{value}\0").as_bytes());
    }
    body.push(0);
    let length = u32::try_from(body.len() + 4).unwrap_or(0);
    [length.to_be_bytes().to_vec(), body].concat()
}

fn speaks(tls: Tls, note: Option<String>) -> Reply {
    Reply::Speaks { product: "PostgreSQL".to_owned(), version: None, tls, note }
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    match (turn.asked, turn.said) {
        (0 | 1, [b'E', ..]) => complaint(turn.said, Tls::Unknown),
        // Nothing may follow before the client has begun TLS; more would be another server's greeting.
        (1, [b'S']) => {
            let note = "whether it lets the bastion's address in shows at login only";
            Heard::Settle(speaks(Tls::Offered, Some(note.to_owned())))
        }
        (1, [b'N']) => Heard::Ask(start(), speaks(Tls::No, None)),
        (0 | 1, _) => Heard::Foreign,
        _ => started(turn.said),
    }
}

/// What comes after the start: notices, then a demand for a password, an error, or a welcome.
fn started(said: &[u8]) -> Heard {
    let mut cursor = Cursor(said);
    let mut found = None;
    loop {
        let at = cursor.0;
        let (Some(letter), Some(length)) = (cursor.byte(), cursor.length_be()) else { return Heard::More };
        let Some(length) = length.checked_sub(4).filter(|length| *length < super::MOST) else { return Heard::Foreign };
        let Some(body) = cursor.take(length) else {
            return if letter.is_ascii_alphabetic() { Heard::More } else { Heard::Foreign };
        };
        match (letter, body.first_chunk::<4>().map(|kind| u32::from_be_bytes(*kind))) {
            (b'E', _) => return complaint(at, Tls::No),
            (b'R', Some(0)) => {}
            (b'R', Some(kind)) => {
                let method = match kind {
                    3 => "a password in clear text",
                    5 => "a password (MD5)",
                    10 => "a password (SCRAM)",
                    _ => "another proof than a password",
                };
                return Heard::know(speaks(Tls::No, Some(format!("it asks for {method}"))));
            }
            (b'S', _) => {
                let mut words = Cursor(body);
                if words.text() == Some(b"server_version") {
                    found = words.text().and_then(version);
                }
            }
            (b'Z', _) => {
                let note = Some("it lets anybody in without a password".to_owned());
                let reply = Reply::Speaks { product: "PostgreSQL".to_owned(), version: found, tls: Tls::No, note };
                return Heard::Know(reply, vec![b'X', 0, 0, 0, 4]);
            }
            (b'N' | b'v' | b'K', _) => {}
            _ => return Heard::Foreign,
        }
    }
}

/// An error, in today's form or in the one of servers that cannot start a process: the letter and a text.
fn complaint(said: &[u8], tls: Tls) -> Heard {
    let mut cursor = Cursor(said.get(1..).unwrap_or_default());
    let Some(length) = cursor.length_be() else { return Heard::More };
    if !(8..super::MOST).contains(&length) {
        return old(said);
    }
    let Some(body) = cursor.take(length - 4) else { return Heard::More };
    let mut fields = Cursor(body);
    let (mut code, mut text, mut routine): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    while let Some(letter) = fields.byte().filter(|letter| *letter != 0) {
        let Some(value) = fields.text() else { return Heard::Foreign };
        match letter {
            b'C' => code = value,
            b'M' => text = value,
            b'R' => routine = value,
            _ => {}
        }
    }
    if code.is_empty() && text.is_empty() {
        return Heard::Foreign;
    }
    let refused = |code| Heard::know(Reply::Refused { code, text: clean(text) });
    let says = |words: &[u8]| find(text, words).is_some();
    match code {
        b"53300" => refused(Code::TooManyConnections),
        b"57P03" => refused(Code::StartingUp),
        b"28000" if says(b"pg_hba.conf") || routine == b"ClientAuthentication" => refused(Code::HostNotAllowed),
        _ if says(b"SSL required") || says(b"SSL/TLS required") => refused(Code::TlsRequired),
        // PgBouncer's words for a full house carry the code of a broken protocol.
        _ if says(b"no more connections allowed") || says(b"too many clients") => refused(Code::TooManyConnections),
        _ => Heard::know(speaks(tls, Some(format!("it said: {}", clean(text))))),
    }
}

fn old(said: &[u8]) -> Heard {
    let Some(text) = Cursor(said.get(1..).unwrap_or_default()).text() else {
        return if said.len() < 1024 && said.is_ascii() { Heard::More } else { Heard::Foreign };
    };
    let is_words = text.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    if !is_words || text.len() < 8 {
        return Heard::Foreign;
    }
    let full = find(text, b"could not fork").is_some() || find(text, b"too many").is_some();
    let code = if full { Code::TooManyConnections } else { Code::ClosedByDatabase };
    Heard::know(Reply::Refused { code, text: clean(text) })
}
