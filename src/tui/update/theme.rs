//! Which theme is in force: the one that is looked at in the list, and the one that is kept.

use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::overlay::Overlay;

/// Opens the list of themes.
pub(super) fn open(app: &mut App) -> Vec<Effect> {
    app.overlays.push(Overlay::themes(&app.themes, &app.chosen));
    Vec::new()
}

/// Shows a theme, or the one of a family that fits the terminal.
pub(super) fn show(app: &mut App, name: &str) {
    app.theme = app.themes.choose(name, app.ground);
}

/// Shows it from now on.
pub(super) fn keep(app: &mut App, name: String) -> Vec<Effect> {
    show(app, &name);
    app.chosen = name;
    Vec::new()
}
