//! A list in columns: head, visible lines, the selected one marked. Only the lines that show are laid out.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::tui::app::{App, Row};
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// What stands over a list.
pub(super) struct Title<'a> {
    name: &'a str,
    /// How it is sorted, what is missing.
    pub(super) extra: Option<String>,
}

impl<'a> From<&'a str> for Title<'a> {
    fn from(name: &'a str) -> Self {
        Self { name, extra: None }
    }
}

/// A pane with a table. `lines` are drawn from the first visible one on.
pub(super) fn draw<'a>(
    frame: &mut Frame<'_>,
    app: &App,
    area: Rect,
    title: impl Into<Title<'a>>,
    head: &str,
    lines: Vec<Line<'static>>,
) {
    let Title { name: title, extra } = title.into();
    let mut caption = vec![Span::styled(format!(" {title} "), app.theme.style(Role::Title))];
    let filter = app.filter();
    if !filter.is_empty() && !app.list().is_some_and(|list| list.filtering) {
        caption.push(Span::styled(format!("/ {} ", text::cut(filter, 24)), app.theme.style(Role::Accent)));
    }
    caption.extend(extra.into_iter().map(|words| Span::styled(format!("{words} "), app.theme.style(Role::Muted))));
    let mut framed = pane::pane(app.ink(), Line::from(caption), true);
    let (rows, all) = (layout::visible(app), app.line_names().len());
    let numbers: Vec<usize> =
        rows.iter().filter_map(|row| if let Row::Line(line) = row { Some(*line) } else { None }).collect();
    if let (Some(first), Some(last)) = (numbers.first(), numbers.last())
        && numbers.len() < all
    {
        let place = format!(" {}-{} of {all} ", first + 1, last + 1);
        framed = framed.title_bottom(Line::styled(place, app.theme.style(Role::Muted)).right_aligned());
    }
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let width = usize::from(inner.width);
    let mut out = vec![Line::styled(text::fit(head, width), app.theme.style(Role::Header))];
    let selected = app.selected().map(Row::Line);
    for (index, mut line) in lines.into_iter().enumerate() {
        if selected.is_some() && rows.get(index) == selected.as_ref() {
            line = pane::selected(line, width, &app.theme);
        }
        out.push(line);
    }
    frame.render_widget(Paragraph::new(out), inner);
}

/// A fact with its name before it; a long one in as many lines as it needs, for what is cut cannot be compared.
pub(super) fn fact(app: &App, name: (&str, usize), value: &str, role: Role, width: usize) -> Vec<Line<'static>> {
    let (name, column) = name;
    let mut values = text::wrap(value, width.saturating_sub(column));
    if values.is_empty() {
        values.push(String::new());
    }
    let line = |(index, value): (usize, String)| {
        Line::from(vec![
            Span::styled(text::fit(if index == 0 { name } else { "" }, column), app.theme.style(Role::Muted)),
            Span::styled(value, app.theme.style(role)),
        ])
    };
    values.into_iter().enumerate().map(line).collect()
}

/// What a pane says when its list is empty.
pub(super) fn empty(app: &App, words: &[&str]) -> Vec<Line<'static>> {
    words.iter().map(|words| Line::styled((*words).to_owned(), app.theme.style(Role::Muted))).collect()
}
