//! The set-up for the bastion's admin, framed. What stands in it is the page's own business.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use crate::tui::app::App;
use crate::tui::setup;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};
use crate::tui::{layout, setup::Page};

/// Draws the page.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(page) = app.setup.page.as_deref() else { return };
    let theme = &app.theme;
    let inner = layout::inside(area);
    let laid = setup::lay_out(page, app.ink(), usize::from(inner.width), usize::from(inner.height));
    let more = match laid.below {
        0 => String::new(),
        below if area.width < 60 => format!(" +{below} "),
        below => format!(" {below} more below "),
    };
    let title = format!(" {} ", text::cut(&title(page), usize::from(area.width).saturating_sub(4)));
    let framed = pane::pane(app.ink(), Line::styled(title, theme.style(Role::Title)), true)
        .title_bottom(Line::styled(more, theme.style(Role::Accent)).right_aligned());
    frame.render_widget(framed, area);
    let lines: Vec<Line<'static>> = laid.rows.into_iter().map(|(_, line)| line).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn title(page: &Page) -> String {
    format!("Set-up of {}, for the admin", page.subject.words())
}

/// The page in as few words as there are, for screens too small for more.
pub(crate) fn tiny(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    let page = app.setup.page.as_deref()?;
    let entry = page.entry().map(|entry| entry.title.clone()).unwrap_or_default();
    let lines = [
        (format!("{}: {}", page.subject.words(), page.tab.word()), Role::Title),
        (entry, Role::Text),
        ("esc back".to_owned(), Role::Muted),
    ];
    Some(lines.map(|(words, role)| Line::styled(text::cut(&words, width), app.theme.style(role))).to_vec())
}
