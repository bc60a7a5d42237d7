//! What is known of the selected tunnel in the making: what is answered, and what it waits for.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::table;
use crate::model::{Access, ChosenBastion, Draft, Page};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};
use crate::tui::wizard;

/// Draws the pane.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, draft: &Draft, area: Rect) {
    let theme = &app.theme;
    let title = Line::styled(format!(" {} ", wizard::shown_name(draft)), theme.style(Role::Title));
    let framed = pane::pane(app.ink(), title, false).padding(Padding::horizontal(1));
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let width = usize::from(inner.width);
    let fact = |name: &str, value: &str| table::fact(app, (name, 10), value, Role::Text, width);
    let waits = match draft.page {
        Page::HandOff | Page::Climb => "waiting for the admin to let the key in",
        Page::Bastion | Page::Access | Page::Database | Page::Local => "a draft, not asked to the end yet",
    };
    let mut lines = vec![
        Line::styled(text::cut(waits, width), theme.style(Role::Waiting)),
        Line::styled(
            text::cut(&format!("at the page {}", wizard::waits_for(draft).1), width),
            theme.style(Role::Muted),
        ),
        Line::default(),
    ];
    lines.extend(match &draft.bastion {
        ChosenBastion::Open => Vec::new(),
        ChosenBastion::Known(name) => fact("bastion", name.as_str()),
        ChosenBastion::New { name, endpoint, user } => fact("bastion", &format!("{name}, new: {user}@{endpoint}")),
    });
    lines.extend(match &draft.access {
        Access::Open => Vec::new(),
        Access::Bastions => fact("login", "what the bastion uses"),
        Access::NewKey { name, kind } if draft.has_key(name) => {
            fact("login", &format!("its key {name}, {}", kind.as_str()))
        }
        Access::NewKey { kind, .. } => fact("login", &format!("a new key of its own, {}", kind.as_str())),
        Access::Identity(identity) => fact("login", &identity.to_string()),
    });
    if let Some(database) = &draft.database {
        lines.extend(fact("database", &format!("{} at {}", database.kind, database.endpoint())));
    }
    lines.push(Line::default());
    for (action, words) in [(Action::Resume, "goes on where it was left"), (Action::Drop, "drops it")] {
        let key = app.keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        lines.push(Line::from(vec![
            Span::styled(text::fit(&key, 8), theme.style(Role::Key)),
            Span::styled(words, theme.style(Role::KeyLabel)),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}
