//! The page of a diagnosis, framed. What stands in it is the page's own business.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::layout;
use crate::tui::page;
use crate::tui::theme::Role;
use crate::tui::widget::{badge, pane, text};

/// Draws the page.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(open) = app.page() else { return };
    let title = Span::styled(format!(" Diagnosis of {} ", open.page.subject.words()), app.theme.style(Role::Title));
    let mut framed = pane::pane(app.ink(), Line::from(title), true);
    if let Some(shown) = open.shown() {
        let (words, role) = page::verdict(&shown.report);
        framed = framed.title(Line::styled(format!(" {words} "), app.theme.style(role)).right_aligned());
        let when = app.clock(shown.at, "%H:%M:%S");
        let key = app.keymap.key(Action::Compare).filter(|_| shown.before.is_some() && shown.report.finished);
        let last = key.map(|key| format!(" · {key} compares with the run before")).unwrap_or_default();
        let foot = format!(" begun {when}{last} ");
        framed = framed.title_bottom(Line::styled(foot, app.theme.style(Role::Muted)).right_aligned());
    }
    frame.render_widget(framed, area);
    let inner = layout::inside(area);
    let lines = page::body(open, app.ink(), usize::from(inner.width), usize::from(inner.height));
    let lines: Vec<Line<'static>> = lines.into_iter().map(|(_, line)| line).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The page in as few words as there are, for screens too small for more.
pub(crate) fn tiny(app: &App, width: usize) -> Option<Vec<Line<'static>>> {
    let open = app.page()?;
    let mut lines = Vec::new();
    match open.shown() {
        Some(shown) => {
            let (words, role) = page::verdict(&shown.report);
            lines.push(Line::styled(
                text::cut(&format!("{}: {words}", open.page.subject.words()), width),
                app.theme.style(role),
            ));
            let cause = shown.report.cause();
            let code = cause.and_then(|cause| cause.code).map(|code| code.as_str().replace('_', " "));
            let turn = cause.and_then(|cause| cause.owner).map(badge::turn);
            let words = [code, turn].into_iter().flatten().collect::<Vec<_>>().join(" · ");
            lines.push(Line::styled(text::cut(&words, width), app.theme.style(Role::Text)));
        }
        None => {
            lines.push(Line::styled(text::cut(open.page.subject.name().as_str(), width), app.theme.style(Role::Muted)))
        }
    }
    lines.push(Line::styled(text::cut("esc back", width), app.theme.style(Role::Muted)));
    Some(lines)
}
