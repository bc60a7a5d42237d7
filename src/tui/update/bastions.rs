//! What the keys of the Bastions screen do. It draws nothing.

use super::{copy, names, open, page, removal, wizard};
use std::sync::Arc;

use crate::model::{BastionStatus, Pending, Subject};
use crate::service::Request;
use crate::tui::action::Action;
use crate::tui::app::{App, Link};
use crate::tui::effect::Effect;
use crate::tui::overlay::{Overlay, Prompt};

/// Why an action on bastions cannot be done now.
pub(super) fn obstacle(app: &App, action: Action) -> Option<&'static str> {
    let Some(bastion) = app.bastion() else { return Some("no bastion is selected") };
    match action {
        Action::RemoveBastion | Action::RenameBastion | Action::EditBastion | Action::DiagnoseBastion
            if app.link == Link::Gone =>
        {
            Some("the service is gone")
        }
        Action::AnswerBastion if app.link == Link::Gone => Some("the service is gone"),
        Action::AnswerBastion if asked(app, bastion).is_none() && bastion.host_key.is_some() => {
            Some("nothing is asked, and its host key is known")
        }
        Action::RemoveBastion if !bastion.tunnels.is_empty() => Some("tunnels go through it"),
        _ => None,
    }
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(bastion) = app.bastion().cloned() else { return Vec::new() };
    match action {
        Action::RemoveBastion => open(app, removal::of_bastion(&bastion)),
        Action::DiagnoseBastion => page::open(app),
        Action::EditBastion => wizard::edit_bastion(app, &bastion),
        Action::AnswerBastion => answer(app, &bastion),
        Action::RenameBastion => names::rename(app, Subject::Bastion(bastion.name)),
        _ => copy::of_bastion(app, &bastion),
    }
}

/// The question that a tunnel through it waits for.
fn asked(app: &App, bastion: &BastionStatus) -> Option<Pending> {
    let about = |pending: &&Pending| pending.tunnels.iter().any(|name| bastion.tunnels.contains(name));
    app.snapshot.questions.iter().find(about).cloned()
}

/// Opens the question; without one, asks for the fingerprint that the admin gave.
fn answer(app: &mut App, bastion: &BastionStatus) -> Vec<Effect> {
    if let Some(pending) = asked(app, bastion) {
        return open(app, Overlay::ask(pending));
    }
    let name = bastion.name.clone();
    let words = format!(
        "The fingerprint of {}'s host key, as its admin gives it: SHA256:… It is pinned if the bastion shows that very key.",
        bastion.endpoint
    );
    let make = Arc::new(move |text: &str| {
        let fingerprint = text.trim().to_owned();
        if !fingerprint.starts_with("SHA256:") || fingerprint.len() != 50 {
            return Err("a fingerprint is SHA256: and 43 letters and digits".to_owned());
        }
        let subject = Subject::Bastion(name.clone());
        Ok((Request::TrustHost { subject, fingerprint }, format!("trust {name}")))
    });
    open(app, Overlay::Prompt(Prompt::new(format!("Trust {}", bastion.name), words, make)))
}
