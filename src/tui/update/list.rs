//! What moves in every list: the selection and the filter. It knows nothing of what the lines mean.

use super::request;
use crate::service::Request;
use crate::tui::action::Action;
use crate::tui::app::{App, Link, Screen};
use crate::tui::effect::Effect;
use crate::tui::key::{Code, Key};
use crate::tui::layout;
use crate::tui::widget::list::{Move, Selection};

/// Why an action of every list cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    (action == Action::Undo && app.link == Link::Gone).then_some("the service is gone")
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let half = isize::try_from(layout::list_height(app) / 2).unwrap_or(1).max(1);
    match action {
        Action::Undo => {
            app.undoing = matches!(app.screen, Screen::Tunnels | Screen::Bastions).then(|| app.line_names());
            return request(Request::Undo, "undo".to_owned());
        }
        Action::Filter => app.list_mut().filtering = true,
        Action::Down => go(app, Move::By(1)),
        Action::Up => go(app, Move::By(-1)),
        Action::First => go(app, Move::First),
        Action::Last => go(app, Move::Last),
        Action::HalfDown => go(app, Move::By(half)),
        Action::HalfUp => go(app, Move::By(-half)),
        _ => {}
    }
    Vec::new()
}

/// A key while the filter is typed.
pub(super) fn filter_key(app: &mut App, key: Key) -> Vec<Effect> {
    match key.code {
        Code::Esc => {
            let list = app.list_mut();
            list.filter.take();
            list.filtering = false;
        }
        Code::Enter => app.list_mut().filtering = false,
        Code::Up => go(app, Move::By(-1)),
        Code::Down => go(app, Move::By(1)),
        _ => {
            app.list_mut().filter.key(key);
        }
    }
    Vec::new()
}

/// Selects what undoing brought back, as soon as it stands there.
pub(super) fn follow_undoing(app: &mut App) {
    let Some(before) = &app.undoing else { return };
    let now = app.line_names();
    let mut new = now.iter().filter(|name| !before.contains(name));
    if let (Some(name), None) = (new.next(), new.next()) {
        app.list_mut().selection.name(name.clone());
        app.undoing = None;
    }
}

/// Moves the selection.
pub(super) fn go(app: &mut App, to: Move) {
    let names = app.line_names();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if let Some(here) = app.selected() {
        app.list_mut().selection.set(here, &names);
    }
    app.list_mut().selection.go(to, &names);
    if app.screen == Screen::Journal && app.selected() == names.len().checked_sub(1) {
        // At the end it follows what happens.
        app.list_mut().selection = Selection::default();
    }
}
