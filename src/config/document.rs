//! One file as text that can be edited: values change, comments and order stay. It judges no value.

use toml_edit::{DocumentMut, Entry, InlineTable, Item, Key, RawString, Table, TableLike, Value};

/// A text under edit.
#[derive(Debug, Clone)]
pub(super) struct Document(DocumentMut);

impl Document {
    /// Parses a text; the error is the parser's sentence.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|error: toml_edit::TomlError| error.message().to_owned())
    }

    /// The names in a group, as "tunnels".
    pub(super) fn names(&self, group: &str) -> Vec<String> {
        let table = self.0.get(group).and_then(Item::as_table_like);
        table.map(|table| table.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
    }

    pub(super) fn contains(&self, group: &str, name: &str) -> bool {
        self.0.get(group).and_then(Item::as_table_like).is_some_and(|table| table.contains_key(name))
    }

    /// A text under an entry's key.
    pub(super) fn text(&self, group: &str, name: &str, key: &str) -> Option<&str> {
        self.0.get(group)?.as_table_like()?.get(name)?.as_table_like()?.get(key)?.as_str()
    }

    /// Adds an empty entry, written as its neighbours are, after the last of its group.
    pub(super) fn add(&mut self, group: &str, name: &str) {
        let last = last_position(self.0.as_table());
        let parent = self.0.as_table_mut().entry(group).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        if let Some(inline) = parent.as_inline_table_mut() {
            inline.insert(name, Value::InlineTable(InlineTable::new()));
            return;
        }
        let Some(parent) = parent.as_table_mut() else { return };
        let position = last_position(parent).or(last);
        let mut table = Table::new();
        table.set_position(position);
        parent.insert(name, Item::Table(table));
        if position == last {
            self.own_trailing(group, name);
        }
    }

    /// What stood at the end of the file stays before an entry that is added there.
    fn own_trailing(&mut self, group: &str, name: &str) {
        let trailing = raw(self.0.trailing());
        if !trailing.contains('#') {
            return;
        }
        self.0.set_trailing("");
        let prefix = format!("{}\n\n", trailing.trim_end());
        if let Some(table) = self.entry(group, name).and_then(Item::as_table_mut) {
            table.decor_mut().set_prefix(prefix);
        }
    }

    /// Sets a text in a group itself; what stands before and after it on its line stays.
    pub(super) fn put(&mut self, group: &str, key: &str, text: &str) {
        let last = last_position(self.0.as_table());
        let is_new = !self.0.contains_key(group);
        let entry = self.0.as_table_mut().entry(group).or_insert_with(|| {
            let mut table = Table::new();
            table.set_position(last);
            Item::Table(table)
        });
        let Some(entry) = entry.as_table_like_mut() else { return };
        match entry.get_mut(key).and_then(Item::as_value_mut) {
            Some(old) => {
                let decor = old.decor().clone();
                *old = Value::from(text);
                *old.decor_mut() = decor;
            }
            None => {
                entry.insert(key, Item::Value(Value::from(text)));
            }
        }
        let trailing = raw(self.0.trailing());
        if is_new && trailing.contains('#') {
            // What stood at the end of the file stays before what is added there.
            self.0.set_trailing("");
            let prefix = format!("{}\n\n", trailing.trim_end());
            if let Some(table) = self.0.get_mut(group).and_then(Item::as_table_mut) {
                table.decor_mut().set_prefix(prefix);
            }
        }
    }

    /// Sets a value; what stands before and after it on its line stays.
    pub(super) fn set(&mut self, group: &str, name: &str, key: &str, value: Value) {
        let Some(entry) = self.entry(group, name).and_then(Item::as_table_like_mut) else { return };
        match entry.get_mut(key) {
            Some(Item::Value(Value::Array(old))) if value.is_array() => set_list(old, &value),
            Some(Item::Value(old)) => {
                let decor = old.decor().clone();
                *old = value;
                *old.decor_mut() = decor;
            }
            Some(other) => *other = Item::Value(value),
            None => {
                entry.insert(key, Item::Value(value));
            }
        }
    }

    /// Takes a key out. Comments on the lines above it stay where they were.
    pub(super) fn unset(&mut self, group: &str, name: &str, key: &str) {
        let Some(item) = self.entry(group, name) else { return };
        let position = item.as_table().and_then(Table::position);
        let Some(entry) = item.as_table_like_mut() else { return };
        let above = entry.key(key).map(|key| prefix_of(key.leaf_decor())).unwrap_or_default();
        let next = entry
            .iter()
            .skip_while(|(other, _)| *other != key)
            .skip(1)
            .find(|(_, item)| item.is_value())
            .map(|(other, _)| other.to_owned());
        if entry.remove(key).is_none() || !above.contains('#') {
            return;
        }
        match next.and_then(|next| entry.key_mut(&next)) {
            Some(mut next) => {
                let prefix = above + &prefix_of(next.leaf_decor());
                next.leaf_decor_mut().set_prefix(prefix);
            }
            None => self.leave_after(position, &above),
        }
    }

    /// Gives an entry another name; its place and everything in it stay.
    pub(super) fn rename(&mut self, group: &str, old: &str, new: &str) {
        let Some(parent) = self.0.get_mut(group).and_then(Item::as_table_like_mut) else { return };
        let names: Vec<_> = parent.iter().map(|(name, _)| name.to_owned()).collect();
        let take = |parent: &mut dyn TableLike, name: &str| Some((parent.key(name)?.clone(), parent.remove(name)?));
        // All out and in again: the order of the keys is the order of their coming.
        let entries: Vec<_> = names.iter().filter_map(|name| take(parent, name)).collect();
        for (key, item) in entries {
            let key = if key.get() == old {
                let (leaf, dotted) = (key.leaf_decor().clone(), key.dotted_decor().clone());
                Key::new(new).with_leaf_decor(leaf).with_dotted_decor(dotted)
            } else {
                key
            };
            if let Entry::Vacant(place) = parent.entry_format(&key) {
                place.insert(item);
            }
        }
    }

    /// Takes an entry out. Comments above it stay where they were; those within go with it.
    pub(super) fn remove(&mut self, group: &str, name: &str) {
        let Some(parent) = self.0.get_mut(group).and_then(Item::as_table_like_mut) else { return };
        let key_prefix = parent.key(name).map(|key| prefix_of(key.leaf_decor())).unwrap_or_default();
        let Some(item) = parent.remove(name) else { return };
        let (position, above) = match &item {
            Item::Table(table) if !table.is_dotted() => (table.position(), prefix_of(table.decor())),
            Item::Table(table) => (None, first_prefix(table)),
            _ => (None, key_prefix),
        };
        if above.contains('#') {
            self.leave_after(position, &above);
        }
    }

    fn entry(&mut self, group: &str, name: &str) -> Option<&mut Item> {
        self.0.get_mut(group)?.as_table_like_mut()?.get_mut(name)
    }

    /// Puts lines before the table that follows a position, or at the end of the file.
    fn leave_after(&mut self, position: Option<isize>, lines: &str) {
        let lines = format!("{}\n", lines.trim_end());
        let mut following = Vec::new();
        positions(self.0.as_table(), &mut following);
        let next = following.into_iter().filter(|other| position.is_none_or(|position| *other > position)).min();
        match next.and_then(|next| at_position(self.0.as_table_mut(), next)) {
            Some(table) => {
                let before = prefix_of(table.decor());
                // A blank line, or the comment would seem to belong to what follows.
                let blank = if before.starts_with(['\n', '\r']) { "" } else { "\n" };
                let prefix = format!("{lines}{blank}{before}");
                table.decor_mut().set_prefix(prefix);
            }
            None => {
                let trailing = raw(self.0.trailing());
                self.0.set_trailing(format!("{lines}{trailing}"));
            }
        }
    }
}

impl std::fmt::Display for Document {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Changes a list item by item, so that comments between those that remain stay.
fn set_list(old: &mut toml_edit::Array, new: &Value) {
    let wanted: Vec<_> = new.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    old.retain(|item| item.as_str().is_some_and(|item| wanted.contains(&item)));
    for item in wanted {
        if !old.iter().any(|there| there.as_str() == Some(item)) {
            old.push(item);
        }
    }
    let order: Vec<_> = old.iter().filter_map(Value::as_str).collect();
    let right = new.as_array().into_iter().flatten().filter_map(Value::as_str).eq(order.iter().copied());
    if !right && let Some(new) = new.as_array() {
        let decor = old.decor().clone();
        *old = new.clone();
        *old.decor_mut() = decor;
    }
}

fn raw(text: &RawString) -> String {
    text.as_str().unwrap_or_default().to_owned()
}

fn prefix_of(decor: &toml_edit::Decor) -> String {
    decor.prefix().map(raw).unwrap_or_default()
}

/// What stands above the first key of a table that has no header of its own.
fn first_prefix(table: &Table) -> String {
    match table.iter().next() {
        Some((_, Item::Table(inner))) => first_prefix(inner),
        Some((name, _)) => table.key(name).map(|key| prefix_of(key.leaf_decor())).unwrap_or_default(),
        None => String::new(),
    }
}

/// The positions of all tables that have a header.
fn positions(table: &Table, found: &mut Vec<isize>) {
    for (_, item) in table.iter() {
        if let Some(inner) = item.as_table() {
            if !inner.is_implicit() && !inner.is_dotted() {
                found.extend(inner.position());
            }
            positions(inner, found);
        }
    }
}

fn last_position(table: &Table) -> Option<isize> {
    let mut found = Vec::new();
    positions(table, &mut found);
    found.into_iter().chain(table.position()).max()
}

fn at_position(table: &mut Table, position: isize) -> Option<&mut Table> {
    for (_, item) in table.iter_mut() {
        let Some(inner) = item.as_table_mut() else { continue };
        if inner.position() == Some(position) && !inner.is_implicit() && !inner.is_dotted() {
            return Some(inner);
        }
        if let Some(found) = at_position(inner, position) {
            return Some(found);
        }
    }
    None
}
