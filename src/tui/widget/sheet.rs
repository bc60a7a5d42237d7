//! A page laid out in its frame: what stands above, and the rows below that may scroll. What the rows say is the page's.

use ratatui::layout::Rect;
use ratatui::text::Line;

use super::form::Shown;

/// Longer lines are hard to read.
pub(crate) const WIDEST: usize = 100;
/// From this many lines there is room for blank ones and for every field's help.
pub(crate) const ROOMY: usize = 17;

/// A page laid out.
pub(crate) struct Sheet {
    /// What stands above.
    pub(crate) head: Vec<Line<'static>>,
    /// What may scroll.
    pub(crate) rows: Vec<Shown>,
    /// The first of them that shows.
    pub(crate) first: usize,
    /// How many show.
    pub(crate) height: usize,
}

impl Sheet {
    /// The field, and the choice in it, at a line of the screen.
    pub(crate) fn place_at(&self, area: Rect, y: u16) -> Option<(usize, Option<usize>)> {
        let top = inner(area).y + u16::try_from(self.head.len()).ok()?;
        let line = usize::from(y.checked_sub(top)?);
        if line >= self.height {
            return None;
        }
        self.rows.get(self.first + line)?.place
    }
}

/// The place inside the page's frame.
pub(crate) fn inner(area: Rect) -> Rect {
    Rect::new(area.x + 2, area.y + 1, area.width.saturating_sub(4), area.height.saturating_sub(2))
}
