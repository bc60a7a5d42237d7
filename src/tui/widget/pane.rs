//! The frame of a pane, in line drawing or in ASCII.

use ratatui::style::{Modifier, Style};
use ratatui::symbols::border;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use crate::tui::theme::{Glyph, Role, Theme};

/// What is needed to draw anything: colours, glyphs.
#[derive(Clone, Copy)]
pub(crate) struct Ink<'a> {
    pub(crate) theme: &'a Theme,
    /// Only ASCII may be drawn.
    pub(crate) ascii: bool,
}

impl Ink<'_> {
    /// The sign of a state, one cell wide.
    pub(crate) fn glyph(self, glyph: Glyph) -> String {
        let fine = self.theme.glyph(glyph);
        if self.ascii && !fine.is_ascii() { glyph.plain() } else { fine }.to_owned()
    }
}

/// The frame's pieces.
pub(crate) fn border(ascii: bool) -> border::Set<'static> {
    if ascii {
        border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        }
    } else {
        border::ROUNDED
    }
}

/// A pane with a title.
pub(crate) fn pane<'a>(ink: Ink<'_>, title: impl Into<Line<'a>>, focus: bool) -> Block<'a> {
    let role = if focus { Role::BorderFocus } else { Role::Border };
    Block::bordered()
        .border_set(border(ink.ascii))
        .border_style(ink.theme.style(role))
        .style(ink.theme.style(Role::Text))
        // A frame that is drawn dim must not dim the words in it.
        .title_style(Style::new().remove_modifier(Modifier::DIM))
        .title(title)
}

/// The line as the selected one, over `width` cells.
pub(crate) fn selected(mut line: Line<'static>, width: usize, theme: &Theme) -> Line<'static> {
    let missing = width.saturating_sub(line.width());
    line.push_span(Span::raw(" ".repeat(missing)));
    let selection = theme.style(Role::Selection);
    let reversed = selection.add_modifier.contains(Modifier::REVERSED);
    let spans = line.spans.into_iter().map(|span| {
        let style = if reversed {
            // Each colour would become a background of its own: one bar is easier to find.
            selection.add_modifier(span.style.add_modifier & Modifier::BOLD)
        } else {
            Style { bg: selection.bg, fg: span.style.fg.or(selection.fg), ..span.style.patch(selection) }
        };
        Span::styled(span.content, style)
    });
    Line::from(spans.collect::<Vec<_>>())
}
