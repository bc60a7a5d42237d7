//! A text as a QR code made of half blocks, two rows a line. It knows no terminal; colours are the surface's business.

use qrcode::{Color, EcLevel, QrCode};

/// Blank modules on each side, without which readers do not find it (ISO/IEC 18004, quiet zone).
const QUIET: usize = 4;

/// A code wider than this does not fit a terminal of 80 columns.
const WIDEST: usize = 80;

/// A QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Qr {
    width: usize,
    dark: Vec<bool>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{bytes} bytes are too many for a QR code that a terminal of {WIDEST} columns can show")]
pub struct TooLong {
    /// The text's length.
    pub bytes: usize,
}

impl Qr {
    /// Makes the smallest code that holds the text.
    ///
    /// # Errors
    /// `TooLong` where it would be wider than a terminal.
    pub fn new(text: &str) -> Result<Self, TooLong> {
        let too_long = || TooLong { bytes: text.len() };
        let code = QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| too_long())?;
        let width = code.width();
        if width + 2 * QUIET > WIDEST {
            return Err(too_long());
        }
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { width, dark })
    }

    /// Its lines where blocks are dark and the ground is light, which the surface must see to.
    #[must_use]
    pub fn dark_on_light(&self) -> Vec<String> {
        self.lines(true)
    }

    /// Its lines where blocks are light and the ground is dark, as in most terminals.
    #[must_use]
    pub fn light_on_dark(&self) -> Vec<String> {
        self.lines(false)
    }

    fn lines(&self, block: bool) -> Vec<String> {
        let side = self.width + 2 * QUIET;
        // Below the last row of an odd number there is quiet.
        let rows = (0..side).step_by(2);
        let line = |row: usize| {
            (0..side)
                .map(|column| match (self.is_dark(row, column) == block, self.is_dark(row + 1, column) == block) {
                    (true, true) => '█',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (false, false) => ' ',
                })
                .collect()
        };
        rows.map(line).collect()
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        let inside = |place: usize| place.checked_sub(QUIET).filter(|place| *place < self.width);
        let place = inside(row).zip(inside(column)).map(|(row, column)| row * self.width + column);
        place.and_then(|place| self.dark.get(place)).copied().unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finders_and_its_quiet() {
        let qr = Qr::new("hello").unwrap();
        let lines = qr.dark_on_light();
        // Version 1 is 21 modules wide, and 29 rows make 15 lines.
        assert_eq!((lines.len(), lines[0].chars().count()), (15, 29));
        assert!(lines[0].trim().is_empty() && lines[1].trim().is_empty());
        assert!(lines[2].starts_with("    █▀▀▀▀▀█ "), "{}", lines[2]);
        assert!(lines[2].ends_with(" █▀▀▀▀▀█    "), "{}", lines[2]);
        let inverse = qr.light_on_dark();
        assert_eq!(inverse[0], "█".repeat(29));
        assert!(inverse[2].starts_with("████ ▄▄▄▄▄ █"), "{}", inverse[2]);
    }

    #[test]
    fn what_does_not_fit_a_terminal_is_refused() {
        for length in [1, 100, 425] {
            let lines = Qr::new(&"x".repeat(length)).unwrap().dark_on_light();
            assert!(lines.iter().all(|line| line.chars().count() <= WIDEST), "{length}");
        }
        assert_eq!(Qr::new(&"x".repeat(800)), Err(TooLong { bytes: 800 }));
        assert_eq!(Qr::new(&"x".repeat(8000)), Err(TooLong { bytes: 8000 }));
    }
}
