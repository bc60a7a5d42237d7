//! As much of HTTP/1.1 as one question without a body needs. It follows no redirect and decodes no body.

use super::cursor::{after, find};

/// A question for a path, after which the server closes.
pub(super) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: adit\r\nAccept: application/json\r\nConnection: close\r\n\r\n")
        .into_bytes()
}

/// An answer's head, and as much of its body as has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    /// The status, such as 200.
    pub(super) status: u16,
    head: &'a [u8],
    /// The body so far.
    pub(super) body: &'a [u8],
}

/// An answer as far as it has come.
#[derive(Debug, Clone, Copy)]
pub(super) enum Heard<'a> {
    /// The head is not complete.
    More,
    /// The head is complete.
    Head(Answer<'a>),
    /// This is no HTTP.
    Foreign,
}

pub(super) fn read(said: &[u8]) -> Heard<'_> {
    let common = said.len().min(5);
    if said.get(..common) != b"HTTP/".get(..common) {
        return Heard::Foreign;
    }
    let Some(end) = find(said, b"\r\n\r\n").or_else(|| find(said, b"\n\n")) else { return Heard::More };
    let (head, body) = said.split_at(end);
    let body = body.strip_prefix(b"\r\n\r\n").or_else(|| body.strip_prefix(b"\n\n")).unwrap_or_default();
    let status = head.split(|byte| *byte == b' ').nth(1).and_then(|word| str::from_utf8(word.get(..3)?).ok());
    match status.and_then(|word| word.parse().ok()) {
        Some(status) => Heard::Head(Answer { status, head, body }),
        None => Heard::Foreign,
    }
}

impl<'a> Answer<'a> {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.head.split(|byte| *byte == b'\n').find_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (key, value) = line.split_at(colon);
            key.eq_ignore_ascii_case(name.as_bytes()).then(|| value.get(1..).unwrap_or_default().trim_ascii())
        })
    }

    /// True when some header's name begins so.
    pub(super) fn has_header(&self, start: &str) -> bool {
        let starts =
            |line: &[u8]| line.get(..start.len()).is_some_and(|key| key.eq_ignore_ascii_case(start.as_bytes()));
        self.head.split(|byte| *byte == b'\n').any(starts)
    }

    /// True when the body has come to its announced end.
    pub(super) fn is_whole(&self) -> bool {
        let length = self.header("content-length").and_then(|text| str::from_utf8(text).ok()?.parse::<usize>().ok());
        match length {
            Some(length) => self.body.len() >= length,
            None => find(self.body, b"\r\n0\r\n").is_some(),
        }
    }

    /// The text that follows a key of a JSON body, wherever it stands.
    pub(super) fn json_text(&self, key: &str) -> Option<&'a [u8]> {
        let rest = after(self.body, format!("\"{key}\"").as_bytes())?.trim_ascii_start();
        let rest = rest.strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
        rest.get(..rest.iter().position(|byte| *byte == b'"')?)
    }

    /// True when a server says that it wanted TLS (nginx, Go's and Netty's words).
    pub(super) fn wants_tls(&self) -> bool {
        let says = |words: &[u8]| find(self.body, words).is_some();
        self.status == 400
            && (says(b"plain HTTP request was sent to HTTPS port") || says(b"HTTP request to an HTTPS server"))
    }
}
