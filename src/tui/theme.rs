//! Colours and glyphs by role. A theme is text handed in by whoever starts the screen; a bad one warns and falls back.

mod built_in;
mod depth;
mod file;
mod glyph;
mod ground;
mod look;
mod role;
mod shelf;

pub use built_in::{BUILT_IN, DEFAULT, MONO};
pub use depth::Depth;
pub use glyph::Glyph;
pub use ground::{Appearance, Ground};
pub use look::RoleLook;
pub use role::Role;
pub use shelf::{AUTO, Choice, Family, Themes};

use std::collections::BTreeMap;

use ratatui::style::{Color, Style};

/// Styles by role, and the signs of states.
#[derive(Debug, Clone)]
pub struct Theme {
    id: String,
    name: String,
    appearance: Appearance,
    /// In the order of the roles, each on the theme's own background.
    styles: Vec<Style>,
    /// In the order of the glyphs.
    glyphs: Vec<String>,
}

impl Theme {
    fn new(
        id: &str,
        name: &str,
        appearance: Appearance,
        styles: &BTreeMap<&'static str, Style>,
        glyphs: &BTreeMap<&'static str, String>,
    ) -> Self {
        let ground = styles.get(Role::Text.as_str()).copied().unwrap_or_default();
        let base = Style { bg: ground.bg, fg: ground.fg, ..Style::default() };
        let style = |role: &Role| base.patch(styles.get(role.as_str()).copied().unwrap_or_default());
        let sign = |glyph: &Glyph| glyphs.get(glyph.as_str()).cloned().unwrap_or_else(|| glyph.fine().to_owned());
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            appearance,
            styles: Role::ALL.iter().map(style).collect(),
            glyphs: Glyph::ALL.iter().map(sign).collect(),
        }
    }

    /// The style for a role, on the theme's own background.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// The sign of a state, one cell wide.
    #[must_use]
    pub fn glyph(&self, glyph: Glyph) -> &str {
        self.glyphs.get(glyph as usize).map_or_else(|| glyph.fine(), String::as_str)
    }

    /// The identifier, as in the configuration.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is made for.
    #[must_use]
    pub fn appearance(&self) -> Appearance {
        self.appearance
    }

    /// It has any colour at all.
    #[must_use]
    pub fn has_colours(&self) -> bool {
        self.colours().any(|colour| colour != Color::Reset)
    }

    /// It uses colours beyond the sixteen of every terminal.
    fn is_exact(&self) -> bool {
        self.colours().any(|colour| matches!(colour, Color::Rgb(..)))
    }

    fn colours(&self) -> impl Iterator<Item = Color> + '_ {
        self.styles.iter().flat_map(|style| [style.fg, style.bg]).flatten()
    }

    /// The same in the nearest of xterm's 256 colours.
    fn indexed(mut self) -> Self {
        self.styles.iter_mut().for_each(|style| *style = depth::indexed(*style));
        self
    }

    /// The same where a terminal has only sixteen, of which nobody here knows how they look: on the terminal's own background, with
    /// states, weights and the selection as in the theme that is made for it, and this theme's hues where it accents.
    fn in_sixteen(mut self, plain: &Self) -> Self {
        if !self.is_exact() {
            return self;
        }
        for (role, style) in Role::ALL.iter().zip(&mut self.styles) {
            let hue = style.fg.map(depth::hue).filter(|_| role.is_accent());
            let plain = plain.style(*role);
            *style = Style { fg: hue.or(plain.fg), ..plain };
        }
        self
    }
}

#[cfg(test)]
mod tests;
