//! adit's own keys: one line each, and what is known of the selected one. Private halves are never shown.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};
use unicode_width::UnicodeWidthStr;

use super::table;
use crate::model::KeyStatus;
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::keys::age;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::{pane, text};

/// From this width a line has room for passphrase and age.
const WIDE: usize = 58;

/// Cells of the columns behind the name.
const TYPE: usize = 13;
const LOCK: usize = 11;
const AGE: usize = 7;

/// Stands behind whoever uses a key.
const ROTATING: &str = " (rotating)";

/// From this many cells the last column has room for that even if not for all of them.
const BOTH: usize = 20;

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let shown = app.keys();
    let lines: Vec<Line<'static>> = shown
        .iter()
        .skip(layout::first_line(app))
        .take(layout::list_height(app))
        .map(|key| line(app, key, width))
        .collect();
    let lines = match (lines.is_empty(), app.snapshot.keys.is_empty()) {
        (true, true) => nothing(app, width),
        (true, false) => table::empty(app, &["", " No key has these letters. esc clears the filter."]),
        _ => lines,
    };
    let (name, used) = columns(width);
    let middle = if width >= WIDE {
        format!("{}{}{}", text::fit("Type", TYPE), text::fit("Encrypted", LOCK), text::fit("Age", AGE))
    } else {
        text::fit("Type", TYPE)
    };
    let head = format!(" {} {middle}{}", text::fit("Name", name), text::fit("Used by", used));
    table::draw(frame, app, places.list, "Keys", &head, lines);
    if places.detail.height > 2 {
        detail(frame, app, places, app.selected().and_then(|index| shown.get(index).copied()));
    }
}

/// The widths of the first and the last column.
fn columns(width: usize) -> (usize, usize) {
    let name = if width >= WIDE { (width / 4).clamp(14, 24) } else { (width / 3).clamp(8, 22) };
    let middle = if width >= WIDE { TYPE + LOCK + AGE } else { TYPE };
    (name, width.saturating_sub(name + middle + 2))
}

fn line(app: &App, key: &KeyStatus, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let (name, used) = columns(width);
    let mut spans = vec![Span::styled(format!(" {} ", text::fit(key.name.as_str(), name)), theme.style(Role::Text))];
    if let Some(why) = &key.broken {
        spans.push(Span::styled(text::cut(why, width.saturating_sub(name + 2)), theme.style(Role::Failed)));
        return Line::from(spans);
    }
    spans.push(Span::styled(text::fit(&format!("{} {}", key.key_type, key.bits), TYPE), theme.style(Role::Muted)));
    if width >= WIDE {
        let lock = if key.encrypted { "yes" } else { "no" };
        spans.push(Span::styled(text::fit(lock, LOCK), theme.style(Role::Muted)));
        let age = key.created.map(|at| text::span(super::detail::age(app.now, at))).unwrap_or_default();
        // The larger unit is enough here.
        let age = age.split(' ').take(2).collect::<Vec<_>>().join(" ");
        spans.push(Span::styled(text::fit(&age, AGE), theme.style(Role::Muted)));
    }
    let names: Vec<&str> = key.used_by.iter().map(|name| name.as_str()).collect();
    let words = match (names.is_empty(), &key.needed_by) {
        (false, _) => names.join(", "),
        (true, Some(_)) => "a draft".to_owned(),
        (true, None) => "nothing".to_owned(),
    };
    if key.rotation.is_none() || used < BOTH.min(words.width() + ROTATING.len()) {
        // Who uses it comes first; the rotation is said of the selected one as well.
        spans.push(Span::styled(text::fit(&words, used), theme.style(Role::Muted)));
        return Line::from(spans);
    }
    let words = text::cut(&words, used.saturating_sub(ROTATING.len()));
    let rest = used.saturating_sub(words.width());
    spans.push(Span::styled(words, theme.style(Role::Muted)));
    spans.push(Span::styled(text::fit(ROTATING, rest), theme.style(Role::Connecting)));
    Line::from(spans)
}

/// What to do where there is no key.
fn nothing(app: &App, width: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let muted = |words: &str| Line::styled(format!(" {words}"), theme.style(Role::Muted));
    let mut lines = vec![Line::default()];
    let why = "No keys yet. A key opens the login on a bastion: its public half goes to the bastion's admin, its private half \
               stays here. Setting up a tunnel makes one.";
    lines.extend(text::wrap(why, width.saturating_sub(2).min(90)).iter().map(|line| muted(line)));
    lines.push(Line::default());
    for (action, words) in [
        (Action::NewKey, "makes a key"),
        (Action::ImportKey, "takes one over, from a file or a paste"),
        (Action::Tunnels, "shows the tunnels; n there sets one up, its key as well"),
    ] {
        let key = app.keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        lines.push(Line::from(vec![
            Span::styled(format!(" {}", text::fit(&key, 4)), theme.style(Role::Key)),
            Span::styled(text::cut(words, width.saturating_sub(6)), theme.style(Role::KeyLabel)),
        ]));
    }
    lines
}

fn detail(frame: &mut Frame<'_>, app: &App, places: &Places, selected: Option<&KeyStatus>) {
    let title = selected.map_or_else(String::new, |key| format!(" {} ", key.name));
    let framed =
        pane::pane(app.ink(), Line::styled(title, app.theme.style(Role::Title)), false).padding(Padding::horizontal(1));
    let inner = framed.inner(places.detail);
    frame.render_widget(framed, places.detail);
    let Some(key) = selected else { return };
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let mut lines = facts(app, key, width, true);
    if lines.len() > height {
        lines = facts(app, key, width, false);
    }
    let more = limited(app, key, width);
    if lines.len() + more.len() <= height {
        lines.extend(more);
    }
    frame.render_widget(Paragraph::new(cut_short(app, lines, height)), inner);
}

/// What is known of a key; where there is less room without what its line says as well.
fn facts(app: &App, key: &KeyStatus, width: usize, roomy: bool) -> Vec<Line<'static>> {
    let fact = |name: &str, value: &str| table::fact(app, (name, 13), value, Role::Text, width);
    let broken = key.broken.iter().flat_map(|why| text::wrap(why, width));
    let mut lines: Vec<_> = broken.map(|line| Line::styled(line, app.theme.style(Role::Failed))).collect();
    if key.public_key.is_empty() {
        return lines;
    }
    lines.extend(fact("type", &format!("{}, {} bits", key.key_type, key.bits)));
    lines.extend(fact("fingerprint", &key.fingerprint));
    if roomy {
        lines.extend(fact("comment", &key.comment));
    }
    lines.extend(fact("passphrase", if key.encrypted { "yes" } else { "none: the file itself is the secret" }));
    if roomy {
        lines.extend(fact("made", &age(app.now, key.created)));
    }
    lines.extend(fact("used by", key.needed_by.as_deref().unwrap_or("nothing")));
    if key.rotation.is_some() {
        let words = "a second key waits for the bastion's admin; r shows both lines";
        lines.extend(table::fact(app, ("rotation", 13), words, Role::Connecting, width));
    }
    if roomy {
        lines.push(Line::default());
    }
    lines.push(Line::styled("public key (one line; y copies it as one)", app.theme.style(Role::Muted)));
    let public = text::fold(&key.public_key, width).into_iter();
    lines.extend(public.map(|line| Line::styled(line, app.theme.style(Role::Accent))));
    lines
}

/// The finished line for the bastion.
fn limited(app: &App, key: &KeyStatus, width: usize) -> Vec<Line<'static>> {
    if key.authorized_key.is_empty() {
        return Vec::new();
    }
    let head = "line for authorized_keys (Y copies it as one)";
    let mut lines = vec![Line::default(), Line::styled(head, app.theme.style(Role::Muted))];
    let line = text::fold(&key.authorized_key, width).into_iter();
    lines.extend(line.map(|part| Line::styled(part, app.theme.style(Role::Accent))));
    lines
}

/// Half a key looks like a whole one: where it ends early the last line says so.
fn cut_short(app: &App, mut lines: Vec<Line<'static>>, height: usize) -> Vec<Line<'static>> {
    if lines.len() > height {
        lines.truncate(height.saturating_sub(1));
        lines.push(Line::styled("… and more; enter shows all of it", app.theme.style(Role::Muted)));
    }
    lines
}
