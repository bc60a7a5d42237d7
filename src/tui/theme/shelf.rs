//! All themes there are, by name: the built-in ones and the person's, families of a dark and a light one, and which to show.

use std::collections::BTreeMap;

use super::Theme;
use super::built_in::{BUILT_IN, DEFAULT, MONO};
use super::depth::Depth;
use super::file::{self, File};
use super::ground::{Appearance, Ground};

/// What a configuration says for the terminal's own colours.
pub const AUTO: &str = "auto";

/// A dark and a light theme that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its name in the configuration.
    pub name: String,
    /// The theme for a dark background.
    pub dark: String,
    /// The theme for a light one.
    pub light: String,
}

/// What a configuration may say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As in the configuration.
    pub name: String,
    /// What it is, in words.
    pub words: String,
}

/// All themes: the built-in ones and the person's.
#[derive(Debug, Clone)]
pub struct Themes {
    themes: Vec<Theme>,
    families: Vec<Family>,
    /// What is wrong with the person's own, a sentence each with file and line.
    pub mistakes: Vec<String>,
    /// The terminal shows no more than so many colours.
    depth: Depth,
}

impl Themes {
    /// The built-in themes and the person's own, which come as identifier and text and win over a built-in one of that name.
    #[must_use]
    pub fn load(own: &[(String, String)]) -> Self {
        let mut files: BTreeMap<&str, File> = BTreeMap::new();
        let mut order = Vec::new();
        let own = own.iter().map(|(id, text)| (id.as_str(), text.as_str()));
        for (id, text) in BUILT_IN.iter().copied().chain(own) {
            if !order.contains(&id) {
                order.push(id);
            }
            files.insert(id, file::read(text));
        }
        let default = files.get(DEFAULT).cloned().unwrap_or_default();
        let mut shelf = Self { themes: Vec::new(), families: Vec::new(), mistakes: Vec::new(), depth: Depth::True };
        for id in order {
            if let Some(file) = files.get(id) {
                shelf.put(id, file, &files, &default);
            }
        }
        shelf.found_families(&files);
        shelf
    }

    fn put(&mut self, id: &str, file: &File, files: &BTreeMap<&str, File>, default: &File) {
        let wrong = |line: usize, why: &str| format!("themes/{id}.toml:{line}: {why}");
        self.mistakes.extend(file.mistakes.iter().map(|(line, why)| wrong(*line, why)));
        let line = match lineage(id, file, files) {
            Ok(line) => line,
            Err(why) => {
                self.mistakes.push(wrong(file.parent_line, &why));
                vec![file]
            }
        };
        if line.iter().all(|file| file.styles.is_empty()) {
            return;
        }
        // A role that is left out looks as in the default theme.
        let mut styles = default.styles.clone();
        let mut glyphs = BTreeMap::<&'static str, String>::new();
        for file in &line {
            styles.extend(file.styles.iter().map(|(role, style)| (*role, *style)));
            glyphs.extend(file.glyphs.iter().map(|(name, sign)| (*name, sign.clone())));
        }
        let name = file.name.as_deref().unwrap_or(id);
        let appearance = line.iter().rev().find_map(|file| file.appearance).unwrap_or_default();
        self.themes.push(Theme::new(id, name, appearance, &styles, &glyphs));
    }

    /// A family is all themes that name it; the last dark and the last light one count, so that a person's own wins.
    fn found_families(&mut self, files: &BTreeMap<&str, File>) {
        let family = |theme: &Theme| files.get(theme.id.as_str()).and_then(|file| file.family.clone());
        for theme in &self.themes {
            let Some(name) = family(theme).filter(|name| !self.themes.iter().any(|theme| theme.id == *name)) else {
                continue;
            };
            match self.families.iter_mut().find(|family| family.name == name) {
                Some(family) => match theme.appearance {
                    Appearance::Dark => family.dark.clone_from(&theme.id),
                    Appearance::Light => family.light.clone_from(&theme.id),
                    Appearance::Any => {}
                },
                None => self.families.push(Family { name, dark: theme.id.clone(), light: theme.id.clone() }),
            }
        }
    }

    /// The themes as a terminal with so many colours can show them.
    #[must_use]
    pub fn shown_with(mut self, depth: Depth) -> Self {
        self.depth = depth;
        match depth {
            Depth::True => {}
            Depth::Indexed => self.themes = self.themes.into_iter().map(Theme::indexed).collect(),
            Depth::Sixteen => {
                let plain = self.find(DEFAULT);
                self.themes = self.themes.into_iter().map(|theme| theme.in_sixteen(&plain)).collect();
            }
            Depth::None => {
                self.themes.retain(|theme| !theme.has_colours());
                self.families.clear();
            }
        }
        self
    }

    /// How many colours the terminal shows.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The theme of this identifier; the default one where there is none, and the one without colours where that cannot be.
    #[must_use]
    pub fn find(&self, id: &str) -> Theme {
        let by = |wanted: &str| self.themes.iter().find(|theme| theme.id == wanted);
        by(id)
            .or_else(|| by(DEFAULT))
            .or_else(|| by(MONO))
            .cloned()
            .unwrap_or_else(|| Theme::new(DEFAULT, DEFAULT, Appearance::Any, &BTreeMap::new(), &BTreeMap::new()))
    }

    /// The theme that a configuration asks for, which may name a family, on this background.
    #[must_use]
    pub fn choose(&self, name: &str, ground: Option<Ground>) -> Theme {
        match self.family(name) {
            Some(family) if ground == Some(Ground::Light) => self.find(&family.light),
            Some(family) => self.find(&family.dark),
            None => self.find(name),
        }
    }

    /// The family of this name.
    #[must_use]
    pub fn family(&self, name: &str) -> Option<&Family> {
        self.families.iter().find(|family| family.name == name)
    }

    /// A configuration may say this.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        name == AUTO || self.family(name).is_some() || self.themes.iter().any(|theme| theme.id == name)
    }

    /// What a configuration may say: the terminal's own colours, families, themes.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        let auto = Choice { name: AUTO.to_owned(), words: "the terminal's own colours".to_owned() };
        let auto = (self.depth != Depth::None).then_some(auto);
        let family =
            |family: &Family| Choice { name: family.name.clone(), words: "as the terminal: dark or light".to_owned() };
        let theme = |theme: &Theme| {
            let made = match theme.appearance {
                Appearance::Any => String::new(),
                made => format!(", {}", made.as_str()),
            };
            Choice { name: theme.id.clone(), words: format!("{}{made}", theme.name) }
        };
        auto.into_iter().chain(self.families.iter().map(family)).chain(self.themes.iter().map(theme)).collect()
    }

    /// All themes, built-in ones first.
    pub fn iter(&self) -> impl Iterator<Item = &Theme> {
        self.themes.iter()
    }

    /// All families.
    pub fn families(&self) -> impl Iterator<Item = &Family> {
        self.families.iter()
    }
}

/// The theme's parent and itself, oldest first. One parent only: that is enough to change a colour, and no maze.
fn lineage<'a>(id: &str, file: &'a File, files: &'a BTreeMap<&str, File>) -> Result<Vec<&'a File>, String> {
    let Some(parent) = &file.parent else { return Ok(vec![file]) };
    if parent == id {
        return Err("it names itself as its parent".to_owned());
    }
    match files.get(parent.as_str()) {
        Some(above) if above.parent.is_none() => Ok(vec![above, file]),
        Some(_) => Err(format!("its parent {parent:?} has a parent itself")),
        None => Err(format!("its parent {parent:?} does not exist")),
    }
}
