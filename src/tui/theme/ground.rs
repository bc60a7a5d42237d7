//! Dark or light: what a theme is made for, and what a terminal's background is. Who asks the terminal is elsewhere.

use std::str::FromStr;

/// What a theme is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Appearance {
    /// A dark background.
    Dark,
    /// A light background.
    Light,
    /// The terminal's own background.
    #[default]
    Any,
}

impl Appearance {
    /// The word in a theme file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dark => "dark",
            Self::Light => "light",
            Self::Any => "any",
        }
    }
}

impl FromStr for Appearance {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Dark, Self::Light, Self::Any].into_iter().find(|one| one.as_str() == text).ok_or(())
    }
}

/// What a terminal's background is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ground {
    /// Dark.
    Dark,
    /// Light.
    Light,
}

impl Ground {
    /// What the variable `COLORFGBG` tells, as rxvt, Konsole and iTerm set it: colours of text and background by number. Of the
    /// sixteen, white and the bright ones but grey are light.
    #[must_use]
    pub fn of_variable(text: &str) -> Option<Self> {
        let (_, background) = text.rsplit_once(';')?;
        match background.trim().parse::<u8>().ok()? {
            0..=6 | 8 => Some(Self::Dark),
            7 | 9..=15 => Some(Self::Light),
            _ => None,
        }
    }

    /// What a terminal answers that is asked for its background (xterm, "OSC Ps ; Pt ST" with Ps = 11): `rgb:RRRR/GGGG/BBBB`, each
    /// with one to four hexadecimal digits.
    #[must_use]
    pub fn of_answer(text: &str) -> Option<Self> {
        let parts = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
        let share = |part: &str| {
            let most = 16_u32.checked_pow(u32::try_from(part.len()).ok()?)?.checked_sub(1).filter(|most| *most > 0)?;
            Some(f64::from(u32::from_str_radix(part, 16).ok()?) / f64::from(most))
        };
        let mut parts = parts.split('/').map(share);
        let (red, green, blue) = (parts.next()??, parts.next()??, parts.next()??);
        // Weights of BT.601: near enough to what eyes call light.
        Some(if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 { Self::Light } else { Self::Dark })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_tells_the_background() {
        for (text, ground) in [
            ("15;0", Some(Ground::Dark)),
            ("0;15", Some(Ground::Light)),
            ("0;default;7", Some(Ground::Light)),
            ("12;8", Some(Ground::Dark)),
            ("0;default", None),
            ("0;99", None),
            ("", None),
            ("15", None),
        ] {
            assert_eq!(Ground::of_variable(text), ground, "{text:?}");
        }
    }

    #[test]
    fn an_answer_tells_the_background() {
        for (text, ground) in [
            ("rgb:0000/0000/0000", Some(Ground::Dark)),
            ("rgb:1e1e/1e1e/2e2e", Some(Ground::Dark)),
            ("rgb:ef/f1/f5", Some(Ground::Light)),
            ("rgb:f/f/f", Some(Ground::Light)),
            ("rgba:ffff/ffff/ffff/8000", Some(Ground::Light)),
            ("rgb:002b/0036", None),
            ("rgb:zz/00/00", None),
            ("rgb://", None),
            ("", None),
        ] {
            assert_eq!(Ground::of_answer(text), ground, "{text:?}");
        }
    }
}
