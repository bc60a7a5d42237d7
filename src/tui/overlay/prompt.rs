//! One line that is asked for over a screen: a new name, a file, a login. It is checked while it is typed.

use std::sync::Arc;

use ratatui::text::{Line, Span};

use super::{Outcome, Overlay};
use crate::service::Request;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::text;

/// What is made of the text: a request and what it does, in words ("rename orders"); or why the text will not do.
pub(crate) type Make = Arc<dyn Fn(&str) -> Result<(Request, String), String> + Send + Sync>;

/// A line with what is typed of it.
#[derive(Clone)]
pub(crate) struct Prompt {
    pub(super) title: String,
    /// A line of help, with an example.
    words: String,
    pub(super) field: Field,
    /// What is wrong is said once something was typed or Enter was pressed.
    touched: bool,
    make: Make,
}

// What is made of the text cannot be printed.
impl std::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prompt").field("title", &self.title).finish_non_exhaustive()
    }
}

impl Prompt {
    /// Asks for one line.
    pub(crate) fn new(title: impl Into<String>, words: impl Into<String>, make: Make) -> Self {
        Self { title: title.into(), words: words.into(), field: Field::default(), touched: false, make }
    }

    /// Begins with this text, the cursor at its end.
    pub(crate) fn with(mut self, text: &str) -> Self {
        self.field = Field::of(text);
        self
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        match key.code {
            Code::Esc => return Outcome::Close,
            Code::Enter => match (self.make)(self.field.text()) {
                Ok((request, about)) => return Outcome::Do(request, about),
                Err(_) => self.touched = true,
            },
            _ => self.touched |= self.field.key(key),
        }
        Outcome::Stay(Overlay::Prompt(self))
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        self.field.paste(pasted.trim());
        self.touched = true;
    }

    pub(super) fn lines(&self, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let styled = |words: &str, role: Role| -> Vec<Line<'static>> {
            text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(role))).collect()
        };
        let mut lines = styled(&self.words, Role::Text);
        lines.push(Line::default());
        let mut input = vec![Span::styled("› ".to_owned(), theme.style(Role::Key))];
        input.extend(self.field.line(width.saturating_sub(2), theme).spans);
        lines.push(Line::from(input));
        let wrong = if self.touched { (self.make)(self.field.text()).err() } else { None };
        match wrong {
            Some(why) => lines.extend(styled(&why, Role::InputError)),
            None => lines.push(Line::default()),
        }
        lines.push(Line::styled("enter does it · esc leaves it as it is", theme.style(Role::Muted)));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Name;

    fn prompt() -> Prompt {
        let make: Make = Arc::new(|text| {
            let name: Name = text.parse().map_err(|error| format!("{error}"))?;
            Ok((Request::Up { names: vec![name] }, format!("start {text}")))
        });
        Prompt::new("Start", "Its name, as orders.", make)
    }

    fn shown(prompt: &Prompt) -> String {
        let theme = crate::tui::theme::Themes::load(&[]).find("mono");
        let lines = prompt.lines(Ink { theme: &theme, ascii: false }, 40);
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn what_will_not_do_is_said_once_something_was_typed_and_is_not_done() {
        let Outcome::Stay(Overlay::Prompt(asked)) = prompt().key(Key::char('A')) else { panic!("it closed") };
        let said = "A".parse::<Name>().unwrap_err().to_string();
        let word = said.split_whitespace().next().unwrap();
        assert!(shown(&asked).contains(word), "{}", shown(&asked));
        let Outcome::Stay(Overlay::Prompt(asked)) = asked.key(Key::plain(Code::Enter)) else { panic!("it was done") };
        let Outcome::Stay(Overlay::Prompt(mut empty)) = asked.key(Key::plain(Code::Backspace)) else { panic!() };
        empty.paste(" orders\n");
        let Outcome::Do(Request::Up { names }, about) = empty.key(Key::plain(Code::Enter)) else { panic!() };
        assert_eq!((names.len(), about.as_str()), (1, "start orders"));
        assert!(matches!(prompt().key(Key::plain(Code::Esc)), Outcome::Close));
    }
}
