//! A theme as people write it: palette, roles, one parent. It resolves names; where the text comes from is the caller's business.

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use toml::de::{DeTable, DeValue};

use super::role::Role;

/// A theme file, read but not yet resolved against its parent.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    pub(super) name: Option<String>,
    pub(super) appearance: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) styles: BTreeMap<&'static str, Style>,
    /// What is wrong with it, a sentence each.
    pub(super) mistakes: Vec<String>,
}

/// Reads a theme. What cannot be understood becomes a mistake, and the rest counts.
pub(super) fn read(text: &str) -> File {
    let mut file = File::default();
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            file.mistakes.push(error.message().to_owned());
            return file;
        }
    };
    let mut palette = BTreeMap::new();
    if let Some(colours) = table.get("palette").and_then(|value| value.get_ref().as_table()) {
        for (name, value) in colours {
            match value.get_ref().as_str().and_then(|text| colour(text, &BTreeMap::new())) {
                Some(colour) => {
                    palette.insert(name.get_ref().to_string(), colour);
                }
                None => file.mistakes.push(format!("palette.{} is no colour", name.get_ref())),
            }
        }
    }
    for (key, value) in &table {
        match key.get_ref().as_ref() {
            "name" => file.name = value.get_ref().as_str().map(str::to_owned),
            "appearance" => file.appearance = value.get_ref().as_str().map(str::to_owned),
            "parent" => file.parent = value.get_ref().as_str().map(str::to_owned),
            "palette" => {}
            "roles" => roles(&mut file, value.get_ref(), &palette),
            other => file.mistakes.push(format!("{other} is not part of a theme")),
        }
    }
    file
}

fn roles(file: &mut File, value: &DeValue<'_>, palette: &BTreeMap<String, Color>) {
    let Some(table) = value.as_table() else {
        file.mistakes.push("roles is no table".to_owned());
        return;
    };
    for (name, value) in table {
        let Some(role) = Role::ALL.iter().find(|role| role.as_str() == name.get_ref().as_ref()) else {
            file.mistakes.push(format!("{} is not a role", name.get_ref()));
            continue;
        };
        match style(value.get_ref(), palette) {
            Ok(style) => {
                file.styles.insert(role.as_str(), style);
            }
            Err(why) => file.mistakes.push(format!("roles.{role}: {why}", role = role.as_str())),
        }
    }
}

fn style(value: &DeValue<'_>, palette: &BTreeMap<String, Color>) -> Result<Style, String> {
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
                    style =
                        style.add_modifier(item.get_ref().as_str().and_then(modifier).ok_or("an unknown modifier")?);
                }
            }
            (other, _, _) => return Err(format!("{other} is not fg, bg or modifiers, or not of their form")),
        }
    }
    Ok(style)
}

fn modifier(text: &str) -> Option<Modifier> {
    Some(match text {
        "bold" => Modifier::BOLD,
        "dim" => Modifier::DIM,
        "italic" => Modifier::ITALIC,
        "underlined" => Modifier::UNDERLINED,
        "reversed" => Modifier::REVERSED,
        _ => return None,
    })
}

/// A palette name, `#rrggbb`, one of the sixteen ANSI names, or `default`.
fn colour(text: &str, palette: &BTreeMap<String, Color>) -> Option<Color> {
    if let Some(colour) = palette.get(text) {
        return Some(*colour);
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    text.parse().ok()
}
