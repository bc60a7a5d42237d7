//! adit's own keys: one line each, and the selected one's public half. Private halves are never shown.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::detail::age;
use super::table;
use crate::tui::app::App;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let name = (width / 3).clamp(8, 24);
    let shown = app.keys();
    let rest = width.saturating_sub(name + 2);
    let mut lines: Vec<Line<'static>> = shown
        .iter()
        .skip(layout::first_line(app))
        .take(layout::list_height(app))
        .map(|key| {
            let (words, role) = match &key.broken {
                Some(why) => (why.clone(), Role::Failed),
                None => (format!("{} {}", key.key_type, key.bits), Role::Muted),
            };
            let used = match key.used_by.len() {
                0 => "unused".to_owned(),
                1 => "used once".to_owned(),
                n => format!("used by {n}"),
            };
            Line::from(vec![
                Span::styled(format!(" {} ", text::fit(key.name.as_str(), name)), app.theme.style(Role::Text)),
                Span::styled(text::fit(&words, rest.saturating_sub(12)), app.theme.style(role)),
                Span::styled(text::right(&used, 11), app.theme.style(Role::Muted)),
            ])
        })
        .collect();
    if lines.is_empty() {
        lines = table::empty(app, &["", " No keys. In a shell:", "   adit key new NAME"]);
    }
    let head = format!(" {} {}", text::fit("Name", name), text::fit("Type", rest));
    table::draw(frame, app, places.list, "Keys", &head, lines);
    if places.detail.height <= 2 {
        return;
    }
    let selected = app.selected().and_then(|index| shown.get(index));
    let title = selected.map_or_else(String::new, |key| format!(" {} ", key.name));
    let framed =
        pane::pane(app.ink(), Line::styled(title, app.theme.style(Role::Title)), false).padding(Padding::horizontal(1));
    let inner = framed.inner(places.detail);
    frame.render_widget(framed, places.detail);
    let Some(key) = selected else { return };
    let width = usize::from(inner.width);
    let fact = |name: &str, value: &str| {
        Line::from(vec![
            Span::styled(text::fit(name, 13), app.theme.style(Role::Muted)),
            Span::styled(text::cut(value, width.saturating_sub(13)), app.theme.style(Role::Text)),
        ])
    };
    let made = key.created.map_or_else(|| "unknown".to_owned(), |at| format!("{} ago", text::span(age(app.now, at))));
    let used: Vec<&str> = key.used_by.iter().map(|name| name.as_str()).collect();
    let mut lines = vec![
        fact("type", &format!("{}, {} bits", key.key_type, key.bits)),
        fact("fingerprint", &key.fingerprint),
        fact("comment", &key.comment),
        fact("passphrase", if key.encrypted { "yes" } else { "none: the file itself is the secret" }),
        fact("made", &made),
        fact("used by", &if used.is_empty() { "nothing".to_owned() } else { used.join(", ") }),
        Line::default(),
        Line::styled("public key (one line; y copies it as one)", app.theme.style(Role::Muted)),
    ];
    lines.extend(
        text::wrap(&key.public_key, width).into_iter().map(|line| Line::styled(line, app.theme.style(Role::Accent))),
    );
    frame.render_widget(Paragraph::new(lines), inner);
}
