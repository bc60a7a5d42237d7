//! What is known of the selected tunnel: its way, what is wrong and what helps, its traffic, what to connect with.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::path;
use crate::model::{Phase, Proof, TunnelStatus};
use crate::tui::action::Action;
use crate::tui::app::App;
use crate::tui::theme::Role;
use crate::tui::update;
use crate::tui::widget::badge::{self, State};
use crate::tui::widget::{pane, spark, text};

/// From this height there is room for blank lines, and for long ones in full.
const ROOMY: usize = 15;

/// Draws the pane.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, tunnel: &TunnelStatus, area: Rect) {
    let title = Line::styled(format!(" {} ", tunnel.name), app.theme.style(Role::Title));
    let framed = pane::pane(app.ink(), title, false).padding(Padding::horizontal(1));
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let (width, height) = (usize::from(inner.width), usize::from(inner.height));
    let roomy = height >= ROOMY;
    let gap = || if roomy { vec![Line::default()] } else { Vec::new() };
    let mut lines = vec![state_line(app, tunnel, width)];
    lines.extend(gap());
    let cramped = tunnel.fault.is_some() && !roomy;
    lines.extend(path::lines(app, tunnel, width).into_iter().take(if cramped { 1 } else { 2 }));
    let wrong = trouble(app, tunnel, width);
    if !wrong.is_empty() {
        lines.extend(gap());
        lines.extend(wrong);
    }
    let has_traffic = tunnel.fault.is_none() || tunnel.connections.total > 0;
    // What is wrong comes first; the rest as far as it fits.
    for part in [
        if tunnel.phase == Phase::Up && has_traffic { traffic(app, tunnel, width, roomy) } else { Vec::new() },
        connecting(app, tunnel, width, roomy),
        warnings(app, tunnel, width),
    ] {
        if !part.is_empty() && lines.len() + part.len() <= height {
            lines.extend(gap());
            lines.extend(part);
        }
    }
    let room = height.saturating_sub(lines.len() + 1);
    lines.extend(events(app, tunnel, width, room, roomy));
    frame.render_widget(Paragraph::new(lines), inner);
}

fn state_line(app: &App, tunnel: &TunnelStatus, width: usize) -> Line<'static> {
    let state = State::of(tunnel);
    let since = tunnel
        .since
        .filter(|_| state != State::Stopped)
        .map(|since| format!(" for {}", text::span(age(app.now, since))));
    let left = format!("{} {}{}", app.ink().glyph(state.glyph()), state.word(), since.unwrap_or_default());
    let mut right = tunnel.database.kind.to_string();
    for tag in &tunnel.tags {
        right.push_str(&format!(" #{tag}"));
    }
    let right = text::cut(&right, width.saturating_sub(left.chars().count() + 2));
    let gap = width.saturating_sub(left.chars().count() + right.chars().count());
    Line::from(vec![
        Span::styled(left, app.theme.style(state.role())),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, app.theme.style(Role::Muted)),
    ])
}

/// What is wrong, whose turn it is, and what helps.
fn trouble(app: &App, tunnel: &TunnelStatus, width: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let Some(fault) = &tunnel.fault else { return Vec::new() };
    let role = State::of(tunnel).role();
    let mut lines: Vec<Line<'static>> = text::wrap(&fault.message, width)
        .into_iter()
        // Two fingerprints in full.
        .take(6)
        .map(|line| Line::styled(line, theme.style(role)))
        .collect();
    let turn = badge::turn(fault.owner);
    lines.push(Line::from(vec![
        Span::styled(fault.code.as_str().replace('_', " "), theme.style(Role::Muted)),
        Span::styled(" ▸ ", theme.style(Role::Muted)),
        Span::styled(turn, theme.style(Role::Text)),
    ]));
    if tunnel.question.is_some() {
        lines.push(Line::styled("press a to answer", theme.style(Role::NeedsYou)));
    }
    for advice in fault.advice.iter().take(2) {
        lines.extend(
            text::wrap(&advice.text, width).into_iter().take(3).map(|line| Line::styled(line, theme.style(Role::Text))),
        );
        if let Some(command) = &advice.command {
            // In full, so that it can be read out and copied by hand; Y copies the first.
            lines.extend(
                text::wrap(command, width.saturating_sub(2))
                    .into_iter()
                    .map(|line| Line::styled(format!("  {line}"), theme.style(Role::Accent))),
            );
        }
    }
    lines
}

fn traffic(app: &App, tunnel: &TunnelStatus, width: usize, roomy: bool) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let rates = app.rates.get(&tunnel.name).cloned().unwrap_or_default();
    let row = |label: &str, values: &[f64], role: Role| {
        let spark_width = width.saturating_sub(8 + 12).clamp(4, 120);
        Line::from(vec![
            Span::styled(text::fit(label, 8), theme.style(Role::Muted)),
            spark::line(values, spark_width, theme.style(role), app.ascii),
            Span::styled(text::right(&text::rate(values.last().copied().unwrap_or(0.0)), 12), theme.style(Role::Text)),
        ])
    };
    let count = |n: u64, one: &str, many: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {many}") };
    let connections = format!(
        "{} now, {} in all, {}",
        count(tunnel.connections.open, "connection", "connections"),
        tunnel.connections.total,
        count(tunnel.reconnects, "reconnect", "reconnects"),
    );
    let answered =
        tunnel.answered_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", text::span(age(app.now, at))));
    let proof = match tunnel.proof {
        Some(Proof::Forward) => format!("the last forward opened; the session answered {answered}"),
        Some(Proof::Session) => format!("the session answered {answered}; no forward proven yet"),
        Some(Proof::Stale) => format!("nothing provable: a client here has stopped reading; last answer {answered}"),
        None => String::new(),
    };
    let mut lines = vec![
        row("from db", &rates.from_database, Role::FromDatabase),
        row("to db", &rates.to_database, Role::ToDatabase),
        Line::styled(text::cut(&connections, width), theme.style(Role::Text)),
    ];
    let proof = in_lines(&proof, width, roomy).into_iter();
    lines.extend(proof.map(|line| Line::styled(line, theme.style(Role::Muted))));
    lines
}

/// Words in full where there is room, else as much of them as one line holds.
fn in_lines(words: &str, width: usize, roomy: bool) -> Vec<String> {
    if roomy { text::wrap(words, width) } else { vec![text::cut(words, width)] }
}

/// What to connect with, and the keys for it.
fn connecting(app: &App, tunnel: &TunnelStatus, width: usize, roomy: bool) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let offer = |action: Action, words: &str| -> Vec<Line<'static>> {
        let key = app.keymap.key(action).map(|key| key.to_string()).unwrap_or_default();
        let shown = in_lines(words, width.saturating_sub(8), roomy).into_iter().enumerate();
        let line = |(index, words): (usize, String)| {
            Line::from(vec![
                Span::styled(text::fit(if index == 0 { &key } else { "" }, 8), theme.style(Role::Key)),
                Span::styled(words, theme.style(Role::Accent)),
            ])
        };
        shown.map(line).collect()
    };
    let mut lines = Vec::new();
    if tunnel.phase == Phase::Stopped {
        lines.extend(offer(Action::Toggle, "brings it up"));
    }
    lines.extend(update::connection_string(tunnel).iter().flat_map(|url| offer(Action::Copy, url)));
    if tunnel.phase == Phase::Up {
        lines.extend(update::client_command(tunnel).iter().flat_map(|command| offer(Action::OpenClient, command)));
    }
    lines
}

fn warnings(app: &App, tunnel: &TunnelStatus, width: usize) -> Vec<Line<'static>> {
    let style = app.theme.style(Role::Unproven);
    let words = tunnel.warnings.iter().map(|warning| text::cut(&format!("! {warning}"), width));
    words.map(|words| Line::styled(words, style)).collect()
}

/// The last things that happened to it, as many as fit.
fn events(app: &App, tunnel: &TunnelStatus, width: usize, room: usize, roomy: bool) -> Vec<Line<'static>> {
    let mut own: Vec<_> = app
        .snapshot
        .journal
        .iter()
        .filter(|entry| entry.tunnel.as_ref() == Some(&tunnel.name))
        .rev()
        .take(room.min(6))
        .collect();
    own.reverse();
    if own.is_empty() {
        return Vec::new();
    }
    let told = own.into_iter().flat_map(|entry| {
        let time = app.clock(entry.at, "%H:%M:%S");
        let lines = in_lines(&entry.message, width.saturating_sub(time.len() + 1), roomy).into_iter().enumerate();
        let indent = " ".repeat(time.len());
        lines.map(move |(index, words)| format!("{} {words}", if index == 0 { &time } else { &indent }))
    });
    let told: Vec<String> = told.collect();
    // The newest are at the end.
    let shown = told.get(told.len().saturating_sub(room)..).unwrap_or_default();
    let muted = |words: &String| Line::styled(words.clone(), app.theme.style(Role::Muted));
    std::iter::once(Line::default()).chain(shown.iter().map(muted)).collect()
}

/// How long ago; never negative.
pub(super) fn age(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}
