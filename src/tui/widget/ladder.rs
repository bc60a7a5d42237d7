//! The ladder: one line a rung, with how far the climb has come. It knows nothing of what the rungs are looked at for.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::pane::{self, Ink};
use super::text;
use crate::model::{Rung, Verdict};
use crate::tui::theme::{Glyph, Role};

/// How a rung stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// Looked at, and this came of it.
    Seen(Verdict),
    /// Being looked at.
    Looking,
    /// Not come to yet.
    Ahead,
}

impl Mark {
    /// The sign, one cell wide.
    pub(crate) fn glyph(self, ink: Ink<'_>) -> String {
        let glyph = match self {
            Self::Seen(Verdict::Pass) => Glyph::Pass,
            Self::Seen(Verdict::Warn) => Glyph::Warn,
            Self::Seen(Verdict::Fail) => Glyph::Failed,
            Self::Seen(Verdict::Skip) => Glyph::Skip,
            Self::Looking => Glyph::Connecting,
            Self::Ahead => return " ".to_owned(),
        };
        ink.glyph(glyph)
    }

    /// The colour's role.
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Seen(Verdict::Pass) => Role::Up,
            Self::Seen(Verdict::Warn) => Role::Unproven,
            Self::Seen(Verdict::Fail) => Role::Failed,
            Self::Seen(Verdict::Skip) | Self::Ahead => Role::Muted,
            Self::Looking => Role::Connecting,
        }
    }
}

/// One rung.
pub(crate) struct Step {
    pub(crate) rung: Rung,
    pub(crate) mark: Mark,
    /// What was seen there.
    pub(crate) words: String,
    /// A time, or whose turn it is.
    pub(crate) right: String,
}

/// Cells before the words: a blank, the glyph, a blank, the longest rung's name and two blanks.
pub(crate) const INDENT: usize = 12;

/// Cells that the words of a step have.
pub(crate) fn room(step: &Step, width: usize) -> usize {
    let right = if step.right.is_empty() { 1 } else { step.right.width() + 3 };
    width.saturating_sub(INDENT + right)
}

/// The step as a line of `width` cells; the chosen one is marked.
pub(crate) fn line(ink: Ink<'_>, step: &Step, width: usize, chosen: bool) -> Line<'static> {
    let theme = ink.theme;
    let words = match step.mark {
        Mark::Seen(Verdict::Pass | Verdict::Warn | Verdict::Fail) => Role::Text,
        Mark::Seen(Verdict::Skip) | Mark::Looking | Mark::Ahead => Role::Muted,
    };
    let right = match step.mark {
        Mark::Seen(Verdict::Warn | Verdict::Fail) => step.mark.role(),
        Mark::Seen(Verdict::Pass | Verdict::Skip) | Mark::Looking | Mark::Ahead => Role::Muted,
    };
    let line = Line::from(vec![
        Span::styled(format!(" {} ", step.mark.glyph(ink)), theme.style(step.mark.role())),
        Span::styled(text::fit(step.rung.as_str(), INDENT - 3), theme.style(Role::Header)),
        Span::styled(text::fit(&step.words, room(step, width)), theme.style(words)),
        Span::styled(
            text::right(&step.right, width.saturating_sub(INDENT + room(step, width) + 1)),
            theme.style(right),
        ),
        Span::raw(" "),
    ]);
    if chosen { pane::selected(line, width, theme) } else { line }
}
