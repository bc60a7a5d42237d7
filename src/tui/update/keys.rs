//! What the keys of the Keys screen do. It draws nothing.

use super::copied;
use crate::model::KeyStatus;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::effect::Effect;

/// Why an action on keys cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    match action {
        Action::CopyKey if selected(app).is_none() => Some("no key is selected"),
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, _action: Action) -> Vec<Effect> {
    let Some(key) = selected(app) else { return Vec::new() };
    copied(Some(key.public_key.clone()), format!("the public key {}", key.name))
}

fn selected(app: &App) -> Option<&KeyStatus> {
    app.selected().and_then(|index| app.keys().get(index).copied())
}
