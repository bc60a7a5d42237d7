//! Where things are, asked by update and view alike. Total for every size from 0×0 on.

use ratatui::layout::{Constraint, Layout, Rect};

use super::app::{App, Row, Screen};
use super::page;
use super::widget::list;
use crate::model::Rung;

/// Below this nothing but figures fits.
const SMALLEST: (u16, u16) = (40, 8);
/// From this width the detail stands beside the list.
const SIDE_BY_SIDE: u16 = 96;
/// From this height the detail stands below it.
const STACKED: u16 = 18;
/// A detail below the list is at least this high: a fault with its advice fits.
const LEAST_DETAIL: u16 = 12;
/// The journal's detail: a sentence in full.
const JOURNAL_DETAIL: u16 = 5;

/// The places of a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) head: Rect,
    pub(crate) list: Rect,
    /// Empty where the screen is too small for it.
    pub(crate) detail: Rect,
    pub(crate) foot: Rect,
}

/// True where only two lines of figures fit.
pub(crate) fn is_tiny(app: &App) -> bool {
    app.size.0 < SMALLEST.0 || app.size.1 < SMALLEST.1
}

/// The places, or nothing where only two lines of figures fit.
pub(crate) fn places(app: &App) -> Option<Places> {
    let (width, height) = app.size;
    if is_tiny(app) {
        return None;
    }
    let whole = Rect::new(0, 0, width, height);
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]).areas(whole);
    let lines = app.rows().len();
    let (list, detail) = if app.screen == Screen::Journal {
        let below = if height >= STACKED { JOURNAL_DETAIL } else { 0 };
        let [list, detail] = Layout::vertical([Constraint::Min(1), Constraint::Length(below)]).areas(body);
        (list, detail)
    } else if (lines == 0 && width < SIDE_BY_SIDE) || app.welcomes() {
        // An empty list needs the room to say what to do about it.
        (body, Rect::ZERO)
    } else if width >= SIDE_BY_SIDE {
        let [list, detail] = Layout::horizontal([Constraint::Percentage(52), Constraint::Percentage(48)]).areas(body);
        (list, detail)
    } else if height >= STACKED {
        let wanted = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(3);
        let most = body.height.saturating_sub(LEAST_DETAIL).max(5);
        let [list, detail] = Layout::vertical([Constraint::Length(wanted.min(most)), Constraint::Min(1)]).areas(body);
        (list, detail)
    } else {
        (body, Rect::ZERO)
    };
    Some(Places { head, list, detail, foot })
}

/// What a frame leaves.
pub(crate) fn inside(area: Rect) -> Rect {
    let (x, y) = (area.x + u16::from(area.width > 1), area.y + u16::from(area.height > 1));
    Rect::new(x, y, area.width.saturating_sub(2), area.height.saturating_sub(2))
}

/// Everything between head and foot.
pub(crate) fn body(places: &Places) -> Rect {
    let height = places.foot.y.saturating_sub(places.head.bottom());
    Rect::new(places.head.x, places.head.bottom(), places.head.width, height)
}

/// The lines of the list that show.
pub(crate) fn list_height(app: &App) -> usize {
    // Two lines of frame, one of column names.
    places(app).map_or(1, |places| usize::from(places.list.height.saturating_sub(3)).max(1))
}

/// The first line of a list without headings that shows.
pub(crate) fn first_line(app: &App) -> usize {
    list::window(app.selected(), app.line_names().len(), list_height(app))
}

/// The rows of the list that show.
pub(crate) fn visible(app: &App) -> Vec<Row> {
    let rows = app.rows();
    let selected = app.selected().and_then(|line| rows.iter().position(|row| *row == Row::Line(line)));
    let first = list::window(selected, rows.len(), list_height(app));
    rows.into_iter().skip(first).take(list_height(app)).collect()
}

/// What a click meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hit {
    /// The name of a screen.
    Tab(Screen),
    /// A line of the list.
    Line(usize),
    /// A rung of the ladder.
    Rung(Rung),
}

/// The names of the screens in the head; where they do not fit, only this screen has one beside its number.
pub(crate) fn tab_labels(app: &App) -> Vec<(Screen, String)> {
    let all: u16 = Screen::ALL.iter().map(|screen| u16::try_from(screen.title().len() + 4).unwrap_or(0)).sum();
    let roomy = first_tab(app) + all <= app.size.0;
    let label = |(index, screen): (usize, Screen)| {
        let named = roomy || screen == app.screen;
        (screen, if named { format!("{} {}", index + 1, screen.title()) } else { format!("{}", index + 1) })
    };
    Screen::ALL.into_iter().enumerate().map(label).collect()
}

fn first_tab(app: &App) -> u16 {
    app.badge.as_ref().map_or(6, |badge| 9 + u16::try_from(badge.chars().count()).unwrap_or(0))
}

/// The cells of the screens' names in the head: first cell and width.
pub(crate) fn tabs(app: &App) -> Vec<(Screen, u16, u16)> {
    let mut left = first_tab(app);
    tab_labels(app)
        .into_iter()
        .map(|(screen, label)| {
            let width = u16::try_from(label.len()).unwrap_or(0) + 2;
            let place = (screen, left, width);
            left += width;
            place
        })
        .collect()
}

/// What stands at a cell.
pub(crate) fn hit(app: &App, x: u16, y: u16) -> Option<Hit> {
    let places = places(app)?;
    if let Some(open) = app.page() {
        let inner = inside(body(&places));
        let line = usize::from(y.checked_sub(inner.y)?);
        let lines = page::body(open, app.ink(), usize::from(inner.width), usize::from(inner.height));
        return lines.get(line).and_then(|(rung, _)| *rung).map(Hit::Rung);
    }
    if y == places.head.y {
        return tabs(app)
            .into_iter()
            .find(|(_, left, width)| x >= *left && x < left + width)
            .map(|(s, _, _)| Hit::Tab(s));
    }
    let top = places.list.y + 2;
    let bottom = places.list.bottom().saturating_sub(1);
    if x < places.list.x || x >= places.list.right() || y < top || y >= bottom {
        return None;
    }
    match visible(app).into_iter().nth(usize::from(y - top)) {
        Some(Row::Line(line)) => Some(Hit::Line(line)),
        Some(Row::Heading(_)) | None => None,
    }
}
