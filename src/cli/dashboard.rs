//! The dashboard on this terminal: how it should look here, and what to say where there is none. What it shows comes from the
//! service.

use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use super::context::Context;
use super::failure::{DONE, Outcome, SIGNALLED, Stop};
use super::{print, status, themes};
use crate::config::{self, ConfigError, Mistakes};
use crate::local::{clock, process, terminal};
use crate::model::Preferences;
use crate::service::{self, Client};
use crate::tui::{AUTO, Depth, Ending, Ground, Host, Look, run_at_desk};

/// A service that runs has answered by then.
const BLINK: Duration = Duration::from_millis(50);

/// `adit` alone: starts the service and shows it.
pub(super) async fn run(context: &Context) -> Outcome {
    let mut ensuring = pin!(context.ensured());
    if let Some(why) = obstacle() {
        let client = ensuring.await?;
        print::words(&format!("adit: {why}; here is the plain status (adit help lists the commands)"));
        return status::all(context, &client).await;
    }
    let (preferences, complaint) = preferences(context);
    let look = look(context, &preferences, complaint);
    if let Ok(client) = timeout(BLINK, &mut ensuring).await {
        return show(client?, look, Away::StaysUp).await;
    }
    // It takes its time; the person need not look at nothing meanwhile.
    let (client, seat) = service::early();
    let seated = async {
        seat.take(ensuring.await?).await;
        // A service that went away is said on the screen, which the person leaves.
        std::future::pending::<Outcome>().await
    };
    tokio::select! {
        shown = show(client, look, Away::StaysUp) => shown,
        failed = seated => failed,
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

/// The person's preferences; of a configuration with mistakes as much as can be had, and a sentence for the screen.
fn preferences(context: &Context) -> (Preferences, Option<String>) {
    let paths = &context.paths;
    match themes::judged(paths) {
        Ok(settings) => (settings.preferences, None),
        // Whatever else is wrong with it the service says.
        Err(error) => match (config::load(paths), error) {
            (Ok(settings), ConfigError::Mistakes(Mistakes(mistakes))) => {
                let words: Vec<String> = mistakes.iter().map(config::Mistake::words).collect();
                (settings.preferences, Some(words.join("; ")))
            }
            _ => (Preferences::default(), None),
        },
    }
}

/// What becomes of the tunnels when the screen is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Away {
    /// The service keeps them.
    StaysUp,
    /// They end with this process.
    Ends,
}

/// Shows the screen until the person leaves.
pub(super) async fn show(client: Client, look: Look, away: Away) -> Outcome {
    let far_away = is_set("SSH_CONNECTION") || is_set("SSH_TTY");
    let host = Host {
        now: clock::now,
        suspend: process::suspend,
        nudge: process::nudge,
        abandon: process::abandon,
        stop_signal: process::STOP_SIGNAL,
        continue_signal: process::CONTINUE_SIGNAL,
        far_away,
    };
    let ending = run_at_desk(client, look, host).await;
    match ending {
        Ok(Ending::Left) => {
            if away == Away::StaysUp {
                print::words("adit: tunnels stay up; adit down --all takes them down");
            }
            Ok(DONE)
        }
        Ok(Ending::Signal(number)) => Ok(SIGNALLED + u8::try_from(number).unwrap_or(0)),
        Err(error) => Err(Stop::fault(format!("the terminal cannot be drawn on: {error}"))),
    }
}

/// How the screen looks in this terminal; a complaint is the first thing that it says.
pub(super) fn look(context: &Context, preferences: &Preferences, complaint: Option<String>) -> Look {
    let text = |name: &str| std::env::var(name).unwrap_or_default();
    // NO_COLOR (no-color.org) asks for none.
    let depth = if is_set("NO_COLOR") { Depth::None } else { Depth::of(&text("COLORTERM"), &text("TERM")) };
    let mut themes = themes::installed(&context.paths.themes).themes.shown_with(depth);
    themes.mistakes.splice(0..0, complaint);
    Look {
        theme: preferences.theme.clone().unwrap_or_else(|| AUTO.to_owned()),
        ground: Ground::of_variable(&text("COLORFGBG")),
        themes,
        ascii: !speaks_utf8(),
        mouse: preferences.mouse,
        notify: preferences.notify.clone(),
        badge: None,
        // A variable holds in the person's other shells as well.
        home: context.paths.home.clone().filter(|home| std::env::var_os("ADIT_HOME").is_none_or(|set| set != *home)),
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
