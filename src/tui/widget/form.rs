//! A form: fields one below the other, one of which takes the keys. It judges nothing: what is wrong with a field is set from
//! outside.

use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::field::Field;
use super::pane::{self, Ink};
use super::paste::Pasted;
use super::{list, text};
use crate::model::Secret;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;

/// Cells before a field's value: a mark and its name.
const LABEL: usize = 13;

/// Lines of a list that show at once.
const LIST: usize = 8;

/// One of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What it is kept as.
    pub(crate) id: String,
    /// What it is called.
    pub(crate) words: String,
    /// What is said of it.
    pub(crate) remark: String,
}

impl Choice {
    pub(crate) fn new(id: impl Into<String>, words: impl Into<String>, remark: impl Into<String>) -> Self {
        Self { id: id.into(), words: words.into(), remark: remark.into() }
    }
}

/// What a field holds.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    /// A line of text, which may be a secret one.
    Text(Field),
    /// A private key, by its path or as a text.
    Key(Pasted),
    /// One of several, beside each other.
    Row { choices: Vec<Choice>, chosen: usize },
    /// One of several, a line each.
    List { choices: Vec<Choice>, chosen: usize },
    /// Yes or no.
    Switch(bool),
}

/// A field.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its name, on screen and where it is kept.
    pub(crate) label: &'static str,
    /// A line of help with an example.
    pub(crate) help: &'static str,
    pub(crate) entry: Entry,
    /// Without it the form is not whole.
    pub(crate) needed: bool,
    /// Enter stops here while it is empty.
    pub(crate) asked: bool,
    pub(crate) shown: bool,
    /// The person changed it, so it does not follow other fields any more.
    pub(crate) touched: bool,
    /// What was proposed goes as a whole when the person types, until the cursor is moved in it.
    pub(crate) replaced: bool,
    /// Why it cannot stay as it is.
    pub(crate) problem: Option<String>,
    /// What should be thought of.
    pub(crate) note: Option<String>,
}

impl Item {
    fn new(label: &'static str, help: &'static str, entry: Entry) -> Self {
        let (problem, note) = (None, None);
        let (needed, asked, shown, touched, replaced) = (false, false, true, false, false);
        Self { label, help, entry, needed, asked, shown, touched, replaced, problem, note }
    }

    pub(crate) fn text(label: &'static str, help: &'static str) -> Self {
        Self::new(label, help, Entry::Text(Field::default()))
    }

    /// A line of text that shows as dots and is kept nowhere.
    pub(crate) fn secret(label: &'static str, help: &'static str) -> Self {
        Self::new(label, help, Entry::Text(Field::secret()))
    }

    /// A private key, by the path of its file or pasted.
    pub(crate) fn private_key(label: &'static str, help: &'static str) -> Self {
        Self::new(label, help, Entry::Key(Pasted::default()))
    }

    pub(crate) fn row(label: &'static str, help: &'static str, choices: Vec<Choice>) -> Self {
        Self::new(label, help, Entry::Row { choices, chosen: 0 })
    }

    pub(crate) fn list(label: &'static str, help: &'static str) -> Self {
        Self::new(label, help, Entry::List { choices: Vec::new(), chosen: 0 })
    }

    pub(crate) fn switch(label: &'static str, help: &'static str) -> Self {
        Self::new(label, help, Entry::Switch(false))
    }

    /// Without it the form is not whole.
    pub(crate) fn needed(mut self) -> Self {
        self.needed = true;
        self
    }

    /// Enter stops here while it is empty.
    pub(crate) fn asked(mut self) -> Self {
        self.asked = true;
        self
    }

    /// What is proposed goes as a whole when the person types, until the cursor is moved in it.
    pub(crate) fn replaced(mut self) -> Self {
        self.replaced = true;
        self
    }

    /// All of its text is selected.
    fn is_selected(&self) -> bool {
        self.replaced && !self.touched && !self.value().is_empty()
    }

    /// The value as it is kept: text without blanks at its ends, a choice by its name.
    pub(crate) fn value(&self) -> &str {
        match &self.entry {
            Entry::Text(field) if field.is_secret() => field.text(),
            Entry::Text(field) => field.text().trim(),
            Entry::Key(pasted) => pasted.value(),
            Entry::Row { choices, chosen } | Entry::List { choices, chosen } => {
                choices.get(*chosen).map_or("", |choice| &choice.id)
            }
            Entry::Switch(on) => {
                if *on {
                    "yes"
                } else {
                    "no"
                }
            }
        }
    }

    /// Takes a value as it is kept; a choice that there is not changes nothing.
    pub(crate) fn set(&mut self, value: &str) {
        match &mut self.entry {
            Entry::Text(field) => field.set(value),
            Entry::Key(pasted) => pasted.set(value),
            Entry::Row { choices, chosen } | Entry::List { choices, chosen } => {
                *chosen = choices.iter().position(|choice| choice.id == value).unwrap_or(*chosen);
            }
            Entry::Switch(on) => *on = value == "yes",
        }
    }

    /// Offers other choices; the chosen one stays chosen while it is there.
    pub(crate) fn offer(&mut self, offered: Vec<Choice>) {
        if let Entry::Row { choices, chosen } | Entry::List { choices, chosen } = &mut self.entry {
            let id = choices.get(*chosen).map(|choice| choice.id.clone());
            *chosen = id.and_then(|id| offered.iter().position(|choice| choice.id == id)).unwrap_or(0);
            *choices = offered;
        }
    }

    /// It must be kept nowhere.
    fn is_private(&self) -> bool {
        match &self.entry {
            Entry::Text(field) => field.is_secret(),
            Entry::Key(pasted) => pasted.is_text(),
            Entry::Row { .. } | Entry::List { .. } | Entry::Switch(_) => false,
        }
    }

    fn is_missing(&self) -> bool {
        self.needed && self.value().is_empty()
    }
}

/// What a key or a click led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// It is not for a form.
    Ignored,
    /// Another field or place has the keys.
    Moved,
    /// A field holds something else.
    Changed,
    /// The form is whole, and the person wants to go on.
    Submitted,
}

/// A line of a form, and what stands there.
pub(crate) struct Shown {
    pub(crate) line: Line<'static>,
    /// The field, and which of its choices.
    pub(crate) place: Option<(usize, Option<usize>)>,
}

impl Shown {
    /// A line that belongs to no field.
    pub(crate) fn words(line: Line<'static>) -> Self {
        Self { line, place: None }
    }
}

/// Fields one below the other.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) items: Vec<Item>,
    focus: usize,
    /// The person wanted to go on with something missing.
    tried: bool,
}

impl Form {
    pub(crate) fn new(items: Vec<Item>) -> Self {
        Self { items, focus: 0, tried: false }
    }

    /// A field by its name.
    pub(crate) fn item(&self, label: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.label == label)
    }

    /// A field by its name, to change it.
    pub(crate) fn item_mut(&mut self, label: &str) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.label == label)
    }

    /// The value of a field; empty where it does not show.
    pub(crate) fn value(&self, label: &str) -> &str {
        self.item(label).filter(|item| item.shown).map_or("", Item::value)
    }

    /// What a field holds, as it may stand on screen.
    pub(crate) fn shown(&self, label: &str) -> String {
        match self.item(label) {
            Some(item) if item.is_private() && !item.value().is_empty() => "not shown".to_owned(),
            _ => self.value(label).to_owned(),
        }
    }

    /// What a field holds, as a secret; nothing where it is empty or does not show.
    pub(crate) fn secret(&self, label: &str) -> Option<Secret> {
        Some(self.value(label)).filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned()))
    }

    /// The keys are with this field.
    pub(crate) fn focus(&mut self, label: &str) {
        self.focus = self.items.iter().position(|item| item.label == label && item.shown).unwrap_or(self.focus);
    }

    /// The name of the field that has the keys.
    pub(crate) fn focused(&self) -> &'static str {
        self.items.get(self.focus).map_or("", |item| item.label)
    }

    /// The keys are with a field that shows.
    pub(crate) fn settle(&mut self) {
        if !self.items.get(self.focus).is_some_and(|item| item.shown) {
            self.focus = self.items.iter().position(|item| item.shown).unwrap_or(0);
        }
    }

    /// Nothing is missing or wrong.
    pub(crate) fn is_whole(&self) -> bool {
        self.items.iter().filter(|item| item.shown).all(|item| !item.is_missing() && item.problem.is_none())
    }

    fn step(&mut self, forward: bool, around: bool) -> Came {
        let shown: Vec<usize> =
            self.items.iter().enumerate().filter(|(_, item)| item.shown).map(|(index, _)| index).collect();
        let here = shown.iter().position(|index| *index == self.focus).unwrap_or(0);
        let there = match (forward, here) {
            (true, here) if here + 1 < shown.len() => here + 1,
            (true, _) if around => 0,
            (false, 0) if around => shown.len().saturating_sub(1),
            (true, here) => here,
            (false, here) => here.saturating_sub(1),
        };
        self.focus = shown.get(there).copied().unwrap_or(self.focus);
        Came::Moved
    }

    /// Enter ends a line of a key that a terminal types.
    pub(crate) fn types_on(&self) -> bool {
        matches!(self.items.get(self.focus), Some(Item { entry: Entry::Key(key), .. }) if key.goes_on())
    }

    /// Goes on: to the next field that is asked for and empty, to one that is wrong, or out of the form.
    pub(crate) fn enter(&mut self) -> Came {
        let stops = |index: &usize| {
            self.items
                .get(*index)
                .is_some_and(|item| item.shown && item.value().is_empty() && (item.asked || item.needed))
        };
        if !self.items.get(self.focus).is_some_and(|item| item.problem.is_some() || item.is_missing())
            && let Some(next) = (self.focus + 1..self.items.len()).find(stops)
        {
            self.focus = next;
            return Came::Moved;
        }
        if self.is_whole() {
            return Came::Submitted;
        }
        self.tried = true;
        let wrong = |item: &Item| item.shown && (item.is_missing() || item.problem.is_some());
        if !self.items.get(self.focus).is_some_and(wrong) {
            self.focus = self.items.iter().position(wrong).unwrap_or(self.focus);
        }
        Came::Moved
    }

    /// Handles a key.
    pub(crate) fn key(&mut self, key: Key) -> Came {
        match key.code {
            Code::Enter if !self.types_on() => return self.enter(),
            Code::Tab => return self.step(true, true),
            Code::BackTab => return self.step(false, true),
            _ => {}
        }
        let Some(item) = self.items.get_mut(self.focus) else { return Came::Ignored };
        let selected = item.is_selected();
        match (&mut item.entry, key.code) {
            (Entry::List { choices, chosen }, Code::Down) if *chosen + 1 < choices.len() => *chosen += 1,
            (Entry::List { chosen, .. }, Code::Up) if *chosen > 0 => *chosen -= 1,
            (Entry::List { chosen, .. }, Code::Home) => *chosen = 0,
            (Entry::List { choices, chosen }, Code::End) => *chosen = choices.len().saturating_sub(1),
            (_, Code::Down) => return self.step(true, false),
            (_, Code::Up) => return self.step(false, false),
            (Entry::Row { choices, chosen }, Code::Right | Code::Char(' ')) => {
                *chosen = (*chosen + 1) % choices.len().max(1);
            }
            (Entry::Row { choices, chosen }, Code::Left) => {
                *chosen = chosen.checked_sub(1).unwrap_or(choices.len().saturating_sub(1));
            }
            (Entry::Switch(on), Code::Left | Code::Right | Code::Char(' ')) => *on = !*on,
            (Entry::Row { choices, chosen } | Entry::List { choices, chosen }, _) => match key.text() {
                Some(letter) => *chosen = beginning_with(choices, *chosen, letter),
                None => return Came::Ignored,
            },
            (Entry::Text(field), _) => {
                let before = field.text().to_owned();
                if selected && (key.text().is_some() || matches!(key.code, Code::Backspace | Code::Delete)) {
                    field.set("");
                }
                if !field.key(key) {
                    return Came::Ignored;
                }
                if field.text() == before {
                    item.replaced = item.replaced && !selected;
                    return Came::Moved;
                }
            }
            (Entry::Key(pasted), _) => {
                if !pasted.key(key) {
                    return Came::Ignored;
                }
            }
            (Entry::Switch(_), _) => return Came::Ignored,
        }
        item.touched = true;
        Came::Changed
    }

    /// Takes pasted text; of several lines the first that has any. Says when there were more.
    pub(crate) fn paste(&mut self, pasted: &str) -> (Came, bool) {
        let selected = self.items.get(self.focus).is_some_and(Item::is_selected);
        let (field, touched) = match self.items.get_mut(self.focus) {
            Some(Item { entry: Entry::Text(field), touched, .. }) => (field, touched),
            Some(Item { entry: Entry::Key(key), touched, .. }) => {
                key.paste(pasted);
                *touched = true;
                return (Came::Changed, false);
            }
            _ => return (Came::Ignored, false),
        };
        let mut lines = pasted.lines().map(str::trim).filter(|line| !line.is_empty());
        if selected {
            field.set("");
        }
        field.paste(lines.next().unwrap_or_default());
        *touched = true;
        (Came::Changed, lines.next().is_some())
    }

    /// Handles a click on a field or one of its choices.
    pub(crate) fn click(&mut self, (index, choice): (usize, Option<usize>)) -> Came {
        let Some(item) = self.items.get_mut(index) else { return Came::Ignored };
        let already = self.focus == index;
        self.focus = index;
        match (&mut item.entry, choice) {
            (Entry::Row { chosen, .. } | Entry::List { chosen, .. }, Some(choice)) => *chosen = choice,
            (Entry::Switch(on), _) if already => *on = !*on,
            _ => return Came::Moved,
        }
        item.touched = true;
        Came::Changed
    }

    /// Every field by name with its value, as it may be kept: without secrets.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.items.iter().filter(|item| !item.is_private()).map(|item| (item.label, item.value()))
    }

    /// The lines of the form; with `help` the help of every field, else of the one that has the keys.
    pub(crate) fn rows(&self, ink: Ink<'_>, width: usize, help: bool) -> Vec<Shown> {
        let shown = self.items.iter().enumerate().filter(|(_, item)| item.shown);
        shown.flat_map(|(index, item)| self.item_rows(ink, width, (index, item), help)).collect()
    }

    /// The lines that must be seen: those of the field that has the keys.
    pub(crate) fn window(&self, rows: &[Shown], height: usize) -> usize {
        let of_focus = |row: &Shown| row.place.is_some_and(|(index, _)| index == self.focus);
        let first = rows.iter().position(of_focus).unwrap_or(0);
        let last = rows.iter().rposition(of_focus).unwrap_or(first);
        let latest = rows.len().saturating_sub(height);
        // As much of what comes before as there is room for.
        (last + 1).saturating_sub(height).min(first).min(latest)
    }

    fn item_rows(&self, ink: Ink<'_>, width: usize, (index, item): (usize, &Item), help: bool) -> Vec<Shown> {
        let theme = ink.theme;
        let focus = index == self.focus;
        let room = width.saturating_sub(LABEL).max(1);
        let mark = match (focus, ink.ascii) {
            (true, false) => "›",
            (true, true) => ">",
            (false, _) => " ",
        };
        let label = || {
            let role = if focus { Role::Title } else { Role::Muted };
            vec![
                Span::styled(format!("{mark} "), theme.style(Role::Key)),
                Span::styled(text::fit(item.label, LABEL - 2), theme.style(role)),
            ]
        };
        let indent = || vec![Span::raw(" ".repeat(LABEL))];
        let mut rows: Vec<Shown> = Vec::new();
        for (number, (spans, choice)) in self.value_lines(ink, room, item, focus).into_iter().enumerate() {
            let mut line = if number == 0 { label() } else { indent() };
            line.extend(spans);
            rows.push(Shown { line: Line::from(line), place: Some((index, choice)) });
        }
        let missing = (self.tried && item.is_missing()).then(|| "this is needed".to_owned());
        let says = [
            (item.problem.clone().or(missing), if ink.ascii { "x " } else { "✗ " }, Role::InputError),
            (item.note.clone(), "! ", Role::Unproven),
        ];
        let mut said = false;
        for (words, glyph, role) in says {
            for (number, part) in text::wrap(&words.unwrap_or_default(), room.saturating_sub(2)).into_iter().enumerate()
            {
                said = true;
                let mut line = indent();
                let lead = if number == 0 { glyph } else { "  " };
                line.push(Span::styled(format!("{lead}{part}"), theme.style(role)));
                rows.push(Shown { line: Line::from(line), place: Some((index, None)) });
            }
        }
        if (help || focus) && !said && !item.help.is_empty() {
            for part in text::wrap(item.help, room) {
                let mut line = indent();
                line.push(Span::styled(part, theme.style(Role::Muted)));
                rows.push(Shown { line: Line::from(line), place: Some((index, None)) });
            }
        }
        rows
    }

    /// The lines of a value, and which choice stands there.
    fn value_lines(
        &self,
        ink: Ink<'_>,
        room: usize,
        item: &Item,
        focus: bool,
    ) -> Vec<(Vec<Span<'static>>, Option<usize>)> {
        let theme = ink.theme;
        match &item.entry {
            Entry::Text(field) if focus && item.is_selected() => {
                let style = theme.style(Role::Input).add_modifier(Modifier::REVERSED);
                vec![(vec![Span::styled(text::cut(field.text(), room), style)], None)]
            }
            Entry::Text(field) if focus => vec![(field.line(room, theme).spans, None)],
            Entry::Text(field) => {
                let shown = if field.is_secret() {
                    "•".repeat(field.text().chars().count())
                } else {
                    field.text().to_owned()
                };
                vec![(vec![Span::styled(text::cut(&shown, room), theme.style(Role::Text))], None)]
            }
            Entry::Key(pasted) => vec![(pasted.line(room, focus, theme).spans, None)],
            Entry::Switch(on) => {
                let words = if *on { "yes" } else { "no" };
                let role = if focus { Role::Input } else { Role::Text };
                vec![(vec![Span::styled(words, theme.style(role))], None)]
            }
            Entry::Row { choices, chosen } => row_lines(ink, room, choices, *chosen, focus),
            Entry::List { choices, chosen } => list_lines(ink, room, choices, *chosen, focus),
        }
    }
}

/// The next choice after this one that begins with a letter.
fn beginning_with(choices: &[Choice], chosen: usize, letter: char) -> usize {
    let begins = |index: &usize| {
        let first = choices.get(*index).and_then(|choice| choice.words.chars().next());
        first.is_some_and(|first| first.to_lowercase().eq(letter.to_lowercase()))
    };
    (chosen + 1..choices.len()).chain(0..=chosen).find(begins).unwrap_or(chosen)
}

fn row_lines(
    ink: Ink<'_>,
    room: usize,
    choices: &[Choice],
    chosen: usize,
    focus: bool,
) -> Vec<(Vec<Span<'static>>, Option<usize>)> {
    let theme = ink.theme;
    let mut lines: Vec<(Vec<Span<'static>>, Option<usize>)> = vec![(Vec::new(), None)];
    let mut used = 0;
    for (index, choice) in choices.iter().enumerate() {
        let words = if index == chosen { format!("[{}]", choice.words) } else { format!(" {} ", choice.words) };
        let wide = words.width();
        if used + wide > room && used > 0 {
            lines.push((Vec::new(), None));
            used = 0;
        }
        used += wide;
        let role = match (index == chosen, focus) {
            (true, true) => Role::Input,
            (true, false) => Role::Text,
            (false, _) => Role::Muted,
        };
        if let Some((spans, _)) = lines.last_mut() {
            spans.push(Span::styled(text::cut(&words, room), theme.style(role)));
        }
    }
    lines
}

fn list_lines(
    ink: Ink<'_>,
    room: usize,
    choices: &[Choice],
    chosen: usize,
    focus: bool,
) -> Vec<(Vec<Span<'static>>, Option<usize>)> {
    let theme = ink.theme;
    let first = list::window(Some(chosen), choices.len(), LIST);
    let shown = choices.iter().enumerate().skip(first).take(LIST);
    let wide = choices.iter().map(|choice| choice.words.width()).max().unwrap_or(0).min(room / 2) + 2;
    shown
        .map(|(index, choice)| {
            let here = index == chosen;
            let mark = match (here, ink.ascii) {
                (true, false) => "● ",
                (true, true) => "* ",
                (false, false) => "○ ",
                (false, true) => ". ",
            };
            let words = text::cut(&choice.words, room.saturating_sub(2));
            let words = if choice.remark.is_empty() { words } else { text::fit(&words, wide) };
            let rest = room.saturating_sub(2 + words.width());
            let line = Line::from(vec![
                Span::styled(mark, theme.style(if here { Role::Accent } else { Role::Muted })),
                Span::styled(words, theme.style(Role::Text)),
                Span::styled(text::cut(&choice.remark, rest), theme.style(Role::Muted)),
            ]);
            let line = if here && focus { pane::selected(line, room, theme) } else { line };
            (line.spans, Some(index))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        let kinds = ["postgres", "mysql", "mariadb"].map(|kind| Choice::new(kind, kind, ""));
        Form::new(vec![
            Item::row("kind", "", kinds.to_vec()),
            Item::text("host", "").needed(),
            Item::text("port", ""),
            Item::text("user", "").asked(),
            Item::switch("start", ""),
        ])
    }

    fn press(form: &mut Form, keys: &str) -> Came {
        let mut came = Came::Ignored;
        for key in keys.split_whitespace() {
            came = form.key(key.parse().unwrap());
        }
        came
    }

    #[test]
    fn enter_stops_at_what_is_asked_and_then_goes_on() {
        let mut form = form();
        assert_eq!((press(&mut form, "enter"), form.focused()), (Came::Moved, "host"));
        assert_eq!((press(&mut form, "enter"), form.focused()), (Came::Moved, "host"));
        assert_eq!(press(&mut form, "d b"), Came::Changed);
        assert_eq!((press(&mut form, "enter"), form.focused()), (Came::Moved, "user"));
        assert_eq!(press(&mut form, "enter"), Came::Submitted);
    }

    #[test]
    fn choices_go_by_arrows_and_letters() {
        let mut form = form();
        press(&mut form, "right");
        assert_eq!(form.value("kind"), "mysql");
        press(&mut form, "m");
        assert_eq!(form.value("kind"), "mariadb");
        press(&mut form, "right left left");
        assert_eq!(form.value("kind"), "mysql");
        press(&mut form, "backtab space");
        assert_eq!((form.focused(), form.value("start")), ("start", "yes"));
        press(&mut form, "tab");
        assert_eq!(form.focused(), "kind");
    }

    #[test]
    fn what_is_proposed_is_replaced_until_the_cursor_moves_in_it() {
        let proposed = |keys: &str| {
            let mut item = Item::text("name", "").replaced();
            item.set("imported");
            let mut form = Form::new(vec![item]);
            press(&mut form, keys);
            form.value("name").to_owned()
        };
        assert_eq!(proposed("o r"), "or");
        assert_eq!(proposed("backspace"), "");
        assert_eq!(proposed("end x"), "importedx");
        assert_eq!(proposed("left x backspace backspace"), "importd");
        let mut form = Form::new(vec![Item::text("name", "").replaced()]);
        form.items[0].set("imported");
        form.paste("orders");
        form.paste("-2");
        assert_eq!(form.value("name"), "orders-2");
    }

    #[test]
    fn of_a_paste_one_line_is_taken() {
        let mut form = form();
        press(&mut form, "tab");
        assert_eq!(form.paste("\r\n  db.internal\u{7}\r\n\r\nsecond"), (Came::Changed, true));
        assert_eq!(form.value("host"), "db.internal");
    }
}
