//! The fields with which a key is brought, on a page of their own and in the wizard: its file or its text, its name here, its
//! passphrase. They judge what the service said of it and read nothing.

use std::path::PathBuf;

use crate::model::{Name, Snapshot};
use crate::service::{KeyLook, KeyRequest, KeySource};
use crate::tui::widget::form::{Came, Entry, Form, Item};

pub(crate) const KEY: &str = "the key";
pub(crate) const NAME: &str = "key's name";
pub(crate) const PASSPHRASE: &str = "passphrase";

pub(crate) fn items() -> [Item; 3] {
    [
        Item::private_key(
            KEY,
            "where it lies: ~/.ssh/id_ed25519; or paste the key itself, all its lines: OpenSSH, PEM, PKCS#8 or PuTTY",
        )
        .needed(),
        Item::text(NAME, "what it is called here; the file stays where it is: orders").needed().replaced(),
        Item::secret(PASSPHRASE, "the one it has; adit's copy keeps it").needed(),
    ]
}

/// What the service said of the key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// The number of the question, while it is open.
    pub(crate) asked: Option<u64>,
    /// What it is.
    pub(crate) look: Option<KeyLook>,
    /// The passphrase was wrong.
    pub(crate) wrong: Option<String>,
}

/// Where the key comes from, once that can be looked at.
pub(crate) fn source(form: &Form) -> Option<KeySource> {
    let Some(Item { entry: Entry::Key(key), .. }) = form.item(KEY) else { return None };
    if key.is_too_long() || key.value().is_empty() {
        None
    } else if key.is_text() {
        form.secret(KEY).map(KeySource::Paste)
    } else {
        path(key.value()).ok().map(KeySource::File)
    }
}

/// A path as typed, or as a terminal writes one that is dropped on it.
fn path(text: &str) -> Result<PathBuf, String> {
    let bare = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(text);
    if bare.starts_with('/') || bare.starts_with("~/") {
        Ok(PathBuf::from(bare))
    } else {
        Err("that is no whole path: begin it with / or ~/; or paste the key itself".to_owned())
    }
}

/// It is a private key rather than anything else that is pasted.
pub(crate) fn is_key(pasted: &str) -> bool {
    pasted.contains("PRIVATE KEY-----") || pasted.contains("PuTTY-User-Key-File")
}

/// A key that is pasted goes to its own field, wherever the cursor is. Says when it did.
pub(crate) fn paste(form: &mut Form, pasted: &str) -> Option<Came> {
    if !is_key(pasted) || !form.item(KEY).is_some_and(|item| item.shown) {
        return None;
    }
    form.focus(KEY);
    Some(form.paste(pasted).0)
}

/// Something else is to be brought: what was said is of another key. Says what to ask, with this number.
pub(crate) fn look(form: &Form, looked: &mut Looked, id: u64) -> Option<KeyRequest> {
    *looked = Looked::default();
    let source = source(form).filter(|_| !form.types_on())?;
    looked.asked = Some(id);
    Some(KeyRequest::Look { source })
}

/// Says what is wrong with each field; `shown` where they show at all. The name follows the file until the person changes it.
pub(crate) fn judge(form: &mut Form, snapshot: &Snapshot, looked: &Looked, shown: bool) {
    let encrypted = looked.wrong.is_some() || looked.look.as_ref().is_some_and(|look| look.encrypted);
    for (label, here) in [(KEY, shown), (NAME, shown), (PASSPHRASE, shown && encrypted)] {
        if let Some(item) = form.item_mut(label) {
            item.shown = here;
        }
    }
    if !shown {
        return;
    }
    let (problem, note) = said(form, looked);
    if let Some(item) = form.item_mut(KEY) {
        (item.problem, item.note) = (problem, note);
    }
    let free = |name: &Name| snapshot.keys.iter().all(|key| key.name != *name);
    propose(form, free);
    let typed = form.value(NAME).to_owned();
    if let Some(item) = form.item_mut(NAME) {
        item.problem = match typed.parse::<Name>() {
            _ if typed.is_empty() => None,
            Err(error) => Some(error.to_string()),
            Ok(name) if !free(&name) => Some(format!("there is a key {name} already; choose another name")),
            Ok(_) => None,
        };
    }
    if let Some(item) = form.item_mut(PASSPHRASE) {
        item.problem.clone_from(&looked.wrong);
    }
}

fn said(form: &Form, looked: &Looked) -> (Option<String>, Option<String>) {
    let Some(Item { entry: Entry::Key(key), .. }) = form.item(KEY) else { return (None, None) };
    if key.is_too_long() {
        return (Some("what was pasted is larger than 256 KiB, and no private key is".to_owned()), None);
    }
    if !key.is_text()
        && !key.value().is_empty()
        && let Err(why) = path(key.value())
    {
        return (Some(why), None);
    }
    let Some(look) = &looked.look else { return (None, None) };
    if let Some(problem) = &look.problem {
        let command = look.command.as_ref().map(|command| format!(": {command}   (ctrl-y copies the command)"));
        return (Some(format!("{problem}{}", command.unwrap_or_default())), None);
    }
    let mended = (!look.mended.is_empty()).then(|| format!("mended in adit's copy: {}", look.mended.join("; ")));
    let open = look.open_to_others.then(|| "others on this machine may read the file".to_owned());
    let notes: Vec<String> = mended.into_iter().chain(open).collect();
    (None, (!notes.is_empty()).then(|| notes.join("; ")))
}

fn propose(form: &mut Form, free: impl Fn(&Name) -> bool) {
    let Some(Item { entry: Entry::Key(key), .. }) = form.item(KEY) else { return };
    let stem = if key.is_text() {
        "imported".to_owned()
    } else {
        let path = path(key.value()).unwrap_or_default();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
    };
    let stem: String = stem.chars().take(58).collect();
    let first = stem.parse::<Name>().ok();
    let others = (2..1000).filter_map(|number| format!("{stem}-{number}").parse().ok());
    let name = first.into_iter().chain(others).find(free);
    if let Some(item) = form.item_mut(NAME).filter(|item| !item.touched) {
        item.set(name.as_ref().map_or("", Name::as_str));
    }
}

/// The request that takes it over; `for_login` where one follows at once.
pub(crate) fn request(form: &Form, for_login: bool) -> Option<(Name, KeyRequest)> {
    let name: Name = form.value(NAME).parse().ok()?;
    let passphrase = form.secret(PASSPHRASE);
    Some((name.clone(), KeyRequest::Import { name, source: source(form)?, passphrase, for_login }))
}

/// The command that converts what cannot be read.
pub(crate) fn command(looked: &Looked) -> Option<String> {
    looked.look.as_ref()?.command.clone()
}
