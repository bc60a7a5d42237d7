//! adit's own keys: one line each, and the selected one's public half. Private halves are never shown.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::detail::age;
use super::table;
use crate::model::KeyStatus;
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
                1 => "1 use".to_owned(),
                n => format!("{n} uses"),
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
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let roomy = facts(app, key, width, true);
    let lines = if roomy.len() > height { facts(app, key, width, false) } else { roomy };
    frame.render_widget(Paragraph::new(cut_short(app, lines, height)), inner);
}

/// What is known of a key; where there is less room without what its line says as well.
fn facts(app: &App, key: &KeyStatus, width: usize, roomy: bool) -> Vec<Line<'static>> {
    let fact = |name: &str, value: &str| table::fact(app, (name, 13), value, Role::Text, width);
    let made = key.created.map_or_else(|| "unknown".to_owned(), |at| format!("{} ago", text::span(age(app.now, at))));
    let used: Vec<&str> = key.used_by.iter().map(|name| name.as_str()).collect();
    let broken = key.broken.iter().flat_map(|why| text::wrap(why, width));
    let mut lines: Vec<_> = broken.map(|line| Line::styled(line, app.theme.style(Role::Failed))).collect();
    lines.extend(fact("type", &format!("{}, {} bits", key.key_type, key.bits)));
    lines.extend(fact("fingerprint", &key.fingerprint));
    if roomy {
        lines.extend(fact("comment", &key.comment));
    }
    lines.extend(fact("passphrase", if key.encrypted { "yes" } else { "none: the file itself is the secret" }));
    if roomy {
        lines.extend(fact("made", &made));
    }
    lines.extend(fact("used by", &if used.is_empty() { "nothing".to_owned() } else { used.join(", ") }));
    if roomy {
        lines.push(Line::default());
    }
    lines.push(Line::styled("public key (one line; y copies it as one)", app.theme.style(Role::Muted)));
    let public = text::wrap(&key.public_key, width).into_iter();
    lines.extend(public.map(|line| Line::styled(line, app.theme.style(Role::Accent))));
    lines
}

/// Half a key looks like a whole one: where it ends early the last line says so.
fn cut_short(app: &App, mut lines: Vec<Line<'static>>, height: usize) -> Vec<Line<'static>> {
    if lines.len() > height {
        lines.truncate(height.saturating_sub(1));
        lines.push(Line::styled("… and more; y copies all of it", app.theme.style(Role::Muted)));
    }
    lines
}
