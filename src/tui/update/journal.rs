//! What the keys of the Journal screen do. It draws nothing.

use super::{copied, open};
use crate::model::journal::Entry;
use crate::service::present::journal_text;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::effect::Effect;
use crate::tui::overlay::Overlay;

/// Why an action on the journal cannot be done now.
pub(super) fn obstacle(app: &App) -> Option<&'static str> {
    selected(app).is_none().then_some("nothing is selected")
}

/// Does what nothing is in the way of.
pub(super) fn perform(app: &mut App, action: Action) -> Vec<Effect> {
    let Some(entry) = selected(app).cloned() else { return Vec::new() };
    if action == Action::CopyEntry {
        return copied(Some(journal_text(&[entry]).join("\n")), "the line".to_owned());
    }
    let whose = entry.tunnel.as_ref().map_or("service", |name| name.as_str());
    let title = format!("{whose} · {}", entry.event);
    let at = app.clock(entry.at, "%Y-%m-%d %H:%M:%S");
    open(app, Overlay::show(&title, format!("{at}\n\n{}", entry.message)))
}

fn selected(app: &App) -> Option<&Entry> {
    app.selected().and_then(|index| app.journal().get(index).copied())
}
