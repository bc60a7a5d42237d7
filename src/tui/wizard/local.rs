//! The page that asks for what is on this machine: the tunnel's name, its local port, its tags. Whether the port is free is the
//! service's to say.

use super::bastion::{numbered, problem, set};
use crate::model::{ChosenBastion, Database, Draft, Listen, Name, Snapshot};
use crate::tui::widget::form::{Form, Item};

pub(crate) const NAME: &str = "name";
pub(crate) const LISTEN: &str = "local port";
pub(crate) const TAGS: &str = "tags";
pub(crate) const START: &str = "start";

pub(crate) fn form() -> Form {
    Form::new(vec![
        Item::text(NAME, "what the tunnel is called: orders").needed(),
        Item::text(LISTEN, "empty takes a free one that stays the same from then on; or 15432, or unix:/path"),
        Item::text(TAGS, "words to select tunnels by, with blanks between: eu prod"),
        Item::switch(START, "whether the service opens it by itself when it starts; space changes it"),
    ])
}

/// What the service said of the local port.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// The text that it was asked about.
    pub(crate) text: String,
    /// Why it cannot be used.
    pub(crate) why: Option<String>,
}

/// Says what is wrong with each field. `own` is the name under which this draft is kept, or the tunnel that is edited.
pub(crate) fn judge(form: &mut Form, snapshot: &Snapshot, own: Option<&Name>, looked: &Looked) {
    let name = form.value(NAME).to_owned();
    let taken = |name: &Name| {
        if own == Some(name) {
            Ok(())
        } else if snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name) {
            Err(format!("there is a tunnel {name} already; choose another name"))
        } else if snapshot.drafts.iter().any(|draft| draft.name == *name) {
            Err(format!("there is a draft {name} already; choose another name"))
        } else {
            Ok(())
        }
    };
    set(
        form,
        NAME,
        problem(&name, |text| text.parse::<Name>().map_err(|e| e.to_string()).and_then(|n| taken(&n))),
        None,
    );
    let text = form.value(LISTEN).to_owned();
    let why = problem(&text, |text| match text.parse::<Listen>() {
        Ok(listen) if !listen.is_local() => Err(format!(
            "{listen} lets other machines in; that is set by hand, with allow_remote_clients in the configuration"
        )),
        Ok(_) => Ok(()),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) => {
            Err(format!("{text:.20} is not a port: give a number from 1 to 65535"))
        }
        Err(error) => Err(error.to_string()),
    });
    let why = why.or_else(|| looked.why.clone().filter(|_| looked.text == text));
    set(form, LISTEN, why, None);
    let tags = form.value(TAGS).to_owned();
    let why = problem(&tags, |text| {
        words(text).try_for_each(|tag| tag.parse::<Name>().map(|_| ()).map_err(|e| e.to_string()))
    });
    set(form, TAGS, why, None);
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', ',']).filter(|word| !word.is_empty()).map(|word| word.trim_start_matches('#'))
}

/// The local port to look at, once it is one.
pub(crate) fn to_look_at(form: &Form) -> Option<(String, Listen)> {
    let text = form.value(LISTEN);
    let listen = text.parse::<Listen>().ok().filter(Listen::is_local)?;
    Some((text.to_owned(), listen))
}

/// Proposes a name: the database's, else its host's, else the bastion's with the kind.
pub(crate) fn propose(
    form: &mut Form,
    snapshot: &Snapshot,
    own: Option<&Name>,
    bastion: &ChosenBastion,
    database: Option<&Database>,
    dbname: Option<&str>,
) {
    let Some(database) = database else { return };
    let Some(item) = form.item_mut(NAME).filter(|item| !item.touched) else { return };
    let host = database.host.as_ip().is_none().then(|| database.host.as_str().split('.').next().unwrap_or_default());
    let host = host.filter(|host| !host.eq_ignore_ascii_case("localhost")).map(str::to_lowercase);
    let bastion = match bastion {
        ChosenBastion::Known(name) | ChosenBastion::New { name, .. } => format!("{name}-{}", database.kind),
        ChosenBastion::Open => database.kind.to_string(),
    };
    let free = |name: &Name| {
        own == Some(name)
            || (snapshot.tunnels.iter().all(|tunnel| tunnel.name != *name)
                && snapshot.drafts.iter().all(|draft| draft.name != *name))
    };
    let wanted = [dbname.map(str::to_lowercase), host, Some(bastion)].into_iter().flatten();
    let named = wanted.into_iter().find_map(|text| numbered(&text, free));
    item.set(named.as_ref().map_or("", Name::as_str));
}

/// The answers: name, port, tags, start.
pub(crate) fn chosen(form: &Form) -> (Option<Name>, Option<Listen>, Vec<Name>, bool) {
    let tags = words(form.value(TAGS)).filter_map(|tag| tag.parse().ok()).collect();
    (form.value(NAME).parse().ok(), to_look_at(form).map(|(_, listen)| listen), tags, form.value(START) == "yes")
}

/// Fills the fields from a draft.
pub(crate) fn fill(form: &mut Form, draft: &Draft) {
    let tags: Vec<&str> = draft.tags.iter().map(Name::as_str).collect();
    let listen = draft.listen.as_ref().map(short).unwrap_or_default();
    let start = if draft.autostart { "yes" } else { "no" };
    for (label, value) in [(NAME, draft.name.as_str()), (LISTEN, &listen), (TAGS, &tags.join(" ")), (START, start)] {
        if let Some(item) = form.item_mut(label) {
            item.set(value);
            item.touched = true;
        }
    }
}

/// A place on the usual address by its port alone.
fn short(listen: &Listen) -> String {
    match listen.port() {
        Some(port) if listen.to_string().starts_with("127.0.0.1:") => port.to_string(),
        _ => listen.to_string(),
    }
}
