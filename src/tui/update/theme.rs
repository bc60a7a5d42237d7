//! How the person wants to be shown things: the theme that is looked at in the list and the one that is kept, and what the
//! configuration says by now.

use crate::model::Binding;
use crate::service::Request;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::keymap::Keymap;
use crate::tui::overlay::Overlay;
use crate::tui::theme::{AUTO, Depth, Ground};

/// What is to be done before anything is drawn: a family is dark or light as the terminal is.
pub(crate) fn begin(app: &mut App) -> Vec<Effect> {
    if app.themes.family(&app.chosen).is_some() { ask(app) } else { Vec::new() }
}

/// The theme in force hangs on an answer that has not come.
pub(crate) fn waits(app: &App) -> bool {
    app.asked_ground && app.ground_answered.is_none() && app.themes.family(&app.chosen).is_some()
}

/// Asks the terminal for its background, once, and only one that understands: others would show the question.
fn ask(app: &mut App) -> Vec<Effect> {
    let understands = matches!(app.themes.depth(), Depth::True | Depth::Indexed);
    if app.asked_ground || !understands {
        return Vec::new();
    }
    app.asked_ground = true;
    vec![Effect::AskGround]
}

/// The terminal said what its background is.
pub(super) fn answered(app: &mut App, ground: Ground) {
    app.ground_answered = Some(ground);
    let name = app.overlays.iter().find_map(Overlay::theme).unwrap_or(&app.chosen).to_owned();
    show(app, &name);
}

/// Opens the list of themes.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    app.overlays.push(Overlay::themes(&app.themes, &app.chosen));
    ask(app)
}

/// Shows a theme, or the one of a family that fits the terminal.
pub(super) fn show(app: &mut App, name: &str) {
    app.theme = app.themes.choose(name, app.ground_answered.or(app.ground));
}

/// Shows it from now on, and has it written down.
pub(super) fn keep(app: &mut App, name: String) -> Vec<Effect> {
    show(app, &name);
    app.chosen.clone_from(&name);
    vec![Effect::Request {
        about: format!("keep the theme {name} in the configuration"),
        request: Request::Prefer { theme: name },
    }]
}

/// Takes what the configuration says by now. What it said at the start came with the look.
pub(super) fn follow(app: &mut App) -> Vec<Effect> {
    let now = app.snapshot.preferences.clone();
    if app.preferences.as_ref() == Some(&now) {
        return Vec::new();
    }
    let Some(before) = app.preferences.replace(now.clone()) else {
        bind(app, &now.keymap);
        return Vec::new();
    };
    let mut effects = Vec::new();
    if before.theme != now.theme {
        let name = now.theme.unwrap_or_else(|| AUTO.to_owned());
        if app.themes.knows(&name) {
            app.chosen.clone_from(&name);
            show(app, &name);
            effects.extend(begin(app));
        } else {
            app.complain(format!(
                "preferences.theme: there is no theme {name:?}; adit theme list tells which there are"
            ));
        }
    }
    if before.mouse != now.mouse && app.mouse != now.mouse {
        app.mouse = now.mouse;
        effects.push(Effect::Mouse(now.mouse));
    }
    if before.keymap != now.keymap {
        bind(app, &now.keymap);
    }
    effects
}

/// Takes other keys; where something is wrong with them, those in force stay.
fn bind(app: &mut App, own: &[Binding]) {
    match Keymap::of(own) {
        Ok(keymap) => app.keymap = keymap,
        Err(mistakes) => {
            let Some(first) = mistakes.first() else { return };
            let Some(binding) = own.get(first.index) else { return };
            let (line, column) = if first.of_action { binding.action_at } else { binding.chords_at };
            let nearest = first.nearest.as_ref().map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            let more = match mistakes.len() {
                0 | 1 => String::new(),
                n => format!(" (and {} more: adit config check)", n - 1),
            };
            let action: String = binding.action.chars().filter(|c| !c.is_control()).take(40).collect();
            let why = &first.message;
            app.complain(format!("{}:{line}:{column}: keymap.{action}: {why}{nearest}{more}", binding.file));
        }
    }
}
