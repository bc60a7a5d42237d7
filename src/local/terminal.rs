//! Asks the person at the controlling terminal, whatever stdin and stdout are. It draws nothing, and gives the terminal
//! back on every path.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use zeroize::{Zeroize, Zeroizing};

const TERMINAL: &str = "/dev/tty";

/// A longer answer is no passphrase that a person types. The buffer is made once at this size: growing it would leave
/// copies of a secret behind.
const LONGEST: usize = 1024;

/// True when a person can be asked: there is a controlling terminal, we are in its foreground (a background job that
/// asks is stopped by the kernel), and input or messages go to a terminal at all, so that a script that collects both
/// is not left waiting.
#[must_use]
pub fn has_terminal() -> bool {
    let someone_looks = io::stdin().is_terminal() || io::stderr().is_terminal();
    someone_looks && open().is_ok_and(|tty| tcgetpgrp(&tty).is_ok_and(|group| group == rustix::process::getpgrp()))
}

/// Asks for a line, shown as it is typed. Without the line's end; the end of input is an error.
pub fn ask(prompt: &str) -> io::Result<String> {
    let mut tty = open()?;
    tty.write_all(prompt.as_bytes())?;
    let mut line = Vec::new();
    loop {
        match read_byte(&mut tty)? {
            None if line.is_empty() => return Err(ended()),
            None | Some(b'\n') => break,
            Some(byte) if line.len() < LONGEST => line.push(byte),
            Some(_) => {}
        }
    }
    String::from_utf8(line).map_err(|_| not_text())
}

/// Asks for a line without showing it. Interrupted (Ctrl-C) is an error, so that the caller can end in order. Blocking.
pub fn ask_hidden(prompt: &str) -> io::Result<String> {
    let mut tty = open()?;
    let hidden = Hidden::start(&tty)?;
    tty.write_all(prompt.as_bytes())?;
    let answer = read_hidden(&mut tty);
    // The line's end that the person typed was not shown either.
    let shown = tty.write_all(b"\n");
    drop(hidden);
    let answer = answer?;
    shown?;
    Ok(answer)
}

/// Takes what a person pastes, of several lines and at most `limit` bytes, without showing it; Ctrl-D ends it. What is longer
/// comes cut, one byte above the limit. Interrupted (Ctrl-C) is an error. Blocking.
pub fn paste_hidden(prompt: &str, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut tty = open()?;
    let hidden = Hidden::start(&tty)?;
    tty.write_all(prompt.as_bytes())?;
    let pasted = read_pasted(&mut tty, limit);
    let shown = tty.write_all(b"\n");
    drop(hidden);
    let pasted = pasted?;
    shown?;
    Ok(pasted)
}

fn open() -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(TERMINAL)
}

/// While this lives, nothing typed is shown, and signals arrive as bytes: a Ctrl-C that ended the process here would
/// leave the person with a terminal that shows nothing.
struct Hidden {
    tty: File,
    before: Termios,
}

impl Hidden {
    fn start(tty: &File) -> io::Result<Self> {
        let before = tcgetattr(tty)?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        let tty = tty.try_clone()?;
        // Flush: what was typed before the question was not meant for it.
        tcsetattr(&tty, OptionalActions::Flush, &quiet)?;
        Ok(Self { tty, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing.
        let _ = tcsetattr(&self.tty, OptionalActions::Drain, &self.before);
    }
}

/// Reads the answer and edits it as the terminal would (termios(3): ERASE, KILL, EOF, INTR, at their usual keys).
fn read_hidden(input: &mut impl Read) -> io::Result<String> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST));
    loop {
        match read_byte(input)? {
            None => return Err(ended()),
            Some(b'\n' | b'\r') => break,
            // Ctrl-C, Ctrl-\.
            Some(0x03 | 0x1c) => return Err(io::Error::from(io::ErrorKind::Interrupted)),
            // Ctrl-D ends input on an empty line and the answer on another.
            Some(0x04) if line.is_empty() => return Err(ended()),
            Some(0x04) => break,
            // Ctrl-H, Delete: one character, not one byte of it.
            Some(0x08 | 0x7f) => while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            // Ctrl-U.
            Some(0x15) => line.clear(),
            // Ctrl-Z cannot stop us here; it is no part of an answer either.
            Some(0x1a) => {}
            Some(byte) if line.len() < LONGEST => line.push(byte),
            Some(_) => {}
        }
    }
    String::from_utf8(std::mem::take(&mut *line)).map_err(|error| {
        error.into_bytes().zeroize();
        not_text()
    })
}

/// Reads to Ctrl-D or the end, in pieces: a paste has thousands of bytes.
fn read_pasted(input: &mut impl Read, limit: usize) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut pasted = Zeroizing::new(Vec::with_capacity(limit.saturating_add(1)));
    let mut piece = Zeroizing::new([0_u8; 4096]);
    loop {
        let count = match input.read(piece.as_mut_slice()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for byte in piece.iter().take(count) {
            match byte {
                0x03 | 0x1c => return Err(io::Error::from(io::ErrorKind::Interrupted)),
                0x04 => return Ok(pasted),
                byte if pasted.len() <= limit => pasted.push(*byte),
                _ => {}
            }
        }
        if count == 0 {
            return Ok(pasted);
        }
    }
}

fn read_byte(input: &mut impl Read) -> io::Result<Option<u8>> {
    let mut byte = [0_u8; 1];
    loop {
        match input.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(byte.first().copied()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the terminal was closed before an answer")
}

fn not_text() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the answer is not UTF-8 text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(bytes: &[u8]) -> Result<String, io::ErrorKind> {
        read_hidden(&mut io::Cursor::new(bytes)).map_err(|e| e.kind())
    }

    #[test]
    fn a_hidden_answer_is_edited_as_on_any_terminal() {
        assert_eq!(typed(b"secret\n"), Ok("secret".into()));
        assert_eq!(typed(b"secret\rrest"), Ok("secret".into()));
        assert_eq!(typed("aä\x7fb\n".as_bytes()), Ok("ab".into()));
        assert_eq!(typed(b"\x7f\x08a\n"), Ok("a".into()));
        assert_eq!(typed(b"wrong\x15right\n"), Ok("right".into()));
        assert_eq!(typed(b"\n"), Ok(String::new()));
        assert_eq!(typed(b"half\x04"), Ok("half".into()));
        assert_eq!(typed(&[b'x'; 3000]), Err(io::ErrorKind::UnexpectedEof));
    }

    #[test]
    fn interrupts_and_ends_are_errors() {
        assert_eq!(typed(b"half\x03"), Err(io::ErrorKind::Interrupted));
        assert_eq!(typed(b"\x04"), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(typed(b""), Err(io::ErrorKind::UnexpectedEof));
        assert_eq!(typed(b"\xff\n"), Err(io::ErrorKind::InvalidData));
    }

    #[test]
    fn a_paste_ends_with_ctrl_d_and_has_its_limit() {
        let pasted = |bytes: &[u8]| read_pasted(&mut io::Cursor::new(bytes), 8).map(|got| got.to_vec());
        assert_eq!(pasted(b"a\nb\n\x04rest").unwrap(), b"a\nb\n");
        assert_eq!(pasted(b"a\nb").unwrap(), b"a\nb");
        assert_eq!(pasted(b"0123456789abc").unwrap(), b"012345678");
        assert_eq!(pasted(b"a\x03").unwrap_err().kind(), io::ErrorKind::Interrupted);
    }

    /// The other side of the next test: asks at the terminal that `setsid` gave it.
    #[test]
    fn asks_at_a_given_terminal() {
        if std::env::var_os("ADIT_TEST_TERMINAL").is_some() {
            let shown = format!("{} {:?}\n", has_terminal(), ask_hidden("secret? ").map_err(|e| e.kind()));
            io::stdout().write_all(shown.as_bytes()).unwrap();
        }
    }

    /// What the person sees, and what the program got, for one answer. `None` where the machine has no `setsid`.
    fn asked(answer: &[u8]) -> Option<(String, String)> {
        use std::os::unix::ffi::OsStrExt;
        use std::process::{Command, Stdio};

        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

        let desk = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&desk).unwrap();
        unlockpt(&desk).unwrap();
        let name = ptsname(&desk, Vec::new()).unwrap();
        let name = std::ffi::OsStr::from_bytes(name.as_bytes()).to_owned();
        let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let tty =
            std::os::unix::fs::OpenOptionsExt::custom_flags(OpenOptions::new().read(true), flags).open(&name).unwrap();
        let before = tcgetattr(&tty).unwrap();
        // A session without a terminal gets the first one that it opens.
        let child = Command::new("setsid")
            .args([
                "sh",
                "-c",
                "exec \"$0\" --exact local::terminal::tests::asks_at_a_given_terminal --nocapture <>\"$1\"",
            ])
            .arg(std::env::current_exe().unwrap())
            .arg(&name)
            .env("ADIT_TEST_TERMINAL", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let (send, seen) = std::sync::mpsc::channel();
        let mut desk = File::from(desk);
        let mut screen = desk.try_clone().unwrap();
        std::thread::spawn(move || {
            while let Ok(Some(byte)) = read_byte(&mut screen) {
                if send.send(byte).is_err() {
                    break;
                }
            }
        });
        let patience = std::time::Duration::from_secs(20);
        let mut shown = Vec::new();
        while !shown.ends_with(b"secret? ") {
            shown.push(seen.recv_timeout(patience).unwrap());
        }
        assert!(!tcgetattr(&tty).unwrap().local_modes.contains(LocalModes::ECHO));
        desk.write_all(answer).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(tcgetattr(&tty).unwrap().local_modes, before.local_modes);
        drop((tty, desk));
        shown.extend(seen.try_iter());
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Some((words(&shown), words(&output.stdout)))
    }

    #[test]
    fn a_terminal_shows_no_answer_and_is_given_back_on_every_path() {
        for (answer, expected) in [
            (&b"swordfish\n"[..], "true Ok(\"swordfish\")"),
            (b"wrong\x15right\r", "true Ok(\"right\")"),
            (b"half\x03", "true Err(Interrupted)"),
            (b"\x04", "true Err(UnexpectedEof)"),
        ] {
            let Some((shown, got)) = asked(answer) else { return };
            assert!(got.contains(expected), "{got}");
            assert!(!shown.contains("fish") && !shown.contains("right") && !shown.contains("half"), "{shown}");
        }
    }
}
