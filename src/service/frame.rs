//! Frames on a stream: a length in four bytes, big-endian, then JSON. It does not know what the JSON means.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::{Zeroize, Zeroizing};

/// The longest frame that the service takes.
pub const FROM_CLIENT: usize = 1 << 20;

/// The longest frame that a client takes: a snapshot grows with the number of tunnels.
pub const FROM_SERVICE: usize = 16 << 20;

/// The bytes of the length.
const PREFIX: usize = 4;

/// Room for a frame that carries a passphrase, so that it is not copied about while it arrives.
const SMALL: usize = 4096;

/// Why a stream of frames cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// A frame is longer than allowed.
    #[error("a frame of {length} bytes is over the limit of {limit}")]
    TooLong {
        /// As announced, or as made.
        length: u64,
        /// As allowed.
        limit: usize,
    },
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Cut,
    /// The bytes are not the value expected. Without the text itself: it may hold a secret.
    #[error("a frame is not understood: {kind} at column {column}")]
    Garbage {
        /// The sort of mistake.
        kind: &'static str,
        /// Where in the frame.
        column: usize,
    },
    /// The stream failed.
    #[error("the stream failed: {0}")]
    Io(#[from] std::io::Error),
}

impl From<serde_json::Error> for FrameError {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Io => "an unwritable value",
            serde_json::error::Category::Syntax => "no JSON",
            serde_json::error::Category::Data => "an unknown message",
            serde_json::error::Category::Eof => "a JSON text that ends early",
        };
        Self::Garbage { kind, column: error.column() }
    }
}

/// A value as the bytes of one frame, wiped when dropped.
pub fn encode(value: &impl Serialize, limit: usize) -> Result<Zeroizing<Vec<u8>>, FrameError> {
    let mut frame = Zeroizing::new(Vec::with_capacity(SMALL));
    frame.extend_from_slice(&[0; PREFIX]);
    serde_json::to_writer(&mut *frame, value)?;
    let length = frame.len().saturating_sub(PREFIX);
    let too_long = || FrameError::TooLong { length: length as u64, limit };
    if length > limit {
        return Err(too_long());
    }
    let prefix = u32::try_from(length).map_err(|_| too_long())?.to_be_bytes();
    for (place, byte) in frame.iter_mut().zip(prefix) {
        *place = byte;
    }
    Ok(frame)
}

/// Bytes in, values out, in whatever pieces the bytes arrive.
pub struct Decoder {
    limit: usize,
    buffer: Zeroizing<Vec<u8>>,
}

impl Decoder {
    /// Takes frames of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, buffer: Zeroizing::new(Vec::new()) }
    }

    /// Takes bytes as they come. Memory grows with what arrives, never with what a length announces.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.buffer.capacity() == 0 {
            self.buffer.reserve(bytes.len().max(SMALL));
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole value, or nothing until more bytes came. After an error the stream has no meaning any more.
    pub fn take<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let Some((prefix, rest)) = self.buffer.split_first_chunk::<PREFIX>() else { return Ok(None) };
        let announced = u32::from_be_bytes(*prefix);
        let too_long = || FrameError::TooLong { length: u64::from(announced), limit: self.limit };
        let length = usize::try_from(announced).map_err(|_| too_long())?;
        if length > self.limit {
            return Err(too_long());
        }
        let Some((body, after)) = rest.split_at_checked(length) else { return Ok(None) };
        let value = serde_json::from_slice(body)?;
        let after = Zeroizing::new(after.to_vec());
        self.buffer = after;
        Ok(Some(value))
    }

    /// Says whether the stream may end here.
    pub fn finish(&self) -> Result<(), FrameError> {
        if self.buffer.is_empty() { Ok(()) } else { Err(FrameError::Cut) }
    }

    /// The next value from a stream; nothing at its end. A wait that is given up loses no bytes.
    pub async fn read<T: DeserializeOwned>(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<T>, FrameError> {
        let mut piece = [0; SMALL];
        loop {
            if let Some(value) = self.take()? {
                return Ok(Some(value));
            }
            let count = stream.read(&mut piece).await?;
            self.feed(piece.get(..count).unwrap_or_default());
            piece.zeroize();
            if count == 0 {
                return self.finish().map(|()| None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{Answer, Secret};
    use crate::service::protocol::{Call, Hello, Request};

    /// Everything a decoder makes of bytes that arrive in pieces of the given sizes.
    fn decode(bytes: &[u8], sizes: &[usize]) -> Result<Vec<String>, FrameError> {
        let mut decoder = Decoder::new(FROM_CLIENT);
        let mut out = Vec::new();
        let mut rest = bytes;
        let mut sizes = sizes.iter().copied().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
            decoder.feed(piece);
            while let Some(value) = decoder.take()? {
                out.push(value);
            }
            rest = after;
        }
        decoder.finish()?;
        Ok(out)
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_in_any_pieces(
            texts in proptest::collection::vec(".{0,300}", 0..8),
            sizes in proptest::collection::vec(1_usize..600, 1..8),
        ) {
            let mut bytes = Vec::new();
            for text in &texts {
                bytes.extend_from_slice(&encode(text, FROM_CLIENT).unwrap());
            }
            prop_assert_eq!(decode(&bytes, &sizes).unwrap(), texts);
        }

        #[test]
        fn garbage_is_an_error_or_a_wait(bytes in proptest::collection::vec(any::<u8>(), 0..400), size in 1_usize..80) {
            let mut decoder = Decoder::new(FROM_CLIENT);
            for piece in bytes.chunks(size) {
                decoder.feed(piece);
                if decoder.take::<Call>().is_err() {
                    break;
                }
            }
            prop_assert!(decoder.buffer.capacity() <= 2 * SMALL);
        }

        #[test]
        fn half_a_frame_is_an_error_at_the_end(text in ".{1,50}", cut in 1_usize..20) {
            let frame = encode(&text, FROM_CLIENT).unwrap();
            let kept = frame.len().saturating_sub(cut).max(1);
            prop_assert!(matches!(decode(&frame[..kept], &[7]), Err(FrameError::Cut)));
        }
    }

    #[test]
    fn a_giant_length_is_refused_before_memory_is_taken() {
        let mut decoder = Decoder::new(FROM_CLIENT);
        decoder.feed(&u32::MAX.to_be_bytes());
        assert!(matches!(decoder.take::<Hello>(), Err(FrameError::TooLong { .. })));
        assert!(decoder.buffer.capacity() <= SMALL);
        assert!(matches!(encode(&"x".repeat(100), 50), Err(FrameError::TooLong { length: 102, limit: 50 })));
    }

    #[test]
    fn a_deep_nest_does_not_eat_the_stack() {
        let mut frame = 100_000_u32.to_be_bytes().to_vec();
        frame.extend(std::iter::repeat_n(b'[', 100_000));
        let mut decoder = Decoder::new(FROM_CLIENT);
        decoder.feed(&frame);
        assert!(decoder.take::<serde_json::Value>().is_err());
    }

    #[test]
    fn an_error_does_not_repeat_what_was_sent() {
        let request =
            Request::Answer { id: 1, answer: Answer::Passphrase { passphrase: Secret::new("canary".into()) } };
        let mut decoder = Decoder::new(FROM_CLIENT);
        decoder.feed(&encode(&Call { id: 1, request }, FROM_CLIENT).unwrap());
        let error = decoder.take::<Hello>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[tokio::test]
    async fn a_stream_ends_between_frames_or_with_an_error() {
        let frame = encode(&Hello::ours(), FROM_CLIENT).unwrap();
        let mut decoder = Decoder::new(FROM_CLIENT);
        let mut whole = frame.as_slice();
        assert_eq!(decoder.read::<Hello>(&mut whole).await.unwrap(), Some(Hello::ours()));
        assert_eq!(decoder.read::<Hello>(&mut whole).await.unwrap(), None);
        let mut half = &frame[..frame.len() - 1];
        assert!(matches!(Decoder::new(FROM_CLIENT).read::<Hello>(&mut half).await, Err(FrameError::Cut)));
    }
}
