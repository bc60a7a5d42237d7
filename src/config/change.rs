//! An edit as changes of keys: what is set, what is cleared, in the order of the documentation. It writes no file.

use std::path::Path;

use toml_edit::{Array, Value};

use super::document::Document;
use super::edit::{BastionEdit, EditError, TunnelEdit};
use super::file::{BASTION_KEYS, TUNNEL_KEYS};
use super::mistake::nearest;
use crate::model::{AgentSocket, Listen, Name};

/// The keys of which only one may stand in a table.
const IDENTITIES: [&str; 3] = ["key", "identity_file", "agent"];

/// What an edit does to one table.
#[derive(Debug, Default)]
pub(super) struct Change {
    set: Vec<(&'static str, Value)>,
    clear: Vec<&'static str>,
}

impl Change {
    pub(super) fn of_bastion(edit: &BastionEdit) -> Result<Self, EditError> {
        let mut change = Self::default();
        change.clear("bastion", &edit.unset, &BASTION_KEYS, &["host", "user"])?;
        change.put("host", edit.host.as_deref());
        change.put("port", edit.port.map(i64::from));
        change.put("user", edit.user.as_deref());
        change.identity(edit.key.as_ref(), edit.identity_file.as_deref(), edit.agent.as_ref())?;
        change.put("certificate_file", edit.certificate_file.as_deref().map(full_path).transpose()?);
        change.put_list("via", edit.via.iter().map(String::as_str));
        change.put("proxy_command", edit.proxy_command.as_deref());
        change.put("keepalive", edit.keepalive.as_deref());
        change.put("sessions", edit.sessions.as_deref());
        change.put("legacy_algorithms", edit.legacy_algorithms);
        Ok(change)
    }

    pub(super) fn of_tunnel(edit: &TunnelEdit) -> Result<Self, EditError> {
        let mut change = Self::default();
        change.clear("tunnel", &edit.unset, &TUNNEL_KEYS, &["bastion", "database", "host"])?;
        change.put("bastion", edit.bastion.as_ref().map(Name::as_str));
        change.identity(edit.key.as_ref(), edit.identity_file.as_deref(), edit.agent.as_ref())?;
        change.put("database", edit.database.map(|kind| kind.as_str()));
        change.put("host", edit.host.as_deref());
        change.put("port", edit.port.map(i64::from));
        // A bare port is written out, so that the file says where it listens; a wrong text is judged when it is read.
        let whole = |text: &str| text.parse::<Listen>().map_or_else(|_| text.to_owned(), |listen| listen.to_string());
        change.put("listen", edit.listen.as_deref().map(whole));
        change.put("user", edit.user.as_deref());
        change.put("dbname", edit.dbname.as_deref());
        change.put("autostart", edit.autostart);
        change.put("allow_remote_clients", edit.allow_remote_clients);
        change.put_list("tags", edit.tags.iter().map(Name::as_str));
        Ok(change)
    }

    /// A listening place alone.
    pub(super) fn of_listen(listen: &Listen) -> Self {
        let mut change = Self::default();
        change.put("listen", Some(listen.to_string()));
        change
    }

    /// The bastion of a tunnel alone.
    pub(super) fn of_reference(bastion: &Name) -> Self {
        let mut change = Self::default();
        change.put("bastion", Some(bastion.as_str()));
        change
    }

    pub(super) fn apply(self, document: &mut Document, group: &str, name: &str) {
        for key in self.clear {
            if !self.set.iter().any(|(set, _)| *set == key) {
                document.unset(group, name, key);
            }
        }
        for (key, value) in self.set {
            document.set(group, name, key, value);
        }
    }

    fn put<T: Into<Value>>(&mut self, key: &'static str, value: Option<T>) {
        self.set.extend(value.map(|value| (key, value.into())));
    }

    fn put_list<'a>(&mut self, key: &'static str, items: impl Iterator<Item = &'a str>) {
        let list: Array = items.collect();
        if !list.is_empty() {
            self.set.push((key, Value::Array(list)));
        }
    }

    fn identity(
        &mut self,
        key: Option<&Name>,
        file: Option<&Path>,
        agent: Option<&AgentSocket>,
    ) -> Result<(), EditError> {
        let agent = match agent {
            None => None,
            Some(AgentSocket::Environment) => Some(Value::from(true)),
            Some(AgentSocket::Path(path)) => Some(Value::from(full_path(path)?)),
        };
        let file = file.map(full_path).transpose()?.map(Value::from);
        let given = [key.map(|key| Value::from(key.as_str())), file, agent];
        let mut given = IDENTITIES.into_iter().zip(given).filter_map(|(key, value)| Some((key, value?)));
        let Some(one) = given.next() else { return Ok(()) };
        if let Some((second, _)) = given.next() {
            return Err(EditError::Invalid(format!("{} and {second} at once: a login shows one identity only", one.0)));
        }
        self.clear.extend(IDENTITIES);
        self.set.push(one);
        Ok(())
    }

    fn clear(
        &mut self,
        what: &str,
        unset: &[String],
        known: &'static [&'static str],
        needed: &[&str],
    ) -> Result<(), EditError> {
        for written in unset {
            let name = written.replace('-', "_");
            let Some(key) = known.iter().find(|key| **key == name) else {
                let hint = nearest(&name, known.iter().copied()).map(|near| format!("; did you mean {near:?}?"));
                let hint = hint.unwrap_or_default();
                return Err(EditError::Invalid(format!("a {what} has no field {written:?}{hint}")));
            };
            if needed.contains(key) {
                return Err(EditError::Invalid(format!("{key} cannot be cleared: a {what} needs it")));
            }
            self.clear.push(key);
        }
        Ok(())
    }
}

/// A path as the configuration takes it: absolute, or beginning with `~/`.
fn full_path(path: &Path) -> Result<String, EditError> {
    let full = if path.starts_with("~") {
        path.to_owned()
    } else {
        std::path::absolute(path)
            .map_err(|error| EditError::Invalid(format!("cannot make {} absolute: {error}", path.display())))?
    };
    full.to_str()
        .map(ToOwned::to_owned)
        .ok_or_else(|| EditError::Invalid(format!("{} is not UTF-8, so it cannot be written down", path.display())))
}
