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
    /// None: only weight.
    None,
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

/// The colour of the sixteen with the hue of this one; the terminal's own for what has none. The plain hues, of which every scheme
/// makes what can be read on its background, but for blue: the plain one is too dark to be read on black (xterm: 2.2).
pub(super) fn hue(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    let spread = f64::from(most - least);
    if spread < 0.15 * f64::from(most) || most == 0 {
        return Color::Reset;
    }
    let apart = |one: u8, other: u8| (f64::from(one) - f64::from(other)) / spread;
    let sixth = if most == r {
        apart(g, b).rem_euclid(6.0)
    } else if most == g {
        apart(b, r) + 2.0
    } else {
        apart(r, g) + 4.0
    };
    // In degrees: orange counts as yellow, violet as magenta.
    match sixth * 60.0 {
        h if h < 18.0 => Color::Red,
        h if h < 75.0 => Color::Yellow,
        h if h < 160.0 => Color::Green,
        h if h < 200.0 => Color::Cyan,
        h if h < 255.0 => Color::LightBlue,
        h if h < 335.0 => Color::Magenta,
        _ => Color::Red,
    }
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
    fn colours_become_their_hue_of_the_sixteen() {
        for (rgb, named) in [
            ((0xf3, 0x8b, 0xa8), Color::Red),
            ((0xfa, 0xb3, 0x87), Color::Yellow),
            ((0xa6, 0xe3, 0xa1), Color::Green),
            ((0x8b, 0xe9, 0xfd), Color::Cyan),
            ((0x00, 0x00, 0xc0), Color::LightBlue),
            ((0xcb, 0xa6, 0xf7), Color::Magenta),
            ((0xdd, 0xdd, 0xe0), Color::Reset),
            ((0, 0, 0), Color::Reset),
        ] {
            assert_eq!(hue(Color::Rgb(rgb.0, rgb.1, rgb.2)), named, "{rgb:?}");
        }
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
