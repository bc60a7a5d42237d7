//! Every key and what it does, searchable; Enter does the chosen one. The palette is the same list by command name.

use ratatui::text::{Line, Span};

use super::{Obstacle, Outcome, Overlay};
use crate::tui::action::Action;
use crate::tui::key::{Code, Key};
use crate::tui::keymap::Keymap;
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::pane::{self, Ink};
use crate::tui::widget::{list, text};

/// The lines above the actions: the search, a blank.
const HEAD: usize = 2;

/// A list of actions with a search.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    pub(super) title: &'static str,
    pub(super) search: Field,
    selected: usize,
    /// Each action's name shows too.
    names: bool,
}

impl Actions {
    pub(super) fn new(title: &'static str, names: bool) -> Self {
        Self { title, search: Field::default(), selected: 0, names }
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
        // A whole name is nobody else's beginning.
        found.sort_by_key(|(score, action)| (*score, !wanted.is_empty() && action.id() != wanted));
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

    /// The lines of actions that a layer of this height has room for, and the first of them that shows.
    fn window(&self, count: usize, height: usize) -> (usize, usize) {
        let room = height.saturating_sub(HEAD + 3).max(1);
        (list::window(Some(self.selected), count, room), room)
    }

    /// Selects the action on this line; one that is selected is done.
    pub(super) fn click(mut self, line: usize, height: usize) -> Outcome {
        let found = self.found();
        let (first, room) = self.window(found.len(), height);
        let index = line.checked_sub(HEAD).filter(|line| *line < room).map(|line| first + line);
        let Some((index, action)) = index.and_then(|index| Some((index, *found.get(index)?))) else {
            return Outcome::Stay(Overlay::Actions(self));
        };
        if index == self.selected {
            return Outcome::Run(action);
        }
        self.selected = index;
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
        let chosen = found.get(self.selected).map(|action| in_full(*action, obstacle)).unwrap_or_default();
        // Always the same height, so that the list does not jump.
        let below: Vec<String> = text::wrap(&chosen, width).into_iter().take(2).collect();
        let (first, room) = self.window(found.len().max(1), height);
        let (keys_wide, name_wide) = if width < 60 { (7, 17) } else { (16, 18) };
        for (index, action) in found.iter().enumerate().skip(first).take(room) {
            let keys: Vec<String> = keymap.keys(*action).map(|key| key.to_string()).collect();
            let role = if obstacle(*action).is_some() { Role::Muted } else { Role::Text };
            let name_wide = if self.names { name_wide } else { 0 };
            let rest = width.saturating_sub(keys_wide + name_wide);
            let line = Line::from(vec![
                Span::styled(text::fit(&text::cut(&keys.join(" "), keys_wide - 1), keys_wide), theme.style(Role::Key)),
                Span::styled(text::fit(action.id(), name_wide), theme.style(Role::Title)),
                Span::styled(text::cut(action.help(), rest), theme.style(role)),
            ]);
            lines.push(if index == self.selected { pane::selected(line, width, theme) } else { line });
        }
        lines.push(Line::default());
        lines.extend(
            (0..2).map(|line| Line::styled(below.get(line).cloned().unwrap_or_default(), theme.style(Role::Muted))),
        );
        lines
    }
}

/// What is said of the chosen action.
fn in_full(action: Action, obstacle: &Obstacle<'_>) -> String {
    match obstacle(action) {
        Some(why) => format!("{} Not now: {why}.", action.help()),
        None => action.help().to_owned(),
    }
}

fn in_order(letters: &str, text: &str) -> bool {
    let mut rest = text.chars();
    letters.chars().all(|letter| rest.any(|c| c == letter))
}
