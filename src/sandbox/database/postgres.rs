//! A server's side of PostgreSQL's protocol 3 (PostgreSQL manual, "Frontend/Backend Protocol"), without TLS and without types
//! beyond whole numbers and text.

use std::collections::HashMap;
use std::io::Result;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::answers::{Answer, COLUMNS, answer, row};
use super::{Mood, SEEN_FROM};
use crate::sandbox::framing::postgres::{read, read_bare, write};

const VERSION: &str = "16.4 (adit sandbox)";
const SSL_REQUEST: u32 = 80_877_103;
const GSS_REQUEST: u32 = 80_877_104;
/// Object identifiers of types (pg_type.dat).
const INT8: u32 = 20;
const TEXT: u32 = 25;
/// Prepared statements and portals that a connection may have; then they are all forgotten.
const PREPARED: usize = 256;

/// One connection.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, mood: Mood) -> Result<()> {
    let Some(start) = begin(stream).await? else { return Ok(()) };
    if let Some((code, message)) = refusal(mood, &start) {
        complain(stream, "FATAL", code, &message).await?;
        return stream.flush().await;
    }
    write(stream, b'R', &0_u32.to_be_bytes()).await?;
    for (name, value) in [
        ("server_version", VERSION),
        ("server_encoding", "UTF8"),
        ("client_encoding", "UTF8"),
        ("DateStyle", "ISO, MDY"),
        ("IntervalStyle", "postgres"),
        ("TimeZone", "UTC"),
        ("integer_datetimes", "on"),
        ("standard_conforming_strings", "on"),
    ] {
        write(stream, b'S', format!("{name}\0{value}\0").as_bytes()).await?;
    }
    write(stream, b'K', &[0, 0, 0x12, 0x67, 0, 0, 0, 1]).await?;
    ready(stream).await?;
    Connection { stream, statements: HashMap::new(), portals: HashMap::new(), skipping: false }.attend().await
}

/// The user and database of a start-up packet.
struct Start {
    user: String,
    database: String,
}

/// Declines encryption until the client starts in clear text; nothing when it only wanted to cancel.
async fn begin<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<Option<Start>> {
    loop {
        let packet = read_bare(stream).await?;
        let Some((code, rest)) = packet.split_first_chunk::<4>() else { return Ok(None) };
        match u32::from_be_bytes(*code) {
            SSL_REQUEST | GSS_REQUEST => {
                stream.write_u8(b'N').await?;
                stream.flush().await?;
            }
            code if code >> 16 == 3 => {
                if code & 0xffff != 0 {
                    // NegotiateProtocolVersion: 3.0, and no options that it does not know.
                    write(stream, b'v', &[0, 3, 0, 0, 0, 0, 0, 0]).await?;
                }
                let mut words = rest.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
                let (mut user, mut database) = (String::new(), String::new());
                while let (Some(key), Some(value)) = (words.next(), words.next()) {
                    match key.as_str() {
                        "user" => user = value,
                        "database" => database = value,
                        _ => {}
                    }
                }
                let database = if database.is_empty() { user.clone() } else { database };
                return Ok(Some(Start { user, database }));
            }
            _ => return Ok(None),
        }
    }
}

fn refusal(mood: Mood, start: &Start) -> Option<(&'static str, String)> {
    let Start { user, database } = start;
    let entry = format!("no pg_hba.conf entry for host \"{SEEN_FROM}\", user \"{user}\", database \"{database}\"");
    match mood {
        Mood::Full => Some(("53300", "sorry, too many clients already".to_owned())),
        Mood::Starting => Some(("57P03", "the database system is starting up".to_owned())),
        Mood::Forbids | Mood::Blocks => Some(("28000", entry)),
        Mood::WantsTls => Some(("28000", format!("{entry}, no encryption"))),
        Mood::Well | Mood::Silent | Mood::Closes => None,
    }
}

async fn complain(stream: &mut (impl AsyncWrite + Unpin), severity: &str, code: &str, message: &str) -> Result<()> {
    let fields = format!("S{severity}\0V{severity}\0C{code}\0M{message}\0\0");
    write(stream, b'E', fields.as_bytes()).await
}

async fn ready(stream: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
    write(stream, b'Z', b"I").await?;
    stream.flush().await
}

/// A connection that is let in.
struct Connection<'a, S> {
    stream: &'a mut S,
    statements: HashMap<String, String>,
    portals: HashMap<String, String>,
    /// After an error everything up to the next synchronisation is passed over.
    skipping: bool,
}

/// The texts of a packet, each ended by a zero.
fn texts(packet: &[u8]) -> impl Iterator<Item = String> + '_ {
    packet.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned())
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<'_, S> {
    async fn attend(&mut self) -> Result<()> {
        loop {
            let (letter, packet) = read(self.stream).await?;
            match letter {
                b'X' => return Ok(()),
                b'Q' => {
                    let sql = texts(&packet).next().unwrap_or_default();
                    self.reply(&sql, true).await?;
                    ready(self.stream).await?;
                }
                b'S' => {
                    self.skipping = false;
                    ready(self.stream).await?;
                }
                b'H' => self.stream.flush().await?,
                _ if self.skipping => {}
                b'P' => {
                    let mut words = texts(&packet);
                    let (name, sql) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                    keep(&mut self.statements, name, sql);
                    write(self.stream, b'1', &[]).await?;
                }
                b'B' => {
                    let mut words = texts(&packet);
                    let (portal, statement) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
                    let sql = self.statements.get(&statement).cloned().unwrap_or_default();
                    keep(&mut self.portals, portal, sql);
                    write(self.stream, b'2', &[]).await?;
                }
                b'D' => self.describe(&packet).await?,
                b'E' => {
                    let portal = texts(&packet).next().unwrap_or_default();
                    let sql = self.portals.get(&portal).cloned().unwrap_or_default();
                    self.reply(&sql, false).await?;
                }
                b'C' => write(self.stream, b'3', &[]).await?,
                // A copy that nobody began.
                b'd' | b'c' | b'f' => {}
                _ => {
                    complain(self.stream, "FATAL", "08P01", "the sandbox does not know this kind of message").await?;
                    return self.stream.flush().await;
                }
            }
        }
    }

    async fn describe(&mut self, packet: &[u8]) -> Result<()> {
        let (kind, name) = packet.split_first().unwrap_or((&b'S', &[]));
        let name = texts(name).next().unwrap_or_default();
        let sql = if *kind == b'S' {
            write(self.stream, b't', &[0, 0]).await?;
            self.statements.get(&name)
        } else {
            self.portals.get(&name)
        };
        let sql = sql.cloned().unwrap_or_default();
        match answer(&sql, VERSION) {
            Answer::One(one) => describe_row(self.stream, &[(column_of(&one.column), one.is_number)]).await,
            Answer::Rows { copy: false, .. } => describe_row(self.stream, &table_columns()).await,
            _ => write(self.stream, b'n', &[]).await,
        }
    }

    /// Answers a statement; the description of the rows is asked for separately in the extended protocol.
    async fn reply(&mut self, sql: &str, describe: bool) -> Result<()> {
        match answer(sql, VERSION) {
            Answer::Nothing => write(self.stream, b'I', &[]).await,
            Answer::Done(tag) => write(self.stream, b'C', format!("{tag}\0").as_bytes()).await,
            Answer::Beyond(message) => {
                self.skipping = !describe;
                complain(self.stream, "ERROR", "0A000", &message).await
            }
            Answer::One(one) => {
                if describe {
                    describe_row(self.stream, &[(column_of(&one.column), one.is_number)]).await?;
                }
                write(self.stream, b'D', &data_row(&[one.value])).await?;
                write(self.stream, b'C', b"SELECT 1\0").await
            }
            Answer::Rows { table, count, copy: false } => {
                if describe {
                    describe_row(self.stream, &table_columns()).await?;
                }
                for number in 0..count {
                    write(self.stream, b'D', &data_row(&row(&table, number))).await?;
                }
                write(self.stream, b'C', format!("SELECT {count}\0").as_bytes()).await
            }
            Answer::Rows { table, count, copy: true } => {
                write(self.stream, b'H', &[0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).await?;
                for number in 0..count {
                    let line = format!("{}\n", row(&table, number).join("\t"));
                    write(self.stream, b'd', line.as_bytes()).await?;
                }
                write(self.stream, b'c', &[]).await?;
                write(self.stream, b'C', format!("COPY {count}\0").as_bytes()).await
            }
        }
    }
}

fn keep(shelf: &mut HashMap<String, String>, name: String, sql: String) {
    if shelf.len() >= PREPARED {
        shelf.clear();
    }
    shelf.insert(name, sql);
}

/// PostgreSQL names a column without a name `?column?`, and a function's by the function.
fn column_of(expression: &str) -> &str {
    match expression.split_once('(') {
        Some((function, _)) => function,
        None if expression.starts_with(|c: char| c.is_ascii_alphabetic()) => expression,
        None => "?column?",
    }
}

fn table_columns() -> Vec<(&'static str, bool)> {
    COLUMNS.iter().map(|name| (*name, *name == "id")).collect()
}

async fn describe_row(stream: &mut (impl AsyncWrite + Unpin), columns: &[(&str, bool)]) -> Result<()> {
    let mut packet = u16::try_from(columns.len()).unwrap_or(0).to_be_bytes().to_vec();
    for (name, is_number) in columns {
        packet.extend_from_slice(name.as_bytes());
        // Ends the name; no table, no column number.
        packet.extend_from_slice(&[0; 7]);
        packet.extend_from_slice(&(if *is_number { INT8 } else { TEXT }).to_be_bytes());
        packet.extend_from_slice(&(if *is_number { 8_i16 } else { -1 }).to_be_bytes());
        packet.extend_from_slice(&(-1_i32).to_be_bytes());
        // As text.
        packet.extend_from_slice(&[0, 0]);
    }
    write(stream, b'T', &packet).await
}

fn data_row(values: &[String]) -> Vec<u8> {
    let mut packet = u16::try_from(values.len()).unwrap_or(0).to_be_bytes().to_vec();
    for value in values {
        packet.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
        packet.extend_from_slice(value.as_bytes());
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::framing::postgres::write_bare;

    #[tokio::test]
    async fn extended_queries_recover_from_an_error() {
        let (mut client, mut server) = tokio::io::duplex(1 << 16);
        let serving = tokio::spawn(async move { converse(&mut server, Mood::Well).await });
        write_bare(&mut client, b"\0\x03\0\0user\0app\0\0").await.unwrap();
        while read(&mut client).await.unwrap().0 != b'Z' {}
        for (sql, letters) in [("drop table x", "12E".to_owned()), ("select * from t limit 2", "12TDDC".to_owned())] {
            write(&mut client, b'P', format!("\0{sql}\0\0\0").as_bytes()).await.unwrap();
            write(&mut client, b'B', b"\0\0\0\0\0\0\0\0").await.unwrap();
            write(&mut client, b'D', b"P\0").await.unwrap();
            write(&mut client, b'E', b"\0\0\0\0\0").await.unwrap();
            write(&mut client, b'S', &[]).await.unwrap();
            let mut heard = String::new();
            loop {
                let (letter, _) = read(&mut client).await.unwrap();
                if letter == b'Z' {
                    break;
                }
                heard.push(char::from(letter));
            }
            assert_eq!(heard.replace('n', ""), letters, "{sql}");
        }
        write(&mut client, b'X', &[]).await.unwrap();
        serving.await.unwrap().unwrap();
    }
}
