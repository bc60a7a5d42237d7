//! A client's side of each protocol, as little of it as made-up questions need. It only ever speaks to the sandbox's own
//! databases.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;

use super::rhythm::Ask;
use crate::sandbox::database::{ACCOUNT, Speaks};
use crate::sandbox::framing::{mysql, postgres, tds};

/// The table that everybody asks for.
const TABLE: &str = "orders";
/// What a page of the cache holds.
const PAGE: usize = 3000;

/// A conversation with one server.
pub(super) struct Talk {
    speaks: Speaks,
    stream: BufStream<TcpStream>,
}

fn refused() -> Error {
    Error::new(ErrorKind::ConnectionRefused, "the database refused")
}

impl Talk {
    pub(super) fn new(speaks: Speaks, stream: BufStream<TcpStream>) -> Self {
        Self { speaks, stream }
    }

    pub(super) async fn log_in(&mut self) -> Result<()> {
        match self.speaks {
            Speaks::Postgres => {
                let start = format!("\0\x03\0\0user\0{ACCOUNT}\0database\0{TABLE}\0application_name\0demo\0\0");
                postgres::write_bare(&mut self.stream, start.as_bytes()).await?;
                self.stream.flush().await?;
                self.end_of_postgres().await
            }
            Speaks::Mariadb => {
                mysql::read(&mut self.stream).await?;
                // Long password, protocol 4.1, secure connection, named method.
                let mut login = 0x0008_8201_u32.to_le_bytes().to_vec();
                login.extend_from_slice(&(1_u32 << 24).to_le_bytes());
                login.push(45);
                login.extend_from_slice(&[0; 23]);
                login.extend_from_slice(format!("{ACCOUNT}\0\0mysql_native_password\0").as_bytes());
                mysql::write(&mut self.stream, 1, &login).await?;
                self.stream.flush().await?;
                self.end_of_mariadb().await
            }
            Speaks::Redis => self.set("page:1", PAGE).await,
            Speaks::Sqlserver => {
                // One option, encryption: not supported.
                tds::write(&mut self.stream, 0x12, &[1, 0, 6, 0, 1, 0xff, 2]).await?;
                self.stream.flush().await?;
                tds::skip(&mut self.stream).await?;
                let mut login = vec![0; 94];
                if let Some(length) = login.first_mut() {
                    *length = 94;
                }
                tds::write(&mut self.stream, 0x10, &login).await?;
                self.stream.flush().await?;
                tds::skip(&mut self.stream).await
            }
        }
    }

    pub(super) async fn ask(&mut self, ask: Ask) -> Result<()> {
        let sql = match (self.speaks, ask) {
            (Speaks::Redis, Ask::Read(rows)) => return self.get("page:1", rows.div_ceil(20)).await,
            (Speaks::Redis, Ask::Write(bytes)) => return self.set("page:2", bytes).await,
            (Speaks::Sqlserver, Ask::Read(rows)) => format!("select top {rows} * from {TABLE}"),
            (_, Ask::Read(rows)) => format!("select * from {TABLE} limit {rows}"),
            (_, Ask::Write(bytes)) => format!("insert into {TABLE} (note) values ('{}')", "n".repeat(bytes)),
        };
        match self.speaks {
            Speaks::Postgres => {
                postgres::write(&mut self.stream, b'Q', format!("{sql}\0").as_bytes()).await?;
                self.stream.flush().await?;
                self.end_of_postgres().await
            }
            Speaks::Mariadb => {
                mysql::write(&mut self.stream, 0, format!("\x03{sql}").as_bytes()).await?;
                self.stream.flush().await?;
                self.end_of_mariadb().await
            }
            Speaks::Sqlserver => {
                // Headers that count themselves: one, the transaction's (MS-TDS section 2.2.5.3).
                let mut batch = vec![22, 0, 0, 0, 18, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];
                batch.extend(tds::utf16(&sql));
                tds::write(&mut self.stream, 0x01, &batch).await?;
                self.stream.flush().await?;
                tds::skip(&mut self.stream).await
            }
            Speaks::Redis => Ok(()),
        }
    }

    /// Says goodbye as the protocol has it, and waits for the server to close.
    pub(super) async fn leave(mut self) -> Result<()> {
        match self.speaks {
            Speaks::Postgres => postgres::write(&mut self.stream, b'X', &[]).await?,
            Speaks::Mariadb => mysql::write(&mut self.stream, 0, &[1]).await?,
            Speaks::Redis => self.stream.write_all(b"QUIT\r\n").await?,
            Speaks::Sqlserver => {}
        }
        self.stream.shutdown().await?;
        let mut sink = [0; 1024];
        while self.stream.read(&mut sink).await? > 0 {}
        Ok(())
    }

    async fn end_of_postgres(&mut self) -> Result<()> {
        loop {
            match postgres::read(&mut self.stream).await? {
                (b'Z', _) => return Ok(()),
                (b'E', _) => return Err(refused()),
                _ => {}
            }
        }
    }

    async fn end_of_mariadb(&mut self) -> Result<()> {
        match mysql::read(&mut self.stream).await?.1.first() {
            Some(0) => return Ok(()),
            Some(0xff) | None => return Err(refused()),
            Some(_) => {}
        }
        // After the columns, and after the rows.
        for _ in 0..2 {
            loop {
                let (_, packet) = mysql::read(&mut self.stream).await?;
                match packet.first() {
                    Some(0xfe) if packet.len() < 9 => break,
                    Some(0xff) => return Err(refused()),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    async fn set(&mut self, key: &str, bytes: usize) -> Result<()> {
        let value = "v".repeat(bytes);
        let command = format!("*3\r\n$3\r\nSET\r\n${}\r\n{key}\r\n${bytes}\r\n{value}\r\n", key.len());
        self.stream.write_all(command.as_bytes()).await?;
        self.stream.flush().await?;
        if self.line().await?.starts_with('+') { Ok(()) } else { Err(refused()) }
    }

    /// Some questions at once, then their answers.
    async fn get(&mut self, key: &str, times: u32) -> Result<()> {
        for _ in 0..times {
            self.stream.write_all(format!("*2\r\n$3\r\nGET\r\n${}\r\n{key}\r\n", key.len()).as_bytes()).await?;
        }
        self.stream.flush().await?;
        for _ in 0..times {
            let header = self.line().await?;
            let length = header.strip_prefix('$').ok_or_else(refused)?.parse::<i64>().map_err(|_| refused())?;
            if let Ok(length) = usize::try_from(length) {
                let mut value = vec![0; length.min(1 << 20) + 2];
                self.stream.read_exact(&mut value).await?;
            }
        }
        Ok(())
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = Vec::new();
        let limit = 4096;
        if (&mut self.stream).take(limit).read_until(b'\n', &mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
    }
}
