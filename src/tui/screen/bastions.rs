//! The bastions: one line each, and what is known of the selected one.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::table;
use crate::tui::app::App;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::badge::State;
use crate::tui::widget::{pane, text};

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let name = (width / 3).clamp(8, 24);
    let address = width.saturating_sub(name + 12);
    let shown = app.bastions();
    let mut lines: Vec<Line<'static>> = shown
        .iter()
        .skip(layout::first_line(app))
        .take(layout::list_height(app))
        .map(|bastion| {
            let count = bastion.tunnels.len();
            Line::from(vec![
                Span::styled(format!(" {} ", text::fit(bastion.name.as_str(), name)), app.theme.style(Role::Text)),
                Span::styled(text::fit(&bastion.endpoint.to_string(), address), app.theme.style(Role::Muted)),
                Span::styled(text::right(&format!("{count}"), 9), app.theme.style(Role::Text)),
            ])
        })
        .collect();
    if lines.is_empty() {
        lines =
            table::empty(app, &["", " No bastions. In a shell:", "   adit bastion add NAME --host HOST --user USER"]);
    }
    let head = format!(" {} {}{}", text::fit("Name", name), text::fit("Address", address), text::right("Tunnels", 9));
    table::draw(frame, app, places.list, "Bastions", &head, lines);
    if places.detail.height <= 2 {
        return;
    }
    let selected = app.selected().and_then(|index| shown.get(index));
    let title = selected.map_or_else(String::new, |bastion| format!(" {} ", bastion.name));
    let framed =
        pane::pane(app.ink(), Line::styled(title, app.theme.style(Role::Title)), false).padding(Padding::horizontal(1));
    let inner = framed.inner(places.detail);
    frame.render_widget(framed, places.detail);
    let Some(bastion) = selected else { return };
    let width = usize::from(inner.width);
    let fact = |name: &str, value: &str, role: Role| table::fact(app, (name, 12), value, role, width);
    let via: Vec<&str> = bastion.via.iter().map(|name| name.as_str()).collect();
    let mut lines = [
        fact("address", &bastion.endpoint.to_string(), Role::Text),
        fact("user", &bastion.user, Role::Text),
        fact("identity", &bastion.identity, Role::Text),
    ]
    .concat();
    if !via.is_empty() {
        lines.extend(fact("through", &via.join(" → "), Role::Text));
    }
    lines.extend(match &bastion.host_key {
        Some(key) => fact("host key", &format!("{} {}", key.key_type, key.fingerprint), Role::Accent),
        None => fact("host key", "not known yet; asked at the first connection", Role::Unproven),
    });
    lines.extend(bastion.warnings.iter().flat_map(|warning| fact("warning", warning, Role::Unproven)));
    lines.push(Line::default());
    for name in &bastion.tunnels {
        let Some(tunnel) = app.snapshot.tunnels.iter().find(|tunnel| tunnel.name == *name) else { continue };
        let state = State::of(tunnel);
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", app.ink().glyph(state.glyph())), app.theme.style(state.role())),
            Span::styled(text::fit(name.as_str(), 18), app.theme.style(Role::Text)),
            Span::styled(text::cut(state.word(), width.saturating_sub(20)), app.theme.style(state.role())),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}
