//! The page that asks for the database, as the bastion sees it. It dials nothing.

use super::bastion::{problem, read_port, set};
use crate::model::{Database, Draft, Host, Kind};
use crate::tui::widget::form::{Choice, Form, Item};

pub(crate) const KIND: &str = "kind";
pub(crate) const HOST: &str = "db host";
pub(crate) const PORT: &str = "db port";
pub(crate) const USER: &str = "db user";
pub(crate) const DBNAME: &str = "database";

pub(crate) fn form() -> Form {
    let kinds = Kind::ALL.into_iter().map(|kind| Choice::new(kind.as_str(), kind.as_str(), "")).collect();
    let mut form = Form::new(vec![
        Item::row(KIND, "arrows or its first letter; tcp is anything that listens on a port", kinds),
        Item::text(HOST, "its address as the bastion sees it, private as a rule: 10.0.1.12, or orders.db.internal")
            .needed(),
        Item::text(PORT, "the kind's own, unless its keeper says otherwise: 5432 for PostgreSQL, 3306 for MySQL")
            .needed(),
        Item::text(USER, "for connection strings, may stay empty: app").asked(),
        Item::text(DBNAME, "for connection strings, may stay empty: orders").asked(),
    ]);
    judge(&mut form);
    form
}

fn kind(form: &Form) -> Kind {
    form.value(KIND).parse().unwrap_or(Kind::Postgres)
}

/// Says what is wrong with each field; the port follows the kind until the person changes it.
pub(crate) fn judge(form: &mut Form) {
    let port = kind(form).default_port().map(|port| port.to_string()).unwrap_or_default();
    if let Some(item) = form.item_mut(PORT).filter(|item| !item.touched) {
        item.set(&port);
    }
    let host = form.value(HOST).to_owned();
    let why = problem(&host, |text| text.parse::<Host>().map(|_| ()).map_err(|error| error.to_string()));
    set(form, HOST, why, pitfall(&host));
    let port = form.value(PORT).to_owned();
    set(form, PORT, problem(&port, |text| read_port(text).map(|_| ())), None);
    for label in [USER, DBNAME] {
        let text = form.value(label).to_owned();
        set(form, label, problem(&text, word), None);
    }
}

/// What `localhost` means is said where it is typed.
fn pitfall(host: &str) -> Option<String> {
    let local = host.eq_ignore_ascii_case("localhost")
        || host.parse::<Host>().is_ok_and(|host| host.as_ip().is_some_and(|ip| ip.is_loopback()));
    local.then(|| format!("seen from the bastion {host} is the bastion itself: right only if the database runs on it"))
}

/// A word for connection strings: what the configuration takes.
fn word(text: &str) -> Result<(), String> {
    if text.starts_with('-') {
        Err("begins with a dash, which commands take for an option".to_owned())
    } else if text.len() > 255 {
        Err("longer than 255 bytes".to_owned())
    } else {
        Ok(())
    }
}

/// The answer, once it is whole.
pub(crate) fn chosen(form: &Form) -> Option<Database> {
    let (host, port) = (form.value(HOST).parse().ok()?, read_port(form.value(PORT)).ok()?);
    Some(Database { kind: kind(form), host, port })
}

/// Words for connection strings: the user and the database's name.
pub(crate) fn words(form: &Form) -> (Option<String>, Option<String>) {
    let word = |label: &str| Some(form.value(label)).filter(|text| !text.is_empty()).map(str::to_owned);
    (word(USER), word(DBNAME))
}

/// Fills the fields from a draft.
pub(crate) fn fill(form: &mut Form, draft: &Draft) {
    let mut put = |label: &str, value: &str| {
        if let Some(item) = form.item_mut(label) {
            item.set(value);
        }
    };
    if let Some(database) = &draft.database {
        put(KIND, database.kind.as_str());
        put(HOST, database.host.as_str());
        put(PORT, &database.port.to_string());
    }
    put(USER, draft.user.as_deref().unwrap_or_default());
    put(DBNAME, draft.dbname.as_deref().unwrap_or_default());
}

/// A port that is not the kind's own was typed.
pub(crate) fn mark(form: &mut Form) {
    let own = kind(form).default_port().map(|port| port.to_string()).unwrap_or_default();
    if let Some(item) = form.item_mut(PORT) {
        item.touched = item.value() != own;
    }
}
