//! What is hard to take back is done only after a second key, with its name said.

use ratatui::text::Line;

use super::{Outcome, Overlay};
use crate::service::Request;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::text;

/// Something to be confirmed.
#[derive(Debug, Clone)]
pub(crate) struct Confirming {
    pub(super) title: String,
    /// What it means.
    words: String,
    /// What `y` does, in words: "drop orders".
    about: String,
    request: Request,
}

impl Confirming {
    pub(super) fn new(title: String, words: String, about: String, request: Request) -> Self {
        Self { title, words, about, request }
    }

    pub(super) fn key(self, key: Key) -> Outcome {
        match key.code {
            Code::Char('y') => Outcome::Do(self.request, self.about),
            Code::Esc | Code::Char('n' | 'q') => Outcome::Close,
            _ => Outcome::Stay(Overlay::Confirming(self)),
        }
    }

    pub(super) fn lines(&self, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
        let mut lines: Vec<Line<'static>> = text::wrap(&self.words, width)
            .into_iter()
            .map(|line| Line::styled(line, ink.theme.style(Role::Text)))
            .collect();
        lines.push(Line::default());
        let keys = text::wrap(&format!("y: {} · esc: leave it as it is", self.about), width).into_iter();
        lines.extend(keys.map(|line| Line::styled(line, ink.theme.style(Role::Key))));
        lines
    }
}
