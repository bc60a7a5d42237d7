//! The only place that prints: data to stdout, words to stderr. It decides nothing about what is said.

use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::failure::Stop;

/// Writes a text and a line's end to stdout, at once. A reader that has gone ends the command quietly.
pub(super) fn data(text: &str) -> Result<(), Stop> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Stop::PipeClosed,
        _ => Stop::fault(format!("cannot write to standard output: {error}")),
    })
}

/// Writes lines to stdout; nothing where there are none.
pub(super) fn lines(lines: &[String]) -> Result<(), Stop> {
    if lines.is_empty() { Ok(()) } else { data(&lines.join("\n")) }
}

/// Writes a text as it is to stdout.
pub(super) fn raw(text: &str) -> Result<(), Stop> {
    match text.strip_suffix('\n') {
        Some(body) => data(body),
        None if text.is_empty() => Ok(()),
        None => data(text),
    }
}

/// Returns when nobody reads stdout any more, so that a command that prints now and then does not outlive its reader. Where
/// that cannot be told, as of a file, it never does.
#[allow(deprecated, reason = "its successor is unsafe, and with a descriptor that we own this one is sound")]
pub(super) async fn reader_gone() {
    let copy = io::stdout().as_fd().try_clone_to_owned();
    if let Ok(watched) = copy.and_then(|copy| AsyncFd::with_interest(copy, Interest::ERROR))
        && watched.ready(Interest::ERROR).await.is_ok()
    {
        return;
    }
    std::future::pending().await
}

/// Writes words to stderr; what would steer a terminal is shown instead. Nobody is left to tell where that fails.
pub(super) fn words(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(tame(text).as_bytes()).and_then(|()| err.write_all(b"\n")).and_then(|()| err.flush());
}

/// Arguments and paths come back in messages; a line's end is all that a message may contain of control.
fn tame(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() && c != '\n' {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_steers_the_terminal() {
        assert_eq!(tame("a\u{1b}[2J\nb\u{9b}ü"), "a\\u{1b}[2J\nb\\u{9b}ü");
    }
}
