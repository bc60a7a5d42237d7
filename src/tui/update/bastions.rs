//! What the keys of the Bastions screen do. It draws nothing.

use super::{copied, open, page, wizard};
use crate::tui::action::Action;
use crate::tui::app::{App, Link};
use crate::tui::effect::Effect;

/// Why an action on bastions cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let Some(bastion) = app.bastion() else { return Some("no bastion is selected") };
    match action {
        Action::RemoveBastion | Action::DiagnoseBastion if app.link == Link::Gone => Some("the service is gone"),
        Action::RemoveBastion if !bastion.tunnels.is_empty() => Some("tunnels go through it"),
        Action::CopyBastion if bastion.host_key.is_none() => Some("its host key is not known yet"),
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(bastion) = app.bastion().cloned() else { return Vec::new() };
    match action {
        Action::RemoveBastion => open(app, wizard::ask_to_remove_bastion(&bastion)),
        Action::DiagnoseBastion => page::open(app),
        _ => {
            let fingerprint = bastion.host_key.map(|key| key.fingerprint);
            copied(fingerprint, format!("the fingerprint of {}", bastion.name))
        }
    }
}
