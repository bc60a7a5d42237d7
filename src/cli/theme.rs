//! `adit theme …`: which themes there are, and what one looks like.

use clap::Subcommand;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{DONE, Outcome, Stop};
use super::print;
use super::themes::{Installed, installed};
use crate::config::nearest;
use crate::service::present::document;
use crate::tui::{AUTO, BUILT_IN, DEFAULT, Glyph, Theme};

/// Subcommands of `theme`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List all themes and families
    List,
    /// Print a theme's file, to be changed and saved in the themes folder
    Show {
        /// A theme or a family; without one, the configured one
        name: Option<String>,
    },
}

/// Runs it.
pub(super) fn run(context: &Context, command: Command) -> Outcome {
    let installed = installed(&context.paths.themes);
    for why in &installed.themes.mistakes {
        print::words(&format!("adit: warning: {why}"));
    }
    // A configuration with mistakes must not keep anybody from looking at themes.
    let chosen = context.settings().ok().and_then(|settings| settings.preferences.theme);
    let chosen = chosen.unwrap_or_else(|| AUTO.to_owned());
    match command {
        Command::List => list(context, &installed, &chosen),
        Command::Show { name } => show(context, &installed, name.as_deref().unwrap_or(&chosen)),
    }
}

fn list(context: &Context, installed: &Installed, chosen: &str) -> Outcome {
    let themes = &installed.themes;
    let is_own = |id: &str| installed.own.iter().any(|(name, _)| name == id);
    if context.json {
        let theme = |theme: &Theme| {
            let family =
                themes.families().find(|family| [&family.dark, &family.light].contains(&&theme.id().to_owned()));
            json!({
                "name": theme.id(),
                "title": theme.name(),
                "appearance": theme.appearance().as_str(),
                "family": family.map(|family| family.name.clone()),
                "own": is_own(theme.id()),
            })
        };
        let families = themes.families().map(|f| json!({"name": f.name, "dark": f.dark, "light": f.light}));
        let fields = [
            ("chosen", Value::from(chosen)),
            ("families", families.collect()),
            ("themes", themes.iter().map(theme).collect()),
            ("mistakes", themes.mistakes.clone().into()),
        ];
        print::data(&document(fields))?;
        return Ok(DONE);
    }
    let choices = themes.choices();
    let widest = choices.iter().map(|choice| choice.name.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> = choices
        .into_iter()
        .map(|choice| {
            let mark = if choice.name == chosen { '*' } else { ' ' };
            let own = if is_own(&choice.name) { " (yours)" } else { "" };
            format!("{mark} {:<widest$}  {}{own}", choice.name, choice.words)
        })
        .collect();
    print::lines(&lines)?;
    Ok(DONE)
}

fn show(context: &Context, installed: &Installed, name: &str) -> Outcome {
    let themes = &installed.themes;
    let ids = match themes.family(name) {
        Some(family) => vec![family.dark.clone(), family.light.clone()],
        None if name == AUTO => vec![DEFAULT.to_owned()],
        None if themes.iter().any(|theme| theme.id() == name) => vec![name.to_owned()],
        None => {
            let choices = themes.choices();
            let hint = nearest(name, choices.iter().map(|choice| choice.name.as_str()));
            let hint = hint.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            return Err(Stop::unknown(format!("there is no theme {name:?}{hint}")));
        }
    };
    if context.json {
        let shown: Vec<Value> = ids.iter().map(|id| in_json(&themes.find(id))).collect();
        print::data(&document([("name", Value::from(name)), ("themes", shown.into())]))?;
        return Ok(DONE);
    }
    for id in &ids {
        let own = installed.own.iter().find(|(own, _)| own == id).map(|(_, text)| text.as_str());
        let built_in = BUILT_IN.iter().find(|(name, _)| name == id).map(|(_, text)| *text);
        print::raw(own.or(built_in).unwrap_or_default())?;
    }
    Ok(DONE)
}

fn in_json(theme: &Theme) -> Value {
    let roles: serde_json::Map<String, Value> = theme
        .looks()
        .into_iter()
        .map(|look| (look.role.to_owned(), json!({"fg": look.fg, "bg": look.bg, "modifiers": look.modifiers})))
        .collect();
    let glyphs: serde_json::Map<String, Value> =
        Glyph::ALL.iter().map(|glyph| (glyph.as_str().to_owned(), theme.glyph(*glyph).into())).collect();
    json!({
        "name": theme.id(),
        "title": theme.name(),
        "appearance": theme.appearance().as_str(),
        "roles": roles,
        "glyphs": glyphs,
    })
}
