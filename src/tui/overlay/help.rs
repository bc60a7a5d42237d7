//! Every key and what it does, searchable; Enter does the chosen one. The palette is the same list by command name.

use ratatui::text::{Line, Span};

use super::{Obstacle, Outcome, Overlay};
use crate::tui::action::Action;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::Keymap;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::{list, text};

/// A list of actions with a search.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    pub(super) title: &'static str,
    pub(super) search: Field,
    selected: usize,
}

impl Actions {
    pub(super) fn new(title: &'static str) -> Self {
        Self { title, search: Field::default(), selected: 0 }
    }

    /// The actions that the search lets through, best first; a word matches when its letters come in order.
    fn found(&self) -> Vec<Action> {
        let wanted = self.search.text().to_lowercase();
        let mut found: Vec<(usize, Action)> = Action::ALL
            .iter()
            .filter_map(|action| {
                let (id, help) = (action.id(), action.help().to_lowercase());
                let score = if wanted.is_empty() || id.starts_with(&wanted) {
                    0
                } else if id.contains(&wanted) {
                    1
                } else if help.contains(&wanted) {
                    2
                } else if in_order(&wanted, id) {
                    3
                } else {
                    return None;
                };
                Some((score, *action))
            })
            .collect();
        found.sort_by_key(|(score, _)| *score);
        found.into_iter().map(|(_, action)| action).collect()
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        let found = self.found();
        match key.code {
            Code::Esc => return Outcome::Close,
            Code::Enter => {
                let chosen = found.get(self.selected).copied();
                return match chosen {
                    Some(action) => Outcome::Run(action),
                    None => Outcome::Stay(Overlay::Actions(self)),
                };
            }
            Code::Up | Code::BackTab => self.selected = self.selected.saturating_sub(1),
            Code::Down | Code::Tab => self.selected = (self.selected + 1).min(found.len().saturating_sub(1)),
            _ => {
                if self.search.key(key) {
                    self.selected = 0;
                }
            }
        }
        Outcome::Stay(Overlay::Actions(self))
    }

    pub(super) fn lines(
        &self,
        ink: Ink<'_>,
        keymap: &Keymap,
        obstacle: &Obstacle<'_>,
        (width, height): (usize, usize),
    ) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let mut search = vec![Span::styled("search ", theme.style(Role::Muted))];
        search.extend(self.search.line(width.saturating_sub(8), theme).spans);
        let mut lines = vec![Line::from(search), Line::default()];
        let found = self.found();
        if found.is_empty() {
            lines.push(Line::styled("no command has these letters", theme.style(Role::Muted)));
        }
        let room = height.saturating_sub(lines.len()).max(1);
        let first = list::window(Some(self.selected), found.len(), room);
        for (index, action) in found.iter().enumerate().skip(first).take(room) {
            let keys: Vec<String> = keymap.keys(*action).map(|key| key.to_string()).collect();
            let why = obstacle(*action);
            let words = why.map_or_else(|| action.help().to_owned(), |why| format!("({why}) {}", action.help()));
            let rest = width.saturating_sub(34);
            let line = Line::from(vec![
                Span::styled(text::fit(&keys.join(" "), 16), theme.style(Role::Key)),
                Span::styled(text::fit(action.id(), 18), theme.style(Role::Title)),
                Span::styled(
                    text::fit(&words, rest),
                    theme.style(if why.is_some() { Role::Muted } else { Role::Text }),
                ),
            ]);
            lines.push(if index == self.selected { line.patch_style(theme.style(Role::Selection)) } else { line });
        }
        lines
    }
}

fn in_order(letters: &str, text: &str) -> bool {
    let mut rest = text.chars();
    letters.chars().all(|letter| rest.any(|c| c == letter))
}
