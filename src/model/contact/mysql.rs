//! MySQL and MariaDB (MySQL client/server protocol, protocol 10): listens to the greeting and answers as nobody until the
//! server has said no. A greeting that is not answered counts against the bastion's address, so none is left alone.

use super::cursor::{Cursor, find};
use super::{Heard, NOBODY, Reply, Tls, Turn, clean, version};
use crate::model::fault::Code;

/// The server's TLS capability.
const TLS: u16 = 0x0800;
/// How often the server may change the method before it refuses; an empty answer fits each.
const CHANGES: usize = 4;

/// One packet: three bytes of length, the number in the sequence, the payload.
fn framed(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = u32::try_from(payload.len()).unwrap_or(0).to_le_bytes();
    let mut packet = vec![a, b, c, sequence];
    packet.extend_from_slice(payload);
    packet
}

/// The answer of nobody to a greeting (HandshakeResponse41): no password, no database. It rests on nothing that the greeting
/// says.
pub(super) fn answer() -> Vec<u8> {
    // 0x200 protocol 4.1, 0x8000 secure connection, 0x80000 named method.
    const CAPABILITIES: u32 = 0x0200 | 0x8000 | 0x0008_0000;
    let mut answer = CAPABILITIES.to_le_bytes().to_vec();
    answer.extend_from_slice(&0x0100_0000_u32.to_le_bytes());
    answer.push(33); // utf8_general_ci
    answer.extend_from_slice(&[0; 23]);
    answer.extend_from_slice(NOBODY.as_bytes());
    answer.extend_from_slice(&[0, 0]); // end of the user, an empty password
    answer.extend_from_slice(b"mysql_native_password\0");
    framed(1, &answer)
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    let header = (cursor.le16(), cursor.byte(), cursor.byte());
    let (Some(length), Some(high), Some(sequence)) = header else {
        return if turn.said.get(2).is_some_and(|high| *high != 0) { Heard::Foreign } else { Heard::More };
    };
    let length = usize::from(length);
    let begins = cursor.0.first();
    let fits = if turn.asked == 0 { sequence == 0 && matches!(begins, None | Some(9 | 10 | 0xff)) } else { true };
    if high != 0 || length == 0 || length > super::MOST || !fits {
        return Heard::Foreign;
    }
    let Some(packet) = cursor.take(length) else { return Heard::More };
    match (turn.asked, packet.split_first()) {
        (_, Some((0xff, error))) => refusal(error, turn.known),
        (0, Some((10, greeting))) => greeted(greeting),
        // The protocol of MySQL 3.21 has another answer, and its servers count nobody.
        (0, Some((9, _))) => Heard::know(speaks("MySQL", None, Tls::Unknown, Some("it speaks the protocol of 1998"))),
        (1..=CHANGES, Some((0xfe | 0x01, _))) => match turn.known {
            Some(known) => Heard::Ask(framed(sequence.wrapping_add(1), &[]), known.clone()),
            None => Heard::Foreign,
        },
        // It lets nobody in: COM_QUIT.
        (1.., Some((0, _))) => match turn.known {
            Some(known) => Heard::Know(known.clone(), framed(0, &[1])),
            None => Heard::Foreign,
        },
        _ => Heard::Foreign,
    }
}

fn speaks(product: &str, version: Option<String>, tls: Tls, note: Option<&str>) -> Reply {
    Reply::Speaks { product: product.to_owned(), version, tls, note: note.map(str::to_owned) }
}

fn greeted(greeting: &[u8]) -> Heard {
    let mut cursor = Cursor(greeting);
    let Some(text) = cursor.text() else { return Heard::Foreign };
    // Thread, eight bytes of salt and a zero; then the lower half of the capabilities.
    let capabilities = cursor.take(13).and_then(|_| cursor.le16());
    let tls = match capabilities {
        Some(capabilities) if capabilities & TLS != 0 => Tls::Offered,
        Some(_) => Tls::No,
        None => Tls::Unknown,
    };
    let says = |word: &[u8]| find(text, word).is_some();
    let (product, text) = if says(b"MariaDB") {
        // The prefix keeps old clients from taking it for an old server.
        ("MariaDB", text.strip_prefix(b"5.5.5-").unwrap_or(text))
    } else if says(b"TiDB") {
        ("TiDB", text)
    } else {
        ("MySQL", text)
    };
    let version = version(text).map(|version| match version.find("-MariaDB") {
        Some(end) => version.chars().take(end).collect(),
        None => version,
    });
    Heard::Ask(answer(), speaks(product, version, tls, None))
}

/// An error: the ones that are about this way are told apart from the ones that are about nobody.
fn refusal(error: &[u8], known: Option<&Reply>) -> Heard {
    let mut cursor = Cursor(error);
    let Some(number) = cursor.le16() else { return Heard::Foreign };
    let text = cursor.0;
    let text = if text.first() == Some(&b'#') { text.get(6..).unwrap_or_default() } else { text };
    let refused = |code| Heard::know(Reply::Refused { code, text: clean(text) });
    match number {
        1040 | 1203 | 1226 => refused(Code::TooManyConnections),
        1053 => refused(Code::StartingUp),
        1129 => refused(Code::HostBlocked),
        1130 => refused(Code::HostNotAllowed),
        3159 => refused(Code::TlsRequired),
        _ if find(text, b"insecure transport").is_some() => refused(Code::TlsRequired),
        _ => known.map_or_else(|| refused(Code::ClosedByDatabase), |known| Heard::know(known.clone())),
    }
}
