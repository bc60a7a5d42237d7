//! The frame of a pane, in line drawing or in ASCII.

use ratatui::symbols::border;
use ratatui::text::Line;
use ratatui::widgets::Block;

use crate::tui::theme::{Role, Theme};

/// What is needed to draw anything: colours, glyphs.
#[derive(Clone, Copy)]
pub(crate) struct Ink<'a> {
    pub(crate) theme: &'a Theme,
    /// Only ASCII may be drawn.
    pub(crate) ascii: bool,
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
        .title(title)
}
