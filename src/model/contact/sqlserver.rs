//! Microsoft SQL Server (MS-TDS): exchanges the pre-login, which tells version and encryption, and goes no further.

use super::cursor::Cursor;
use super::{Heard, Reply, TEXT, Tls, Turn};
use crate::model::fault::Code;
use crate::model::untrusted::Untrusted;

const PRELOGIN: u8 = 0x12;
const ANSWER: u8 = 0x04;
const HEADER: usize = 8;

/// Version, encryption "off" (which a server answers with what it has and what it demands), instance, thread, MARS
/// (MS-TDS section 2.2.6.5).
pub(super) fn opening() -> Vec<u8> {
    let options = [
        [0, 0, 26, 0, 6], // version
        [1, 0, 32, 0, 1], // encryption
        [2, 0, 33, 0, 1], // instance
        [3, 0, 34, 0, 4], // thread
        [4, 0, 38, 0, 1], // MARS
    ];
    let mut payload = options.concat();
    payload.push(0xff);
    payload.extend_from_slice(&[0; 13]);
    let length = u16::try_from(payload.len() + HEADER).unwrap_or(0).to_be_bytes();
    [vec![PRELOGIN, 1, length[0], length[1], 0, 0, 1, 0], payload].concat()
}

pub(super) fn read(turn: Turn<'_>) -> Heard {
    let mut cursor = Cursor(turn.said);
    let (Some(kind), status) = (cursor.byte(), cursor.byte()) else { return Heard::More };
    if kind != ANSWER || status.is_some_and(|status| status > 1) {
        return Heard::Foreign;
    }
    let Some(length) = cursor.be16() else { return Heard::More };
    if !(HEADER + 1..=super::MOST).contains(&length) {
        return Heard::Foreign;
    }
    let Some(payload) = cursor.take(length - 4).and_then(|rest| rest.get(HEADER - 4..)) else { return Heard::More };
    match payload.first() {
        Some(0) => options(payload).unwrap_or(Heard::Foreign),
        Some(0xaa) => complaint(payload).unwrap_or(Heard::Foreign),
        _ => Heard::Foreign,
    }
}

fn options(payload: &[u8]) -> Option<Heard> {
    let mut cursor = Cursor(payload);
    let (mut version, mut tls) = (None, Tls::Unknown);
    loop {
        let option = cursor.byte()?;
        if option == 0xff {
            break;
        }
        let (place, length) = (cursor.be16()?, cursor.be16()?);
        let value = payload.get(place..place.checked_add(length)?)?;
        match (option, value) {
            (0, [major, minor, high, low, ..]) => {
                version = Some((*major, format!("{major}.{minor}.{}", u16::from_be_bytes([*high, *low]))));
            }
            (1, [0 | 1, ..]) => tls = Tls::Offered,
            (1, [2, ..]) => tls = Tls::No,
            (1, [3, ..]) => tls = Tls::Required,
            _ => {}
        }
    }
    let (major, version) = version?;
    // Microsoft's "SQL Server versions" table; Azure SQL Database calls itself 12 for ever.
    let product = match major {
        17 => "SQL Server 2025",
        16 => "SQL Server 2022",
        15 => "SQL Server 2019",
        14 => "SQL Server 2017",
        13 => "SQL Server 2016",
        11 => "SQL Server 2012",
        _ => "SQL Server",
    };
    Some(Heard::know(Reply::Speaks { product: product.to_owned(), version: Some(version), tls, note: None }))
}

/// An error token (section 2.2.7.10): number, state, class, text.
fn complaint(payload: &[u8]) -> Option<Heard> {
    let mut cursor = Cursor(payload.get(3..)?);
    let number = cursor.le32()?;
    cursor.take(2)?;
    let length = usize::from(cursor.le16()?).checked_mul(2)?;
    let text = cursor.take(length)?;
    let units: Vec<u16> = text.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let text = Untrusted::new(String::from_utf16_lossy(&units)).clean(TEXT);
    let code = match number {
        // The limit of connections; of workers and sessions in Azure.
        17809 | 10928 | 10929 => Code::TooManyConnections,
        // Not ready yet; starting; in script upgrade mode.
        17187 | 17803 | 18401 | 40613 => Code::StartingUp,
        // Azure's firewall.
        40615 => Code::HostNotAllowed,
        _ => Code::ClosedByDatabase,
    };
    Some(Heard::know(Reply::Refused { code, text }))
}
