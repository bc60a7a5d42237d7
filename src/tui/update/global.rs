//! What the keys do that mean the same everywhere. It draws nothing.

use super::open;
use crate::tui::action::Action;
use crate::tui::app::{App, Screen};
use crate::tui::effect::Effect;
use crate::tui::overlay::Overlay;

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    match action {
        Action::Explain => open(app, Overlay::explain()),
        Action::Theme => super::theme::open(app),
        Action::Mouse => {
            app.mouse = !app.mouse;
            app.say(if app.mouse { "mouse on" } else { "mouse off: the terminal selects text" });
            vec![Effect::Mouse(app.mouse)]
        }
        Action::Palette => open(app, Overlay::palette()),
        Action::Help => open(app, Overlay::help()),
        Action::Suspend => vec![Effect::Suspend],
        Action::Quit => vec![Effect::Quit],
        Action::Tunnels => show(app, Screen::Tunnels),
        Action::Bastions => show(app, Screen::Bastions),
        Action::Keys => show(app, Screen::Keys),
        Action::Journal => show(app, Screen::Journal),
        Action::NextScreen => step(app, 1),
        Action::PreviousScreen => step(app, Screen::ALL.len() - 1),
        _ => Vec::new(),
    }
}

/// Shows a screen; a page over the one before is left.
pub(super) fn show(app: &mut App, screen: Screen) -> Vec<Effect> {
    (app.diagnosis, app.setup.page) = (None, None);
    app.keyring.show(None);
    app.screen = screen;
    Vec::new()
}

fn step(app: &mut App, by: usize) -> Vec<Effect> {
    let here = Screen::ALL.iter().position(|screen| *screen == app.screen).unwrap_or(0);
    let there = Screen::ALL.iter().cycle().nth(here + by).copied();
    show(app, there.unwrap_or(app.screen))
}
