//! What happened, newest last.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::table;
use crate::tui::app::App;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::text;

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let name = (width / 5).clamp(8, 20);
    let mut lines: Vec<Line<'static>> = app
        .journal()
        .iter()
        .skip(layout::first_line(app))
        .take(layout::list_height(app))
        .map(|entry| {
            let time = app.clock(entry.at, "%m-%d %H:%M:%S");
            let tunnel = entry.tunnel.as_ref().map_or("service", |name| name.as_str());
            let role = match entry.event.as_str() {
                "fault" => Role::Failed,
                "lost" => Role::Waiting,
                "up" | "healed" => Role::Up,
                _ => Role::Muted,
            };
            Line::from(vec![
                Span::styled(format!(" {time} "), app.theme.style(Role::Muted)),
                Span::styled(format!("{} ", text::fit(tunnel, name)), app.theme.style(Role::Text)),
                Span::styled(text::fit(&entry.event, 8), app.theme.style(role)),
                Span::styled(text::cut(&entry.message, width.saturating_sub(name + 26)), app.theme.style(Role::Text)),
            ])
        })
        .collect();
    if lines.is_empty() {
        lines = table::empty(app, &["", " Nothing has happened yet."]);
    }
    let head = format!(" {} {} {}What", text::fit("When", 14), text::fit("Tunnel", name), text::fit("Event", 8));
    table::draw(frame, app, places.list, "Journal", &head, lines);
}
