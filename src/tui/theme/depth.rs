//! How many colours a terminal shows, and a theme's colours in fewer. It asks nobody: the answer is handed in.

use ratatui::style::{Color, Style};

/// How many colours a terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Any: 24 bits.
    True,
    /// The 256 of xterm.
    Indexed,
    /// The sixteen of every terminal.
    Sixteen,
}

impl Depth {
    /// The depth that the environment's `COLORTERM` and `TERM` tell of.
    #[must_use]
    pub fn of(colorterm: &str, term: &str) -> Self {
        if matches!(colorterm, "truecolor" | "24bit") || term.ends_with("-direct") {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// The style in the nearest of xterm's 256 colours.
pub(super) fn indexed(style: Style) -> Style {
    Style { fg: style.fg.map(nearest), bg: style.bg.map(nearest), ..style }
}

/// The levels of the colour cube, which begins at 16; the grey ramp begins at 232.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

fn nearest(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let away = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    let step = |value: u8| (0..).zip(LEVELS).min_by_key(|(_, level)| away(*level, value)).unwrap_or((0, 0));
    let ((i, red), (j, green), (k, blue)) = (step(r), step(g), step(b));
    let cube = (away(red, r) + away(green, g) + away(blue, b), 16 + 36 * i + 6 * j + k);
    let grey = (0..24_u8).map(|n| {
        let level = 8 + 10 * n;
        (away(level, r) + away(level, g) + away(level, b), 232 + n)
    });
    Color::Indexed(grey.chain([cube]).min().map_or(cube.1, |(_, index)| index))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_tells_the_depth() {
        assert_eq!(Depth::of("truecolor", "xterm"), Depth::True);
        assert_eq!(Depth::of("", "tmux-256color"), Depth::Indexed);
        assert_eq!(Depth::of("", "linux"), Depth::Sixteen);
        assert_eq!(Depth::of("yes", "xterm"), Depth::Sixteen);
    }

    #[test]
    fn colours_become_the_nearest_of_256() {
        assert_eq!(nearest(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(nearest(Color::Rgb(30, 30, 46)), Color::Indexed(235));
        assert_eq!(nearest(Color::Rgb(255, 255, 255)), Color::Indexed(231));
        assert_eq!(nearest(Color::Green), Color::Green);
        assert_eq!(nearest(Color::Reset), Color::Reset);
    }
}
