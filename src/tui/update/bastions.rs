//! What the keys of the Bastions screen do. It draws nothing.

use super::{copy, names, open, page, wizard};
use crate::model::Subject;
use crate::tui::action::Action;
use crate::tui::app::{App, Link};
use crate::tui::effect::Effect;

/// Why an action on bastions cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let Some(bastion) = app.bastion() else { return Some("no bastion is selected") };
    match action {
        Action::RemoveBastion | Action::RenameBastion | Action::EditBastion | Action::DiagnoseBastion
            if app.link == Link::Gone =>
        {
            Some("the service is gone")
        }
        Action::RemoveBastion if !bastion.tunnels.is_empty() => Some("tunnels go through it"),
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(bastion) = app.bastion().cloned() else { return Vec::new() };
    match action {
        Action::RemoveBastion => open(app, wizard::ask_to_remove_bastion(&bastion)),
        Action::DiagnoseBastion => page::open(app),
        Action::EditBastion => wizard::edit_bastion(app, &bastion),
        Action::RenameBastion => names::rename(app, Subject::Bastion(bastion.name)),
        _ => copy::of_bastion(app, &bastion),
    }
}
