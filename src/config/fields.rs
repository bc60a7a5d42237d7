//! The keys of one TOML table, read strictly: each access gives a value or leaves a mistake at its place.
//! It does not know which keys there should be.

use std::fmt::Display;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::mistake::{Mistake, nearest};
use super::source::Source;
use crate::model::Port;

/// What is said of a key that nobody knows.
pub(super) const UNKNOWN: &str = "unknown key";

/// What is said of a key that is not there.
pub(super) const LACK: &str = "is missing";

/// A table, the text it stands in, and the mistakes found so far.
pub(super) struct Fields<'a> {
    source: &'a Source,
    table: &'a DeTable<'a>,
    /// The table's own name with those above it; empty for the file itself.
    name: String,
    /// Where the table is named.
    at: usize,
    mistakes: &'a mut Vec<Mistake>,
    /// The keys that unknown ones were probably meant to be.
    meant: Vec<String>,
}

/// A key with its value.
type Entry<'a> = (&'a Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>);

impl<'a> Fields<'a> {
    /// The keys of a whole file.
    pub(super) fn of_file(source: &'a Source, table: &'a DeTable<'a>, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { source, table, name: String::new(), at: 0, mistakes, meant: Vec::new() }
    }

    /// The table under a key, if it is there and is one.
    pub(super) fn table(&mut self, key: &str) -> Option<Fields<'_>> {
        let (name, value) = self.entry(key)?;
        match value.get_ref() {
            DeValue::Table(table) => Some(Fields {
                source: self.source,
                table,
                name: self.path_of(key),
                at: name.span().start,
                mistakes: self.mistakes,
                meant: Vec::new(),
            }),
            other => {
                self.wrong_type(key, "a table", other);
                None
            }
        }
    }

    /// The names of all keys, in alphabetical order.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        self.table.keys().map(|key| key.get_ref().as_ref()).collect()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Where a key stands, or the table where the key is absent.
    pub(super) fn key_place(&self, key: &str) -> usize {
        self.entry(key).map_or(self.at, |(name, _)| name.span().start)
    }

    /// Where a value stands, or the table where the key is absent.
    pub(super) fn value_place(&self, key: &str) -> usize {
        self.entry(key).map_or(self.at, |(_, value)| value.span().start)
    }

    /// The value under a key as it stands.
    pub(super) fn value(&self, key: &str) -> Option<&'a DeValue<'a>> {
        self.entry(key).map(|(_, value)| value.get_ref())
    }

    /// A text under a key.
    pub(super) fn text(&mut self, key: &str) -> Option<&'a str> {
        match self.value(key)? {
            DeValue::String(text) => Some(text.as_ref()),
            other => {
                self.wrong_type(key, "a text in quotes", other);
                None
            }
        }
    }

    /// A text under a key, as a type of ours.
    pub(super) fn parse<T>(&mut self, key: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.judge(key, |text| text.parse::<T>().map_err(|error| error.to_string()))
    }

    /// A text under a key, judged by a function whose error is a sentence.
    pub(super) fn judge<T>(&mut self, key: &str, judge: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = self.text(key)?;
        judge(text).map_err(|message| self.wrong(key, message)).ok()
    }

    /// A text under a key that must be one of these.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("{:?} is not one of {}", shortened(text), names.join(", "));
            self.wrong_near(key, message, nearest(text, names));
        }
        found
    }

    /// `true` or `false` under a key.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        match self.value(key)? {
            DeValue::Boolean(flag) => Some(*flag),
            other => {
                self.wrong_type(key, "true or false", other);
                None
            }
        }
    }

    /// A whole number under a key; one that is out of all range is as good as any other wrong one.
    pub(super) fn number(&mut self, key: &str) -> Option<i128> {
        match self.value(key)? {
            DeValue::Integer(number) => {
                Some(i128::from_str_radix(number.as_str(), number.radix()).unwrap_or(i128::MAX))
            }
            other => {
                self.wrong_type(key, "a whole number", other);
                None
            }
        }
    }

    /// A port under a key.
    pub(super) fn port(&mut self, key: &str) -> Option<Port> {
        let number = self.number(key)?;
        let port = u16::try_from(number).ok().and_then(Port::new);
        if port.is_none() {
            self.wrong(key, "not a port: use a number from 1 to 65535".to_owned());
        }
        port
    }

    /// A list of texts under a key, each as a type of ours and none of them twice.
    pub(super) fn list<T>(&mut self, key: &str) -> Vec<T>
    where
        T: FromStr + PartialEq,
        T::Err: Display,
    {
        let items = match self.value(key) {
            None => return Vec::new(),
            Some(DeValue::Array(items)) => items,
            Some(other) => {
                self.wrong_type(key, "a list of texts in quotes", other);
                return Vec::new();
            }
        };
        let mut list = Vec::new();
        for item in items.iter() {
            let parsed = match item.get_ref() {
                DeValue::String(text) => text.parse::<T>().map_err(|error| error.to_string()),
                other => Err(format!("needs texts in quotes, not {}", kind(other))),
            };
            let message = match parsed {
                Ok(value) if list.contains(&value) => "stands here twice".to_owned(),
                Ok(value) => {
                    list.push(value);
                    continue;
                }
                Err(message) => message,
            };
            self.push(item.span().start, key, message, None);
        }
        list
    }

    /// Leaves a mistake at each key that is not one of these.
    pub(super) fn refuse_unknown(&mut self, known: &[&str]) {
        for key in self.keys() {
            if !known.contains(&key) {
                let nearest = nearest(key, known.iter().copied());
                self.meant.extend(nearest.clone());
                self.push(self.key_place(key), key, UNKNOWN.to_owned(), nearest);
            }
        }
    }

    /// Leaves a mistake at a key whose feature does not exist yet.
    pub(super) fn refuse_unbuilt(&mut self, key: &str, feature: &str) {
        if self.has(key) {
            self.push(self.key_place(key), key, format!("{feature} is not built yet; take this key out"), None);
        }
    }

    /// Leaves a mistake where a key is absent and none of the unknown ones was meant to be it.
    pub(super) fn require(&mut self, key: &str, what: &str) {
        if !self.has(key) && !self.meant.iter().any(|meant| meant == key) {
            self.lacks(key, what);
        }
    }

    /// Leaves a mistake about something that the table lacks.
    pub(super) fn lacks(&mut self, lacking: &str, what: &str) {
        self.mistakes.push(self.source.mistake(self.at, self.name.clone(), format!("{lacking} {LACK}: {what}")));
    }

    /// Leaves a mistake at a key's value.
    pub(super) fn wrong(&mut self, key: &str, message: String) {
        self.wrong_near(key, message, None);
    }

    /// Leaves a mistake at a key's value, with the name that was probably meant.
    pub(super) fn wrong_near(&mut self, key: &str, message: String, nearest: Option<String>) {
        self.push(self.value_place(key), key, message, nearest);
    }

    /// Leaves a mistake at a key.
    pub(super) fn wrong_key(&mut self, key: &str, message: String) {
        self.push(self.key_place(key), key, message, None);
    }

    /// The key with the tables above it, as TOML would write it.
    pub(super) fn path_of(&self, key: &str) -> String {
        let bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let key = if bare { key.to_owned() } else { format!("{:?}", shortened(key)) };
        if self.name.is_empty() { key } else { format!("{}.{key}", self.name) }
    }

    fn entry(&self, key: &str) -> Option<Entry<'a>> {
        self.table.get_key_value(key)
    }

    fn wrong_type(&mut self, key: &str, wanted: &str, found: &DeValue<'_>) {
        self.wrong(key, format!("needs {wanted}, not {}", kind(found)));
    }

    fn push(&mut self, at: usize, key: &str, message: String, nearest: Option<String>) {
        let mistake = self.source.mistake(at, self.path_of(key), message);
        self.mistakes.push(Mistake { nearest, ..mistake });
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(true) => "true",
        DeValue::Boolean(false) => "false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// Enough of a text to find it by.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
