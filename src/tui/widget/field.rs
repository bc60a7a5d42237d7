//! One line of typed text. Editing is tui-input's business; a secret shows as dots.

use ratatui::text::{Line, Span};
use tui_input::{Input as Model, InputRequest};
use unicode_width::UnicodeWidthStr;

use crate::tui::key::{Code, Key};
use crate::tui::theme::{Role, Theme};

/// Longer input is not taken.
const MAX: usize = 1000;

/// A character that is not seen and turns others around (UAX #9, 2): a name with one would not be what it looks like.
fn reorders(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text field.
#[derive(Clone, Default)]
pub(crate) struct Field {
    model: Model,
    secret: bool,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if self.secret { "••••" } else { self.text() };
        f.debug_tuple("Field").field(&text).finish()
    }
}

impl Field {
    /// An empty field whose text shows as dots.
    pub(crate) fn secret() -> Self {
        Self { model: Model::default(), secret: true }
    }

    /// A field with this text, the cursor at its end.
    pub(crate) fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        self.model.value()
    }

    /// Its text shows as dots.
    pub(crate) fn is_secret(&self) -> bool {
        self.secret
    }

    /// Holds this text instead, the cursor at its end.
    pub(crate) fn set(&mut self, text: &str) {
        self.model.reset();
        self.paste(text);
    }

    /// Empties it and hands out the text.
    pub(crate) fn take(&mut self) -> String {
        self.model.value_and_reset()
    }

    /// Handles a key; false when it is not one of editing.
    pub(crate) fn key(&mut self, key: Key) -> bool {
        let request = match (key.code, key.ctrl) {
            (Code::Char('u'), true) => InputRequest::DeleteLine,
            (Code::Char('w'), true) => InputRequest::DeletePrevWord,
            (Code::Char('a'), true) | (Code::Home, _) => InputRequest::GoToStart,
            (Code::Char('e'), true) | (Code::End, _) => InputRequest::GoToEnd,
            (Code::Backspace, _) => InputRequest::DeletePrevChar,
            (Code::Delete, _) => InputRequest::DeleteNextChar,
            (Code::Left, false) => InputRequest::GoToPrevChar,
            (Code::Right, false) => InputRequest::GoToNextChar,
            (Code::Left, true) => InputRequest::GoToPrevWord,
            (Code::Right, true) => InputRequest::GoToNextWord,
            _ => match key.text() {
                Some(c) => return self.insert(c),
                None => return false,
            },
        };
        self.model.handle(request);
        true
    }

    /// Takes the first line of a pasted text, without control characters: what stands below it was meant for elsewhere.
    pub(crate) fn paste(&mut self, text: &str) {
        let line = text.split(['\n', '\r']).find(|line| !line.trim().is_empty()).unwrap_or_default();
        for c in line.chars().filter(|c| !c.is_control()) {
            self.insert(c);
        }
    }

    fn insert(&mut self, c: char) -> bool {
        if self.text().chars().count() < MAX && !reorders(c) {
            self.model.handle(InputRequest::InsertChar(c));
        }
        true
    }

    /// The field as a line with its cursor, scrolled so that the cursor shows.
    pub(crate) fn line(&self, width: usize, theme: &Theme) -> Line<'static> {
        let shown: String =
            if self.secret { "•".repeat(self.text().chars().count()) } else { self.text().to_owned() };
        let cursor = self.model.cursor();
        let before: String = shown.chars().take(cursor).collect();
        let at: String = shown.chars().nth(cursor).map_or_else(|| " ".to_owned(), |c| c.to_string());
        let after: String = shown.chars().skip(cursor + 1).collect();
        let mut left = before;
        while left.width() + at.width() > width && !left.is_empty() {
            left.remove(0);
        }
        let style = theme.style(Role::Input);
        let room = width.saturating_sub(left.width() + at.width());
        Line::from(vec![
            Span::styled(left, style),
            Span::styled(at, style.add_modifier(ratatui::style::Modifier::REVERSED)),
            Span::styled(super::text::cut(&after, room), style),
        ])
    }
}
