//! One fixed command on a bastion: its text is a constant of this program, what varies goes to its standard input. It reads a
//! bounded answer and never a terminal's.

use std::time::Duration;

use russh::ChannelMsg;
use tokio::time::timeout;

use super::session::{OpenError, Session};
use crate::model::Untrusted;

/// The most that is read of an answer, in bytes; no look prints as much.
const MAX_OUTPUT: usize = 256 * 1024;

/// What a command answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exec {
    /// Its standard output, at most 256 KiB, as sent: clean it before it is shown.
    pub stdout: Vec<u8>,
    /// Its exit status; absent where none was told.
    pub status: Option<u32>,
}

/// Why nothing was answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExecError {
    /// The server opens no session for commands.
    #[error("the server opens no session for commands: {0}")]
    NoSession(String),
    /// The server runs no commands for this login.
    #[error("the server runs no commands for this login")]
    NotAllowed,
    /// The command did not end in time.
    #[error("the command did not end within {0} s")]
    Timeout(u64),
    /// The session ended.
    #[error("the session ended")]
    Lost,
}

impl Session {
    /// Runs a command whose text never varies, with `input` on its standard input.
    ///
    /// # Errors
    /// When the server runs no commands for this login, or the command does not end within `patience`.
    pub async fn exec(&self, command: &'static str, input: &[u8], patience: Duration) -> Result<Exec, ExecError> {
        match timeout(patience, self.run(command, input)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(ExecError::Timeout(patience.as_secs())),
        }
    }

    async fn run(&self, command: &'static str, input: &[u8]) -> Result<Exec, ExecError> {
        let mut channel = self.open_session().await.map_err(|error| match error {
            OpenError::Lost => ExecError::Lost,
            OpenError::Refused(fault) => ExecError::NoSession(Untrusted::new(fault.message.as_str()).clean(200)),
        })?;
        if channel.exec(true, command).await.is_err() {
            return Err(ExecError::Lost);
        }
        let mut answer = Exec { stdout: Vec::new(), status: None };
        let mut allowed = false;
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::Success => {
                    allowed = true;
                    // A command that does not read its input still answers.
                    let _ = channel.data(input).await;
                    let _ = channel.eof().await;
                }
                ChannelMsg::Failure => {
                    let _ = channel.close().await;
                    return Err(ExecError::NotAllowed);
                }
                ChannelMsg::Data { data } => {
                    let room = MAX_OUTPUT.saturating_sub(answer.stdout.len());
                    answer.stdout.extend_from_slice(data.get(..data.len().min(room)).unwrap_or_default());
                    if room == 0 {
                        let _ = channel.close().await;
                        return Ok(answer);
                    }
                }
                ChannelMsg::ExitStatus { exit_status } => answer.status = Some(exit_status),
                ChannelMsg::Close => break,
                _ => {}
            }
        }
        if allowed { Ok(answer) } else { Err(ExecError::Lost) }
    }
}
