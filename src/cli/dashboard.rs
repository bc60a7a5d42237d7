//! The dashboard on this terminal: how it should look here, and what to say where there is none. What it shows comes from the
//! service.

use std::path::Path;

use super::context::Context;
use super::failure::{DONE, Outcome, SIGNALLED, Stop};
use super::{print, status};
use crate::local::{clock, private_file, process, terminal};
use crate::service::Client;
use crate::tui::{Depth, Ending, Host, Look, MONO, Themes, run_at_desk};

/// A theme file is never larger.
const MAX_THEME: u64 = 64 * 1024;

/// `adit` alone: starts the service and shows it.
pub(super) async fn run(context: &Context) -> Outcome {
    let client = context.ensured().await?;
    match obstacle() {
        Some(why) => {
            print::words(&format!("adit: {why}; here is the plain status (adit help lists the commands)"));
            status::all(context, &client).await
        }
        None => show(context, client, None).await,
    }
}

/// Why nothing can be drawn here.
pub(super) fn obstacle() -> Option<&'static str> {
    use std::io::IsTerminal;
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() || !terminal::has_terminal() {
        return Some("there is no terminal to draw on");
    }
    match std::env::var("TERM").as_deref() {
        Ok("dumb" | "") | Err(_) => Some("this terminal cannot be drawn on (TERM)"),
        Ok(_) => None,
    }
}

/// Shows the screen until the person leaves.
pub(super) async fn show(context: &Context, client: Client, badge: Option<&str>) -> Outcome {
    let demo = badge.is_some();
    let far_away = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
    let host = Host {
        now: clock::now,
        suspend: process::suspend,
        stop_signal: process::STOP_SIGNAL,
        continue_signal: process::CONTINUE_SIGNAL,
        far_away,
    };
    let ending = run_at_desk(client, look(&context.paths.themes, badge), host).await;
    match ending {
        Ok(Ending::Left) => {
            if !demo {
                print::words("adit: tunnels stay up; adit down --all takes them down");
            }
            Ok(DONE)
        }
        Ok(Ending::Signal(number)) => Ok(SIGNALLED + u8::try_from(number).unwrap_or(0)),
        Err(error) => Err(Stop::fault(format!("the terminal cannot be drawn on: {error}"))),
    }
}

fn look(themes: &Path, badge: Option<&str>) -> Look {
    let text = |name: &str| std::env::var(name).unwrap_or_default();
    Look {
        themes: Themes::load(&own_themes(themes)).shown_with(Depth::of(&text("COLORTERM"), &text("TERM"))),
        // The terminal's own colours fit any scheme; NO_COLOR (no-color.org) asks for none.
        theme: if is_set("NO_COLOR") { MONO.to_owned() } else { crate::tui::DEFAULT.to_owned() },
        ascii: !speaks_utf8(),
        mouse: true,
        badge: badge.map(str::to_owned),
        zone: jiff::tz::TimeZone::system(),
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

/// Whether the locale draws more than ASCII: the first variable that is set decides (setlocale(3)).
fn speaks_utf8() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_some_and(|locale| {
        let locale = locale.to_uppercase();
        locale.contains("UTF-8") || locale.contains("UTF8")
    })
}

/// The person's own themes; one that cannot be read is told of as one that is wrong.
fn own_themes(folder: &Path) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut themes: Vec<(String, String)> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter_map(|path| {
            let id = path.file_stem()?.to_str()?.to_owned();
            let text = private_file::read(&path, MAX_THEME).map_err(|error| error.to_string());
            let text = text.and_then(|bytes| String::from_utf8(bytes).map_err(|error| error.to_string()));
            Some((id, text.unwrap_or_else(|why| format!("unreadable = {why:?}"))))
        })
        .collect();
    themes.sort();
    themes
}
