//! The tunnels: the list is the truth, the other pane the selected one.

use std::time::Duration;

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use super::{path, table};
use crate::model::{Phase, Proof, TunnelStatus};
use crate::tui::app::{App, Link};
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::update;
use crate::tui::widget::badge::State;
use crate::tui::widget::{pane, spark, text};

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let columns = Columns::fit(width);
    let shown = app.tunnels();
    let first = layout::first_line(app);
    let mut lines: Vec<Line<'static>> =
        shown.iter().skip(first).take(layout::list_height(app)).map(|tunnel| columns.line(app, tunnel)).collect();
    if lines.is_empty() {
        lines = match (app.link, app.snapshot.tunnels.is_empty()) {
            (Link::Waiting, _) => table::empty(app, &[" asking the service …"]),
            (_, true) => table::empty(
                app,
                &[
                    "",
                    " No tunnels yet. In a shell:",
                    "   adit bastion add NAME --host HOST --user USER",
                    "   adit tunnel add NAME --bastion B --database KIND --host HOST",
                    " or look around first: adit demo",
                ],
            ),
            (_, false) => table::empty(app, &["", " No tunnel has these letters; esc clears the filter."]),
        };
    }
    table::draw(frame, app, places.list, "Tunnels", &columns.head(), lines);
    if places.detail.height > 2 {
        match app.tunnel() {
            Some(tunnel) => detail(frame, app, tunnel, places.detail),
            None => frame.render_widget(pane::pane(app.ink(), "", false), places.detail),
        }
    }
}

/// The widths of the list's columns.
struct Columns {
    name: usize,
    local: usize,
    kind: usize,
    last: usize,
}

impl Columns {
    fn fit(width: usize) -> Self {
        let rest = width.saturating_sub(4);
        let last = if rest >= 60 { 20 } else { 16 };
        let kind = if rest >= 50 { 11 } else { 0 };
        let local = if rest >= 34 { 17 } else { 0 };
        Self { name: rest.saturating_sub(last + kind + local).clamp(6, 34), local, kind, last }
    }

    fn head(&self) -> String {
        let mut head = format!("   {} ", text::fit("Name", self.name));
        if self.local > 0 {
            head.push_str(&text::fit("Local", self.local));
        }
        if self.kind > 0 {
            head.push_str(&text::fit("Database", self.kind));
        }
        head.push_str(&text::right("RTT", self.last.saturating_sub(1)));
        head
    }

    fn line(&self, app: &App, tunnel: &TunnelStatus) -> Line<'static> {
        let theme = &app.theme;
        let state = State::of(tunnel);
        let mut spans = vec![
            Span::styled(format!(" {} ", state.glyph(app.ascii)), theme.style(state.role())),
            Span::styled(format!("{} ", text::fit(tunnel.name.as_str(), self.name)), theme.style(Role::Text)),
        ];
        if self.local > 0 {
            let local = tunnel.listen.as_ref().map_or_else(|| "not chosen".to_owned(), ToString::to_string);
            spans.push(Span::styled(
                text::fit(&text::cut(&local, self.local - 1), self.local),
                theme.style(Role::Muted),
            ));
        }
        if self.kind > 0 {
            spans.push(Span::styled(text::fit(tunnel.database.kind.as_str(), self.kind), theme.style(Role::Muted)));
        }
        let (words, role) = last_column(tunnel, state);
        spans.push(Span::styled(text::right(&words, self.last.saturating_sub(1)), theme.style(role)));
        Line::from(spans)
    }
}

/// The round trip while all is well, else what is not.
fn last_column(tunnel: &TunnelStatus, state: State) -> (String, Role) {
    let fault = tunnel.fault.as_ref();
    let words = match state {
        State::Up if tunnel.proof == Some(Proof::Session) => "session only".to_owned(),
        State::Up => tunnel.rtt_ms.map_or_else(|| "up".to_owned(), text::round_trip),
        State::Unproven => {
            format!("unproven {}", text::span(Duration::from_secs_f64(tunnel.unproven_s.unwrap_or(0.0).max(0.0))))
        }
        State::Connecting => tunnel.rung.map_or_else(|| state.word().to_owned(), |rung| format!("at {rung}")),
        State::Retrying if tunnel.phase == Phase::Waiting => {
            let left = fault.and_then(|fault| fault.retry_in_s).unwrap_or(0.0).max(0.0).ceil();
            format!("retry {left:.0} s")
        }
        State::Failed | State::UpWithFault => {
            fault.map_or_else(|| state.word().to_owned(), |fault| fault.code.as_str().replace('_', " "))
        }
        State::Retrying | State::NeedsYou | State::Closing | State::Stopped => state.word().to_owned(),
    };
    (words, state.role())
}

fn detail(frame: &mut Frame<'_>, app: &App, tunnel: &TunnelStatus, area: Rect) {
    let title = Line::styled(format!(" {} ", tunnel.name), app.theme.style(Role::Title));
    let framed = pane::pane(app.ink(), title, false).padding(Padding::horizontal(1));
    let inner = framed.inner(area);
    frame.render_widget(framed, area);
    let width = usize::from(inner.width);
    let roomy = inner.height >= 14;
    let mut lines = vec![state_line(app, tunnel, width)];
    if roomy {
        lines.push(Line::default());
    }
    lines.extend(path::lines(app, tunnel, width));
    if roomy {
        lines.push(Line::default());
    }
    lines.extend(trouble(app, tunnel, width));
    if tunnel.phase == Phase::Up {
        lines.extend(traffic(app, tunnel, width));
    }
    lines.extend(
        tunnel
            .warnings
            .iter()
            .map(|warning| Line::styled(text::cut(&format!("! {warning}"), width), app.theme.style(Role::Unproven))),
    );
    if let Some(command) = update::client_command(tunnel).or_else(|| update::connection_string(tunnel)) {
        lines.push(Line::styled(text::cut(&command, width), app.theme.style(Role::Accent)));
    }
    let room = usize::from(inner.height).saturating_sub(lines.len() + 1);
    lines.extend(events(app, tunnel, width, room));
    frame.render_widget(Paragraph::new(lines), inner);
}

fn state_line(app: &App, tunnel: &TunnelStatus, width: usize) -> Line<'static> {
    let state = State::of(tunnel);
    let since =
        tunnel.since.filter(|_| state != State::Stopped).map(|since| format!(" {}", text::span(age(app.now, since))));
    let left = format!("{} {}{}", state.glyph(app.ascii), state.word(), since.unwrap_or_default());
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
        .take(3)
        .map(|line| Line::styled(line, theme.style(role)))
        .collect();
    lines.push(Line::from(vec![
        Span::styled(format!("{} · ", fault.code.as_str().replace('_', " ")), theme.style(Role::Muted)),
        Span::styled(format!("for {}", fault.owner.words()), theme.style(Role::Text)),
    ]));
    if tunnel.question.is_some() {
        lines.push(Line::styled("press a to answer", theme.style(Role::NeedsYou)));
    }
    for advice in fault.advice.iter().take(2) {
        lines.extend(
            text::wrap(&advice.text, width).into_iter().take(3).map(|line| Line::styled(line, theme.style(Role::Text))),
        );
        if let Some(command) = &advice.command {
            lines.push(Line::styled(text::cut(&format!("  {command}"), width), theme.style(Role::Accent)));
        }
    }
    lines.push(Line::default());
    lines
}

fn traffic(app: &App, tunnel: &TunnelStatus, width: usize) -> Vec<Line<'static>> {
    let theme = &app.theme;
    let rates = app.rates.get(&tunnel.name).cloned().unwrap_or_default();
    let row = |label: &str, values: &[f64], role: Role| {
        let spark_width = width.saturating_sub(8 + 12).clamp(4, 48);
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
    vec![
        row("from db", &rates.from_database, Role::FromDatabase),
        row("to db", &rates.to_database, Role::ToDatabase),
        Line::styled(text::cut(&connections, width), theme.style(Role::Text)),
        Line::styled(text::cut(&proof, width), theme.style(Role::Muted)),
    ]
}

/// The last things that happened to it, as many as fit.
fn events(app: &App, tunnel: &TunnelStatus, width: usize, room: usize) -> Vec<Line<'static>> {
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
    let mut lines = vec![Line::default()];
    lines.extend(own.into_iter().map(|entry| {
        let time = app.clock(entry.at, "%H:%M:%S");
        Line::styled(text::cut(&format!("{time} {}", entry.message), width), app.theme.style(Role::Muted))
    }));
    lines
}

/// How long ago; never negative.
pub(super) fn age(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}
