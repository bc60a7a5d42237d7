//! A list in columns: head, visible lines, the selected one marked. Only the lines that show are laid out.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::tui::app::App;
use crate::tui::layout;
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// A pane with a table. `lines` are drawn from the first visible one on.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect, title: &str, head: &str, lines: Vec<Line<'static>>) {
    let mut caption = vec![Span::styled(format!(" {title} "), app.theme.style(Role::Title))];
    let filter = app.filter();
    if !filter.is_empty() && !app.list().is_some_and(|list| list.filtering) {
        caption.push(Span::styled(format!("/ {} ", text::cut(filter, 24)), app.theme.style(Role::Accent)));
    }
    let framed = pane::pane(app.ink(), Line::from(caption), true);
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let width = usize::from(inner.width);
    let mut out = vec![Line::styled(text::fit(head, width), app.theme.style(Role::Header))];
    let first = layout::first_line(app);
    let selected = app.selected();
    for (index, mut line) in lines.into_iter().enumerate() {
        if selected == Some(first + index) {
            let missing = width.saturating_sub(line.width());
            line.push_span(Span::raw(" ".repeat(missing)));
            line = mark(line, app);
        }
        out.push(line);
    }
    frame.render_widget(Paragraph::new(out), inner);
}

/// The selected line keeps its own colours where the theme's selection has none.
fn mark(line: Line<'static>, app: &App) -> Line<'static> {
    let selection = app.theme.style(Role::Selection);
    let spans = line.spans.into_iter().map(|span| {
        let mut style = span.style;
        style.bg = selection.bg;
        style = style.add_modifier(selection.add_modifier);
        Span::styled(span.content, style)
    });
    Line::from(spans.collect::<Vec<_>>())
}

/// What a pane says when its list is empty.
pub(super) fn empty(app: &App, words: &[&str]) -> Vec<Line<'static>> {
    words.iter().map(|words| Line::styled((*words).to_owned(), app.theme.style(Role::Muted))).collect()
}
