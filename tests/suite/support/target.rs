//! A TCP server that echoes, sends, swallows or keeps silent as its client's first line says, and clients that tell a clean end
//! from a broken one. The bytes are made from a seed, so that both sides know what is right.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// What one conversation came to, as the client sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// Finished by FIN, all bytes there, hash right.
    Right,
    /// Finished by FIN although bytes are missing or wrong: the one thing that must never happen.
    Wrong(String),
    /// Finished by an error; the client knows.
    Broken(ErrorKind),
}

/// The server. It serves until the tests end.
pub(crate) struct Target {
    pub(crate) port: u16,
}

impl Target {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || serve(&stream));
            }
        });
        Self { port }
    }
}

fn serve(stream: &TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["echo"] => {
            let mut buffer = [0; 4096];
            loop {
                match reader.read(&mut buffer)? {
                    0 => break,
                    n => writer.write_all(&buffer[..n])?,
                }
            }
        }
        ["get", length, seed] => {
            let mut left: usize = length.parse().unwrap_or(0);
            let mut bytes = Stream::new(seed.parse().unwrap_or(1));
            while left > 0 {
                let chunk = bytes.next_chunk(left);
                writer.write_all(&chunk)?;
                left -= chunk.len();
            }
        }
        ["put"] => {
            let mut hash = Sha256::new();
            let mut buffer = [0; 65536];
            loop {
                match reader.read(&mut buffer)? {
                    0 => break,
                    n => hash.update(&buffer[..n]),
                }
            }
            writer.write_all(&hash.finalize())?;
        }
        ["fill", length] => {
            let (chunk, mut left) = (vec![0x5a; 1 << 18], length.parse().unwrap_or(0));
            while left > 0 {
                let n = chunk.len().min(left);
                writer.write_all(&chunk[..n])?;
                left -= n;
            }
        }
        ["swallow"] => {
            let (mut buffer, mut count) = (vec![0; 1 << 18], 0_u64);
            loop {
                match reader.read(&mut buffer)? {
                    0 => break,
                    n => count += n as u64,
                }
            }
            writer.write_all(&count.to_be_bytes())?;
        }
        ["flood"] => loop {
            writer.write_all(&[0x5a; 65536])?;
        },
        // Silence: until the client leaves.
        _ => {
            std::io::copy(&mut reader, &mut std::io::sink())?;
        }
    }
    stream.shutdown(Shutdown::Write)?;
    // The client's end is awaited: closing with unread bytes would be a reset.
    std::io::copy(&mut reader, &mut std::io::sink())?;
    Ok(())
}

/// A reproducible stream of bytes (xorshift64).
struct Stream(u64);

impl Stream {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next_chunk(&mut self, at_most: usize) -> Vec<u8> {
        let mut chunk = Vec::with_capacity(65536);
        while chunk.len() < 65536 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            chunk.extend_from_slice(&self.0.to_le_bytes());
        }
        chunk.truncate(at_most);
        chunk
    }
}

fn hash_of(length: usize, seed: u64) -> Vec<u8> {
    let (mut stream, mut hash, mut left) = (Stream::new(seed), Sha256::new(), length);
    while left > 0 {
        let chunk = stream.next_chunk(left);
        hash.update(&chunk);
        left -= chunk.len();
    }
    hash.finalize().to_vec()
}

/// A connection to a local port with the patience of a test.
pub(crate) fn connect(port: u16) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_secs(10))?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Fetches `length` bytes and checks them.
pub(crate) fn download(port: u16, length: usize, seed: u64) -> End {
    let fetch = || -> std::io::Result<(usize, Vec<u8>)> {
        let mut stream = connect(port)?;
        stream.write_all(format!("get {length} {seed}\n").as_bytes())?;
        let (mut hash, mut count, mut buffer) = (Sha256::new(), 0, vec![0; 65536]);
        loop {
            match stream.read(&mut buffer)? {
                0 => return Ok((count, hash.finalize().to_vec())),
                n => {
                    hash.update(&buffer[..n]);
                    count += n;
                }
            }
        }
    };
    match fetch() {
        Ok((count, hash)) if count == length && hash == hash_of(length, seed) => End::Right,
        Ok((count, _)) => End::Wrong(format!("download ended cleanly after {count} of {length} bytes")),
        Err(error) => End::Broken(error.kind()),
    }
}

/// Sends `length` bytes and asks for their hash.
pub(crate) fn upload(port: u16, length: usize, seed: u64) -> End {
    let send = || -> std::io::Result<Vec<u8>> {
        let mut stream = connect(port)?;
        stream.write_all(b"put\n")?;
        let (mut bytes, mut left) = (Stream::new(seed), length);
        while left > 0 {
            let chunk = bytes.next_chunk(left);
            stream.write_all(&chunk)?;
            left -= chunk.len();
        }
        stream.shutdown(Shutdown::Write)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    };
    match send() {
        Ok(answer) if answer == hash_of(length, seed) => End::Right,
        Ok(answer) => End::Wrong(format!("upload ended cleanly with {} bytes of answer", answer.len())),
        Err(error) => End::Broken(error.kind()),
    }
}

/// An echo connection that stays open.
pub(crate) struct Echo(TcpStream);

impl Echo {
    pub(crate) fn open(port: u16) -> std::io::Result<Self> {
        let mut stream = connect(port)?;
        stream.write_all(b"echo\n")?;
        let mut echo = Self(stream);
        echo.ping()?;
        Ok(echo)
    }

    /// One byte there and back.
    pub(crate) fn ping(&mut self) -> std::io::Result<()> {
        self.0.write_all(b"x")?;
        self.0.read_exact(&mut [0])
    }

    /// What reading gives when nothing was asked: the end, clean or not.
    pub(crate) fn end(&mut self) -> std::io::Result<usize> {
        self.0.read(&mut [0])
    }
}
