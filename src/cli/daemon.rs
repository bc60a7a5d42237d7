//! `adit daemon …`: the background service, from outside and as itself.

use clap::{Args, Subcommand};

use super::context::Context;
use super::failure::{ABSENT, DONE, Outcome, Stop};
use super::print;
use crate::service::present::document;
use crate::service::{self, AttachError, Client, DaemonError, StopError, log_path};

/// Subcommands of `daemon`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Be the background service, in the foreground
    Run(Run),
    /// Start it in the background
    Start,
    /// End it; tunnels close in order
    Stop,
    /// End it if it runs, and start it
    Restart,
    /// Say whether it runs
    Status,
}

/// Arguments of `daemon run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Leave the terminal and log to the file alone; for `daemon start` itself
    #[arg(long, hide = true)]
    detached: bool,
}

/// Runs it.
pub(super) async fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Run(run) => {
            if !run.detached {
                let log = log_path(&context.paths.log);
                print::words(&format!("adit: the service runs here until Ctrl-C; its log is {}", log.display()));
            }
            service::run(&context.paths, run.detached).await?;
            Ok(DONE)
        }
        Command::Start => {
            let client = context.ensured().await?;
            show(context, &client)
        }
        Command::Stop => match service::stop(&context.paths).await {
            Ok(()) => {
                print::words("adit: the background service has ended");
                Ok(DONE)
            }
            Err(StopError::Attach(AttachError::NotRunning { .. })) => {
                print::words("adit: no background service runs");
                Ok(DONE)
            }
            Err(error) => Err(error.into()),
        },
        Command::Restart => {
            match service::stop(&context.paths).await {
                Ok(()) | Err(StopError::Attach(AttachError::NotRunning { .. })) => {}
                Err(error) => return Err(error.into()),
            }
            let client = context.ensured().await?;
            show(context, &client)
        }
        Command::Status => match context.attached().await? {
            Some(client) => show(context, &client),
            None => Err(Stop::absent("no background service runs; `adit daemon start` starts it")),
        },
    }
}

impl From<DaemonError> for Stop {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::File(error) => error.into(),
            other => Self::fault(other),
        }
    }
}

impl From<StopError> for Stop {
    fn from(error: StopError) -> Self {
        Self::new(ABSENT, error)
    }
}

fn show(context: &Context, client: &Client) -> Outcome {
    let snapshot = client.latest();
    if context.json {
        let service = serde_json::to_value(&snapshot.service).unwrap_or_default();
        print::data(&document([("service", service)]))?;
    } else {
        let peer = client.peer();
        let socket = context.paths.socket.display();
        print::data(&format!("adit {}, process {}, {socket}", peer.version, peer.pid))?;
    }
    Ok(DONE)
}
