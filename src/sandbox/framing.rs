//! Packets as the database protocols frame them, for both ends of a conversation. It does not know what the packets mean.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The longest packet that either end of the sandbox reads.
pub(crate) const MAX_PACKET: usize = 1 << 20;

fn checked(length: usize) -> Result<usize> {
    if length <= MAX_PACKET {
        Ok(length)
    } else {
        Err(Error::new(ErrorKind::InvalidData, "a packet beyond all measure"))
    }
}

async fn body(stream: &mut (impl AsyncRead + Unpin), length: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; checked(length)?];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// PostgreSQL's frontend/backend protocol: a letter, a length that counts itself, the rest.
pub(crate) mod postgres {
    use super::*;

    /// Reads a packet with a letter.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>)> {
        let letter = stream.read_u8().await?;
        Ok((letter, read_bare(stream).await?))
    }

    /// Reads a packet without a letter, as the first one is.
    pub(crate) async fn read_bare(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>> {
        let length = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
        body(stream, length.saturating_sub(4)).await
    }

    /// Writes a packet with a letter.
    pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), letter: u8, payload: &[u8]) -> Result<()> {
        stream.write_u8(letter).await?;
        write_bare(stream, payload).await
    }

    /// Writes a packet without a letter.
    pub(crate) async fn write_bare(stream: &mut (impl AsyncWrite + Unpin), payload: &[u8]) -> Result<()> {
        let length = u32::try_from(payload.len() + 4).unwrap_or(u32::MAX);
        stream.write_u32(length).await?;
        stream.write_all(payload).await
    }
}

/// MySQL's client/server protocol: three bytes of length, a sequence number, the rest.
pub(crate) mod mysql {
    use super::*;

    /// Reads a packet and its sequence number.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>)> {
        let mut header = [0; 4];
        stream.read_exact(&mut header).await?;
        let [low, middle, high, sequence] = header;
        let length = usize::from(low) | usize::from(middle) << 8 | usize::from(high) << 16;
        Ok((sequence, body(stream, length).await?))
    }

    /// Writes a packet with a sequence number; the payload is far below the 16 MiB where it would have to be split.
    pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), sequence: u8, payload: &[u8]) -> Result<()> {
        let [low, middle, high, _] = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes();
        stream.write_all(&[low, middle, high, sequence]).await?;
        stream.write_all(payload).await
    }

    /// A length-encoded text.
    pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
        match u8::try_from(text.len()) {
            Ok(length @ 0..=250) => out.push(length),
            _ => {
                let [low, high, ..] = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
                out.extend_from_slice(&[0xfc, low, high]);
            }
        }
        out.extend_from_slice(text.as_bytes());
    }
}

/// Tabular Data Stream (MS-TDS section 2.2.3): type, "last one" flag, a big-endian length that counts the header.
pub(crate) mod tds {
    use super::*;

    /// The payload of one packet at most.
    pub(crate) const PIECE: usize = 4088;

    /// Reads packets until the message is whole; its type and payload.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<(u8, Vec<u8>)> {
        let mut message = Vec::new();
        loop {
            let mut header = [0; 8];
            stream.read_exact(&mut header).await?;
            let [kind, status, high, low, ..] = header;
            let length = usize::from(u16::from_be_bytes([high, low]));
            message.extend(body(stream, length.saturating_sub(8)).await?);
            checked(message.len())?;
            if status & 1 == 1 {
                return Ok((kind, message));
            }
        }
    }

    /// Reads packets until the message is whole and throws its payload away; for long answers.
    pub(crate) async fn skip(stream: &mut (impl AsyncRead + Unpin)) -> Result<()> {
        loop {
            let mut header = [0; 8];
            stream.read_exact(&mut header).await?;
            let [_, status, high, low, ..] = header;
            let length = usize::from(u16::from_be_bytes([high, low]));
            body(stream, length.saturating_sub(8)).await?;
            if status & 1 == 1 {
                return Ok(());
            }
        }
    }

    /// Writes one packet; `last` ends the message.
    pub(crate) async fn write_piece(
        stream: &mut (impl AsyncWrite + Unpin),
        kind: u8,
        payload: &[u8],
        last: bool,
    ) -> Result<()> {
        let [high, low] = u16::try_from(payload.len() + 8).unwrap_or(u16::MAX).to_be_bytes();
        stream.write_all(&[kind, u8::from(last), high, low, 0, 0, 1, 0]).await?;
        stream.write_all(payload).await
    }

    /// Writes a whole message.
    pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), kind: u8, message: &[u8]) -> Result<()> {
        let mut pieces = message.chunks(PIECE).peekable();
        if pieces.peek().is_none() {
            return write_piece(stream, kind, &[], true).await;
        }
        while let Some(piece) = pieces.next() {
            write_piece(stream, kind, piece, pieces.peek().is_none()).await?;
        }
        Ok(())
    }

    /// Text as the protocol writes it.
    pub(crate) fn utf16(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }
}
