//! `adit run`: a command with its databases within reach, for as long as it runs.

use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use clap::Args;
use tokio::process::Command;

use super::climb::{Before, climb, complain};
use super::context::{self, Context};
use super::failure::{DONE, FAULT, Outcome, SIGNALLED, Stop};
use super::print;
use super::select::{Candidate, by_name};
use super::signals::Signals;
use super::up::Wait;
use crate::local::{process, terminal};
use crate::model::{Listen, Name, Recipe, Tunnel, Variables, named_variables};
use crate::service::{Client, Request};

/// What a shell says when there is no such command, and when it cannot be run.
const NOT_FOUND: u8 = 127;
const NOT_RUNNABLE: u8 = 126;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Tunnels; the first one sets the variables that its clients read by themselves
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,
    #[command(flatten)]
    wait: Wait,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", required = true, last = true)]
    command: Vec<OsString>,
}

/// Runs it.
pub(super) async fn run(context: &Context, run: Run) -> Outcome {
    let settings = context.settings()?;
    let candidates: Vec<Candidate> = settings.tunnels.values().map(Candidate::from).collect();
    let picked = by_name(&run.names, &candidates);
    if !picked.unknown.is_empty() {
        return Err(Stop::unknown(picked.unknown.join("\n      ")));
    }
    let tunnels: Vec<&Tunnel> = picked.names.iter().filter_map(|name| settings.tunnels.get(name)).collect();
    let mut places = Vec::new();
    for tunnel in tunnels {
        places.push((tunnel, super::url::listen(context, tunnel).await?));
    }
    let variables = environment(&places)?;
    let mut signals = Signals::listen()?;
    let client = context.ensured().await?;
    context::reload(&client).await;
    let before = Before::of(&client.latest(), &picked.names);
    let brought: Vec<Name> = before.stopped.iter().cloned().collect();
    let code = match bring(&client, &picked.names, &before, &run.wait, &mut signals).await {
        Ok(DONE) => perform(&run.command, &variables, &mut signals).await,
        other => other,
    };
    take_down(&client, &brought, &mut signals).await;
    code
}

/// The variables of the first tunnel's own clients, and adit's own of each.
fn environment(places: &[(&Tunnel, Listen)]) -> Result<Variables, Stop> {
    let mut variables = Variables::default();
    for (index, (tunnel, listen)) in places.iter().enumerate() {
        let recipe = Recipe::of(tunnel, listen);
        if index == 0 {
            variables = recipe.variables().map_err(Stop::usage)?;
        }
        variables.set.extend(named_variables(&tunnel.name, &recipe));
    }
    Ok(variables)
}

async fn bring(client: &Client, names: &[Name], before: &Before, wait: &Wait, signals: &mut Signals) -> Outcome {
    context::ask(client, Request::Up { names: names.to_vec() }).await?;
    let climb = climb(client, names, before, wait.patience(), signals).await?;
    complain(&climb.snapshot, names);
    if climb.code != DONE {
        print::words("adit: the command was not started");
    }
    Ok(climb.code)
}

/// Runs the command in our place: our streams, our signals, its exit code.
async fn perform(words: &[OsString], variables: &Variables, signals: &mut Signals) -> Outcome {
    let Some((program, arguments)) = words.split_first() else { return Err(Stop::usage("which command?")) };
    let mut command = Command::new(program);
    command.args(arguments).envs(variables.set.iter().map(|(name, value)| (name, value)));
    for name in &variables.unset {
        command.env_remove(name);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            let code = if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { NOT_RUNNABLE };
            return Err(Stop::new(code, format!("cannot run {}: {error}", program.display())));
        }
    };
    loop {
        let caught = tokio::select! {
            status = child.wait() => {
                let status = status.map_err(|error| Stop::fault(format!("cannot wait for the command: {error}")))?;
                return Ok(code_of(status));
            }
            caught = signals.next() => caught,
        };
        // A key press at the terminal reaches the command by itself; a second signal would be one too many.
        if caught.from_keyboard && terminal::has_terminal() {
            continue;
        }
        if let Some(pid) = child.id() {
            // It may have ended this moment.
            let _ = process::send_signal(pid, caught.number);
        }
    }
}

fn code_of(status: ExitStatus) -> u8 {
    let number = |value: i32| u8::try_from(value).ok();
    let ended = status.code().and_then(number);
    let killed = status.signal().and_then(number).map(|signal| SIGNALLED.saturating_add(signal));
    ended.or(killed).unwrap_or(FAULT)
}

/// Takes down what we brought up; a signal to end makes it quick.
async fn take_down(client: &Client, names: &[Name], signals: &mut Signals) {
    if names.is_empty() {
        return;
    }
    let request = |now| Request::Down { names: names.to_vec(), now };
    let done = tokio::select! {
        done = context::ask(client, request(false)) => done,
        _ = signals.end() => context::ask(client, request(true)).await,
    };
    if let Err(Stop::Failed { text, .. }) = done {
        print::words(&format!("adit: cannot take down what was brought up: {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_pass_through() {
        assert_eq!(code_of(ExitStatus::from_raw(0)), 0);
        assert_eq!(code_of(ExitStatus::from_raw(7 << 8)), 7);
        assert_eq!(code_of(ExitStatus::from_raw(255 << 8)), 255);
        assert_eq!(code_of(ExitStatus::from_raw(15)), 143);
        assert_eq!(code_of(ExitStatus::from_raw(9)), 137);
    }
}
