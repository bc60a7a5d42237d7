//! A server's side of Tabular Data Stream (MS-TDS) as far as SQL batches go: pre-login, login of anybody in clear text, rows of
//! text.

use std::io::Result;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use super::answers::{Answer, COLUMNS, answer, row};
use super::{Mood, SEEN_FROM};
use crate::sandbox::framing::tds::{PIECE, read, utf16, write, write_piece};

/// Types of messages (MS-TDS section 2.2.3.1.1).
const SQL_BATCH: u8 = 0x01;
const ANSWER: u8 = 0x04;
const LOGIN: u8 = 0x10;
const PRELOGIN: u8 = 0x12;
/// TDS 7.4 as the server writes it.
const TDS_VERSION: [u8; 4] = [0x74, 0, 0, 4];
/// Encryption (section 2.2.6.5).
const NOT_SUPPORTED: u8 = 2;
const REQUIRED: u8 = 3;
/// Latin1_General_CI_AS.
const COLLATION: [u8; 5] = [0x09, 0x04, 0xd0, 0, 0x34];

/// One connection.
pub(super) async fn converse<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, mood: Mood) -> Result<()> {
    if matches!(mood, Mood::Starting | Mood::Forbids | Mood::Blocks) {
        return Ok(());
    }
    let (kind, _) = read(stream).await?;
    if kind != PRELOGIN {
        return Ok(());
    }
    write(stream, ANSWER, &prelogin(if mood == Mood::WantsTls { REQUIRED } else { NOT_SUPPORTED })).await?;
    stream.flush().await?;
    if mood == Mood::WantsTls {
        return Ok(());
    }
    let (kind, _) = read(stream).await?;
    if kind != LOGIN {
        return Ok(());
    }
    let mut welcome = Vec::new();
    if mood == Mood::Full {
        let text = "Resource ID : 1. The request limit for the database is 60 and has been reached.";
        complain(&mut welcome, 10928, text);
        done(&mut welcome, 2, 0);
        write(stream, ANSWER, &welcome).await?;
        return stream.flush().await;
    }
    acknowledge(&mut welcome);
    done(&mut welcome, 0, 0);
    write(stream, ANSWER, &welcome).await?;
    stream.flush().await?;
    loop {
        let (kind, message) = read(stream).await?;
        if kind == SQL_BATCH {
            reply(stream, &statement(&message)).await?;
        } else {
            let mut sorry = Vec::new();
            complain(&mut sorry, 50000, "the sandbox of adit's demo knows only plain batches");
            done(&mut sorry, 2, 0);
            write(stream, ANSWER, &sorry).await?;
        }
        stream.flush().await?;
    }
}

/// Options with their places, then their values (section 2.2.6.5): version, encryption, instance, thread, MARS.
fn prelogin(encryption: u8) -> Vec<u8> {
    let values: [(u8, &[u8]); 5] =
        [(0, &[16, 0, 0x10, 0x23, 0, 0]), (1, &[encryption]), (2, &[0]), (3, &[]), (4, &[0])];
    let mut place = u16::try_from(values.len() * 5 + 1).unwrap_or(0);
    let (mut options, mut data) = (Vec::new(), Vec::new());
    for (option, value) in values {
        let length = u16::try_from(value.len()).unwrap_or(0);
        options.push(option);
        options.extend_from_slice(&place.to_be_bytes());
        options.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(value);
        place += length;
    }
    options.push(0xff);
    options.extend(data);
    options
}

/// The text of a batch, after headers that count themselves.
fn statement(message: &[u8]) -> String {
    let headers = message.first_chunk::<4>().map_or(0, |length| u32::from_le_bytes(*length));
    let text = message.get(usize::try_from(headers).unwrap_or(usize::MAX)..).unwrap_or_default();
    let units: Vec<u16> = text.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    String::from_utf16_lossy(&units)
}

async fn reply(stream: &mut (impl AsyncWrite + Unpin), sql: &str) -> Result<()> {
    let mut out = Vec::new();
    let mut count = 0;
    match answer(sql, "Microsoft SQL Server 2022 (adit sandbox)") {
        Answer::Nothing | Answer::Done(_) => {}
        Answer::Beyond(text) => complain(&mut out, 50000, &text),
        Answer::One(one) => {
            columns(&mut out, &[""]);
            put_row(&mut out, &[one.value]);
            count = 1;
        }
        Answer::Rows { table, count: rows, .. } => {
            columns(&mut out, &COLUMNS);
            for number in 0..rows {
                put_row(&mut out, &row(&table, number));
                while out.len() >= PIECE {
                    let rest = out.split_off(PIECE);
                    write_piece(stream, ANSWER, &out, false).await?;
                    out = rest;
                }
            }
            count = rows;
        }
    }
    done(&mut out, 0x10, count);
    write(stream, ANSWER, &out).await
}

/// COLMETADATA (section 2.2.7.4): every column is NVARCHAR(4000).
fn columns(out: &mut Vec<u8>, names: &[&str]) {
    out.push(0x81);
    out.extend_from_slice(&u16::try_from(names.len()).unwrap_or(0).to_le_bytes());
    for name in names {
        out.extend_from_slice(&[0, 0, 0, 0, 9, 0, 0xe7]);
        out.extend_from_slice(&8000_u16.to_le_bytes());
        out.extend_from_slice(&COLLATION);
        short_text(out, name);
    }
}

/// ROW (section 2.2.7.19).
fn put_row(out: &mut Vec<u8>, values: &[String]) {
    out.push(0xd1);
    for value in values {
        long_text(out, value, true);
    }
}

/// DONE (section 2.2.7.6).
fn done(out: &mut Vec<u8>, status: u16, rows: u32) {
    out.push(0xfd);
    out.extend_from_slice(&status.to_le_bytes());
    out.extend_from_slice(&[0xc1, 0]);
    out.extend_from_slice(&u64::from(rows).to_le_bytes());
}

/// LOGINACK (section 2.2.7.14).
fn acknowledge(out: &mut Vec<u8>) {
    let mut token = vec![1];
    token.extend_from_slice(&TDS_VERSION);
    short_text(&mut token, "adit sandbox");
    token.extend_from_slice(&[16, 0, 0x10, 0x23]);
    out.push(0xad);
    out.extend_from_slice(&u16::try_from(token.len()).unwrap_or(0).to_le_bytes());
    out.extend(token);
}

/// ERROR (section 2.2.7.10).
fn complain(out: &mut Vec<u8>, number: u32, text: &str) {
    let mut token = number.to_le_bytes().to_vec();
    token.extend_from_slice(&[1, 16]);
    long_text(&mut token, text, false);
    short_text(&mut token, SEEN_FROM);
    short_text(&mut token, "");
    token.extend_from_slice(&1_u32.to_le_bytes());
    out.push(0xaa);
    out.extend_from_slice(&u16::try_from(token.len()).unwrap_or(0).to_le_bytes());
    out.extend(token);
}

/// A text with its length in characters, in one byte.
fn short_text(out: &mut Vec<u8>, text: &str) {
    out.push(u8::try_from(text.encode_utf16().count()).unwrap_or(0));
    out.extend(utf16(text));
}

/// A text with its length in two bytes, counted in bytes or in characters.
fn long_text(out: &mut Vec<u8>, text: &str, in_bytes: bool) {
    let units = text.encode_utf16().count();
    let length = if in_bytes { units * 2 } else { units };
    out.extend_from_slice(&u16::try_from(length).unwrap_or(0).to_le_bytes());
    out.extend(utf16(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_batch_is_answered_after_a_login() {
        let (mut client, mut server) = tokio::io::duplex(1 << 20);
        tokio::spawn(async move { converse(&mut server, Mood::Well).await });
        write(&mut client, PRELOGIN, &prelogin(NOT_SUPPORTED)).await.unwrap();
        let (kind, answer) = read(&mut client).await.unwrap();
        assert_eq!((kind, answer[0], answer.len()), (ANSWER, 0, 26 + 9));
        write(&mut client, LOGIN, &[0; 94]).await.unwrap();
        let (_, welcome) = read(&mut client).await.unwrap();
        assert_eq!(welcome[0], 0xad);
        let mut batch = 22_u32.to_le_bytes().to_vec();
        batch.extend_from_slice(&[0; 18]);
        batch.extend(utf16("select top 300 * from invoices"));
        write(&mut client, SQL_BATCH, &batch).await.unwrap();
        let (_, rows) = read(&mut client).await.unwrap();
        assert_eq!(rows[0], 0x81);
        let end = &rows[rows.len() - 13..];
        assert_eq!((end[0], &end[5..9]), (0xfd, &300_u32.to_le_bytes()[..]));
        assert!(rows.len() > 300 * 200, "{}", rows.len());
    }
}
