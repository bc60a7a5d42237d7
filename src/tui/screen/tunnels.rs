//! The tunnels: the list is the truth. What is known of the selected one is drawn by `detail`.

use std::time::Duration;

use ratatui::Frame;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{detail, table, unfinished, welcome};
use crate::model::{Draft, Listen, Phase, Proof, TunnelStatus};
use crate::tui::app::{App, Grouping, Link, Row, Sort};
use crate::tui::layout::{self, Places};
use crate::tui::theme::Role;
use crate::tui::widget::badge::State;
use crate::tui::widget::{pane, text};
use crate::tui::wizard;

/// The width of the column that says how a tunnel is: the longest fault.
const LAST: usize = 19;

/// Draws the screen.
pub(crate) fn draw(frame: &mut Frame<'_>, app: &App, places: &Places) {
    if app.welcomes() {
        return welcome::draw(frame, app, places.list);
    }
    let width = usize::from(places.list.width.saturating_sub(2));
    let columns = Columns::fit(app, width);
    let shown = app.tunnels();
    let drafts = app.drafts();
    let row = |row: Row| match row {
        Row::Heading(words) => Some(heading(app, &words, width)),
        Row::Line(line) => match (shown.get(line), line.checked_sub(shown.len())) {
            (Some(tunnel), _) => Some(columns.line(app, tunnel)),
            (None, draft) => drafts.get(draft?).map(|draft| columns.draft(app, draft)),
        },
    };
    let mut lines: Vec<Line<'static>> = layout::visible(app).into_iter().filter_map(row).collect();
    if lines.is_empty() {
        lines = match (app.link, app.filter().is_empty()) {
            (Link::Waiting, _) => table::empty(app, &[" asking the service …"]),
            (_, true) => table::empty(app, &["", " No tunnels."]),
            (_, false) => table::empty(app, &["", " No tunnel has these letters; esc clears the filter."]),
        };
    }
    let mut title = table::Title::from("Tunnels");
    title.extra = order(app);
    table::draw(frame, app, places.list, title, &columns.head(), lines);
    if places.detail.height > 2 {
        match (app.tunnel(), app.draft()) {
            (Some(tunnel), _) => detail::draw(frame, app, tunnel, places.detail),
            (None, Some(draft)) => unfinished::draw(frame, app, draft, places.detail),
            (None, None) => frame.render_widget(pane::pane(app.ink(), "", false), places.detail),
        }
    }
}

/// How the list is sorted, grouped and marked, where it is.
fn order(app: &App) -> Option<String> {
    let sorted = (app.sort != Sort::Name).then(|| app.sort.words().to_owned());
    let grouped = (app.grouping != Grouping::None).then(|| app.grouping.words().to_owned());
    let marked = (!app.marked.is_empty()).then(|| format!("{} marked", app.marked.len()));
    let words: Vec<String> = [sorted, grouped, marked].into_iter().flatten().collect();
    (!words.is_empty()).then(|| format!("· {}", words.join(" · ")))
}

/// A heading over a group.
fn heading(app: &App, words: &str, width: usize) -> Line<'static> {
    let words = text::cut(words, width.saturating_sub(3));
    Line::styled(format!(" {words}"), app.theme.style(Role::Accent))
}

/// The widths of the list's columns. They depend on what is configured, not on what happens, so that they stand still.
struct Columns {
    name: usize,
    local: usize,
    /// There is room for the address before the local port.
    address: bool,
    kind: usize,
    last: usize,
}

impl Columns {
    fn fit(app: &App, width: usize) -> Self {
        let tunnels = &app.snapshot.tunnels;
        let longest = |of: &dyn Fn(&TunnelStatus) -> usize| tunnels.iter().map(of).max().unwrap_or(0);
        let drafts = app.snapshot.drafts.iter().map(|draft| wizard::shown_name(draft).len()).max().unwrap_or(0);
        let name = longest(&|tunnel| tunnel.name.as_str().len()).max(drafts).clamp(4, 24) + 1;
        let kind = longest(&|tunnel| tunnel.database.kind.as_str().len()).max(8) + 1;
        let mut columns = Self { name, local: 0, address: false, kind: 0, last: LAST };
        // The glyph with a blank on each side, and a blank at the end.
        let rest = width.saturating_sub(4);
        let mut spare = rest.saturating_sub(name + LAST);
        if spare >= 7 + kind {
            columns.kind = kind;
            spare -= kind;
        }
        if spare >= 16 {
            (columns.local, columns.address) = (16, true);
            spare -= 16;
        } else if spare >= 7 {
            columns.local = 7;
            spare -= 7;
        }
        if rest < name + LAST {
            columns.last = (rest / 2).min(LAST);
            columns.name = rest - columns.last;
        }
        // What is left over is shared, so that the columns stand apart.
        columns.spread(spare.min(36))
    }

    fn spread(mut self, spare: usize) -> Self {
        let share = spare / 4;
        if self.local > 0 {
            self.local += share;
        }
        if self.kind > 0 {
            self.kind += share;
        }
        self.name += share;
        let used = [true, self.local > 0, self.kind > 0].into_iter().filter(|there| *there).count();
        self.last += spare - used * share;
        self
    }

    fn head(&self) -> String {
        format!(
            "   {}{}{}{}",
            text::fit("Name", self.name),
            text::fit("Local", self.local),
            text::fit("Database", self.kind),
            text::right("Status", self.last)
        )
    }

    fn line(&self, app: &App, tunnel: &TunnelStatus) -> Line<'static> {
        let theme = &app.theme;
        let state = State::of(tunnel);
        let muted = |words: &str, width: usize| {
            Span::styled(text::fit(&text::cut(words, width.saturating_sub(1)), width), theme.style(Role::Muted))
        };
        let local = match &tunnel.listen {
            None if self.address => "not chosen".to_owned(),
            None => String::new(),
            Some(Listen::Tcp(address)) if !self.address => format!(":{}", address.port()),
            Some(listen) => listen.to_string(),
        };
        let (words, role) = last_column(tunnel, state);
        let words = text::cut(&words, self.last);
        let name = text::cut(tunnel.name.as_str(), self.name.saturating_sub(1));
        let mark = match app.marked.contains(&tunnel.name) {
            false => Span::raw(" "),
            true => Span::styled("▸", theme.style(Role::Accent)),
        };
        Line::from(vec![
            mark,
            Span::styled(app.ink().glyph(state.glyph()), theme.style(state.role())),
            Span::styled(format!(" {}", text::fit(&name, self.name)), theme.style(Role::Text)),
            muted(&local, self.local),
            muted(tunnel.database.kind.as_str(), self.kind),
            Span::raw(" ".repeat(self.last.saturating_sub(words.width()))),
            Span::styled(words, theme.style(role)),
        ])
    }
}

impl Columns {
    /// The line of a tunnel in the making.
    fn draft(&self, app: &App, draft: &Draft) -> Line<'static> {
        let theme = &app.theme;
        let (state, page) = wizard::waits_for(draft);
        let muted = |words: &str, width: usize| {
            Span::styled(text::fit(&text::cut(words, width.saturating_sub(1)), width), theme.style(Role::Muted))
        };
        let page = if self.address { format!("at {page}") } else { String::new() };
        let kind = draft.database.as_ref().map_or("", |database| database.kind.as_str());
        let words = text::cut(state, self.last);
        Line::from(vec![
            Span::raw(" "),
            Span::styled(if app.ascii { "n" } else { "◇" }, theme.style(Role::Waiting)),
            Span::styled(
                format!(
                    " {}",
                    text::fit(&text::cut(wizard::shown_name(draft), self.name.saturating_sub(1)), self.name)
                ),
                theme.style(Role::Text),
            ),
            muted(&page, self.local),
            muted(kind, self.kind),
            Span::raw(" ".repeat(self.last.saturating_sub(words.width()))),
            Span::styled(words, theme.style(Role::Waiting)),
        ])
    }
}

/// The state in a word or two; the round trip while all is well.
fn last_column(tunnel: &TunnelStatus, state: State) -> (String, Role) {
    let fault = tunnel.fault.as_ref();
    let words = match state {
        State::Up if tunnel.proof == Some(Proof::Session) => "up, not proven".to_owned(),
        State::Up => match tunnel.rtt_ms {
            Some(ms) => format!("up {:>7}", text::round_trip(ms)),
            None => state.word().to_owned(),
        },
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
