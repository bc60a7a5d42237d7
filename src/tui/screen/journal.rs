//! What happened, newest last.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::table;
use crate::model::journal::Entry;
use crate::tui::app::App;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let longest = app.snapshot.tunnels.iter().map(|tunnel| tunnel.name.as_str().len()).max().unwrap_or(0);
    let name = longest.clamp(7, (width / 5).max(8));
    let shown = app.journal();
    let when = shown.first().map_or(8, |oldest| moment(app, oldest.at).len());
    let mut lines: Vec<Line<'static>> = shown
        .iter()
        .skip(layout::first_line(app))
        .take(layout::list_height(app))
        .map(|entry| {
            Line::from(vec![
                Span::styled(format!(" {} ", text::fit(&moment(app, entry.at), when)), app.theme.style(Role::Muted)),
                Span::styled(format!("{} ", text::fit(whose(entry), name)), app.theme.style(Role::Text)),
                Span::styled(text::cut(&entry.event, 7), app.theme.style(role(entry))),
                Span::raw(" ".repeat(8_usize.saturating_sub(entry.event.len().min(7)))),
                Span::styled(
                    text::cut(&entry.message, width.saturating_sub(when + name + 12)),
                    app.theme.style(Role::Text),
                ),
            ])
        })
        .collect();
    if lines.is_empty() {
        let words = if app.filter().is_empty() {
            " Nothing has happened yet."
        } else {
            " Nothing that happened has these letters; esc clears the filter."
        };
        lines = table::empty(app, &["", words]);
    }
    let head = format!(" {} {} {}What", text::fit("When", when), text::fit("Tunnel", name), text::fit("Event", 8));
    let mut title = table::Title::from("Journal");
    let missed = app.snapshot.journal_missed;
    title.extra = (missed > 0).then(|| format!("· {missed} older not shown, adit journal has more"));
    table::draw(frame, app, places.list, title, &head, lines);
    if places.detail.height <= 2 {
        return;
    }
    let entry = app.selected().and_then(|index| shown.get(index));
    let title = entry.map_or_else(String::new, |entry| format!(" {} {} ", whose(entry), entry.event));
    let framed =
        pane::pane(app.ink(), Line::styled(title, app.theme.style(Role::Title)), false).padding(Padding::horizontal(1));
    let inner = framed.inner(places.detail);
    frame.render_widget(framed, places.detail);
    let Some(entry) = entry else { return };
    let words = text::wrap(&format!("{} {}", moment(app, entry.at), entry.message), usize::from(inner.width));
    let words: Vec<Line<'static>> =
        words.into_iter().map(|line| Line::styled(line, app.theme.style(Role::Text))).collect();
    frame.render_widget(Paragraph::new(words), inner);
}

fn whose(entry: &Entry) -> &str {
    entry.tunnel.as_ref().map_or("service", |name| name.as_str())
}

fn role(entry: &Entry) -> Role {
    match entry.event.as_str() {
        "fault" => Role::Failed,
        "lost" => Role::Waiting,
        "up" | "healed" => Role::Up,
        _ => Role::Muted,
    }
}

/// The time of day, and the day where it is another.
fn moment(app: &App, at: Timestamp) -> String {
    let zone = app.zone.clone();
    let (at, now) = (at.to_zoned(zone.clone()), app.now.to_zoned(zone));
    let form = if at.date() == now.date() { "%H:%M:%S" } else { "%m-%d %H:%M:%S" };
    at.strftime(form).to_string()
}
