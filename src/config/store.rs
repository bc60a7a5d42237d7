//! Edits of the configuration by the program: under a lock, on what is on disk now, atomic, with one backup, and only
//! if the result loads. It changes no more than it was asked to.

mod undo;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::change::Change;
use super::document::Document;
use super::edit::{BastionEdit, EditError, TunnelEdit};
use super::load::{load, load_with};
use super::mistake::{ConfigError, Mistake, Mistakes, nearest};
use super::paths::Paths;
use super::source::sources;
use crate::local::port_owner::{TUNNEL_PORTS, free_port};
use crate::local::private_file::{lock, replace};
use crate::model::{Identity, Listen, Name, Tunnel};
use undo::{Deed, Written};

pub use undo::Undone;

const BASTIONS: &str = "bastions";
const TUNNELS: &str = "tunnels";
const PREFERENCES: &str = "preferences";

/// How long another edit may take; they take milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a configuration begins with when the program makes it.
const FIRST: &str = "version = 1\n";

/// The one writer of configuration files. Each call is an edit of its own (blocking: locks and disk).
#[derive(Debug, Clone)]
pub struct Store {
    paths: Paths,
    /// What its edits are part of.
    deed: Option<Arc<Deed>>,
}

impl Store {
    /// A writer for these places; touches nothing yet.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        Self { paths: paths.clone(), deed: None }
    }

    /// What is edited from here on is one change to whoever undoes it, in these words: "removed orders".
    #[must_use]
    pub fn as_one(self, words: impl Into<String>) -> Self {
        Self { deed: Some(Arc::new(Deed::new(words.into()))), ..self }
    }

    /// Adds a bastion.
    pub fn add_bastion(&self, name: &Name, edit: &BastionEdit) -> Result<(), EditError> {
        let change = Change::of_bastion(edit)?;
        self.change(format!("added the bastion {name}"), |files| files.add(BASTIONS, name, change))
    }

    /// Changes a bastion.
    pub fn edit_bastion(&self, name: &Name, edit: &BastionEdit) -> Result<(), EditError> {
        let change = Change::of_bastion(edit)?;
        self.change(format!("changed the bastion {name}"), |files| files.change(BASTIONS, name, change))
    }

    /// Renames a bastion, also where tunnels name it.
    pub fn rename_bastion(&self, old: &Name, new: &Name) -> Result<(), EditError> {
        self.change(format!("renamed the bastion {old} to {new}"), |files| {
            files.rename(BASTIONS, old, new)?;
            for (file, tunnel) in files.tunnels_through(old) {
                let document = files.0.get_mut(file).map(|file| &mut file.document);
                if let Some(document) = document {
                    Change::of_reference(new).apply(document, TUNNELS, &tunnel);
                }
            }
            Ok(())
        })
    }

    /// Removes a bastion that no tunnel goes through.
    pub fn remove_bastion(&self, name: &Name) -> Result<(), EditError> {
        self.change(format!("removed the bastion {name}"), |files| {
            let document = files.holding(BASTIONS, name)?;
            document.remove(BASTIONS, name.as_str());
            let mut by: Vec<Name> =
                files.tunnels_through(name).into_iter().filter_map(|(_, tunnel)| tunnel.parse().ok()).collect();
            by.sort();
            if by.is_empty() { Ok(()) } else { Err(EditError::InUse { name: name.clone(), by }) }
        })
    }

    /// Adds a tunnel.
    pub fn add_tunnel(&self, name: &Name, edit: &TunnelEdit) -> Result<(), EditError> {
        let change = Change::of_tunnel(edit)?;
        self.change(format!("added {name}"), |files| {
            files.add(TUNNELS, name, change)?;
            files.check_bastion(edit)
        })
    }

    /// Adds bastions and tunnels in one change: all of them, or none.
    pub fn add_all(&self, bastions: &[(Name, BastionEdit)], tunnels: &[(Name, TunnelEdit)]) -> Result<(), EditError> {
        let names = bastions.iter().map(|(name, _)| name).chain(tunnels.iter().map(|(name, _)| name));
        let names: Vec<&str> = names.map(Name::as_str).collect();
        self.change(format!("added {}", names.join(", ")), |files| {
            for (name, edit) in bastions {
                files.add(BASTIONS, name, Change::of_bastion(edit)?)?;
            }
            for (name, edit) in tunnels {
                files.add(TUNNELS, name, Change::of_tunnel(edit)?)?;
                files.check_bastion(edit)?;
            }
            Ok(())
        })
    }

    /// Changes a tunnel.
    pub fn edit_tunnel(&self, name: &Name, edit: &TunnelEdit) -> Result<(), EditError> {
        let change = Change::of_tunnel(edit)?;
        self.change(format!("changed {name}"), |files| {
            files.change(TUNNELS, name, change)?;
            files.check_bastion(edit)
        })
    }

    /// Renames a tunnel.
    pub fn rename_tunnel(&self, old: &Name, new: &Name) -> Result<(), EditError> {
        self.change(format!("renamed {old} to {new}"), |files| files.rename(TUNNELS, old, new))
    }

    /// Removes a tunnel.
    pub fn remove_tunnel(&self, name: &Name) -> Result<(), EditError> {
        self.change(format!("removed {name}"), |files| {
            files.holding(TUNNELS, name)?.remove(TUNNELS, name.as_str());
            Ok(())
        })
    }

    /// Adds a tunnel that is as another one, but for its name and its local port, which is chosen when it first comes up.
    pub fn copy_tunnel(&self, name: &Name, copy: &Name) -> Result<(), EditError> {
        self.change(format!("copied {name} to {copy}"), |files| {
            files.holding(TUNNELS, name)?;
            let settings = load(&self.paths)?;
            let unknown = || EditError::Unknown { what: singular(TUNNELS), name: name.clone(), nearest: None };
            let edit = alike(settings.tunnels.get(name).ok_or_else(unknown)?);
            files.add(TUNNELS, copy, Change::of_tunnel(&edit)?)
        })
    }

    /// Undoes the last edit, exactly, or does it again if it was undone last. Refused where a file has changed since.
    pub fn undo(&self) -> Result<Undone, EditError> {
        self.paths.prepare_config()?;
        let _lock = lock(&self.paths.state.join("config.lock"), PATIENCE)?;
        let record = undo::last(&self.paths)?;
        let instead = record.files.iter().map(|file| (file.path.clone(), file.before.clone())).collect();
        load_with(&self.paths, &instead).map_err(|error| words(&error))?;
        for (done, file) in record.files.iter().enumerate() {
            if let Err(error) = write(&file.path, Some(&file.after), &file.before) {
                for file in record.files.iter().take(done) {
                    // As when saving: the files belong together.
                    let _ = replace(&file.path, file.after.as_bytes());
                }
                return Err(error);
            }
        }
        Ok(undo::turn(&self.paths, record))
    }

    /// Forgets the last edit: what was written so far is what a person begins with.
    pub fn forget(&self) -> Result<(), EditError> {
        let _lock = lock(&self.paths.state.join("config.lock"), PATIENCE)?;
        undo::forget(&self.paths)
    }

    /// Writes down which theme is wanted.
    pub fn prefer_theme(&self, theme: &str) -> Result<(), EditError> {
        self.change(format!("chose the theme {theme}"), |files| {
            files.prefer("theme", theme);
            Ok(())
        })
    }

    /// Where a tunnel listens; where nothing is configured, a free port from 15000 to 29999 is chosen and written.
    pub fn assign_port(&self, name: &Name) -> Result<Listen, EditError> {
        self.edit(None, |files| {
            let settings = load(&self.paths)?;
            let document = files.holding(TUNNELS, name)?;
            if let Some(listen) = settings.tunnels.get(name).and_then(|tunnel| tunnel.listen.clone()) {
                return Ok(listen);
            }
            let taken: BTreeSet<u16> = settings.tunnels.values().filter_map(|t| t.listen.as_ref()?.port()).collect();
            let port = free_port(TUNNEL_PORTS, &taken).ok_or_else(|| {
                EditError::Invalid(format!("no port from {} to {} is free", TUNNEL_PORTS.start(), TUNNEL_PORTS.end()))
            })?;
            let listen = Listen::loopback(port);
            Change::of_listen(&listen).apply(document, TUNNELS, name.as_str());
            Ok(listen)
        })
    }

    /// An edit that a person asked for: it can be undone.
    fn change<T>(&self, words: String, work: impl FnOnce(&mut Files) -> Result<T, EditError>) -> Result<T, EditError> {
        let deed = self.deed.clone().unwrap_or_else(|| Arc::new(Deed::new(words)));
        self.edit(Some(&deed), work)
    }

    /// Works on the files as they are now, and writes what has changed.
    fn edit<T>(
        &self,
        deed: Option<&Deed>,
        work: impl FnOnce(&mut Files) -> Result<T, EditError>,
    ) -> Result<T, EditError> {
        self.paths.prepare_config()?;
        let _lock = lock(&self.paths.state.join("config.lock"), PATIENCE)?;
        let mut files = Files::read(&self.paths)?;
        let result = work(&mut files)?;
        let written = files.save(&self.paths)?;
        if let Some(deed) = deed {
            undo::keep(&self.paths, deed, written);
        }
        Ok(result)
    }
}

/// All configuration files under edit; `config.toml` is the first, also where it does not exist yet.
struct Files(Vec<File>);

struct File {
    path: PathBuf,
    /// What is on disk; `None` where nothing is.
    before: Option<String>,
    document: Document,
    /// The document's own text before the edit; not every byte of a file survives parsing.
    parsed: String,
}

impl File {
    fn new(path: &Path, before: Option<String>, document: Document) -> Self {
        let parsed = document.to_string();
        Self { path: path.to_owned(), before, document, parsed }
    }

    /// The new text, where the edit changed it.
    fn changed(&self) -> Option<String> {
        let text = Some(self.document.to_string()).filter(|text| *text != self.parsed)?;
        let before = self.before.as_deref().unwrap_or_default();
        // What stood above a removed entry at the top of the file leaves blank lines behind.
        let text = if before.starts_with(['\n', '\r']) { text.as_str() } else { text.trim_start_matches(['\n', '\r']) };
        let ends_in_crlf = before.matches("\r\n").count() * 2 > before.matches('\n').count();
        Some(if ends_in_crlf { text.replace("\r\n", "\n").replace('\n', "\r\n") } else { text.to_owned() })
    }
}

impl Files {
    fn read(paths: &Paths) -> Result<Self, EditError> {
        let (sources, unreadable) = sources(paths, &BTreeMap::new())?;
        if !unreadable.is_empty() {
            return Err(ConfigError::from(Mistakes(unreadable)).into());
        }
        let mut files = Vec::new();
        if sources.first().is_none_or(|first| first.path != paths.config) {
            let document = Document::parse(FIRST).map_err(EditError::Invalid)?;
            files.push(File::new(&paths.config, None, document));
        }
        for source in sources {
            let document = match Document::parse(&source.text) {
                Ok(document) => document,
                // Our own reader says it with its place.
                Err(sentence) => {
                    return Err(load(paths).err().map_or(EditError::Invalid(sentence), EditError::Config));
                }
            };
            files.push(File::new(&source.path, Some(source.text), document));
        }
        Ok(Self(files))
    }

    fn names(&self, group: &str) -> Vec<String> {
        self.0.iter().flat_map(|file| file.document.names(group)).collect()
    }

    /// The file that holds an entry.
    fn holding(&mut self, group: &'static str, name: &Name) -> Result<&mut Document, EditError> {
        let Some(index) = self.0.iter().position(|file| file.document.contains(group, name.as_str())) else {
            let names = self.names(group);
            let nearest = nearest(name.as_str(), names.iter().map(String::as_str));
            return Err(EditError::Unknown { what: singular(group), name: name.clone(), nearest });
        };
        let file = self.0.get_mut(index).map(|file| &mut file.document);
        file.ok_or_else(|| EditError::Unknown { what: singular(group), name: name.clone(), nearest: None })
    }

    fn refuse_existing(&mut self, group: &'static str, name: &Name) -> Result<(), EditError> {
        match self.holding(group, name) {
            Ok(_) => Err(EditError::Exists { what: singular(group), name: name.clone() }),
            Err(_) => Ok(()),
        }
    }

    fn add(&mut self, group: &'static str, name: &Name, change: Change) -> Result<(), EditError> {
        self.refuse_existing(group, name)?;
        if let Some(first) = self.0.first_mut() {
            first.document.add(group, name.as_str());
            change.apply(&mut first.document, group, name.as_str());
        }
        Ok(())
    }

    fn change(&mut self, group: &'static str, name: &Name, change: Change) -> Result<(), EditError> {
        change.apply(self.holding(group, name)?, group, name.as_str());
        Ok(())
    }

    /// Sets a preference where it stands, or where preferences are, or in the first file.
    fn prefer(&mut self, key: &str, value: &str) {
        let index = |holds: &dyn Fn(&Document) -> bool| self.0.iter().position(|file| holds(&file.document));
        let stands = index(&|document| document.contains(PREFERENCES, key));
        let group = || index(&|document| !document.names(PREFERENCES).is_empty());
        let index = stands.or_else(group).unwrap_or(0);
        if let Some(file) = self.0.get_mut(index) {
            file.document.put(PREFERENCES, key, value);
        }
    }

    fn rename(&mut self, group: &'static str, old: &Name, new: &Name) -> Result<(), EditError> {
        self.holding(group, old)?;
        if old == new {
            return Ok(());
        }
        self.refuse_existing(group, new)?;
        self.holding(group, old)?.rename(group, old.as_str(), new.as_str());
        Ok(())
    }

    /// Refuses an edit that leads a tunnel to a bastion which is not there.
    fn check_bastion(&self, edit: &TunnelEdit) -> Result<(), EditError> {
        let Some(bastion) = &edit.bastion else { return Ok(()) };
        let names = self.names(BASTIONS);
        if names.iter().any(|name| name == bastion.as_str()) {
            return Ok(());
        }
        let nearest = nearest(bastion.as_str(), names.iter().map(String::as_str));
        Err(EditError::UnknownBastion { name: bastion.clone(), nearest })
    }

    /// The tunnels that name a bastion, with the index of their file.
    fn tunnels_through(&self, bastion: &Name) -> Vec<(usize, String)> {
        let through =
            |document: &Document, tunnel: &str| document.text(TUNNELS, tunnel, "bastion") == Some(bastion.as_str());
        let of_file = |(index, file): (usize, &File)| {
            let all = file.document.names(TUNNELS).into_iter();
            all.filter(|tunnel| through(&file.document, tunnel)).map(|tunnel| (index, tunnel)).collect::<Vec<_>>()
        };
        self.0.iter().enumerate().flat_map(of_file).collect()
    }

    fn save(&self, paths: &Paths) -> Result<Vec<Written>, EditError> {
        let changed: Vec<(&File, String)> = self.0.iter().filter_map(|file| Some((file, file.changed()?))).collect();
        if changed.is_empty() {
            return Ok(Vec::new());
        }
        let instead = changed.iter().map(|(file, text)| (file.path.clone(), text.clone())).collect();
        if let Err(error) = load_with(paths, &instead) {
            // Mistakes that were there before have a place that the person can look at; new ones are the edit's.
            return Err(load(paths).err().map_or_else(|| words(&error), EditError::Config));
        }
        let mut written: Vec<&File> = Vec::new();
        for (file, text) in &changed {
            if let Err(error) = write(&file.path, file.before.as_deref(), text) {
                for file in written {
                    // The best that can be done: the files belong together.
                    let _ = file.before.as_ref().map(|before| replace(&file.path, before.as_bytes()));
                }
                return Err(error);
            }
            written.push(file);
        }
        let before = |file: &File| file.before.clone().unwrap_or_else(|| FIRST.to_owned());
        let written = |(file, after): (&File, String)| Written { path: file.path.clone(), before: before(file), after };
        Ok(changed.into_iter().map(written).collect())
    }
}

fn write(path: &Path, before: Option<&str>, text: &str) -> Result<(), EditError> {
    if let Some(before) = before {
        replace(&backup(path), before.as_bytes())?;
    }
    Ok(replace(path, text.as_bytes())?)
}

/// All of a tunnel but its name and where it listens.
fn alike(tunnel: &Tunnel) -> TunnelEdit {
    let mut edit = TunnelEdit {
        bastion: Some(tunnel.bastion.clone()),
        database: Some(tunnel.database.kind),
        host: Some(tunnel.database.host.to_string()),
        port: Some(tunnel.database.port.get()),
        user: tunnel.user.clone(),
        dbname: tunnel.dbname.clone(),
        autostart: tunnel.autostart.then_some(true),
        allow_remote_clients: tunnel.allow_remote_clients.then_some(true),
        tags: tunnel.tags.clone(),
        ..TunnelEdit::default()
    };
    match &tunnel.identity {
        None => {}
        Some(Identity::Key(name)) => edit.key = Some(name.clone()),
        Some(Identity::File(path)) => edit.identity_file = Some(path.clone()),
        Some(Identity::Agent(socket)) => edit.agent = Some(socket.clone()),
    }
    edit
}

/// `config.toml.bak` beside `config.toml`.
fn backup(path: &Path) -> PathBuf {
    let mut name = path.file_name().map(OsString::from).unwrap_or_default();
    name.push(".bak");
    path.with_file_name(name)
}

fn singular(group: &'static str) -> &'static str {
    if group == BASTIONS { "bastion" } else { "tunnel" }
}

/// Mistakes of a text that is not on disk have no place that anybody could look at.
fn words(error: &ConfigError) -> EditError {
    EditError::Invalid(match error {
        ConfigError::Mistakes(Mistakes(mistakes)) => mistakes.iter().map(Mistake::words).collect::<Vec<_>>().join("\n"),
        ConfigError::File(error) => error.to_string(),
    })
}

#[cfg(test)]
mod tests;
