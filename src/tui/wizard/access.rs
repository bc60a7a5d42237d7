//! The page that asks what the login shows: a new key, one that exists, a file, an agent. It reads no key.

use std::path::PathBuf;

use super::bastion::{problem, set};
use crate::model::{Access, AgentSocket, ChosenBastion, Draft, Identity, KeyStatus, KeyType, Name, Snapshot};
use crate::tui::widget::form::{Choice, Form, Item};

pub(crate) const WITH: &str = "with";
pub(crate) const TYPE: &str = "type";
pub(crate) const FILE: &str = "file";

const NEW: &str = "new";
const BASTION: &str = "bastion";
const FILE_CHOICE: &str = "file";
const AGENT: &str = "agent";
/// Before the name of a key of adit's own.
const KEY: &str = "key ";

pub(crate) fn form() -> Form {
    let types = [(KeyType::Ed25519, "ed25519"), (KeyType::Ecdsa, "ecdsa"), (KeyType::Rsa, "rsa")];
    let types = types.into_iter().map(|(kind, words)| Choice::new(kind.as_str(), words, "")).collect();
    Form::new(vec![
        Item::list(WITH, "a key in a file elsewhere comes in with: adit key import NAME FILE"),
        Item::row(TYPE, "ed25519, unless the server is so old that its admin asks for rsa (4096 bits)", types),
        Item::text(FILE, "a private key file of yours, by its whole path: ~/.ssh/id_ed25519").needed(),
    ])
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

/// Says what is wrong with each field.
pub(crate) fn judge(form: &mut Form) {
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
