//! A rate over time as a line of blocks.

use ratatui::style::Style;
use ratatui::text::Span;

const BLOCKS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
const PLAIN: [&str; 8] = ["_", "_", ".", "-", "-", "=", "#", "#"];

/// The last `width` values as blocks; the highest value shown fills a cell.
pub(crate) fn line(values: &[f64], width: usize, style: Style, ascii: bool) -> Span<'static> {
    let shown = values.get(values.len().saturating_sub(width)..).unwrap_or_default();
    let top = shown.iter().copied().fold(1.0_f64, f64::max);
    let blocks = if ascii { PLAIN } else { BLOCKS };
    let mut text = blocks.first().copied().unwrap_or(" ").repeat(width - shown.len().min(width));
    for value in shown {
        // The root, and never nothing for something: a dump must not flatten the queries beside it.
        let height = if *value < 1.0 { 0.0 } else { ((value / top).sqrt() * 7.0).round().max(1.0) };
        let index = if height <= 0.0 {
            0
        } else if height >= 7.0 {
            7
        } else {
            height as usize
        };
        text.push_str(blocks.get(index).copied().unwrap_or(" "));
    }
    Span::styled(text, style)
}
