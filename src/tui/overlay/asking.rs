//! A question that only a person can answer: an unknown host key, a passphrase.

use ratatui::text::{Line, Span};

use super::{Outcome, Overlay};
use crate::model::{Answer, Pending, Question, Secret};
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;
use crate::tui::widget::field::Field;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::text;

/// A question with the answer as far as it is typed.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(super) pending: Pending,
    pub(super) field: Field,
    error: Option<String>,
}

impl Asking {
    pub(super) fn new(pending: Pending) -> Self {
        let field = match pending.question {
            Question::HostKey { .. } => Field::default(),
            Question::Passphrase { .. } => Field::secret(),
        };
        Self { pending, field, error: None }
    }

    pub(super) fn title(&self) -> String {
        match &self.pending.question {
            Question::HostKey { bastion, .. } => format!("Is this {bastion}?"),
            Question::Passphrase { key, .. } => format!("Passphrase for {key}"),
        }
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        match key.code {
            Code::Esc => return Outcome::PutOff(self.pending.id),
            Code::Enter => match self.answer() {
                Ok(answer) => return Outcome::Answered(self.pending.id, answer),
                Err(why) => self.error = Some(why),
            },
            _ => {
                self.error = None;
                self.field.key(key);
            }
        }
        Outcome::Stay(Overlay::Asking(self))
    }

    fn answer(&mut self) -> Result<Answer, String> {
        match &self.pending.question {
            Question::HostKey { fingerprint, .. } => {
                let typed = self.field.text().trim();
                if typed == "yes" || typed == fingerprint {
                    Ok(Answer::Trust { fingerprint: fingerprint.clone() })
                } else if typed.starts_with("SHA256:") {
                    Err("this is another fingerprint: do not trust the server".to_owned())
                } else {
                    Err("type yes, or paste the fingerprint that the admin gave you".to_owned())
                }
            }
            Question::Passphrase { .. } if self.field.text().is_empty() => Err("type the passphrase".to_owned()),
            Question::Passphrase { .. } => Ok(Answer::Passphrase { passphrase: Secret::new(self.field.take()) }),
        }
    }

    /// The lines without which there is no answer: what is asked about, and where it is typed.
    pub(super) fn needed(&self, width: usize) -> usize {
        let asked = match &self.pending.question {
            Question::HostKey { fingerprint, .. } => 1 + text::fold(fingerprint, width).len(),
            Question::Passphrase { .. } => 0,
        };
        asked + 2
    }

    /// As many lines as there is room for: the explaining ones go first.
    pub(super) fn lines(&self, ink: Ink<'_>, (width, room): (usize, usize)) -> Vec<Line<'static>> {
        let whole = self.all_lines(ink, width);
        if whole.len() <= room {
            return whole;
        }
        let theme = ink.theme;
        let mut lines = Vec::new();
        if let Question::HostKey { endpoint, fingerprint, .. } = &self.pending.question {
            lines.push(Line::styled(text::cut(&format!("of {endpoint}"), width), theme.style(Role::Text)));
            let folded = text::fold(fingerprint, width).into_iter();
            lines.extend(folded.map(|line| Line::styled(line, theme.style(Role::Accent))));
        }
        lines.extend(self.answer_lines(ink, width));
        lines
    }

    /// Where the answer is typed, and what is wrong with it.
    fn answer_lines(&self, ink: Ink<'_>, width: usize) -> [Line<'static>; 2] {
        let theme = ink.theme;
        let mut input = vec![Span::styled("› ".to_owned(), theme.style(Role::Key))];
        input.extend(self.field.line(width.saturating_sub(2), theme).spans);
        let hint = "enter answers · esc puts it off";
        [
            Line::from(input),
            match &self.error {
                Some(error) => Line::styled(text::cut(error, width), theme.style(Role::InputError)),
                None => Line::styled(text::cut(hint, width), theme.style(Role::Muted)),
            },
        ]
    }

    fn all_lines(&self, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let mut lines = Vec::new();
        let plain = |words: &str| -> Vec<Line<'static>> {
            text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(Role::Text))).collect()
        };
        let fact = |name: &str, value: &str| {
            Line::from(vec![
                Span::styled(text::fit(name, 13), theme.style(Role::Muted)),
                Span::styled(text::cut(value, width.saturating_sub(13)), theme.style(Role::Accent)),
            ])
        };
        match &self.pending.question {
            Question::HostKey { endpoint, address, key_type, fingerprint, .. } => {
                lines.extend(plain("This server has not been seen before. Compare the fingerprint with the one that the bastion's admin gives you."));
                lines.push(Line::default());
                lines.push(fact("server", &endpoint.to_string()));
                lines.push(fact("answers at", address));
                lines.push(fact("key type", key_type));
                // To be compared, so none of it is cut.
                for (index, part) in text::fold(fingerprint, width.saturating_sub(13)).iter().enumerate() {
                    lines.push(fact(if index == 0 { "fingerprint" } else { "" }, part));
                }
                lines.push(Line::default());
                lines.extend(plain("Type yes, or paste the fingerprint that you were given:"));
            }
            Question::Passphrase { bastion, key, again } => {
                if *again {
                    lines.push(Line::styled("That passphrase does not open the key.", theme.style(Role::InputError)));
                }
                lines.extend(plain(&format!("{key} is encrypted, and the login to {bastion} needs it. It is kept in memory only, while a tunnel needs it.")));
                lines.push(Line::default());
            }
        }
        let [input, _] = self.answer_lines(ink, width);
        lines.push(input);
        lines.push(match &self.error {
            Some(error) => Line::styled(text::cut(error, width), theme.style(Role::InputError)),
            None => Line::default(),
        });
        let waits: Vec<&str> = self.pending.tunnels.iter().map(|name| name.as_str()).collect();
        lines.push(Line::styled(
            text::cut(&format!("enter answers · esc puts it off · waits: {}", waits.join(", ")), width),
            theme.style(Role::Muted),
        ));
        lines
    }
}
