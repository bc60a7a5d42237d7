//! Where a passphrase comes from: a file, or the person at the terminal. Without either the command ends.

use std::io;
use std::path::Path;

use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::cli::failure::{PERSON, SIGNALLED, Stop};
use crate::local::{private_file, terminal};
use crate::model::Secret;

/// A passphrase is one line that a person can type.
const LONGEST: u64 = 4096;

/// Ctrl-C at a prompt, as a shell would report it.
const INTERRUPT: u8 = 2;

/// The first line of a file that only its owner can read.
pub(super) fn from_file(path: &Path) -> Result<Secret, Stop> {
    let bytes = Zeroizing::new(private_file::read_private(path, LONGEST)?);
    let line = bytes.split(|b| *b == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok("") => Err(Stop::usage(format!("the first line of {} is empty: no passphrase", path.display()))),
        Ok(text) => Ok(Secret::new(text.to_owned())),
        Err(_) => Err(Stop::usage(format!("the first line of {} is not UTF-8 text", path.display()))),
    }
}

/// The passphrase of `what`, asked for once; `flag` is the argument that gives it where nobody can be asked.
pub(super) async fn given(file: Option<&Path>, what: &str, flag: &str) -> Result<Secret, Stop> {
    match file {
        Some(path) => from_file(path),
        None if terminal::has_terminal() => match ask(format!("Passphrase of {what}: ")).await? {
            secret if secret.reveal().is_empty() => {
                Err(Stop::new(PERSON, format!("no passphrase, so {what} stays closed")))
            }
            secret => Ok(secret),
        },
        None => {
            let text = format!("{what} is encrypted, and nobody is here to type its passphrase: {flag} FILE");
            Err(Stop::new(PERSON, text))
        }
    }
}

/// Puts a hidden question.
pub(super) async fn ask(prompt: String) -> Result<Secret, Stop> {
    let typed = spawn_blocking(move || terminal::ask_hidden(&prompt)).await;
    typed.map_err(io::Error::from).and_then(|typed| typed).map(Secret::new).map_err(|error| no_answer(&error))
}

/// How a command ends that got no answer.
pub(super) fn no_answer(error: &io::Error) -> Stop {
    match error.kind() {
        io::ErrorKind::Interrupted => Stop::new(SIGNALLED + INTERRUPT, "interrupted; nothing was changed"),
        _ => Stop::new(PERSON, format!("no answer: {error}")),
    }
}
