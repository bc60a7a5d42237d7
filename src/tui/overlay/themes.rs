//! Themes to choose from. What the selection is on shows at once on the whole screen; Enter keeps it, Esc goes back.

use ratatui::text::{Line, Span};

use super::{Outcome, Overlay};
use crate::tui::key::{Code, Key};
use crate::tui::theme::{Choice, Depth, Role, Themes};
use crate::tui::widget::badge::State;
use crate::tui::widget::pane::{self, Ink};
use crate::tui::widget::{list, text};

/// States of the sample, so that each theme shows how it tells them apart.
const SAMPLE: [State; 6] =
    [State::Up, State::Connecting, State::Retrying, State::NeedsYou, State::Failed, State::Stopped];

/// Lines that are no choices: a blank, the sample, a blank, a note, the keys.
const AROUND: usize = 6;

/// A list of themes.
#[derive(Debug, Clone)]
pub(crate) struct Picking {
    choices: Vec<Choice>,
    selected: usize,
    /// What was in force when the list was opened.
    before: String,
    note: &'static str,
}

impl Picking {
    pub(super) fn new(themes: &Themes, chosen: &str) -> Self {
        let choices = themes.choices();
        let selected = choices.iter().position(|choice| choice.name == chosen).unwrap_or(0);
        let note = match themes.depth() {
            Depth::True | Depth::Indexed => "",
            Depth::Sixteen => "this terminal shows 16 colours: accents differ, states do not",
            Depth::None => "NO_COLOR is set: only themes without colours",
        };
        Self { choices, selected, before: chosen.to_owned(), note }
    }

    /// What is looked at.
    pub(super) fn name(&self) -> Option<&str> {
        self.choices.get(self.selected).map(|choice| choice.name.as_str())
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        let last = self.choices.len().saturating_sub(1);
        self.selected = match (key.code, key.ctrl) {
            (Code::Esc | Code::Char('q'), _) => return Outcome::Theme(self.before, false),
            (Code::Enter, _) => {
                let name = self.choices.get(self.selected).map(|choice| choice.name.clone());
                return name.map_or(Outcome::Close, |name| Outcome::Theme(name, true));
            }
            (Code::Up | Code::BackTab, _) | (Code::Char('k'), false) => self.selected.saturating_sub(1),
            (Code::Down | Code::Tab, _) | (Code::Char('j' | 'T'), false) => (self.selected + 1).min(last),
            (Code::Home, _) | (Code::Char('g'), false) => 0,
            (Code::End, _) | (Code::Char('G'), false) => last,
            (Code::PageUp, _) | (Code::Char('u'), true) => self.selected.saturating_sub(5),
            (Code::PageDown, _) | (Code::Char('d'), true) => (self.selected + 5).min(last),
            _ => self.selected,
        };
        self.preview()
    }

    /// Looks at the theme on this line.
    pub(super) fn click(mut self, line: usize, height: usize) -> Outcome {
        let (first, room) = self.window(height);
        if line < room && first + line < self.choices.len() {
            self.selected = first + line;
        }
        self.preview()
    }

    fn preview(self) -> Outcome {
        match self.choices.get(self.selected).map(|choice| choice.name.clone()) {
            Some(name) => Outcome::Preview(Overlay::Picking(self), name),
            None => Outcome::Stay(Overlay::Picking(self)),
        }
    }

    /// The first choice that shows, and how many there is room for.
    fn window(&self, height: usize) -> (usize, usize) {
        let room = height.saturating_sub(AROUND).max(1);
        (list::window(Some(self.selected), self.choices.len(), room), room)
    }

    pub(super) fn lines(&self, ink: Ink<'_>, (width, height): (usize, usize)) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let (first, room) = self.window(height);
        let widest = self.choices.iter().map(|choice| choice.name.len()).max().unwrap_or(0).min(width / 2) + 2;
        let mut lines: Vec<Line<'static>> = Vec::new();
        for (index, choice) in self.choices.iter().enumerate().skip(first).take(room) {
            let line = Line::from(vec![
                Span::styled(format!(" {}", text::fit(&choice.name, widest)), theme.style(Role::Text)),
                Span::styled(text::cut(&choice.words, width.saturating_sub(widest + 2)), theme.style(Role::Muted)),
            ]);
            lines.push(if index == self.selected { pane::selected(line, width, theme) } else { line });
        }
        lines.push(Line::default());
        let sample = |state: State| {
            let words = format!(" {} {} ", ink.glyph(state.glyph()), state.word());
            Span::styled(words, theme.style(state.role()))
        };
        // As many to a line as fit.
        let mut line = Line::default();
        for span in SAMPLE.map(sample) {
            if line.width() + span.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push_span(span);
        }
        lines.push(line);
        if !self.note.is_empty() {
            lines.push(Line::styled(text::cut(self.note, width), theme.style(Role::Unproven)));
        }
        lines.push(Line::styled(text::cut("enter keeps it · esc goes back", width), theme.style(Role::Muted)));
        lines
    }
}
