//! Arguments to a client of the service and a surface. Words and JSON come from `service::present`, and all printing goes
//! through `print`.

mod ask;
mod bastion;
mod climb;
mod config_files;
mod context;
mod daemon;
mod dashboard;
mod demo;
mod diagnose;
mod down;
mod explain;
mod failure;
mod identity;
mod import;
mod journal;
mod key;
mod logs;
mod paths;
mod print;
mod restart;
mod run_command;
mod select;
mod setup;
mod signals;
mod status;
mod theme;
mod themes;
mod trust;
mod tunnel;
mod up;
mod url;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use context::Context;
use failure::{DONE, Outcome, Stop, USAGE};

/// SSH tunnels to private databases through a bastion
#[derive(Debug, Parser)]
#[command(name = "adit", version, about, propagate_version = false, max_term_width = 100)]
struct Cli {
    /// Keep everything of this installation in DIR (instead of ADIT_HOME or the XDG folders)
    #[arg(long, value_name = "DIR", global = true, help_heading = "Everywhere")]
    home: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look around in a sandbox that touches nothing of yours
    Demo(demo::Demo),
    /// Describe the servers that let you in
    #[command(subcommand)]
    Bastion(bastion::Command),
    /// Describe the databases behind them
    #[command(subcommand)]
    Tunnel(tunnel::Command),
    /// Make, import, show, rotate and remove adit's own keys
    #[command(subcommand)]
    Key(key::Command),
    /// Look at a bastion's host keys and pin the right one
    Trust(trust::Trust),
    /// Bring tunnels up
    Up(up::Up),
    /// Take tunnels down
    Down(down::Down),
    /// Take tunnels down and bring them up again
    Restart(restart::Restart),
    /// Show what each tunnel is doing
    Status(status::Status),
    /// Say which rung of the way is broken, why, who must act and what mends it
    Diagnose(diagnose::Diagnose),
    /// Print what the bastion's admin and the database's keeper must do, with the real names
    Setup(setup::Arguments),
    /// Print how a client connects through a tunnel
    Url(url::Url),
    /// Run a command while tunnels are up
    Run(run_command::Run),
    /// Say what an error text on standard input means, who must act and what mends it
    Explain,
    /// Take bastions and tunnels from your OpenSSH configuration, or from an ssh -L line
    Import(import::Import),
    /// Show what happened, to all tunnels or to one
    Journal(journal::Journal),
    /// Show the background service's log
    Logs(logs::Logs),
    /// Control the background service
    #[command(subcommand)]
    Daemon(daemon::Command),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config_files::Command),
    /// List the dashboard's themes, or show one
    #[command(subcommand)]
    Theme(theme::Command),
    /// Print where everything lives
    Paths,
}

/// Runs the program with its arguments, the first being its own name, and returns the contract's exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match Cli::try_parse_from(arguments) {
        Ok(cli) => start(cli),
        Err(error) if error.use_stderr() => {
            print::words(error.render().to_string().trim_end());
            Ok(USAGE)
        }
        // Help or the version, as asked for.
        Err(error) => print::raw(&error.render().to_string()).map(|()| DONE),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(Stop::PipeClosed) => ExitCode::SUCCESS,
        Err(Stop::Failed { code, text }) => {
            print::words(&format!("adit: {text}"));
            ExitCode::from(code)
        }
    }
}

/// Finds the places and gives the command its runtime.
fn start(cli: Cli) -> Outcome {
    let context = Context::new(cli.home.as_deref(), cli.json)?;
    // Where bytes are carried, one tunnel must not wait for another.
    let is_service = matches!(cli.command, Some(Command::Daemon(daemon::Command::Run(_)) | Command::Demo(_)));
    let mut builder = if is_service {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = builder.enable_all().build().map_err(|error| Stop::fault(format!("cannot start: {error}")))?;
    let outcome = runtime.block_on(perform(&context, cli.command));
    // A thread that still waits for a key press must not keep the program.
    runtime.shutdown_timeout(Duration::from_millis(100));
    outcome
}

async fn perform(context: &Context, command: Option<Command>) -> Outcome {
    match command {
        None => dashboard::run(context).await,
        Some(Command::Demo(demo)) => demo::run(demo).await,
        Some(Command::Bastion(command)) => bastion::run(context, command).await,
        Some(Command::Tunnel(command)) => tunnel::run(context, command).await,
        Some(Command::Key(command)) => key::run(context, command).await,
        Some(Command::Trust(command)) => trust::run(context, command).await,
        Some(Command::Up(command)) => up::run(context, command).await,
        Some(Command::Down(command)) => down::run(context, command).await,
        Some(Command::Restart(command)) => restart::run(context, command).await,
        Some(Command::Status(command)) => status::run(context, command).await,
        Some(Command::Diagnose(command)) => diagnose::run(context, command).await,
        Some(Command::Setup(command)) => setup::run(context, command).await,
        Some(Command::Url(command)) => url::run(context, command).await,
        Some(Command::Run(command)) => run_command::run(context, command).await,
        Some(Command::Explain) => explain::run(context).await,
        Some(Command::Import(command)) => import::run(context, command).await,
        Some(Command::Journal(command)) => journal::run(context, command).await,
        Some(Command::Logs(command)) => logs::run(context, command).await,
        Some(Command::Daemon(command)) => daemon::run(context, command).await,
        Some(Command::Config(command)) => config_files::run(context, command),
        Some(Command::Theme(command)) => theme::run(context, command),
        Some(Command::Paths) => paths::run(context),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_tree_of_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn lines_of_the_contract_are_understood() {
        for line in [
            "",
            "bastion add prod --host h --port 2222 --user u --key k --keepalive 5s --sessions shared",
            "bastion add prod --host ::1 --user u --agent=/run/a",
            "bastion add prod --host h --user u --identity-file f --legacy-algorithms",
            "bastion edit prod --port 23 --unset keepalive --unset sessions",
            "bastion rename prod edge",
            "tunnel add t --bastion b --database postgres --host h --port 1 --listen 127.0.0.1:2 --key k --user u",
            "tunnel add t --bastion b --database tcp --host h --port 1 --dbname d --autostart --tag a --tag b",
            "tunnel edit t --listen unix:/run/t --autostart=false --allow-remote-clients --unset dbname",
            "key new k --type rsa --comment c --passphrase-file f",
            "key show k --authorized-key",
            "key show k --qr",
            "key import k -",
            "key import k ~/.ssh/id --passphrase-file f",
            "key rotate k --type rsa --passphrase-file f",
            "key rotate k --finish",
            "key rotate k --abort",
            "key passphrase k --passphrase-file f --new-passphrase-file g",
            "key passphrase k --remove",
            "key remove k",
            "trust prod --fingerprint SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "trust prod --forget",
            "up a b --wait 1m",
            "up --all --no-wait",
            "down --tag eu --now",
            "restart --tag eu --tag us",
            "status a b --watch",
            "setup t --for aws --for ufw --markdown --output f --from 203.0.113.7 --from ::1 --expires 2026-12-31",
            "setup bastion:b --script --output f",
            "setup t --check --json",
            "setup t --receipt --json",
            "url t --format ssh-config",
            "run a b -- env -i sh -c x",
            "import",
            "import --ssh-config f --select a b",
            "import --all --allow-exec --json",
            "import --command ssh",
            "journal",
            "journal orders --json",
            "logs -n 5 -f",
            "explain --json",
            "daemon run",
            "daemon run --detached",
            "daemon restart",
            "config check",
            "theme list --json",
            "theme show",
            "theme show nord",
            "paths --json",
        ] {
            let words = std::iter::once("adit").chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn lines_outside_of_the_contract_are_refused() {
        for line in [
            "bastion add prod --host h",
            "bastion add prod --host -oProxyCommand=x --user u",
            "bastion add prod --host h --user u --key k --agent",
            "bastion add Prod --host h --user u",
            "tunnel add t --bastion b --database db2 --host h",
            "tunnel add t --bastion b --database redis --host h --port 65536",
            "tunnel add t --bastion b --database redis --host h --listen 1:2:3",
            "key show k --authorized-key --fingerprint",
            "key show k --qr --fingerprint",
            "key import k",
            "key rotate k --finish --abort",
            "key passphrase k --remove --new-passphrase-file g",
            "trust prod --fingerprint MD5:00",
            "up a --all",
            "up --all --tag t",
            "setup t --for plan9",
            "setup t --script --check",
            "setup t --markdown --json",
            "setup t --receipt --output f",
            "url t --format odbc",
            "run a",
            "run -- env",
            "demo --for 0",
            "import --all --select a",
            "import --command ssh --all",
        ] {
            let words = std::iter::once("adit").chain(line.split_whitespace());
            assert!(Cli::try_parse_from(words).is_err_and(|error| error.exit_code() == 2), "{line}");
        }
    }

    #[test]
    fn home_and_json_stand_anywhere() {
        for line in ["adit --home /h --json status", "adit status --home /h --json", "adit status --json x --home=/h"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!((cli.home, cli.json), (Some(PathBuf::from("/h")), true), "{line}");
        }
        let cli = Cli::try_parse_from("adit run orders -- cmd --home /x --json".split(' ')).unwrap();
        assert_eq!((cli.home, cli.json), (None, false));
    }
}
