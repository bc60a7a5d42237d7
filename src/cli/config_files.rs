//! `adit config …`: whether the configuration is right, and what it says.

use clap::Subcommand;

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::print;
use crate::config::Settings;
use crate::local::private_file::{self, Cause, FileError};
use crate::service::present::{TunnelView, bastion_values, document, tunnel_values};

/// No configuration is larger.
const LONGEST: u64 = 16 << 20;

/// Subcommands of `config`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look for mistakes, and tell all of them
    Check,
    /// Print the configuration as it stands in its files
    Show,
}

/// Runs it.
pub(super) fn run(context: &Context, command: Command) -> Outcome {
    let settings = context.settings()?;
    for warning in &settings.warnings {
        print::words(&format!("adit: warning: {warning}"));
    }
    match command {
        Command::Check => check(context, &settings),
        Command::Show => show(context, &settings),
    }
}

fn check(context: &Context, settings: &Settings) -> Outcome {
    let path = context.paths.config.display().to_string();
    if context.json {
        let fields = [
            ("config", path.into()),
            ("bastions", settings.bastions.len().into()),
            ("tunnels", settings.tunnels.len().into()),
            ("warnings", settings.warnings.clone().into()),
            ("mistakes", serde_json::Value::Array(Vec::new())),
        ];
        print::data(&document(fields))?;
    } else {
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let (bastions, tunnels) = (count(settings.bastions.len(), "bastion"), count(settings.tunnels.len(), "tunnel"));
        print::data(&format!("{path}: {bastions}, {tunnels}, no mistakes"))?;
    }
    Ok(DONE)
}

fn preferences(settings: &Settings) -> serde_json::Value {
    let preferences = &settings.preferences;
    let keymap: serde_json::Map<String, serde_json::Value> =
        preferences.keymap.iter().map(|own| (own.action.clone(), own.chords.clone().into())).collect();
    serde_json::json!({
        "theme": preferences.theme.as_deref().unwrap_or("auto"),
        "mouse": preferences.mouse,
        "leaves_from": preferences.leaves_from,
        "keymap": keymap,
        "notify": preferences.notify,
    })
}

fn show(context: &Context, settings: &Settings) -> Outcome {
    if context.json {
        let bastions = super::bastion::views(context, settings);
        let tunnels: Vec<_> = settings.tunnels.values().map(TunnelView).collect();
        let fields = [
            ("config", context.paths.config.display().to_string().into()),
            ("preferences", preferences(settings)),
            ("bastions", bastion_values(&bastions)),
            ("tunnels", tunnel_values(&tunnels)),
            ("warnings", settings.warnings.clone().into()),
        ];
        print::data(&document(fields))?;
        return Ok(DONE);
    }
    let mut files = vec![context.paths.config.clone()];
    let mut more: Vec<_> = std::fs::read_dir(&context.paths.config_dir)
        .map(|entries| entries.filter_map(Result::ok).map(|entry| entry.path()).collect())
        .unwrap_or_default();
    more.retain(|path: &std::path::PathBuf| path.extension().is_some_and(|extension| extension == "toml"));
    more.sort();
    files.extend(more);
    for path in files {
        match private_file::read(&path, LONGEST) {
            Ok(bytes) => {
                print::data(&format!("# {}", path.display()))?;
                print::raw(&String::from_utf8_lossy(&bytes))?;
            }
            Err(FileError { cause: Cause::Missing, .. }) => {
                print::words(&format!("adit: {} does not exist yet", path.display()));
            }
            Err(error) => return Err(Stop::from(error)),
        }
    }
    Ok(DONE)
}
