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
use super::{keys, overlay, screen, update, wizard};

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    frame.render_widget(Block::new().style(app.theme.style(Role::Text)), area);
    let Some(places) = layout::places(app) else {
        tiny(frame, app, area);
        return;
    };
    if let Some(reading) = screen::key::code(app) {
        screen::key::draw_code(frame, app, reading, area);
        return over(frame, app);
    }
    head(frame, app, places.head);
    match app.screen {
        _ if app.setup.page.is_some() => screen::setup::draw(frame, app, layout::body(&places)),
        _ if app.keyring.page.is_some() => screen::key::draw(frame, app, layout::body(&places)),
        _ if app.wizard.is_some() => screen::wizard::draw(frame, app, layout::body(&places)),
        _ if app.diagnosis.is_some() => screen::diagnosis::draw(frame, app, layout::body(&places)),
        Screen::Tunnels => screen::tunnels::draw(frame, app, &places),
        Screen::Bastions => screen::bastions::draw(frame, app, &places),
        Screen::Keys => screen::keys::draw(frame, app, &places),
        Screen::Journal => screen::journal::draw(frame, app, &places),
    }
    foot(frame, app, &places);
    over(frame, app);
}

/// What lies over the screen.
fn over(frame: &mut Frame<'_>, app: &App) {
    for layer in &app.overlays {
        let obstacle = |action| update::obstacle(app, action);
        overlay::draw(frame, overlay::Sight { ink: app.ink(), keymap: &app.keymap, obstacle: &obstacle }, layer);
    }
    if app.ascii {
        spell_in_ascii(frame);
    }
}

/// Whatever is drawn, and wherever its text is from: a terminal that only speaks ASCII gets ASCII.
fn spell_in_ascii(frame: &mut Frame<'_>) {
    for cell in frame.buffer_mut().content.iter_mut().filter(|cell| !cell.symbol().is_ascii()) {
        let plain = match cell.symbol() {
            "…" => "~",
            "·" => "-",
            "›" | "→" | "▸" => ">",
            "•" => "*",
            _ => "?",
        };
        cell.set_symbol(plain);
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

/// The counts in words, or by glyph where words do not fit.
fn summary(app: &App, short: bool) -> Vec<Span<'static>> {
    let theme = &app.theme;
    let mut spans = Vec::new();
    for (state, count) in counts(app) {
        if !spans.is_empty() {
            spans.push(Span::styled(if short { "  " } else { " · " }, theme.style(Role::Muted)));
        }
        let words = match (short, state) {
            (true, _) => format!("{} {count}", app.ink().glyph(state.glyph())),
            (false, State::UpWithFault) => format!("{count} with a fault"),
            (false, _) => format!("{count} {}", state.word()),
        };
        spans.push(Span::styled(words, theme.style(state.role())));
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

fn head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.theme;
    let mut spans = vec![Span::styled(" adit ", theme.style(Role::Title))];
    if let Some(badge) = &app.badge {
        spans.push(Span::styled(format!("[{badge}] "), theme.style(Role::Unproven)));
    }
    // The figures of the screens' keys mean commands on a page.
    let tabs = if app.is_on_page() { Vec::new() } else { layout::tab_labels(app) };
    for (screen, label) in tabs {
        let role = if screen == app.screen { Role::TabActive } else { Role::Tab };
        spans.push(Span::styled(format!(" {label} "), theme.style(role)));
    }
    let clock = app.clock(app.now, "%H:%M");
    let clock = Span::styled(format!("   {clock} "), theme.style(Role::Muted));
    let edge = Span::styled(" ", theme.style(Role::Muted));
    let mut offers = if app.link == Link::Gone {
        vec![vec![Span::styled("the service is gone ", theme.style(Role::Failed))]]
    } else {
        vec![[summary(app, false), vec![clock.clone()]].concat(), [summary(app, true), vec![clock]].concat()]
    };
    offers.push([summary(app, true), vec![edge]].concat());
    let used: usize = spans.iter().map(Span::width).sum();
    let room = usize::from(area.width).saturating_sub(used);
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
    let fits = |offer: &Vec<Span<'static>>| offer.iter().map(Span::width).sum::<usize>() <= room;
    if let Some(right) = offers.into_iter().find(fits) {
        frame.render_widget(Paragraph::new(Line::from(right)).alignment(Alignment::Right), area);
    }
}

fn foot(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let theme = &app.theme;
    let width = usize::from(places.foot.width);
    if !app.is_on_page() && app.list().is_some_and(|list| list.filtering) {
        let mut spans = vec![Span::styled(" / ", theme.style(Role::Key))];
        if let Some(list) = app.list() {
            spans.extend(list.filter.line(width.saturating_sub(34), theme).spans);
        }
        spans.push(Span::styled("  enter keeps · esc clears", theme.style(Role::Muted)));
        frame.render_widget(Paragraph::new(Line::from(spans)), places.foot);
        return;
    }
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
    // What lies over the screen takes the keys and says which; so does what is filled in.
    let typing = app
        .setup
        .page
        .as_ref()
        .map_or(app.wizard.is_some() || app.keyring.filling().is_some(), |page| page.pasting.is_some());
    if app.overlays.is_empty() && !typing {
        frame.render_widget(Paragraph::new(hints(app, width)), places.foot);
    }
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
            && app.scopes().contains(&action.scope())
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

/// The numbers, and below them what is not well, for screens too small for anything else.
fn tiny(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let width = usize::from(area.width);
    if !app.overlays.is_empty() {
        let words = text::wrap("Something is asked here: enlarge the window to see it. esc leaves it.", width);
        let lines: Vec<_> = words.into_iter().map(|line| Line::styled(line, app.theme.style(Role::NeedsYou))).collect();
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let words = Line::from(summary(app, false));
    let page = app.wizard.as_ref().map(|made| wizard::tiny(app.ink(), made, width));
    let key = app.keyring.page.as_ref().map(|page| keys::tiny(app.key_sight(), page, width));
    let page = screen::setup::tiny(app, width).or(page);
    if let Some(lines) = page.or(key).or_else(|| screen::diagnosis::tiny(app, width)) {
        frame.render_widget(Paragraph::new(lines), area);
        return;
    }
    let mut lines = vec![if words.width() <= width { words } else { Line::from(summary(app, true)) }];
    let mut ill: Vec<_> = app.snapshot.tunnels.iter().filter(|tunnel| !tunnel.is_healthy()).collect();
    // What waits for a person first.
    ill.sort_by_key(|tunnel| !matches!(State::of(tunnel), State::NeedsYou | State::Failed | State::UpWithFault));
    lines.extend(ill.into_iter().take(usize::from(area.height).saturating_sub(1)).map(|tunnel| {
        let state = State::of(tunnel);
        let words = format!("{} {} {}", app.ink().glyph(state.glyph()), tunnel.name, state.word());
        Line::styled(text::cut(&words, width), app.theme.style(state.role()))
    }));
    if lines.len() < usize::from(area.height) {
        let quit = app.keymap.key(Action::Quit).map(|key| key.to_string()).unwrap_or_default();
        lines.push(Line::styled(format!("{quit} quits"), app.theme.style(Role::Muted)));
    }
    frame.render_widget(Paragraph::new(lines), area);
}
