//! What a person's OpenSSH configuration holds that adit can carry: hosts as bastions, local forwards as tunnels. What a
//! setting means is asked of OpenSSH itself (`ssh -G`, ssh(1)); nothing is dialled and nothing is written.

mod aliases;
mod command;
mod offer;
mod resolved;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::model::Untrusted;

pub use aliases::{Aliases, Executes, aliases};
pub use command::{CommandError, taken_apart};
pub use offer::{Ground, Offer, State, offers};
pub use resolved::Resolved;

/// Why OpenSSH was not heard.
#[derive(Debug, thiserror::Error)]
pub enum OpensshError {
    /// There is no `ssh`.
    #[error("OpenSSH's own ssh is asked what its configuration means, and there is none: install openssh-client ({0})")]
    NoSsh(std::io::Error),
    /// It would not say.
    #[error("ssh -G {about}: {said}")]
    Refused {
        /// What it was asked about.
        about: String,
        /// Its words, cleaned.
        said: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {why}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
}

/// What this file says of one host, by `ssh -G`. With `Match exec` in it this runs those commands, so look at
/// [`Aliases::executes`] first. What holds for the whole machine (`/etc/ssh/ssh_config`) is not read.
///
/// # Errors
/// When there is no `ssh`, or it refuses the configuration or the name.
pub fn resolve(file: &Path, alias: &str) -> Result<Resolved, OpensshError> {
    ask(file, &["--".to_owned(), alias.to_owned()], alias)
}

/// What a command line of `ssh` comes to, its host explained by this file; without one by nothing. See [`taken_apart`] for the
/// words that are let through.
///
/// # Errors
/// As `resolve`.
pub fn resolve_words(file: Option<&Path>, words: &[String]) -> Result<Resolved, OpensshError> {
    let about = words.last().map_or("", String::as_str);
    ask(file.unwrap_or(Path::new("none")), words, about)
}

fn ask(file: &Path, words: &[String], about: &str) -> Result<Resolved, OpensshError> {
    let mut command = Command::new("ssh");
    command.arg("-G").arg("-F").arg(file).args(words).stdin(Stdio::null());
    let output = command.output().map_err(OpensshError::NoSsh)?;
    if !output.status.success() {
        let said = Untrusted::new(output.stderr).clean(300);
        return Err(OpensshError::Refused { about: Untrusted::new(about).clean(80), said: said.trim().to_owned() });
    }
    Ok(Resolved::read(&String::from_utf8_lossy(&output.stdout)))
}

/// The identity files that ssh tries where none is named.
///
/// # Errors
/// As `resolve`.
pub fn usual_identities() -> Result<Vec<String>, OpensshError> {
    resolve(Path::new("none"), "localhost").map(|resolved| resolved.identity_files)
}
