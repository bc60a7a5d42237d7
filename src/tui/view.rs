//! &App → frame. Routing, the head and the foot; each screen draws itself.

use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::action::{Action, Scope};
use super::app::{App, Link, Screen};
use super::layout::{self, Places};
use super::theme::Role;
use super::widget::badge::State;
use super::widget::text;
use super::{overlay, screen, update};

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    frame.render_widget(Block::new().style(app.theme.style(Role::Text)), area);
    let Some(places) = layout::places(app) else {
        tiny(frame, app, area);
        return;
    };
    head(frame, app, places.head);
    match app.screen {
        Screen::Tunnels => screen::tunnels::draw(frame, app, &places),
        Screen::Bastions => screen::bastions::draw(frame, app, &places),
        Screen::Keys => screen::keys::draw(frame, app, &places),
        Screen::Journal => screen::journal::draw(frame, app, &places),
    }
    foot(frame, app, &places);
    for layer in &app.overlays {
        let obstacle = |action| update::obstacle(app, action);
        overlay::draw(frame, app.ink(), &app.keymap, &obstacle, layer);
    }
}

/// How many tunnels are in which state, worst last.
fn counts(app: &App) -> Vec<(State, usize)> {
    let order = [
        State::Up,
        State::Connecting,
        State::Retrying,
        State::Unproven,
        State::UpWithFault,
        State::NeedsYou,
        State::Failed,
    ];
    let count = |state: State| app.snapshot.tunnels.iter().filter(|tunnel| State::of(tunnel) == state).count();
    order.into_iter().map(|state| (state, count(state))).filter(|(_, count)| *count > 0).collect()
}

fn summary(app: &App) -> Vec<Span<'static>> {
    let theme = &app.theme;
    let mut spans = Vec::new();
    for (state, count) in counts(app) {
        if !spans.is_empty() {
            spans.push(Span::styled(" · ", theme.style(Role::Muted)));
        }
        spans.push(Span::styled(format!("{count} {}", state.word()), theme.style(state.role())));
    }
    if spans.is_empty() {
        let words = match (app.link, app.snapshot.tunnels.len()) {
            (Link::Waiting, _) => "asking the service …",
            (_, 0) => "no tunnels",
            _ => "all off",
        };
        spans.push(Span::styled(words, theme.style(Role::Muted)));
    }
    spans
}

/// The same as figures, for a head with little room.
fn short_summary(app: &App) -> Vec<Span<'static>> {
    let figure = |(state, count): (State, usize)| {
        Span::styled(format!("{}{count} ", state.glyph(app.ascii)), app.theme.style(state.role()))
    };
    counts(app).into_iter().map(figure).collect()
}

fn head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.theme;
    let mut spans = vec![Span::styled(" adit ", theme.style(Role::Title))];
    if let Some(badge) = &app.badge {
        spans.push(Span::styled(format!("[{badge}] "), theme.style(Role::Unproven)));
    }
    for (index, screen) in Screen::ALL.into_iter().enumerate() {
        let role = if screen == app.screen { Role::TabActive } else { Role::Tab };
        spans.push(Span::styled(format!(" {} {} ", index + 1, screen.title()), theme.style(role)));
    }
    let (full, short) = if app.link == Link::Gone {
        let gone = |words| vec![Span::styled(words, theme.style(Role::Failed))];
        (gone("the service is gone"), gone("service gone "))
    } else {
        (summary(app), short_summary(app))
    };
    let clock = Span::styled(format!("   {} ", app.clock(app.now, "%H:%M")), theme.style(Role::Muted));
    let with_clock = |mut spans: Vec<Span<'static>>| {
        spans.push(clock.clone());
        Line::from(spans)
    };
    let room = usize::from(area.width).saturating_sub(spans.iter().map(Span::width).sum());
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
    // What is wrong matters more than the time, and figures are better than nothing.
    let right = [with_clock(full), with_clock(short.clone()), Line::from(short)];
    if let Some(right) = right.into_iter().find(|line| line.width() <= room) {
        frame.render_widget(Paragraph::new(right).alignment(Alignment::Right), area);
    }
}

fn foot(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let theme = &app.theme;
    let width = usize::from(places.foot.width);
    if let Some(toast) = &app.toast {
        let role = if toast.error { Role::Failed } else { Role::Accent };
        let line = Line::styled(format!(" {}", text::cut(&toast.text, width.saturating_sub(2))), theme.style(role));
        frame.render_widget(Paragraph::new(line), places.foot);
        return;
    }
    if let Some(error) = &app.snapshot.config_error {
        let words = format!(" configuration not in force: {}", error.lines().next().unwrap_or_default());
        frame.render_widget(
            Paragraph::new(Line::styled(text::cut(&words, width), theme.style(Role::Failed))),
            places.foot,
        );
        return;
    }
    if app.list().is_some_and(|list| list.filtering) {
        let mut spans = vec![Span::styled(" / ", theme.style(Role::Key))];
        if let Some(list) = app.list() {
            spans.extend(list.filter.line(width.saturating_sub(34), theme).spans);
        }
        spans.push(Span::styled("  enter keeps · esc clears", theme.style(Role::Muted)));
        frame.render_widget(Paragraph::new(Line::from(spans)), places.foot);
        return;
    }
    frame.render_widget(Paragraph::new(hints(app, width)), places.foot);
}

/// The keys that can be pressed now, nearest scope first, as many as fit.
fn hints(app: &App, width: usize) -> Line<'static> {
    let theme = &app.theme;
    let mut spans: Vec<Span<'static>> = vec![Span::raw(" ")];
    let mut used = 1;
    let last: Vec<Action> = vec![Action::Help, Action::Quit];
    let tail: usize = last.iter().map(|action| hint_width(app, *action)).sum();
    let offered = Action::ALL.iter().copied().filter(|action| {
        !action.label().is_empty()
            && app.screen.scopes().contains(&action.scope())
            && !last.contains(action)
            && (action.scope() == Scope::Global || update::obstacle(app, *action).is_none())
    });
    for action in offered {
        let wide = hint_width(app, action);
        if used + wide + tail > width {
            continue;
        }
        used += wide;
        push_hint(app, action, &mut spans);
    }
    for action in last {
        push_hint(app, action, &mut spans);
    }
    Line::from(spans).style(theme.style(Role::KeyLabel))
}

fn hint_width(app: &App, action: Action) -> usize {
    let key = app.keymap.key(action).map(|key| key.to_string().chars().count()).unwrap_or(0);
    key + 1 + action.label().chars().count() + 2
}

fn push_hint(app: &App, action: Action, spans: &mut Vec<Span<'static>>) {
    let Some(key) = app.keymap.key(action) else { return };
    spans.push(Span::styled(key.to_string(), app.theme.style(Role::Key)));
    spans.push(Span::styled(format!(" {}  ", action.label()), app.theme.style(Role::KeyLabel)));
}

/// Two lines with the numbers, for screens too small for anything else.
fn tiny(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let worst = app.snapshot.tunnels.iter().filter(|tunnel| !tunnel.is_healthy()).map(|tunnel| tunnel.name.to_string());
    let worst: Vec<String> = worst.collect();
    let second = if worst.is_empty() { "q quits".to_owned() } else { worst.join(" ") };
    let lines = vec![
        Line::from(summary(app)),
        Line::styled(text::cut(&second, usize::from(area.width)), app.theme.style(Role::Muted)),
    ];
    frame.render_widget(Paragraph::new(lines), area);
}
