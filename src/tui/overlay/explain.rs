//! An error text that a person pastes, and what it means. The service reads it; nothing is judged here.

use ratatui::text::{Line, Span};

use super::{Outcome, Overlay};
use crate::model::Untrusted;
use crate::service::Match;
use crate::tui::key::{Code, Key};
use crate::tui::theme::Role;
use crate::tui::widget::pane::Ink;
use crate::tui::widget::{badge, text};

/// A longer text is cut: what says what went wrong stands in a screenful.
const LONGEST: usize = 64 << 10;

/// Lines of the text that show.
const SHOWN: usize = 4;

/// The text so far, and what is known of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Explaining {
    text: String,
    /// What the text means, once somebody has said.
    found: Option<Vec<Match>>,
    /// The first line of it that shows.
    first: usize,
}

impl Explaining {
    /// The text, to be read.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Takes over what it means.
    pub(super) fn learn(&mut self, found: Vec<Match>) {
        self.found = Some(found);
        self.first = 0;
    }

    /// Takes pasted text; says whether there is something to read.
    pub(super) fn paste(&mut self, pasted: &str) -> bool {
        // After an answer a paste is another text.
        if self.found.is_some() {
            self.clear();
        }
        pasted.chars().for_each(|c| self.push(c));
        !self.text.trim().is_empty()
    }

    fn clear(&mut self) {
        self.text.clear();
        self.found = None;
        self.first = 0;
    }

    fn push(&mut self, c: char) {
        let c = if c == '\r' { '\n' } else { c };
        if self.text.len() + c.len_utf8() <= LONGEST {
            self.text.push(c);
        }
    }

    pub(super) fn key(mut self, key: Key) -> Outcome {
        match (key.code, key.ctrl) {
            (Code::Esc, _) => return Outcome::Close,
            (Code::Char('y'), true) => {
                let mut all = self.found.iter().flatten().flat_map(|found| &found.advice);
                let command = all.find_map(|advice| advice.command.clone());
                return match command {
                    Some(text) => Outcome::Copied(Overlay::Explaining(self), text),
                    None => Outcome::Stay(Overlay::Explaining(self)),
                };
            }
            (Code::Enter, _) => {
                // A terminal that types a paste key by key ends each line so.
                self.push('\n');
                if !self.text.trim().is_empty() {
                    return Outcome::Explain(Overlay::Explaining(self));
                }
            }
            (Code::Char('u'), true) => self.clear(),
            (Code::Up | Code::PageUp, _) => self.first = self.first.saturating_sub(1),
            (Code::Down | Code::PageDown, _) => self.first = self.first.saturating_add(1),
            (Code::Backspace, _) => {
                self.text.pop();
            }
            _ => {
                if let Some(c) = key.text() {
                    self.push(c);
                }
            }
        }
        Outcome::Stay(Overlay::Explaining(self))
    }

    pub(super) fn lines(&self, ink: Ink<'_>, (width, height): (usize, usize)) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let muted = |words: &str| Line::styled(text::cut(words, width), theme.style(Role::Muted));
        let mut lines = Vec::new();
        let pasted: Vec<&str> = self.text.lines().filter(|line| !line.trim().is_empty()).collect();
        if pasted.is_empty() {
            let words = "Paste what ssh, sshd's log, a database client, a driver or a tool printed.";
            lines.extend(text::wrap(words, width).into_iter().map(|line| Line::styled(line, theme.style(Role::Text))));
        }
        let hidden = pasted.len().saturating_sub(SHOWN);
        if hidden > 0 {
            lines.push(muted(&format!("… {hidden} lines before")));
        }
        for line in pasted.iter().skip(hidden) {
            let clean = Untrusted::new(*line).clean(width);
            lines.push(Line::styled(text::cut(&clean, width), theme.style(Role::Input)));
        }
        lines.push(Line::default());
        let meaning = self.meaning(ink, width);
        // The hint keeps its line.
        let room = height.saturating_sub(lines.len() + 2).max(1);
        let first = self.first.min(meaning.len().saturating_sub(room));
        lines.extend(meaning.into_iter().skip(first).take(room));
        lines.push(Line::default());
        let hint = match &self.found {
            Some(found) if !found.is_empty() => {
                "ctrl-y copies its command · up/down scroll · ctrl-u clears · esc closes"
            }
            Some(_) => "paste another text, or have the tunnel diagnosed · ctrl-u clears · esc closes",
            None => "enter explains · ctrl-u clears · esc closes",
        };
        lines.push(muted(hint));
        lines
    }

    fn meaning(&self, ink: Ink<'_>, width: usize) -> Vec<Line<'static>> {
        let theme = ink.theme;
        let Some(found) = &self.found else { return Vec::new() };
        if found.is_empty() {
            let words = "No error that is known stands in this text. A diagnosis of the tunnel or the bastion looks for itself.";
            let parts = text::wrap(words, width);
            return parts.into_iter().map(|line| Line::styled(line, theme.style(Role::Unproven))).collect();
        }
        let mut lines = Vec::new();
        for one in found {
            if !lines.is_empty() {
                lines.push(Line::default());
            }
            let plain = |words: &str, indent: usize, role: Role| -> Vec<Line<'static>> {
                let parts = text::wrap(words, width.saturating_sub(indent)).into_iter();
                parts.map(|part| Line::styled(format!("{}{part}", " ".repeat(indent)), theme.style(role))).collect()
            };
            lines.extend(plain(&one.title, 0, Role::Title));
            let facts = format!("{}, {} · {}", one.class, one.certainty.as_str(), badge::turn(one.owner));
            lines.push(Line::from(Span::styled(text::cut(&facts, width), theme.style(Role::Muted))));
            lines.extend(plain(&one.meaning, 0, Role::Text));
            for advice in &one.advice {
                lines.extend(plain(&format!("- {}", advice.text), 0, Role::Text));
                lines.extend(advice.command.iter().flat_map(|command| plain(command, 4, Role::Accent)));
            }
        }
        lines
    }
}
