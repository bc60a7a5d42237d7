//! The pages of the screen of keys, which lie over its list: some are filled in, others are read. They ask for nothing and know no app;
//! what keys do to them is `update`'s.

pub(crate) mod bring;
mod fill;
mod read;

pub(crate) use fill::{Filling, Purpose};
pub(crate) use read::{Sight, age, lines};

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::theme::Role;
use super::widget::form::Shown;
use super::widget::sheet::{ROOMY, Sheet, WIDEST, inner};
use super::widget::text;
use crate::model::Name;

/// What a page tells of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// Everything.
    Details,
    /// The rotation that is under way.
    Rotation,
    /// The public half as a QR code.
    Code,
}

/// A page that is read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) key: Name,
    pub(crate) topic: Topic,
    /// The first line that shows.
    pub(crate) first: usize,
    /// What was done last, the news first.
    pub(crate) said: Vec<String>,
    /// It came to nothing.
    pub(crate) failed: bool,
    /// What is left for the bastion's admin.
    pub(crate) admin: Vec<String>,
}

impl Reading {
    pub(crate) fn new(key: Name, topic: Topic) -> Self {
        Self { key, topic, first: 0, said: Vec::new(), failed: false, admin: Vec::new() }
    }
}

/// A page.
#[derive(Debug, Clone)]
pub(crate) enum Page {
    Filling(Box<Filling>),
    Reading(Reading),
}

/// What the service was asked to do.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    /// The question's number.
    pub(crate) id: u64,
    /// The number of the page that was up then.
    pub(crate) page: u64,
    /// In words, for when it is refused: "rotate orders".
    pub(crate) about: String,
    /// What is said meanwhile.
    pub(crate) work: &'static str,
    /// The key that is to be shown then, and what of it.
    pub(crate) then: Option<(Name, Topic)>,
}

/// The pages, and what they wait for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keyring {
    pub(crate) page: Option<Page>,
    /// Counts what was shown: another page has another number, and so has the list after it.
    pub(crate) number: u64,
    /// One at a time.
    pub(crate) errand: Option<Errand>,
}

impl Keyring {
    /// Shows another page, or none.
    pub(crate) fn show(&mut self, page: Option<Page>) {
        self.page = page;
        self.number = self.number.wrapping_add(1);
    }

    /// What the service does for the page that is up; a person may have gone to another one meanwhile.
    pub(crate) fn awaited(&self) -> Option<&Errand> {
        self.errand.as_ref().filter(|errand| errand.page == self.number)
    }

    /// The page that is filled in.
    pub(crate) fn filling(&self) -> Option<&Filling> {
        match &self.page {
            Some(Page::Filling(filling)) => Some(filling),
            Some(Page::Reading(_)) | None => None,
        }
    }

    /// The page that is read.
    pub(crate) fn reading(&self) -> Option<&Reading> {
        match &self.page {
            Some(Page::Reading(reading)) => Some(reading),
            Some(Page::Filling(_)) | None => None,
        }
    }
}

/// Lays out a page in its frame.
pub(crate) fn sheet(sight: Sight<'_>, page: &Page, area: Rect) -> Sheet {
    let inner = inner(area);
    let (width, height) = (usize::from(inner.width).min(WIDEST), usize::from(inner.height));
    let filling = match page {
        Page::Filling(filling) => filling,
        Page::Reading(reading) => {
            let rows: Vec<Shown> = lines(sight, reading, (width, height)).into_iter().map(Shown::words).collect();
            let first = reading.first.min(rows.len().saturating_sub(height));
            return Sheet { head: Vec::new(), rows, first, height };
        }
    };
    let (question, help) = filling.question();
    let said = [
        (question, Role::Title, true),
        (help.to_owned(), Role::Muted, height >= 10),
        (filling.refused.clone().unwrap_or_default(), Role::InputError, true),
        (sight.busy.unwrap_or_default().to_owned(), Role::Connecting, true),
    ];
    let mut head: Vec<Line<'static>> = Vec::new();
    for (words, role, shown) in said {
        let parts = text::wrap(&words, width).into_iter().filter(|_| shown);
        head.extend(parts.map(|part| Line::styled(part, sight.theme().style(role))));
    }
    if height >= ROOMY {
        head.push(Line::default());
    }
    let rows = filling.form.rows(sight.ink, width, height >= ROOMY);
    let height = height.saturating_sub(head.len()).max(1);
    let first = filling.form.window(&rows, height);
    Sheet { head, rows, first, height }
}

/// What the page is called.
pub(crate) fn title(page: &Page) -> String {
    match page {
        Page::Filling(filling) => match (&filling.purpose, filling.key()) {
            (Purpose::Make, _) => " New key ".to_owned(),
            (_, Some(name)) => format!(" Key {name} "),
            (_, None) => " Import a key ".to_owned(),
        },
        Page::Reading(reading) => match reading.topic {
            Topic::Details => format!(" Key {} ", reading.key),
            Topic::Rotation => format!(" Rotation of {} ", reading.key),
            Topic::Code => format!(" Public key of {} ", reading.key),
        },
    }
}

/// The field, and the choice in it, at a cell.
pub(crate) fn place_at(sight: Sight<'_>, page: &Page, area: Rect, y: u16) -> Option<(usize, Option<usize>)> {
    sheet(sight, page, area).place_at(area, y)
}

/// The page in as few words as there are, for screens too small for more.
pub(crate) fn tiny(sight: Sight<'_>, page: &Page, width: usize) -> Vec<Line<'static>> {
    let styled = |words: &str, role: Role| Line::styled(text::cut(words, width), sight.theme().style(role));
    let mut lines = vec![styled(title(page).trim(), Role::Title)];
    match page {
        Page::Filling(filling) => {
            let label = filling.form.focused();
            lines.push(styled(&format!("{label}: {}", filling.form.shown(label)), Role::Text));
            let problem = filling.form.item(label).and_then(|item| item.problem.clone());
            lines.extend(problem.map(|why| styled(&why, Role::InputError)));
        }
        Page::Reading(reading) => {
            lines.extend(sight.key(reading).map(|key| styled(&key.fingerprint, Role::Text)));
        }
    }
    lines
}
