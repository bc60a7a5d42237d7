//! Words and figures cut to a width, as the terminal counts it.

use std::time::Duration;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// The text in at most `width` cells, ending in `…` when cut; never splits what is drawn as one character.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for grapheme in text.graphemes(true) {
        let cells = grapheme.width();
        if used + cells + 1 > width {
            break;
        }
        out.push_str(grapheme);
        used += cells;
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// The text in exactly `width` cells.
pub(crate) fn fit(text: &str, width: usize) -> String {
    let mut out = cut(text, width);
    let missing = width.saturating_sub(out.width());
    out.extend(std::iter::repeat_n(' ', missing));
    out
}

/// The text in exactly `width` cells, to the right.
pub(crate) fn right(text: &str, width: usize) -> String {
    let out = cut(text, width);
    format!("{}{out}", " ".repeat(width.saturating_sub(out.width())))
}

/// Words broken into lines of at most `width` cells.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for grapheme in word.graphemes(true) {
            if line.width() + grapheme.width() > width {
                lines.push(std::mem::take(&mut line));
            }
            line.push_str(grapheme);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Text broken into lines of exactly `width` cells but for the last, wherever that falls: for what is copied as one line.
pub(crate) fn fold(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for grapheme in text.graphemes(true) {
        if !line.is_empty() && line.width() + grapheme.width() > width.max(1) {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(grapheme);
    }
    lines.extend((!line.is_empty()).then_some(line));
    lines
}

/// Bytes a second, in at most nine cells.
pub(crate) fn rate(bytes: f64) -> String {
    format!("{}/s", amount(bytes))
}

/// A number of bytes, in powers of ten as networks count.
pub(crate) fn amount(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes.max(0.0);
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let name = UNITS.get(unit).copied().unwrap_or_default();
    if unit > 0 && value < 9.95 { format!("{value:.1} {name}") } else { format!("{value:.0} {name}") }
}

/// A span of time in its two largest units.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", seconds),
        (0, 0, m) => format!("{m} min {} s", seconds % 60),
        (0, h, m) => format!("{h} h {m} min"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// A round trip.
pub(crate) fn round_trip(ms: f64) -> String {
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_terminal() {
        assert_eq!(cut("日本語データ", 7), "日本語…");
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(cut("abc", 0), "");
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(fold("ab cdefg", 4), ["ab c", "defg"]);
    }

    #[test]
    fn figures_are_short() {
        assert_eq!(amount(0.0), "0 B");
        assert_eq!(amount(999.0), "999 B");
        assert_eq!(amount(1234.0), "1.2 kB");
        assert_eq!(amount(88_000.0), "88 kB");
        assert_eq!(amount(1e15), "1000 TB");
        assert_eq!(span(Duration::from_secs(59)), "59 s");
        assert_eq!(span(Duration::from_secs(11_520)), "3 h 12 min");
    }
}
