//! A theme in words, for whoever asks what it looks like. Nothing is drawn from it.

use ratatui::style::{Color, Modifier, Style};

use super::Theme;
use super::role::Role;

/// What one role looks like, in the words of a theme file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleLook {
    /// The role.
    pub role: &'static str,
    /// The colour of its text; absent for the terminal's own.
    pub fg: Option<String>,
    /// The colour behind it; absent for the terminal's own.
    pub bg: Option<String>,
    /// Its weight.
    pub modifiers: Vec<&'static str>,
}

/// Modifiers by their names in a theme file.
pub(super) const MODIFIERS: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underlined", Modifier::UNDERLINED),
    ("reversed", Modifier::REVERSED),
];

impl Theme {
    /// What every role looks like.
    #[must_use]
    pub fn looks(&self) -> Vec<RoleLook> {
        Role::ALL.iter().map(|role| look(*role, self.style(*role))).collect()
    }
}

fn look(role: Role, style: Style) -> RoleLook {
    let colour = |colour: Option<Color>| {
        colour.filter(|colour| *colour != Color::Reset).map(|colour| colour.to_string().to_lowercase())
    };
    let has = |(name, modifier): (&'static str, Modifier)| style.add_modifier.contains(modifier).then_some(name);
    RoleLook {
        role: role.as_str(),
        fg: colour(style.fg),
        bg: colour(style.bg),
        modifiers: MODIFIERS.into_iter().filter_map(has).collect(),
    }
}
