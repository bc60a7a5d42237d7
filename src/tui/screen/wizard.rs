//! A page of a tunnel in the making, in its frame. What stands on it is the wizard's own; the ladder is the diagnosis's.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Padding, Paragraph};

use crate::tui::app::App;
use crate::tui::page;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, sheet};
use crate::tui::wizard::climb::{self, Stands};
use crate::tui::wizard::{self, Step, Wizard};

/// Draws the page.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(wizard) = app.wizard.as_deref() else { return };
    let theme = &app.theme;
    let mut hints = String::new();
    let sight = app.sight();
    let sheet = wizard::sheet(sight, wizard, area);
    let below = sheet.rows.len().saturating_sub(sheet.first + sheet.height);
    let more = match below {
        0 => String::new(),
        below if area.width < 60 => format!(" +{below} "),
        below => format!(" {below} more below "),
    };
    let room = usize::from(area.width).saturating_sub(6 + more.chars().count());
    for key in wizard::keys(sight, wizard) {
        let wide = hints.chars().count() + key.chars().count() + 3;
        if wide <= room || hints.is_empty() {
            hints.push_str(if hints.is_empty() { " " } else { " · " });
            hints.push_str(key);
        }
    }
    hints.push(' ');
    let framed = pane::pane(app.ink(), Line::styled(wizard::title(wizard), theme.style(Role::Title)), true)
        .padding(Padding::horizontal(1))
        .title_bottom(Line::styled(more, theme.style(Role::Accent)))
        .title_bottom(Line::styled(hints, theme.style(Role::Muted)).right_aligned());
    frame.render_widget(framed, area);
    let place = sheet::inner(area);
    let head = u16::try_from(sheet.head.len()).unwrap_or(u16::MAX).min(place.height);
    frame.render_widget(Paragraph::new(sheet.head), Rect { height: head, ..place });
    let rest = Rect { y: place.y + head, height: place.height - head, ..place };
    if wizard.step == Step::Climb {
        frame.render_widget(Paragraph::new(climb(app, wizard, rest)), rest);
        return;
    }
    let lines: Vec<Line<'static>> = sheet.rows.into_iter().skip(sheet.first).map(|row| row.line).collect();
    frame.render_widget(Paragraph::new(lines), rest);
}

/// The ladder, and what is asked below it. While a person is asked no rung is opened, so that all show.
fn climb(app: &App, wizard: &Wizard, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let below = climb::below(app.sight(), wizard, width);
    let height = usize::from(area.height).saturating_sub(below.len());
    let asks = matches!(climb::stands(&app.snapshot, wizard), Stands::Unknown(_));
    let mut lines = match app.page() {
        Some(open) if asks => page::ladder(open, app.ink(), width, height.max(1)),
        Some(open) => page::body(open, app.ink(), width, height.max(1)).into_iter().map(|(_, line)| line).collect(),
        None => Vec::new(),
    };
    lines.truncate(height);
    lines.extend(below);
    lines
}
