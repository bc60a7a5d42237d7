//! Colours and glyphs by role. A theme is text handed in by whoever starts the screen; a bad one warns and falls back.

mod depth;
mod file;
mod role;

use std::collections::BTreeMap;

pub use depth::Depth;
pub use role::Role;

use ratatui::style::{Color, Style};

/// The themes that come with the program: identifier and text.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("terminal", include_str!("../../themes/terminal.toml")),
    ("catppuccin-mocha", include_str!("../../themes/catppuccin-mocha.toml")),
    ("catppuccin-latte", include_str!("../../themes/catppuccin-latte.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// The theme in force where nothing else is asked for.
pub const DEFAULT: &str = "terminal";
/// The theme without colours.
pub const MONO: &str = "mono";

/// Styles by role.
#[derive(Debug, Clone)]
pub struct Theme {
    id: String,
    name: String,
    appearance: String,
    styles: BTreeMap<&'static str, Style>,
}

impl Theme {
    /// The style for a role, on the theme's own background.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let ground = self.styles.get(Role::Text.as_str()).copied().unwrap_or_default();
        let own = self.styles.get(role.as_str()).copied().unwrap_or_default();
        let base = Style { bg: ground.bg, fg: ground.fg, ..Style::default() };
        base.patch(own)
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

    /// `dark`, `light` or `any`.
    #[must_use]
    pub fn appearance(&self) -> &str {
        &self.appearance
    }

    /// True when it uses colours beyond the sixteen of every terminal.
    fn needs_true_colour(&self) -> bool {
        self.styles.values().any(|style| [style.fg, style.bg].iter().flatten().any(|c| matches!(c, Color::Rgb(..))))
    }
}

/// All themes: the built-in ones and the person's.
#[derive(Debug, Clone)]
pub struct Themes {
    themes: Vec<Theme>,
    /// What is wrong with the person's own, a sentence each.
    pub mistakes: Vec<String>,
    /// Themes that this terminal cannot show.
    pub left_out: usize,
}

impl Themes {
    /// The built-in themes and the person's own, which come as identifier and text and win over a built-in one of that name.
    #[must_use]
    pub fn load(own: &[(String, String)]) -> Self {
        let mut files: BTreeMap<String, file::File> = BTreeMap::new();
        let mut order = Vec::new();
        let built_in = BUILT_IN.iter().map(|(id, text)| ((*id).to_owned(), (*text).to_owned()));
        for (id, text) in built_in.chain(own.iter().cloned()) {
            if !order.contains(&id) {
                order.push(id.clone());
            }
            files.insert(id, file::read(&text));
        }
        let mut mistakes = Vec::new();
        let mut themes = Vec::new();
        for id in order {
            let Some(file) = files.get(&id) else { continue };
            mistakes.extend(file.mistakes.iter().map(|why| format!("theme {id}: {why}")));
            let mut styles = BTreeMap::new();
            match lineage(&id, &files) {
                Ok(line) => {
                    for ancestor in line {
                        styles.extend(ancestor.styles.clone());
                    }
                }
                Err(why) => mistakes.push(format!("theme {id}: {why}")),
            }
            let name = file.name.clone().unwrap_or_else(|| id.clone());
            let appearance = file.appearance.clone().unwrap_or_else(|| "any".to_owned());
            if id != DEFAULT && !styles.is_empty() {
                // A role that is left out looks as in the default theme.
                let missing = Role::ALL.iter().filter(|role| !styles.contains_key(role.as_str()));
                let default = themes.first().map(|theme: &Theme| theme.styles.clone()).unwrap_or_default();
                let filled: Vec<_> =
                    missing.filter_map(|role| default.get(role.as_str()).map(|s| (role.as_str(), *s))).collect();
                styles.extend(filled);
            }
            if !styles.is_empty() {
                themes.push(Theme { id, name, appearance, styles });
            }
        }
        Self { themes, mistakes, left_out: 0 }
    }

    /// The themes as a terminal with so many colours can show them.
    #[must_use]
    pub fn shown_with(mut self, depth: Depth) -> Self {
        match depth {
            Depth::True => {}
            Depth::Indexed => {
                let styles = self.themes.iter_mut().flat_map(|theme| theme.styles.values_mut());
                styles.for_each(|style| *style = depth::indexed(*style));
            }
            Depth::Sixteen => {
                let before = self.themes.len();
                self.themes.retain(|theme| !theme.needs_true_colour());
                self.left_out = before - self.themes.len();
            }
        }
        self
    }

    /// The theme of this identifier; the default one where there is none.
    #[must_use]
    pub fn find(&self, id: &str) -> Theme {
        let exact = self.themes.iter().find(|theme| theme.id == id);
        let fallback = || self.themes.iter().find(|theme| theme.id == DEFAULT);
        exact.or_else(fallback).cloned().unwrap_or_else(|| Theme {
            id: DEFAULT.to_owned(),
            name: DEFAULT.to_owned(),
            appearance: "any".to_owned(),
            styles: BTreeMap::new(),
        })
    }

    /// The theme after this one.
    #[must_use]
    pub fn after(&self, id: &str) -> Theme {
        let here = self.themes.iter().position(|theme| theme.id == id).unwrap_or(0);
        let next = self.themes.iter().cycle().nth(here + 1);
        next.cloned().unwrap_or_else(|| self.find(DEFAULT))
    }

    /// All themes, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        self.themes.iter()
    }
}

/// The theme's parent and itself, oldest first. One parent only: that is enough to change a colour, and no maze.
fn lineage<'a>(id: &str, files: &'a BTreeMap<String, file::File>) -> Result<Vec<&'a file::File>, String> {
    let Some(file) = files.get(id) else { return Err(format!("there is no theme {id}")) };
    let Some(parent) = &file.parent else { return Ok(vec![file]) };
    if parent == id {
        return Err("it names itself as its parent".to_owned());
    }
    match files.get(parent) {
        Some(above) if above.parent.is_none() => Ok(vec![above, file]),
        Some(_) => Err(format!("its parent {parent} has a parent itself")),
        None => Err(format!("its parent {parent} does not exist")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast (WCAG 2.2, 1.4.3).
    fn luminance(colour: Color) -> Option<f64> {
        let Color::Rgb(r, g, b) = colour else { return None };
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        Some(0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b))
    }

    #[test]
    fn every_built_in_theme_is_whole_and_readable() {
        let themes = Themes::load(&[]);
        assert_eq!(themes.mistakes, Vec::<String>::new());
        assert_eq!(themes.iter().count(), BUILT_IN.len());
        for theme in themes.iter() {
            for role in Role::ALL {
                assert!(theme.styles.contains_key(role.as_str()), "{}: {role:?}", theme.id());
                let style = theme.style(*role);
                let (Some(fg), Some(bg)) = (style.fg.and_then(luminance), style.bg.and_then(luminance)) else {
                    continue;
                };
                let contrast = (fg.max(bg) + 0.05) / (fg.min(bg) + 0.05);
                let needed = if matches!(role, Role::Border | Role::BorderFocus) { 3.0 } else { 4.5 };
                assert!(contrast >= needed, "{} {role:?}: {contrast:.2}", theme.id());
            }
        }
    }

    #[test]
    fn states_look_different_in_every_theme() {
        let states =
            [Role::Up, Role::Unproven, Role::Connecting, Role::Waiting, Role::Failed, Role::NeedsYou, Role::Stopped];
        for theme in Themes::load(&[]).iter() {
            // Word and glyph tell them apart as well; colour need not tell unproven from waiting.
            for (a, b) in [(0, 4), (0, 5), (0, 6), (0, 3), (3, 4), (4, 5), (4, 6), (2, 4), (0, 1)] {
                assert_ne!(theme.style(states[a]), theme.style(states[b]), "{}: {a} {b}", theme.id());
            }
        }
    }

    #[test]
    fn mono_has_no_colour_and_shows_the_selection() {
        let mono = Themes::load(&[]).find(MONO);
        for role in Role::ALL {
            let style = mono.style(*role);
            assert!(matches!(style.fg, None | Some(Color::Reset)) && matches!(style.bg, None | Some(Color::Reset)));
        }
        assert_ne!(mono.style(Role::Selection), mono.style(Role::Text));
    }

    #[test]
    fn a_bad_theme_warns_and_falls_back() {
        let own = [
            ("broken".to_owned(), "name = ".to_owned()),
            ("self".to_owned(), "parent = \"self\"".to_owned()),
            (
                "mine".to_owned(),
                "parent = \"mono\"\n[roles]\nup = \"nocolour\"\nwrong = \"red\"\nfailed = \"red\"".to_owned(),
            ),
        ];
        let themes = Themes::load(&own);
        assert_eq!(themes.find("broken").id(), DEFAULT);
        assert_eq!(themes.find("self").id(), DEFAULT);
        assert_eq!(themes.find("mine").style(Role::Failed).fg, Some(Color::Red));
        assert!(themes.mistakes.len() >= 4, "{:?}", themes.mistakes);
    }
}
