//! What any terminal can tell us, at a desk, over SSH or in a test.

use crate::tui::key::Key;
use crate::tui::theme::Ground;

/// Something from the terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted in one piece.
    Paste(String),
    /// The terminal has this size now, in cells.
    Resize(u16, u16),
    /// The left button was pressed on a cell.
    Click(u16, u16),
    /// The wheel was turned over a cell: up is negative.
    Scroll(u16, u16, i8),
    /// The terminal's background is that; the answer to a question that was asked of it.
    Ground(Ground),
    /// The terminal is looked at from now on, or not.
    Focus(bool),
    /// The whole screen must be drawn again, as after a suspension.
    Redraw,
    /// The process is asked to stop, as by Ctrl-Z elsewhere.
    Suspend,
    /// The terminal is gone.
    Closed,
}
