//! A tab as lines: its entries one below the other, the opened one with all that it says. Total for every size from 0×0 on.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::entry::{Entry, Lead, Part};
use super::{Page, Tab};
use crate::model::{Owner, Untrusted};
use crate::tui::theme::Role;
use crate::tui::widget::ladder::Mark;
use crate::tui::widget::pane::{self, Ink};
use crate::tui::widget::text;

/// Cells before an entry's title.
const LEAD: usize = 4;
/// Cells before what it says.
const INDENT: usize = 5;
/// Below this width the title has the room of whose turn it is, which stands below it then.
const NARROW: usize = 56;
/// Lines of a paste that show.
const SHOWN: usize = 4;

/// What stands at a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum At {
    /// The row of tabs.
    Tabs,
    /// An entry.
    Entry(usize),
    /// Nothing that can be chosen.
    Nothing,
}

/// A page laid out.
pub(crate) struct Laid {
    pub(crate) rows: Vec<(At, Line<'static>)>,
    /// Lines that do not show.
    pub(crate) below: usize,
}

/// Lines above the entries: the tabs, and a blank one where there is room.
fn head(height: usize) -> usize {
    if height >= 12 { 2 } else { usize::from(height >= 4) }
}

/// Lines that the entries have, and how many of them the opened one wants.
pub(crate) fn room(page: &Page, ink: Ink<'_>, width: usize, height: usize) -> (usize, usize) {
    let all = entries(page, ink, width);
    let opened = all.iter().filter(|(at, _)| *at == At::Entry(page.at)).count();
    (height.saturating_sub(head(height)).max(1), opened)
}

/// The tabs that show: first cell, width, and which.
pub(crate) fn tabs(page: &Page, width: usize) -> Vec<(Tab, usize, usize)> {
    let all = Tab::all();
    let here = all.iter().position(|tab| *tab == page.tab).unwrap_or(0);
    let wide = |tab: &Tab| tab.word().len() + 1;
    // As many before it as leave room for it and the one behind.
    let mut first = 0;
    let end = (here + 2).min(all.len());
    let span = |first: usize| all.iter().take(end).skip(first).map(wide).sum::<usize>() + 3;
    while first < here && span(first) > width {
        first += 1;
    }
    let mut left = if first == 0 { 1 } else { 3 };
    let mut shown = Vec::new();
    for tab in all.into_iter().skip(first) {
        // Behind any but the last there is a sign that more come.
        let sign = if tab == Tab::Receipt { 0 } else { 1 };
        if left + wide(&tab) + sign > width && !shown.is_empty() {
            break;
        }
        shown.push((tab, left, tab.word().len()));
        left += wide(&tab);
    }
    shown
}

fn strip(page: &Page, ink: Ink<'_>, width: usize) -> Line<'static> {
    let theme = ink.theme;
    let shown = tabs(page, width);
    let muted = |words: &'static str| Span::styled(words, theme.style(Role::Muted));
    let (before, after) = if ink.ascii { (" < ", ">") } else { (" ‹ ", "›") };
    let first = shown.first().is_some_and(|(tab, ..)| *tab == Tab::Fitting);
    let mut spans = vec![if first { muted(" ") } else { muted(before) }];
    for (index, (tab, ..)) in shown.iter().enumerate() {
        if index > 0 {
            spans.push(muted(" "));
        }
        let role = if *tab == page.tab { Role::TabActive } else { Role::Tab };
        spans.push(Span::styled(tab.word(), theme.style(role)));
    }
    if shown.last().is_some_and(|(tab, ..)| *tab != Tab::Receipt) {
        spans.extend([muted(" "), muted(after)]);
    }
    Line::from(spans)
}

/// Lays out the page.
pub(crate) fn lay_out(page: &Page, ink: Ink<'_>, width: usize, height: usize) -> Laid {
    let mut rows = Vec::new();
    let head = head(height);
    if head > 0 {
        rows.push((At::Tabs, strip(page, ink, width)));
    }
    rows.extend((1..head).map(|_| (At::Nothing, Line::default())));
    let all = entries(page, ink, width);
    let room = height.saturating_sub(head);
    let start = all.iter().position(|(at, _)| *at == At::Entry(page.at)).unwrap_or(0);
    let opened = all.iter().filter(|(at, _)| *at == At::Entry(page.at)).count();
    let first = if all.len() <= room {
        0
    } else if opened <= room {
        // All of it, and a little of what comes before.
        start.saturating_sub(2).max((start + opened).saturating_sub(room)).min(all.len() - room)
    } else {
        start + page.first.min(opened - room)
    };
    let below = all.len().saturating_sub(first + room);
    rows.extend(all.into_iter().skip(first).take(room));
    rows.truncate(height);
    Laid { rows, below }
}

/// Everything below the tabs.
fn entries(page: &Page, ink: Ink<'_>, width: usize) -> Vec<(At, Line<'static>)> {
    let plain = |words: &str, role: Role| -> Vec<(At, Line<'static>)> {
        let parts = text::wrap(words, width.saturating_sub(2)).into_iter();
        parts.map(|part| (At::Nothing, Line::styled(format!(" {part}"), ink.theme.style(role)))).collect()
    };
    if let Some(why) = &page.refused {
        return plain(why, Role::Failed);
    }
    if page.setup.is_none() && page.pasting.is_none() {
        return plain("Asking the service …", Role::Muted);
    }
    if let (Tab::Receipt, Some(pasted)) = (page.tab, &page.pasting) {
        return field(page, pasted, ink, width).into_iter().map(|line| (At::Nothing, line)).collect();
    }
    let mut rows = Vec::new();
    for (index, entry) in page.entries.iter().enumerate() {
        let chosen = index == page.at;
        rows.push((At::Entry(index), title(entry, ink, width, chosen)));
        if chosen {
            rows.extend(body(entry, ink, width).into_iter().map(|line| (At::Entry(index), line)));
        }
    }
    rows
}

/// Whose turn it is, in a word or two.
fn short(owner: Owner) -> &'static str {
    match owner {
        Owner::You => "you",
        Owner::BastionAdmin => "bastion's admin",
        Owner::DatabaseAdmin => "database's keeper",
        Owner::Network => "the network",
    }
}

fn title(entry: &Entry, ink: Ink<'_>, width: usize, chosen: bool) -> Line<'static> {
    let theme = ink.theme;
    let (lead, role) = match entry.lead {
        Lead::About => (if chosen { " ▾" } else { " ▸" }.to_owned(), Role::Muted),
        Lead::Number(number) => (format!("{number:2}"), Role::Muted),
        Lead::Mark(verdict) => {
            let mark = Mark::Seen(verdict);
            (format!(" {}", mark.glyph(ink)), mark.role())
        }
    };
    let right = entry.who.filter(|_| width >= NARROW).map(|who| format!("▸ {}", short(who))).unwrap_or_default();
    let room = width.saturating_sub(LEAD + right.width() + 2);
    let line = Line::from(vec![
        Span::styled(text::fit(&lead, LEAD), theme.style(role)),
        Span::styled(text::fit(&entry.title, room), theme.style(if chosen { Role::Title } else { Role::Text })),
        Span::styled(format!(" {right} "), theme.style(Role::Muted)),
    ]);
    if chosen { pane::selected(line, width, theme) } else { line }
}

fn body(entry: &Entry, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
    let theme = ink.theme;
    let room = width.saturating_sub(INDENT + 1).max(1);
    let indented = |indent: usize, words: String, role: Role| {
        Line::from(vec![Span::raw(" ".repeat(indent)), Span::styled(words, theme.style(role))])
    };
    let wrapped = |words: &str, role: Role| -> Vec<Line<'static>> {
        text::wrap(words, room).into_iter().map(|part| indented(INDENT, part, role)).collect()
    };
    let mut lines = Vec::new();
    let right = entry.who.filter(|_| width >= NARROW).map_or(0, |who| short(who).width() + 2);
    if entry.title.width() > width.saturating_sub(LEAD + right + 2) {
        lines.extend(wrapped(&entry.title, Role::Title));
    }
    if let Some(who) = entry.who.filter(|_| width < NARROW) {
        lines.extend(wrapped(&format!("▸ {}", short(who)), Role::Muted));
    }
    for part in &entry.parts {
        match part {
            Part::Words(words) => lines.extend(wrapped(words, Role::Muted)),
            Part::Note(words) => lines.extend(wrapped(words, Role::Unproven)),
            Part::Advice(number, words) => {
                let key = number.map(|number| number.to_string()).unwrap_or_default();
                for (index, part) in text::wrap(words, room.saturating_sub(3)).into_iter().enumerate() {
                    let lead = if index == 0 { format!("{key:3}") } else { "   ".to_owned() };
                    lines.push(Line::from(vec![
                        Span::raw(" ".repeat(INDENT)),
                        Span::styled(lead, theme.style(Role::Key)),
                        Span::styled(part, theme.style(Role::Text)),
                    ]));
                }
            }
            Part::Exact(exact) => {
                for line in exact.lines() {
                    // Wrapped only on screen; what is copied is one line.
                    let indent = " ".repeat(line.len() - line.trim_start_matches(' ').len());
                    let clean = format!("{indent}{}", Untrusted::new(line).clean(4000));
                    let parts = text::fold(&clean, room.saturating_sub(3));
                    let parts = if parts.is_empty() { vec![String::new()] } else { parts };
                    lines.extend(parts.into_iter().map(|part| indented(INDENT + 3, part, Role::Accent)));
                }
            }
        }
    }
    lines
}

/// The field for a receipt, with what was pasted so far.
fn field(page: &Page, pasted: &str, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
    let theme = ink.theme;
    let room = width.saturating_sub(2);
    let wrapped = |words: &str, role: Role| -> Vec<Line<'static>> {
        let parts = text::wrap(words, room).into_iter();
        parts.map(|part| Line::styled(format!(" {part}"), theme.style(role))).collect()
    };
    let mut lines = wrapped(
        "Paste the receipt that the script printed, from its first line to its last. Quote marks, broken lines and words around it \
         do no harm.",
        Role::Text,
    );
    lines.push(Line::default());
    let all: Vec<&str> = pasted.lines().filter(|line| !line.trim().is_empty()).collect();
    let hidden = all.len().saturating_sub(SHOWN);
    if hidden > 0 {
        lines.extend(wrapped(&format!("… {hidden} lines before"), Role::Muted));
    }
    for line in all.iter().skip(hidden) {
        let clean = Untrusted::new(text::cut(&line.chars().take(400).collect::<String>(), 400)).clean(400);
        lines.push(Line::styled(format!(" {}", text::cut(&clean, room)), theme.style(Role::Input)));
    }
    if all.is_empty() {
        lines.push(Line::styled(" ›", theme.style(Role::Key)));
    }
    lines.push(Line::default());
    match &page.judged {
        Some(Err(why)) => lines.extend(wrapped(why, Role::InputError)),
        _ if page.setup.is_none() => lines.extend(wrapped("asking the service …", Role::Muted)),
        Some(Ok(_)) | None => {}
    }
    lines.extend(wrapped("enter reads it · ctrl-u clears · esc leaves it", Role::Muted));
    lines
}
