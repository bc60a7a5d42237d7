//! The page that asks what the login shows: a new key, one that exists, one that is brought, a file, an agent. It reads no key.

use std::path::PathBuf;

use super::bastion::{problem, set};
use crate::model::{Access, AgentSocket, ChosenBastion, Draft, Identity, KeyStatus, KeyType, Name, Snapshot};
use crate::tui::keys::bring::{self, Looked};
use crate::tui::widget::form::{Came, Choice, Entry, Form, Item};

pub(crate) const WITH: &str = "with";
pub(crate) const TYPE: &str = "type";
pub(crate) const FILE: &str = "file";

const NEW: &str = "new";
const BASTION: &str = "bastion";
const IMPORT: &str = "import";
const FILE_CHOICE: &str = "file";
const AGENT: &str = "agent";
/// Before the name of a key of adit's own.
const KEY: &str = "key ";

pub(crate) fn form() -> Form {
    let types = [(KeyType::Ed25519, "ed25519"), (KeyType::Ecdsa, "ecdsa"), (KeyType::Rsa, "rsa")];
    let types = types.into_iter().map(|(kind, words)| Choice::new(kind.as_str(), words, "")).collect();
    let mut items = vec![
        Item::list(WITH, "a new key is the safest: it can be taken back without touching anything else"),
        Item::row(TYPE, "ed25519, unless the server is so old that its admin asks for rsa (4096 bits)", types),
        Item::text(FILE, "a private key file of yours, by its whole path: ~/.ssh/id_ed25519").needed(),
    ];
    items.extend(bring::items());
    Form::new(items)
}

/// Offers what there is.
pub(crate) fn offer(form: &mut Form, snapshot: &Snapshot, bastion: &ChosenBastion) {
    let mut choices = vec![Choice::new(NEW, "a new key of its own", "easy to tell apart, and to take back")];
    if let ChosenBastion::Known(name) = bastion
        && let Some(status) = snapshot.bastions.iter().find(|status| status.name == *name)
    {
        choices.push(Choice::new(BASTION, format!("what {name} uses"), status.identity.clone()));
    }
    let key = |key: &KeyStatus| {
        let used: Vec<&str> = key.used_by.iter().map(Name::as_str).collect();
        let used = if used.is_empty() { "unused".to_owned() } else { format!("used by {}", used.join(", ")) };
        Choice::new(format!("{KEY}{}", key.name), format!("key {}", key.name), format!("{}, {used}", key.key_type))
    };
    choices.extend(snapshot.keys.iter().filter(|key| key.broken.is_none()).map(key));
    // One that was just brought may not be told of yet.
    let chosen = form.value(WITH).to_owned();
    if let Some(name) = chosen.strip_prefix(KEY).filter(|_| choices.iter().all(|choice| choice.id != chosen)) {
        choices.push(Choice::new(chosen.clone(), format!("key {name}"), ""));
    }
    choices.push(Choice::new(IMPORT, "import a key", "a file or a paste; adit keeps a copy"));
    choices.push(Choice::new(FILE_CHOICE, "a key file of mine", "stays where it is"));
    choices.push(Choice::new(AGENT, "my SSH agent", "whatever it holds"));
    if let Some(with) = form.item_mut(WITH) {
        with.offer(choices);
    }
    let with = form.value(WITH).to_owned();
    for (label, shown) in [(TYPE, with == NEW), (FILE, with == FILE_CHOICE)] {
        if let Some(item) = form.item_mut(label) {
            item.shown = shown;
        }
    }
    form.settle();
}

/// A key is to be brought.
pub(crate) fn imports(form: &Form) -> bool {
    form.value(WITH) == IMPORT
}

/// A pasted key is one to be brought, whatever was chosen.
pub(crate) fn paste(form: &mut Form, pasted: &str) -> Option<Came> {
    if bring::is_key(pasted) {
        if let Some(with) = form.item_mut(WITH) {
            with.set(IMPORT);
        }
        if let Some(key) = form.item_mut(bring::KEY) {
            key.shown = true;
        }
    }
    bring::paste(form, pasted)
}

/// Chooses the key that was brought; nothing of it stays in the fields.
pub(crate) fn take(form: &mut Form, name: &Name) {
    for label in [bring::KEY, bring::PASSPHRASE] {
        if let Some(item) = form.item_mut(label) {
            item.set("");
        }
    }
    let id = format!("{KEY}{name}");
    if let Some(Item { entry: Entry::List { choices, chosen }, .. }) = form.item_mut(WITH) {
        let there = choices.iter().position(|choice| choice.id == id);
        *chosen = there.unwrap_or(choices.len());
        if there.is_none() {
            choices.push(Choice::new(id, format!("key {name}"), ""));
        }
    }
    form.focus(WITH);
}

/// Says what is wrong with each field.
pub(crate) fn judge(form: &mut Form, snapshot: &Snapshot, looked: &Looked) {
    let imports = imports(form);
    bring::judge(form, snapshot, looked, imports);
    let file = form.value(FILE).to_owned();
    let why = problem(&file, |text| {
        if text.starts_with('/') || text.starts_with("~/") {
            Ok(())
        } else {
            Err("that is no whole path: begin it with / or ~/".to_owned())
        }
    });
    let note =
        file.ends_with(".pub").then(|| "this looks like the public half; the private one has no .pub".to_owned());
    set(form, FILE, why, note);
}

/// The key's type that is asked for; nothing where no new key is.
pub(crate) fn new_key(form: &Form) -> Option<KeyType> {
    if form.value(WITH) != NEW {
        return None;
    }
    let types = [KeyType::Ed25519, KeyType::Ecdsa, KeyType::Rsa];
    let chosen = form.value(TYPE);
    Some(types.into_iter().find(|kind| kind.as_str() == chosen).unwrap_or(KeyType::Ed25519))
}

/// The answer, once it is whole; a new key gets this name.
pub(crate) fn chosen(form: &Form, key: &Name) -> Access {
    if let Some(kind) = new_key(form) {
        return Access::NewKey { name: key.clone(), kind };
    }
    match form.value(WITH) {
        BASTION => Access::Bastions,
        AGENT => Access::Identity(Identity::Agent(AgentSocket::Environment)),
        FILE_CHOICE if form.value(FILE).is_empty() => Access::Open,
        FILE_CHOICE => Access::Identity(Identity::File(PathBuf::from(form.value(FILE)))),
        with => match with.strip_prefix(KEY).and_then(|name| name.parse().ok()) {
            Some(name) => Access::Identity(Identity::Key(name)),
            None => Access::Open,
        },
    }
}

/// Fills the fields from a draft.
pub(crate) fn fill(form: &mut Form, draft: &Draft) {
    let (with, detail) = match &draft.access {
        Access::Open => return,
        Access::Bastions => (BASTION.to_owned(), None),
        Access::NewKey { kind, .. } => (NEW.to_owned(), Some((TYPE, kind.as_str().to_owned()))),
        Access::Identity(Identity::Key(name)) => (format!("{KEY}{name}"), None),
        Access::Identity(Identity::File(path)) => (FILE_CHOICE.to_owned(), Some((FILE, path.display().to_string()))),
        Access::Identity(Identity::Agent(_)) => (AGENT.to_owned(), None),
    };
    for (label, value) in std::iter::once((WITH, with)).chain(detail) {
        if let Some(item) = form.item_mut(label) {
            item.set(&value);
        }
    }
}
