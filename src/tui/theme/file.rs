//! A theme as people write it: palette, roles, glyphs, one parent. It resolves names; where the text comes from is the caller's
//! business.

use std::collections::BTreeMap;
use std::ops::Range;

use ratatui::style::{Color, Modifier, Style};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use unicode_width::UnicodeWidthStr;

use super::glyph::Glyph;
use super::ground::Appearance;
use super::look::MODIFIERS;
use super::role::Role;
use crate::model::Untrusted;

/// The longest name that is shown.
const LONGEST_NAME: usize = 40;

/// A theme file, read but not yet resolved against its parent.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) appearance: Option<Appearance>,
    pub(super) family: Option<String>,
    pub(super) parent: Option<String>,
    /// The line that names the parent.
    pub(super) parent_line: usize,
    pub(super) styles: BTreeMap<&'static str, Style>,
    pub(super) glyphs: BTreeMap<&'static str, String>,
    /// What is wrong with it: a line, from 1, and a sentence.
    pub(super) mistakes: Vec<(usize, String)>,
}

type Palette = BTreeMap<String, Color>;

/// Reads a theme. What cannot be understood becomes a mistake, and the rest counts.
pub(super) fn read(text: &str) -> File {
    let mut reader = Reader { text, file: File::default() };
    match DeTable::parse(text) {
        Ok(table) => reader.table(table.get_ref()),
        Err(error) => reader.wrong(error.span(), error.message().lines().collect::<Vec<_>>().join(" ")),
    }
    reader.file.mistakes.sort();
    reader.file
}

struct Reader<'a> {
    text: &'a str,
    file: File,
}

impl Reader<'_> {
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }

    fn wrong(&mut self, span: Option<Range<usize>>, words: impl Into<String>) {
        let line = self.line(span.map_or(0, |span| span.start));
        self.file.mistakes.push((line, words.into()));
    }

    fn table(&mut self, table: &DeTable<'_>) {
        let palette = table.get("palette").map(|value| self.palette(value)).unwrap_or_default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => {
                    self.file.name = self.text_of("name", value).map(|text| Untrusted::new(text).clean(LONGEST_NAME));
                }
                "appearance" => {
                    let Some(text) = self.text_of("appearance", value) else { continue };
                    self.file.appearance = text.parse().ok();
                    if self.file.appearance.is_none() {
                        self.wrong(Some(value.span()), format!("appearance {text:?} is not dark, light or any"));
                    }
                }
                "family" => {
                    let Some(text) = self.text_of("family", value) else { continue };
                    if text.is_empty() || text.chars().any(char::is_control) {
                        self.wrong(Some(value.span()), "family is no name");
                    } else {
                        self.file.family = Some(text);
                    }
                }
                "parent" => {
                    self.file.parent = self.text_of("parent", value);
                    self.file.parent_line = self.line(value.span().start);
                }
                "palette" => {}
                "roles" => self.roles(value, &palette),
                "glyphs" => self.glyphs(value),
                other => self.wrong(
                    Some(key.span()),
                    format!(
                        "{other:?} is not part of a theme (name, appearance, family, parent, palette, roles, glyphs)"
                    ),
                ),
            }
        }
    }

    fn text_of(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(Some(value.span()), format!("{key} is no text in quotes"));
        }
        text
    }

    fn palette(&mut self, value: &Spanned<DeValue<'_>>) -> Palette {
        let mut palette = Palette::new();
        let Some(colours) = value.get_ref().as_table() else {
            self.wrong(Some(value.span()), "palette is no table");
            return palette;
        };
        for (name, value) in colours {
            match value.get_ref().as_str().and_then(|text| colour(text, &Palette::new())) {
                Some(colour) => {
                    palette.insert(name.get_ref().to_string(), colour);
                }
                None => self.wrong(Some(value.span()), format!("palette.{} is no colour", name.get_ref())),
            }
        }
        palette
    }

    fn roles(&mut self, value: &Spanned<DeValue<'_>>, palette: &Palette) {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(Some(value.span()), "roles is no table");
            return;
        };
        for (name, value) in table {
            let written = name.get_ref().as_ref();
            let Some(role) = Role::ALL.iter().find(|role| role.as_str() == written) else {
                let meant = nearest(written, Role::ALL.iter().map(|role| role.as_str()));
                self.wrong(Some(name.span()), format!("{written:?} is no role{meant}"));
                continue;
            };
            match style(value.get_ref(), palette) {
                Ok(style) => {
                    self.file.styles.insert(role.as_str(), style);
                }
                Err(why) => self.wrong(Some(value.span()), format!("roles.{}: {why}", role.as_str())),
            }
        }
    }

    fn glyphs(&mut self, value: &Spanned<DeValue<'_>>) {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(Some(value.span()), "glyphs is no table");
            return;
        };
        for (name, value) in table {
            let written = name.get_ref().as_ref();
            let Some(glyph) = Glyph::ALL.iter().find(|glyph| glyph.as_str() == written) else {
                let meant = nearest(written, Glyph::ALL.iter().map(|glyph| glyph.as_str()));
                self.wrong(Some(name.span()), format!("{written:?} is no glyph{meant}"));
                continue;
            };
            match value.get_ref().as_str() {
                Some(sign) if sign.width() == 1 && !sign.contains(char::is_control) && sign != " " => {
                    self.file.glyphs.insert(glyph.as_str(), sign.to_owned());
                }
                _ => self.wrong(Some(value.span()), format!("glyphs.{written} is no sign of one cell")),
            }
        }
    }
}

/// "; did you mean …?", where one is near.
fn nearest<'a>(written: &str, valid: impl Iterator<Item = &'a str>) -> String {
    let near = valid.map(|name| (strsim::damerau_levenshtein(&written.to_lowercase(), name), name)).min();
    near.filter(|(distance, _)| *distance <= 2).map(|(_, name)| format!("; did you mean {name:?}?")).unwrap_or_default()
}

fn style(value: &DeValue<'_>, palette: &Palette) -> Result<Style, String> {
    let named = |text: &str| colour(text, palette).ok_or_else(|| format!("{text:?} is no colour"));
    if let Some(text) = value.as_str() {
        return Ok(Style::new().fg(named(text)?));
    }
    let table = value.as_table().ok_or("neither a colour nor a table")?;
    let mut style = Style::new();
    for (key, value) in table {
        let value = value.get_ref();
        match (key.get_ref().as_ref(), value.as_str(), value.as_array()) {
            ("fg", Some(text), _) => style = style.fg(named(text)?),
            ("bg", Some(text), _) => style = style.bg(named(text)?),
            ("modifiers", _, Some(list)) => {
                for item in list {
                    let known = item.get_ref().as_str().and_then(modifier);
                    let wrong = "a modifier is not bold, dim, italic, underlined or reversed";
                    style = style.add_modifier(known.ok_or(wrong)?);
                }
            }
            (other, _, _) => return Err(format!("{other:?} is not fg, bg or modifiers, or not of their form")),
        }
    }
    Ok(style)
}

fn modifier(text: &str) -> Option<Modifier> {
    MODIFIERS.iter().find(|(name, _)| *name == text).map(|(_, modifier)| *modifier)
}

/// A palette name, `#rrggbb`, one of the sixteen ANSI names, or `default`.
fn colour(text: &str, palette: &Palette) -> Option<Color> {
    if let Some(colour) = palette.get(text) {
        return Some(*colour);
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    text.parse().ok()
}
