//! A server's side of MySQL's protocol 10, as MariaDB speaks it (MariaDB documentation, "Client/Server Protocol"): text
//! protocol only, no TLS, no compression.

use std::io::Result;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::answers::{Answer, COLUMNS, answer, row};
use super::{ACCOUNT, Mood, SEEN_FROM};
use crate::sandbox::framing::mysql::{put_text, read, write};

/// The prefix tells old clients that it is no MySQL 5.
const VERSION: &str = "5.5.5-10.11.6-MariaDB-adit-sandbox";
/// Long password and flag, found rows, database at login, protocol 4.1, transactions, secure connection, named method.
const CAPABILITIES: u32 = 0x0008_a20f;
/// utf8mb4_general_ci.
const CHARSET: u8 = 45;
/// Autocommit.
const STATUS: [u8; 2] = [2, 0];
const SALT: &[u8; 20] = b"adit-sandbox-no-salt";
/// Types of a column (enum_field_types).
const BIGINT: u8 = 0x08;
const VAR_STRING: u8 = 0xfd;

/// One connection.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, mood: Mood) -> Result<()> {
    if let Some((number, text)) = refusal(mood) {
        // Before the greeting an error carries no state (it is not known yet whether the client speaks 4.1).
        let mut packet = vec![0xff];
        packet.extend_from_slice(&number.to_le_bytes());
        packet.extend_from_slice(text.as_bytes());
        write(stream, 0, &packet).await?;
        return stream.flush().await;
    }
    write(stream, 0, &greeting()).await?;
    stream.flush().await?;
    let (sequence, answer) = read(stream).await?;
    let user = user_of(&answer);
    if mood == Mood::WantsTls {
        let text = "Connections using insecure transport are prohibited while --require_secure_transport=ON.";
        complain(stream, sequence.wrapping_add(1), 3159, "HY000", text).await?;
        return stream.flush().await;
    }
    if user != ACCOUNT {
        let text = format!("Access denied for user '{user}'@'{SEEN_FROM}' (using password: NO)");
        complain(stream, sequence.wrapping_add(1), 1045, "28000", &text).await?;
        return stream.flush().await;
    }
    done(stream, sequence.wrapping_add(1)).await?;
    stream.flush().await?;
    attend(stream).await
}

fn refusal(mood: Mood) -> Option<(u16, String)> {
    match mood {
        Mood::Full => Some((1040, "Too many connections".to_owned())),
        Mood::Forbids => Some((1130, format!("Host '{SEEN_FROM}' is not allowed to connect to this MariaDB server"))),
        Mood::Blocks => Some((
            1129,
            format!(
                "Host '{SEEN_FROM}' is blocked because of many connection errors; unblock with 'mariadb-admin flush-hosts'"
            ),
        )),
        Mood::Starting => Some((1053, "Server shutdown in progress".to_owned())),
        Mood::Well | Mood::Silent | Mood::Closes | Mood::WantsTls => None,
    }
}

fn greeting() -> Vec<u8> {
    let [low, lower, high, higher] = CAPABILITIES.to_le_bytes();
    let (first, second) = SALT.split_at(8);
    let mut packet = vec![10];
    packet.extend_from_slice(VERSION.as_bytes());
    packet.extend_from_slice(&[0, 0x67, 0x12, 0, 0]);
    packet.extend_from_slice(first);
    packet.extend_from_slice(&[0, low, lower, CHARSET, STATUS[0], STATUS[1], high, higher, 21]);
    packet.extend_from_slice(&[0; 10]);
    packet.extend_from_slice(second);
    packet.extend_from_slice(b"\0mysql_native_password\0");
    packet
}

/// The user of a login: after capabilities, packet size, character set and a gap.
fn user_of(login: &[u8]) -> String {
    let user = login.get(32..).unwrap_or_default().split(|byte| *byte == 0).next().unwrap_or_default();
    String::from_utf8_lossy(user).chars().take(80).collect()
}

async fn attend<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<()> {
    loop {
        let (_, packet) = read(stream).await?;
        match packet.split_first() {
            // COM_QUIT
            Some((1, _)) | None => return Ok(()),
            // COM_INIT_DB, COM_PING, COM_SET_OPTION, COM_RESET_CONNECTION
            Some((2 | 14 | 27 | 31, _)) => done(stream, 1).await?,
            // COM_QUERY
            Some((3, sql)) => reply(stream, &String::from_utf8_lossy(sql)).await?,
            Some(_) => complain(stream, 1, 1047, "08S01", "Unknown command").await?,
        }
        stream.flush().await?;
    }
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), sql: &str) -> Result<()> {
    match answer(sql, "adit sandbox") {
        Answer::Nothing => complain(stream, 1, 1065, "42000", "Query was empty").await,
        Answer::Done(_) => done(stream, 1).await,
        Answer::Beyond(text) => complain(stream, 1, 1235, "42000", &text).await,
        Answer::One(one) => {
            let mut sequence = head(stream, &[(&one.column, one.is_number)]).await?;
            data(stream, &mut sequence, &[one.value]).await?;
            end(stream, sequence).await
        }
        Answer::Rows { table, count, .. } => {
            let columns: Vec<_> = COLUMNS.iter().map(|name| (*name, *name == "id")).collect();
            let mut sequence = head(stream, &columns).await?;
            for number in 0..count {
                data(stream, &mut sequence, &row(&table, number)).await?;
            }
            end(stream, sequence).await
        }
    }
}

/// The columns of a result; the next sequence number.
async fn head(stream: &mut (impl AsyncWrite + Unpin), columns: &[(&str, bool)]) -> Result<u8> {
    write(stream, 1, &[u8::try_from(columns.len()).unwrap_or(0)]).await?;
    let mut sequence = 2_u8;
    for (name, is_number) in columns {
        let mut packet = Vec::new();
        for text in ["def", "", "", "", name, ""] {
            put_text(&mut packet, text);
        }
        packet.extend_from_slice(&[0x0c, CHARSET, 0]);
        packet.extend_from_slice(&1024_u32.to_le_bytes());
        packet.extend_from_slice(&[if *is_number { BIGINT } else { VAR_STRING }, 0, 0, 0, 0, 0]);
        write(stream, sequence, &packet).await?;
        sequence = sequence.wrapping_add(1);
    }
    end(stream, sequence).await?;
    Ok(sequence.wrapping_add(1))
}

async fn data(stream: &mut (impl AsyncWrite + Unpin), sequence: &mut u8, values: &[String]) -> Result<()> {
    let mut packet = Vec::new();
    for value in values {
        put_text(&mut packet, value);
    }
    write(stream, *sequence, &packet).await?;
    *sequence = sequence.wrapping_add(1);
    Ok(())
}

async fn end(stream: &mut (impl AsyncWrite + Unpin), sequence: u8) -> Result<()> {
    write(stream, sequence, &[0xfe, 0, 0, STATUS[0], STATUS[1]]).await
}

async fn done(stream: &mut (impl AsyncWrite + Unpin), sequence: u8) -> Result<()> {
    write(stream, sequence, &[0, 1, 0, STATUS[0], STATUS[1], 0, 0]).await
}

async fn complain(
    stream: &mut (impl AsyncWrite + Unpin),
    sequence: u8,
    number: u16,
    state: &str,
    text: &str,
) -> Result<()> {
    let mut packet = vec![0xff];
    packet.extend_from_slice(&number.to_le_bytes());
    packet.extend_from_slice(format!("#{state}{text}").as_bytes());
    write(stream, sequence, &packet).await
}
