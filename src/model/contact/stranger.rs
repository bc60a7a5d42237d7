//! Who speaks, by the first bytes: for the port where another server answers than was expected. It asks nothing.

use super::cursor::find;
use crate::model::database::Kind;

/// Somebody who was not expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// MySQL or MariaDB, which waits for an answer.
    Mysql,
    /// TLS.
    Tls,
    /// Somebody with a name.
    Known {
        /// With its article.
        name: &'static str,
        /// The kind that is right for it.
        kind: Option<Kind>,
    },
    /// Not enough to tell.
    Unclear,
    /// Nobody that is known.
    Nobody,
}

/// How servers begin that speak in text.
const BEGINNINGS: &[(&[u8], &str, Option<Kind>)] = &[
    (b"SSH-", "an SSH server", None),
    (b"HTTP/", "a web server", None),
    (b"<!DOCTYPE", "a web server", None),
    (b"<html", "a web server", None),
    (b"220", "a mail or FTP server", None),
    (b"RFB 0", "a remote screen (VNC)", None),
    (b"+OK", "a mail server (POP3)", None),
    (b"* OK", "a mail server (IMAP)", None),
    (b"+PONG", "Redis", Some(Kind::Redis)),
    (b"-NOAUTH", "Redis", Some(Kind::Redis)),
    (b"-DENIED", "Redis", Some(Kind::Redis)),
    (b"-LOADING", "Redis", Some(Kind::Redis)),
    (b"-MISCONF", "Redis", Some(Kind::Redis)),
    (b"-ERR ", "Redis", Some(Kind::Redis)),
    (b"ERROR\r\n", "Memcached", None),
    (b"AMQP", "a message broker (AMQP)", None),
    (b"INFO {", "a message broker (NATS)", None),
    (b"@RSYNCD:", "an rsync server", None),
    (b"\xff\xfd", "a telnet server", None),
    (b"\xff\xfb", "a telnet server", None),
    (b"\x05\0\0\0\x0b\x08\x05\x1a", "MySQL's X protocol, whose classic port is 3306 by default", None),
];

/// Texts that name the server behind a web answer.
const WEB: &[(&[u8], &str, Option<Kind>)] = &[
    (b"X-elastic-product", "Elasticsearch", Some(Kind::Elasticsearch)),
    (b"x-elastic-product", "Elasticsearch", Some(Kind::Elasticsearch)),
    (b"You Know, for Search", "Elasticsearch", Some(Kind::Elasticsearch)),
    (b"X-ClickHouse-", "ClickHouse's HTTP interface, whose native port is 9000 by default", None),
    (b"clickhouse-client", "ClickHouse", Some(Kind::Clickhouse)),
    (b"MongoDB over HTTP", "MongoDB", Some(Kind::Mongodb)),
];

/// Recognises a server by what it said so far.
pub(super) fn recognise(said: &[u8]) -> Who {
    let known = |name, kind| Who::Known { name, kind };
    if let Some((_, name, kind)) = BEGINNINGS.iter().find(|(begins, ..)| said.starts_with(begins)) {
        let web = WEB.iter().find(|(words, ..)| said.starts_with(b"HTTP/") && find(said, words).is_some());
        return web.map_or(known(name, *kind), |(_, name, kind)| known(name, *kind));
    }
    match said {
        // Length, a zero for the number in the sequence; a greeting with a version in digits, or an error.
        [_, _, 0, 0, 0x0a, digit, ..] if digit.is_ascii_digit() => return Who::Mysql,
        [_, _, 0, 0, 0xff, _, 3..=0x0f, ..] => return Who::Mysql,
        // Alert or handshake, version 3.
        [0x15 | 0x16, 3, 0..=4, ..] => return Who::Tls,
        // ErrorResponse with a length below 64 KiB and its first field, the severity.
        [b'E', 0, 0, _, _, b'S', ..] => return known("PostgreSQL", Some(Kind::Postgres)),
        // A tabular answer, last packet, with its length; channel and number follow.
        [0x04, 1, _, _, _, _, _, 0, ..] => return known("SQL Server", Some(Kind::Sqlserver)),
        // A refusal, resend or accept of a listener.
        [_, _, 0, 0, 2 | 4 | 11, 0, 0, 0, ..] => return known("an Oracle listener", Some(Kind::Oracle)),
        [0x81..=0x86, 0, _, _, 0 | 6, 0, 0, _, _, ..] => return known("Cassandra", Some(Kind::Cassandra)),
        // OP_MSG or OP_REPLY.
        [_, _, _, 0, _, _, _, _, _, _, _, _, 0xdd, 7, 0, 0, ..] => return known("MongoDB", Some(Kind::Mongodb)),
        _ => {}
    }
    if is_beginning(said) { Who::Unclear } else { Who::Nobody }
}

/// True when more bytes could make this somebody.
fn is_beginning(said: &[u8]) -> bool {
    let binary: bool = match said {
        [] | [_] | [_, _] => true,
        [_, _, 0] | [_, _, 0, 0] | [_, _, 0, 0, 0x0a] => true,
        [_, _, 0, 0, 0xff | 2 | 4 | 11, rest @ ..] => rest.len() < 3,
        [0x04, 1, rest @ ..] => rest.len() < 6,
        [b'E', 0, 0, rest @ ..] => rest.len() < 3,
        [0x81..=0x86, 0, rest @ ..] => rest.len() < 7,
        _ => false,
    };
    binary || BEGINNINGS.iter().any(|(begins, ..)| begins.starts_with(said))
}
