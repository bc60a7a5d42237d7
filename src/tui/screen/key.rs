//! A page of the screen of keys, in its frame; a QR code has the whole terminal. What stands on a page is `keys`' own.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Clear, Padding, Paragraph};

use crate::tui::app::App;
use crate::tui::keys::{self, Page, Purpose, Reading, Topic};
use crate::tui::theme::Role;
use crate::tui::widget::{pane, sheet};

/// Draws the page.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(page) = &app.keyring.page else { return };
    let theme = &app.theme;
    let sight = app.key_sight();
    let sheet = keys::sheet(sight, page, area);
    let below = sheet.rows.len().saturating_sub(sheet.first + sheet.height);
    let more = match below {
        0 => String::new(),
        below if area.width < 60 => format!(" +{below} "),
        below => format!(" {below} more below "),
    };
    let mut hints = String::new();
    if let Page::Filling(filling) = page {
        let does = match (app.keyring.awaited().is_some(), &filling.purpose) {
            (true, _) => "one moment …",
            (false, Purpose::Make) => "enter makes it",
            (false, Purpose::Import) => "enter takes it over",
            (false, Purpose::Rotate(_) | Purpose::Finish(_)) => "enter goes on",
            (false, Purpose::Passphrase(_)) => "enter changes it",
        };
        hints = format!(" {does} · tab next field · esc leaves ");
    }
    let framed = pane::pane(app.ink(), Line::styled(keys::title(page), theme.style(Role::Title)), true)
        .padding(Padding::horizontal(1))
        .title_bottom(Line::styled(more, theme.style(Role::Accent)))
        .title_bottom(Line::styled(hints, theme.style(Role::Muted)).right_aligned());
    frame.render_widget(framed, area);
    let place = sheet::inner(area);
    let head = u16::try_from(sheet.head.len()).unwrap_or(u16::MAX).min(place.height);
    frame.render_widget(Paragraph::new(sheet.head), Rect { height: head, ..place });
    let rest = Rect { y: place.y + head, height: place.height - head, ..place };
    let lines: Vec<Line<'static>> = sheet.rows.into_iter().skip(sheet.first).map(|row| row.line).collect();
    frame.render_widget(Paragraph::new(lines), rest);
}

/// The page that has the whole terminal, if one does.
pub(crate) fn code(app: &App) -> Option<&Reading> {
    app.keyring.reading().filter(|reading| reading.topic == Topic::Code)
}

/// Draws a code over everything: each line counts.
pub(crate) fn draw_code(frame: &mut Frame<'_>, app: &App, reading: &Reading, area: Rect) {
    let theme = &app.theme;
    let room = (usize::from(area.width), usize::from(area.height.saturating_sub(1)));
    let lines = keys::lines(app.key_sight(), reading, room);
    frame.render_widget(Clear, area);
    frame.render_widget(ratatui::widgets::Block::new().style(theme.style(Role::Text)), area);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).min(area.height);
    let top = area.height.saturating_sub(height + 1) / 2;
    let place = Rect { y: area.y + top, height, ..area };
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), place);
    let hint = format!(" the public key of {} · esc back", reading.key);
    let foot = Rect { y: area.bottom().saturating_sub(1), height: area.height.min(1), ..area };
    frame.render_widget(Paragraph::new(Line::styled(hint, theme.style(Role::Muted))), foot);
}
