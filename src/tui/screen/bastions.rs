//! The bastions: one line each, and what is known of the selected one.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph};

use unicode_width::UnicodeWidthStr;

use super::detail::age;
use super::table;
use crate::model::{BastionStatus, Name, Phase, TunnelStatus};
use crate::tui::app::App;
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::badge::State;
use crate::tui::widget::{pane, text};

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    let width = usize::from(places.list.width.saturating_sub(2));
    let columns = Columns::fit(app, width);
    let shown = app.bastions();
    let visible = shown.iter().skip(layout::first_line(app)).take(layout::list_height(app));
    let mut lines: Vec<Line<'static>> = visible.map(|bastion| columns.line(app, bastion)).collect();
    if lines.is_empty() {
        lines =
            table::empty(app, &["", " No bastions. In a shell:", "   adit bastion add NAME --host HOST --user USER"]);
    }
    table::draw(frame, app, places.list, "Bastions", &columns.head(), lines);
    if places.detail.height <= 2 {
        return;
    }
    let selected = app.selected().and_then(|index| shown.get(index));
    let title = selected.map_or_else(String::new, |bastion| format!(" {} ", bastion.name));
    let framed =
        pane::pane(app.ink(), Line::styled(title, app.theme.style(Role::Title)), false).padding(Padding::horizontal(1));
    let inner = framed.inner(places.detail);
    frame.render_widget(framed, places.detail);
    let Some(bastion) = selected else { return };
    let width = usize::from(inner.width);
    let fact = |name: &str, value: &str, role: Role| table::fact(app, (name, 12), value, role, width);
    let via: Vec<&str> = bastion.via.iter().map(|name| name.as_str()).collect();
    let mut lines = [
        fact("address", &bastion.endpoint.to_string(), Role::Text),
        fact("user", &bastion.user, Role::Text),
        fact("identity", &bastion.identity, Role::Text),
    ]
    .concat();
    if !via.is_empty() {
        lines.extend(fact("through", &via.join(" → "), Role::Text));
    }
    lines.extend(match &bastion.host_key {
        Some(key) => fact("host key", &format!("{} {}", key.key_type, key.fingerprint), Role::Accent),
        None => fact("host key", "not known yet; asked at the first connection", Role::Unproven),
    });
    lines.extend(match session(app, bastion) {
        Some(age) => fact("session", &format!("for {age}"), Role::Text),
        None => fact("session", "none now", Role::Muted),
    });
    let from = bastion.leaves_from.join(", ");
    lines.extend(match from.is_empty() {
        false => fact("leaves from", &from, Role::Text),
        true => fact("leaves from", "not configured: leaves_from under [preferences]", Role::Muted),
    });
    lines.extend(bastion.warnings.iter().flat_map(|warning| fact("warning", warning, Role::Unproven)));
    lines.push(Line::default());
    for name in &bastion.tunnels {
        let Some(tunnel) = app.snapshot.tunnels.iter().find(|tunnel| tunnel.name == *name) else { continue };
        let state = State::of(tunnel);
        lines.push(Line::from(vec![
            Span::styled(format!("{} ", app.ink().glyph(state.glyph())), app.theme.style(state.role())),
            Span::styled(text::fit(name.as_str(), 18), app.theme.style(Role::Text)),
            Span::styled(text::cut(state.word(), width.saturating_sub(20)), app.theme.style(state.role())),
        ]));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// How long the oldest session to it has lasted: each tunnel that is up has one.
fn session(app: &App, bastion: &BastionStatus) -> Option<String> {
    let of = |tunnel: &&TunnelStatus| tunnel.phase == Phase::Up && tunnel.bastion == bastion.name;
    let since = app.snapshot.tunnels.iter().filter(of).filter_map(|tunnel| tunnel.since).min()?;
    Some(text::span(age(app.now, since)))
}

/// The widths of the list's columns; those without room are left out.
struct Columns {
    name: usize,
    login: usize,
    tunnels: usize,
    session: usize,
    key: usize,
}

impl Columns {
    fn fit(app: &App, width: usize) -> Self {
        let all = &app.snapshot.bastions;
        let longest = |of: &dyn Fn(&BastionStatus) -> usize| all.iter().map(of).max().unwrap_or(0);
        let name = longest(&|bastion| bastion.name.as_str().len()).clamp(4, 24) + 2;
        let login = longest(&|bastion| login(bastion).width()).clamp(8, 48) + 2;
        let mut columns = Self { name, login: 0, tunnels: 9, session: 0, key: 0 };
        // A blank on each side.
        let mut spare = width.saturating_sub(2 + name + columns.tunnels);
        columns.login = login.min(spare);
        spare -= columns.login;
        if spare >= 14 {
            columns.session = 14;
            spare -= 14;
        }
        if spare >= 16 {
            columns.key = spare.min(54);
        }
        columns
    }

    fn head(&self) -> String {
        let session = if self.session > 0 { text::right("Session", self.session) } else { String::new() };
        let key = if self.key > 0 { format!("  {}", text::fit("Host key", self.key - 2)) } else { String::new() };
        let (name, login) = (text::fit("Name", self.name), text::fit("Address", self.login));
        format!(" {name}{login}{}{session}{key}", text::right("Tunnels", self.tunnels))
    }

    fn line(&self, app: &App, bastion: &BastionStatus) -> Line<'static> {
        let theme = &app.theme;
        let fit = |words: &str, width: usize| text::fit(&text::cut(words, width.saturating_sub(1)), width);
        let is_up = |name: &&Name| app.snapshot.tunnels.iter().any(|t| t.name == **name && t.phase == Phase::Up);
        let up = bastion.tunnels.iter().filter(is_up).count();
        let count = format!("{up} of {}", bastion.tunnels.len());
        let mut spans = vec![
            Span::styled(format!(" {}", fit(bastion.name.as_str(), self.name)), theme.style(Role::Text)),
            Span::styled(fit(&login(bastion), self.login), theme.style(Role::Muted)),
            Span::styled(text::right(&count, self.tunnels), theme.style(Role::Text)),
        ];
        if self.session > 0 {
            let age = session(app, bastion).unwrap_or_else(|| "none".to_owned());
            spans.push(Span::styled(text::right(&age, self.session), theme.style(Role::Muted)));
        }
        if self.key > 0 {
            let (words, role) = match &bastion.host_key {
                Some(key) => (key.fingerprint.as_str(), Role::Muted),
                None => ("not known yet", Role::Unproven),
            };
            spans.push(Span::styled(format!("  {}", text::fit(words, self.key - 2)), theme.style(role)));
        }
        Line::from(spans)
    }
}

fn login(bastion: &BastionStatus) -> String {
    format!("{}@{}", bastion.user, bastion.endpoint)
}
