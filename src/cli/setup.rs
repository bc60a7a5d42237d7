//! `adit setup`: the hand-off for the bastion's admin and the database's keeper, and the receipt that comes back.

use std::io::{IsTerminal, Read};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::civil::Date;

use super::context::Context;
use super::failure::{DONE, FAULT, Outcome, Stop};
use super::{bastion, print, select};
use crate::config::Settings;
use crate::guide::{self, Packet, Platform, Setup};
use crate::local::private_file;
use crate::model::{Name, Subject, Verdict};
use crate::service::present::{packet_json, receipt_json, receipt_text, script_json};
use crate::service::{self, Judged, Reply, Request, Sheet, Wish};

/// Arguments of `setup`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A tunnel or a bastion; bastion:NAME where both have the name, draft:NAME for a tunnel in the making
    name: String,
    /// Only this platform: linux, windows, sshd, ufw, firewalld, nftables, aws, azure or gcp (may be repeated)
    #[arg(long = "for", value_name = "PLATFORM")]
    platforms: Vec<Platform>,
    /// Print Markdown
    #[arg(long, conflicts_with_all = ["json", "script", "check", "undo", "receipt"])]
    markdown: bool,
    /// Write it to a new file that only you can read
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The address that the bastion sees you come from (may be repeated) [default: leaves_from of the configuration, and
    /// what the bastion itself tells in a session that is open]
    #[arg(long, value_name = "ADDR")]
    from: Vec<IpAddr>,
    /// The day from which on the bastion takes the key no longer, as 2026-12-31
    #[arg(long, value_name = "DATE", value_parser = date)]
    expires: Option<Date>,
    #[command(flatten)]
    form: Form,
}

/// What is printed instead of the steps.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct Form {
    /// Print the steps for Linux as one script: safe to run twice, checks itself, prints a receipt
    #[arg(long)]
    script: bool,
    /// Print a script that only looks, and prints a receipt
    #[arg(long)]
    check: bool,
    /// Print a script that takes away what the first one added
    #[arg(long)]
    undo: bool,
    /// Read the receipt that such a script printed, pasted on standard input
    #[arg(long, conflicts_with_all = ["output", "platforms"])]
    receipt: bool,
}

/// `2026-12-31` or `20261231`.
fn date(text: &str) -> Result<Date, String> {
    let long = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
    let short = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let read = if long {
        Date::strptime("%Y-%m-%d", text).ok()
    } else if short {
        Date::strptime("%Y%m%d", text).ok()
    } else {
        None
    };
    read.ok_or_else(|| "no day of the calendar, as in 2026-12-31".to_owned())
}

/// Runs it.
pub(super) async fn run(context: &Context, arguments: Arguments) -> Outcome {
    let settings = context.settings()?;
    let subject = subject(context, &settings, &arguments.name)?;
    let seen = if arguments.from.is_empty() { seen_by_service(context, &subject).await } else { Vec::new() };
    let wish = Wish { from: arguments.from.clone(), seen, expires: arguments.expires };
    if let Some(day) = wish.expires
        && day <= today()
    {
        return Err(Stop::usage(format!("{day} is no day to come: the key would be of no use")));
    }
    let agent = std::env::var_os("SSH_AUTH_SOCK").filter(|path| !path.is_empty()).map(Into::into);
    let unknown = || Stop::unknown(format!("there is nothing named {}", arguments.name));
    let setup = match &subject {
        Subject::Draft(name) => {
            let draft = service::find_draft(&context.paths, name).ok_or_else(unknown)?;
            service::draft_handoff(&settings, &context.paths, &draft, &wish, agent).await.ok_or_else(|| {
                Stop::usage(format!("the draft {name} has no bastion yet; go on with it in the dashboard: adit"))
            })
        }
        Subject::Tunnel(_) | Subject::Bastion(_) => {
            service::handoff(&settings, &context.paths, &subject, &wish, agent).await.ok_or_else(unknown)
        }
    };
    let setup = setup?;
    let Form { script, check, undo, receipt } = arguments.form;
    if receipt {
        return read_receipt(context, &setup).await;
    }
    if script || check || undo {
        if let Some(other) = arguments.platforms.iter().find(|platform| **platform != Platform::Linux) {
            return Err(Stop::usage(format!("the scripts are for linux; for {other} there are the steps alone")));
        }
        let which = match (script, check) {
            (true, _) => Sheet::Script,
            (false, true) => Sheet::Check,
            (false, false) => Sheet::Undo,
        };
        let text = service::sheet(&setup, which).map_err(Stop::usage)?;
        let text = if context.json { format!("{}\n", script_json(&setup, &text)) } else { text };
        return give(&arguments, &text);
    }
    let packet = packet(&setup, &arguments.platforms);
    let text = if context.json {
        format!("{}\n", packet_json(&packet))
    } else if arguments.markdown {
        guide::markdown(&packet)
    } else {
        guide::text(&packet)
    };
    give(&arguments, &text)
}

/// The addresses that the bastion sees us come from, where a running service has a session that tells. Nobody waits long for it.
async fn seen_by_service(context: &Context, subject: &Subject) -> Vec<IpAddr> {
    let ask = async {
        let client = service::attach(&context.paths).await.ok()?;
        match client.request(Request::HandOff { subject: subject.clone() }).await {
            Ok(Reply::HandOff { setup }) => Some(setup.seen),
            Ok(_) | Err(_) => None,
        }
    };
    tokio::time::timeout(Duration::from_secs(3), ask).await.ok().flatten().unwrap_or_default()
}

/// Judges a receipt from standard input.
async fn read_receipt(context: &Context, setup: &Setup) -> Outcome {
    // A thread of its own: a person at the terminal takes their time, and Ctrl-C must still end the program.
    let read = tokio::task::spawn_blocking(pasted).await;
    let text = read.map_err(|error| Stop::fault(format!("cannot read standard input: {error}")))??;
    let judged = service::read_receipt(setup, &text, crate::local::clock::now()).map_err(Stop::usage)?;
    let Judged { verdict, findings } = judged;
    if context.json {
        print::data(&receipt_json(setup, verdict, &findings))?;
    } else {
        print::lines(&receipt_text(setup, verdict, &findings))?;
    }
    Ok(if matches!(verdict, Verdict::Pass | Verdict::Warn) { DONE } else { FAULT })
}

/// Standard input, as far as any receipt goes. What is no UTF-8 becomes visible marks.
fn pasted() -> Result<String, Stop> {
    let input = std::io::stdin();
    if input.is_terminal() {
        print::words("Paste the receipt, then press Enter and Ctrl-D.");
    }
    let mut bytes = Vec::new();
    let failed = |error: std::io::Error| Stop::fault(format!("cannot read standard input: {error}"));
    input.lock().take(guide::LONGEST_PASTE as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The day of this machine's own clock and zone.
fn today() -> Date {
    crate::local::clock::now().to_zoned(jiff::tz::TimeZone::system()).date()
}

/// What a name on the command line means.
fn subject(context: &Context, settings: &Settings, text: &str) -> Result<Subject, Stop> {
    if let Some(name) = text.strip_prefix("draft:") {
        let drafts = service::all_drafts(&context.paths);
        return Ok(Subject::Draft(
            select::find("draft", name, drafts.iter().map(|draft| &draft.name)).map_err(Stop::unknown)?.clone(),
        ));
    }
    if let Some(name) = text.strip_prefix("bastion:") {
        return Ok(Subject::Bastion(bastion::find(settings, name)?.name.clone()));
    }
    if let Some(name) = settings.tunnels.keys().find(|name| name.as_str() == text) {
        return Ok(Subject::Tunnel(name.clone()));
    }
    if let Some(name) = settings.bastions.keys().find(|name| name.as_str() == text) {
        return Ok(Subject::Bastion(name.clone()));
    }
    let all: Vec<Name> = settings.tunnels.keys().chain(settings.bastions.keys()).cloned().collect();
    select::find("tunnel or bastion", text, all.iter()).map(|name| Subject::Tunnel(name.clone())).map_err(Stop::unknown)
}

fn packet(setup: &Setup, wanted: &[Platform]) -> Packet {
    if wanted.is_empty() { guide::packet(setup, &guide::fitting(setup)) } else { guide::packet(setup, wanted) }
}

/// To stdout, or into a file of its own.
fn give(arguments: &Arguments, text: &str) -> Outcome {
    match &arguments.output {
        None => print::raw(text)?,
        Some(path) => {
            private_file::create_new(path, text.as_bytes(), 0o600)?;
            print::words(&format!("adit: wrote {}, which only you can read", path.display()));
        }
    }
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_two_forms_and_nothing_else() {
        assert_eq!(date("2026-12-31").unwrap().to_string(), "2026-12-31");
        assert_eq!(date("20261231"), date("2026-12-31"));
        for bad in
            ["", "2026-13-01", "2026-02-30", "31.12.2026", "2026-1-1", "20261331", "tomorrow", "2026-12-31T00:00"]
        {
            assert!(date(bad).is_err(), "{bad}");
        }
    }
}
