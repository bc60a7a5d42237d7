//! The pages on the screen of keys that are filled in: a new key, one that is brought, a passphrase. They hold what is typed, and
//! make a request of it.

use super::bring::{self, Looked};
use crate::model::{KeyStatus, KeyType, Name, Snapshot};
use crate::service::KeyRequest;
use crate::tui::widget::form::{Choice, Form, Item};

const NAME: &str = "name";
const TYPE: &str = "type";
const COMMENT: &str = "comment";
const OLD: &str = bring::PASSPHRASE;
const CHANGE: &str = "and then";
const NEW: &str = "new one";
const AGAIN: &str = "once more";

const ANOTHER: &str = "another";
const NONE: &str = "none";

/// What a page is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A new key.
    Make,
    /// One that is brought.
    Import,
    /// A second key for this one, which is encrypted.
    Rotate(Name),
    /// The second key of this one put in its place; it is encrypted.
    Finish(Name),
    /// Another passphrase for this key, or none.
    Passphrase(Name),
}

/// A page as far as it is filled in.
#[derive(Debug, Clone)]
pub(crate) struct Filling {
    pub(crate) purpose: Purpose,
    pub(crate) form: Form,
    /// What the service said of a key that is brought.
    pub(crate) looked: Looked,
    /// What the service refused.
    pub(crate) refused: Option<String>,
    /// Enter was pressed while the key was looked at.
    pub(crate) in_a_hurry: bool,
}

impl Filling {
    fn new(purpose: Purpose, items: Vec<Item>, snapshot: &Snapshot) -> Self {
        let looked = Looked::default();
        let mut filling = Self { purpose, form: Form::new(items), looked, refused: None, in_a_hurry: false };
        filling.judge(snapshot);
        filling
    }

    pub(crate) fn make(snapshot: &Snapshot) -> Self {
        let types = [(KeyType::Ed25519, "ed25519"), (KeyType::Ecdsa, "ecdsa"), (KeyType::Rsa, "rsa")];
        let types = types.into_iter().map(|(kind, words)| Choice::new(kind.as_str(), words, "")).collect();
        let items = vec![
            Item::text(NAME, "what it is called here; a tunnel or a bastion names it so: orders").needed(),
            Item::row(TYPE, "ed25519, unless the server is so old that its admin asks for rsa (4096 bits)", types),
            Item::text(COMMENT, "stands behind the public key, for the admin's eyes; empty for adit:NAME"),
            Item::secret(OLD, "empty for none; with one, whoever has the file does not have the key yet"),
            Item::secret(AGAIN, "the passphrase again, for nobody sees what they type").needed(),
        ];
        Self::new(Purpose::Make, items, snapshot)
    }

    pub(crate) fn import(snapshot: &Snapshot) -> Self {
        Self::new(Purpose::Import, bring::items().into(), snapshot)
    }

    /// Asks for the passphrase of a key that is rotated.
    pub(crate) fn unlock(purpose: Purpose, snapshot: &Snapshot) -> Self {
        let item = Item::secret(OLD, "kept in memory only as long as this takes").needed();
        Self::new(purpose, vec![item], snapshot)
    }

    pub(crate) fn passphrase(key: &KeyStatus, snapshot: &Snapshot) -> Self {
        let mut items = Vec::new();
        if key.encrypted {
            let then = vec![Choice::new(ANOTHER, "set another one", ""), Choice::new(NONE, "remove it", "")];
            items.push(Item::secret(OLD, "the one it has").needed());
            items.push(Item::row(CHANGE, "without one, whoever has the file has the key", then));
        }
        items.push(Item::secret(NEW, "nobody can bring it back: keep it where you keep your passwords").needed());
        items.push(Item::secret(AGAIN, "the new one again, for nobody sees what they type").needed());
        Self::new(Purpose::Passphrase(key.name.clone()), items, snapshot)
    }

    /// What it asks, and a line of help.
    pub(crate) fn question(&self) -> (String, &'static str) {
        match &self.purpose {
            Purpose::Make => (
                "What shall the new key be?".to_owned(),
                "The private half stays on this machine; the admin of a bastion gets the public one.",
            ),
            Purpose::Import => (
                "Which key shall be taken over?".to_owned(),
                "adit keeps a copy of its own, in OpenSSH's format; what was wrong with the text around it is mended.",
            ),
            Purpose::Rotate(name) => (
                format!("The passphrase of {name}"),
                "The second key is encrypted with the same one, so it must be right.",
            ),
            Purpose::Finish(name) => (
                format!("The passphrase of the second key of {name}"),
                "With it the second key logs in, and when every bastion takes it, it becomes the key.",
            ),
            Purpose::Passphrase(name) => (
                format!("The passphrase of {name}"),
                "It encrypts the file; a tunnel that uses the key asks for it once, and keeps it in memory only.",
            ),
        }
    }

    /// What is said while the service works.
    pub(crate) fn work(&self) -> &'static str {
        match &self.purpose {
            Purpose::Make if self.form.value(TYPE) == KeyType::Rsa.as_str() => {
                "making an rsa key of 4096 bits, which takes its seconds …"
            }
            Purpose::Make => "making the key …",
            Purpose::Import => "taking the key over …",
            Purpose::Rotate(_) => "making the second key …",
            Purpose::Finish(_) => "logging in with the second key …",
            Purpose::Passphrase(_) => "writing the key anew …",
        }
    }

    /// The key that the page is about, if that is one already.
    pub(crate) fn key(&self) -> Option<&Name> {
        match &self.purpose {
            Purpose::Make | Purpose::Import => None,
            Purpose::Rotate(name) | Purpose::Finish(name) | Purpose::Passphrase(name) => Some(name),
        }
    }

    /// Says what is wrong with each field.
    pub(crate) fn judge(&mut self, snapshot: &Snapshot) {
        let form = &mut self.form;
        match &self.purpose {
            Purpose::Import => bring::judge(form, snapshot, &self.looked, true),
            Purpose::Make => {
                let typed = form.value(NAME).to_owned();
                if let Some(item) = form.item_mut(NAME) {
                    item.problem = match typed.parse::<Name>() {
                        _ if typed.is_empty() => None,
                        Err(error) => Some(error.to_string()),
                        Ok(name) if snapshot.keys.iter().any(|key| key.name == name) => {
                            Some(format!("there is a key {name} already; keys are never overwritten"))
                        }
                        Ok(_) => None,
                    };
                }
                let locked = !form.value(OLD).is_empty();
                show(form, AGAIN, locked);
                twice(form, OLD);
            }
            Purpose::Passphrase(_) => {
                let kept = form.value(CHANGE) != NONE;
                show(form, NEW, kept);
                show(form, AGAIN, kept);
                twice(form, NEW);
                wrong(form, self.looked.wrong.as_ref());
            }
            Purpose::Rotate(_) | Purpose::Finish(_) => wrong(form, self.looked.wrong.as_ref()),
        }
    }

    /// What to ask for, once the form is whole.
    pub(crate) fn request(&self) -> Option<KeyRequest> {
        let form = &self.form;
        Some(match &self.purpose {
            Purpose::Make => KeyRequest::Make {
                name: form.value(NAME).parse().ok()?,
                kind: kind(form.value(TYPE)),
                comment: Some(form.value(COMMENT).to_owned()).filter(|comment| !comment.is_empty()),
                passphrase: form.secret(OLD),
            },
            Purpose::Import => bring::request(form, false)?.1,
            Purpose::Rotate(name) => KeyRequest::Rotate { name: name.clone(), passphrase: form.secret(OLD) },
            Purpose::Finish(name) => KeyRequest::FinishRotation { name: name.clone(), passphrase: form.secret(OLD) },
            Purpose::Passphrase(name) => {
                KeyRequest::Passphrase { name: name.clone(), old: form.secret(OLD), new: form.secret(NEW) }
            }
        })
    }
}

fn kind(text: &str) -> KeyType {
    let types = [KeyType::Ed25519, KeyType::Ecdsa, KeyType::Rsa];
    types.into_iter().find(|kind| kind.as_str() == text).unwrap_or(KeyType::Ed25519)
}

fn show(form: &mut Form, label: &str, shown: bool) {
    if let Some(item) = form.item_mut(label) {
        item.shown = shown;
    }
}

/// What is typed the second time is to be what was typed the first.
fn twice(form: &mut Form, first: &str) {
    let differs = !form.value(AGAIN).is_empty() && form.value(AGAIN) != form.value(first);
    if let Some(item) = form.item_mut(AGAIN) {
        item.problem = differs.then(|| "the two differ".to_owned());
    }
}

fn wrong(form: &mut Form, why: Option<&String>) {
    if let Some(item) = form.item_mut(OLD) {
        item.problem = why.cloned();
    }
}
