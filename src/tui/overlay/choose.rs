//! A few things of which one is done: each has a key of its own, Enter takes the selected one, which is the usual at first.

use ratatui::text::{Line, Span};

use super::{Outcome, Overlay};
use crate::service::Request;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;
use crate::tui::widget::pane::{self, Ink};
use crate::tui::widget::{list, text};

/// What is done.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// Copy text, called so.
    Copy { text: String, what: String },
    /// Ask the service, for this reason.
    Ask(Request, String),
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) key: char,
    pub(crate) label: String,
    /// What it comes to: the text, the names.
    pub(crate) detail: String,
    pub(crate) deed: Deed,
}

/// The things to choose from.
#[derive(Debug, Clone)]
pub(crate) struct Choosing {
    pub(super) title: String,
    choices: Vec<Choice>,
    selected: usize,
}

/// The lines below the list that show the selected one in full.
const BELOW: usize = 4;

impl Choosing {
    pub(super) fn new(title: String, choices: Vec<Choice>) -> Self {
        Self { title, choices, selected: 0 }
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        let last = self.choices.len().saturating_sub(1);
        match key.code {
            Code::Esc | Code::Char('q') => return Outcome::Close,
            Code::Enter => return self.take(self.selected),
            Code::Up | Code::BackTab | Code::Char('k') => self.selected = self.selected.saturating_sub(1),
            Code::Down | Code::Tab | Code::Char('j') => self.selected = (self.selected + 1).min(last),
            Code::Home | Code::Char('g') => self.selected = 0,
            Code::End | Code::Char('G') => self.selected = last,
            Code::Char(c) => {
                if let Some(index) = self.choices.iter().position(|choice| choice.key == c) {
                    return self.take(index);
                }
            }
            _ => {}
        }
        Outcome::Stay(Overlay::Choosing(self))
    }

    /// Takes the one that stands on this line.
    pub(super) fn click(self, line: usize, room: usize) -> Outcome {
        let first = self.first(room);
        if line < self.room(room) && first + line < self.choices.len() {
            return self.take(first + line);
        }
        Outcome::Stay(Overlay::Choosing(self))
    }

    fn take(&self, index: usize) -> Outcome {
        match self.choices.get(index).map(|choice| choice.deed.clone()) {
            Some(Deed::Copy { text, what }) => Outcome::Copy(text, what),
            Some(Deed::Ask(request, about)) => Outcome::Do(request, about),
            None => Outcome::Close,
        }
    }

    fn room(&self, room: usize) -> usize {
        room.saturating_sub(BELOW + 3).clamp(1, self.choices.len().max(1))
    }

    fn first(&self, room: usize) -> usize {
        list::window(Some(self.selected), self.choices.len(), self.room(room))
    }

    pub(super) fn lines(&self, ink: Ink<'_>, (width, height): (usize, usize)) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let label = self.choices.iter().map(|choice| choice.label.chars().count()).max().unwrap_or(0) + 2;
        let shown = self.choices.iter().enumerate().skip(self.first(height)).take(self.room(height));
        let mut lines: Vec<Line<'static>> = shown
            .map(|(index, choice)| {
                let line = Line::from(vec![
                    Span::styled(format!(" {}  ", choice.key), theme.style(Role::Key)),
                    Span::styled(text::fit(&choice.label, label), theme.style(Role::Text)),
                    Span::styled(
                        text::cut(&one_line(&choice.detail), width.saturating_sub(label + 5)),
                        theme.style(Role::Muted),
                    ),
                ]);
                if index == self.selected { pane::selected(line, width, theme) } else { line }
            })
            .collect();
        let detail = self.choices.get(self.selected).map(|choice| choice.detail.as_str()).unwrap_or_default();
        let mut whole: Vec<String> =
            detail.lines().flat_map(|line| text::fold(line, width.saturating_sub(1))).collect();
        if whole.len() > BELOW {
            whole.truncate(BELOW - 1);
            whole.push("…".to_owned());
        }
        // Always the same height, so that the list does not jump.
        whole.resize(BELOW, String::new());
        lines.push(Line::default());
        lines.extend(whole.into_iter().map(|line| Line::styled(format!(" {line}"), theme.style(Role::Accent))));
        lines.push(Line::default());
        let keys = text::cut(" enter takes the selected one · a letter takes its own · esc closes", width);
        lines.push(Line::styled(keys, theme.style(Role::Muted)));
        lines
    }
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choosing() -> Choosing {
        let choice = |key: char| Choice {
            key,
            label: format!("the {key}"),
            detail: format!("text of {key}"),
            deed: Deed::Copy { text: key.to_string(), what: format!("the {key}") },
        };
        Choosing::new("Copy".to_owned(), vec![choice('u'), choice('h'), choice('e')])
    }

    fn taken(outcome: Outcome) -> String {
        match outcome {
            Outcome::Copy(text, _) => text,
            _ => panic!("nothing was taken"),
        }
    }

    #[test]
    fn enter_takes_the_first_and_each_has_a_key_and_a_line() {
        assert_eq!(taken(choosing().key(Key::plain(Code::Enter))), "u");
        assert_eq!(taken(choosing().key(Key::char('e'))), "e");
        assert_eq!(taken(choosing().click(1, 20)), "h");
        let Outcome::Stay(Overlay::Choosing(second)) = choosing().key(Key::char('j')) else { panic!("it closed") };
        assert_eq!(taken(second.key(Key::plain(Code::Enter))), "h");
        for strange in ['x', '\u{202e}'] {
            assert!(matches!(choosing().key(Key::char(strange)), Outcome::Stay(_)));
        }
        assert!(matches!(choosing().key(Key::plain(Code::Esc)), Outcome::Close));
        assert!(matches!(choosing().click(9, 20), Outcome::Stay(_)));
    }
}
