//! The page that asks through which server: one that is configured, or a new one. It dials nothing.

use crate::model::{BastionStatus, ChosenBastion, Draft, Endpoint, Host, Name, Port, SSH_PORT, Snapshot, login};
use crate::tui::widget::form::{Choice, Form, Item};

/// The choice of a new one.
const NEW: &str = "";

pub(crate) const WHICH: &str = "through";
pub(crate) const HOST: &str = "host";
pub(crate) const PORT: &str = "ssh port";
pub(crate) const USER: &str = "login";
pub(crate) const NAME: &str = "its name";

pub(crate) fn form() -> Form {
    let mut form = Form::new(vec![
        Item::list(WHICH, ""),
        Item::text(HOST, "a name or an address: bastion.example.com, or 198.51.100.4; user@host:port is taken apart")
            .needed(),
        Item::text(PORT, "22, unless its admin says otherwise").needed(),
        Item::text(USER, "your account on that server: adit").needed(),
        Item::text(NAME, "what it is called here, for more tunnels through it: prod").needed(),
    ]);
    if let Some(port) = form.item_mut(PORT) {
        port.set(&SSH_PORT.to_string());
    }
    form
}

/// Offers the bastions there are, and shows the fields that the choice needs.
pub(crate) fn offer(form: &mut Form, snapshot: &Snapshot) {
    let known = |bastion: &BastionStatus| {
        Choice::new(bastion.name.as_str(), bastion.name.as_str(), format!("{}@{}", bastion.user, bastion.endpoint))
    };
    let mut choices: Vec<Choice> = snapshot.bastions.iter().map(known).collect();
    let any = !choices.is_empty();
    choices.push(Choice::new(NEW, "a new one", ""));
    if let Some(which) = form.item_mut(WHICH) {
        which.offer(choices);
        which.shown = any;
    }
    let new = is_new(form);
    for label in [HOST, PORT, USER, NAME] {
        if let Some(item) = form.item_mut(label) {
            item.shown = new;
        }
    }
    form.settle();
}

/// There is no other to choose: this one is changed.
pub(crate) fn alone(form: &mut Form) {
    if let Some(which) = form.item_mut(WHICH) {
        which.set(NEW);
        which.shown = false;
    }
    for label in [HOST, PORT, USER, NAME] {
        if let Some(item) = form.item_mut(label) {
            item.shown = true;
        }
    }
    form.settle();
}

fn is_new(form: &Form) -> bool {
    form.item(WHICH).is_none_or(|which| which.value() == NEW)
}

/// Says what is wrong with each field. `own` is the bastion that is changed.
pub(crate) fn judge(form: &mut Form, snapshot: &Snapshot, own: Option<&Name>) {
    follow(form, snapshot);
    let host = form.value(HOST).to_owned();
    let port = form.value(PORT).to_owned();
    let user = form.value(USER).to_owned();
    let name = form.value(NAME).to_owned();
    let same = snapshot.bastions.iter().filter(|bastion| own != Some(&bastion.name)).find(|bastion| {
        bastion.endpoint.host.as_str() == host && bastion.endpoint.port.to_string() == port && bastion.user == user
    });
    let note =
        same.map(|bastion| format!("{} is this server with this login already; it can be chosen above", bastion.name));
    set(form, HOST, problem(&host, |text| text.parse::<Host>().map(|_| ()).map_err(|error| error.to_string())), note);
    set(form, PORT, problem(&port, |text| read_port(text).map(|_| ())), None);
    set(form, USER, problem(&user, |text| login(text).map(|_| ()).map_err(|error| error.to_string())), None);
    let taken = |name: &Name| {
        let there = own != Some(name) && snapshot.bastions.iter().any(|bastion| bastion.name == *name);
        if there { Err(format!("there is a bastion {name} already; choose it, or another name")) } else { Ok(()) }
    };
    set(
        form,
        NAME,
        problem(&name, |text| text.parse::<Name>().map_err(|e| e.to_string()).and_then(|n| taken(&n))),
        None,
    );
}

/// What is wrong with a text; nothing is wrong with one that is still empty.
pub(crate) fn problem(text: &str, judge: impl FnOnce(&str) -> Result<(), String>) -> Option<String> {
    if text.is_empty() { None } else { judge(text).err() }
}

pub(crate) fn set(form: &mut Form, label: &str, problem: Option<String>, note: Option<String>) {
    if let Some(item) = form.item_mut(label) {
        (item.problem, item.note) = (problem, note);
    }
}

/// A port as typed.
pub(crate) fn read_port(text: &str) -> Result<Port, String> {
    text.parse().map_err(|_| {
        format!("{:?} is not a port: give a number from 1 to 65535", text.chars().take(40).collect::<String>())
    })
}

/// The name follows the host until the person changes it.
fn follow(form: &mut Form, snapshot: &Snapshot) {
    let host = form.value(HOST).to_owned();
    let free = |name: &Name| !snapshot.bastions.iter().any(|bastion| bastion.name == *name);
    let Some(name) = form.item_mut(NAME).filter(|name| !name.touched) else { return };
    let wanted = match host.parse::<Host>() {
        Ok(host) if host.as_ip().is_none() => {
            host.as_str().split('.').next().map(str::to_lowercase).unwrap_or_default()
        }
        Ok(_) => "bastion".to_owned(),
        Err(_) => String::new(),
    };
    let wanted = numbered(&wanted, free).map(|name| name.to_string());
    name.set(&wanted.unwrap_or_default());
}

/// The first of `NAME`, `NAME-2`, `NAME-3` … that is free; nothing where the text is no name.
pub(crate) fn numbered(text: &str, free: impl Fn(&Name) -> bool) -> Option<Name> {
    let stem: String = text.chars().take(58).collect();
    let first: Name = stem.parse().ok()?;
    let others = (2..1000).filter_map(|number| format!("{stem}-{number}").parse().ok());
    std::iter::once(first).chain(others).find(free)
}

/// A host typed or pasted together with its login or its port is taken apart.
pub(crate) fn split(form: &mut Form) {
    let Some((user, host, port)) = apart(form.value(HOST)) else { return };
    for (label, value) in [(HOST, Some(host)), (PORT, port), (USER, user)] {
        if let (Some(item), Some(value)) = (form.item_mut(label), value) {
            item.set(&value);
            item.touched = true;
        }
    }
}

type Parts = (Option<String>, String, Option<String>);

/// `[ssh ][ssh://][user@]host[:port][ -p port]`; nothing where there is only a host.
fn apart(text: &str) -> Option<Parts> {
    let text = text.trim();
    let bare = text.strip_prefix("ssh://").or_else(|| text.strip_prefix("ssh ")).unwrap_or(text).trim();
    let (mut port, mut words) = (None, Vec::new());
    let mut rest = bare.split_whitespace();
    while let Some(word) = rest.next() {
        match word.strip_prefix("-p") {
            Some("") => port = rest.next().map(str::to_owned),
            Some(number) => port = Some(number.to_owned()),
            None => words.push(word),
        }
    }
    let [place] = words[..] else { return None };
    let place = place.trim_end_matches('/');
    let (user, place) = match place.rsplit_once('@') {
        Some((user, place)) => (Some(user.to_owned()), place),
        None => (None, place),
    };
    // More than one colon without brackets is an IPv6 address.
    let (host, after) = match (place.rsplit_once(':'), place.starts_with('[')) {
        (Some((host, number)), true) if host.ends_with(']') => (host, Some(number.to_owned())),
        (Some((host, number)), false) if !host.contains(':') => (host, Some(number.to_owned())),
        _ => (place, None),
    };
    let port = port.or(after).filter(|port| !port.is_empty());
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (user.is_some() || port.is_some() || host != text).then(|| (user, host.to_owned(), port))
}

/// The answer, once it is whole.
pub(crate) fn chosen(form: &Form) -> ChosenBastion {
    let which = form.value(WHICH);
    if !is_new(form) {
        return which.parse().map_or(ChosenBastion::Open, ChosenBastion::Known);
    }
    let (host, port) = (form.value(HOST).parse::<Host>(), read_port(form.value(PORT)));
    let (user, name) = (login(form.value(USER)), form.value(NAME).parse::<Name>());
    match (host, port, user, name) {
        (Ok(host), Ok(port), Ok(user), Ok(name)) => {
            ChosenBastion::New { name, endpoint: Endpoint::new(host, port), user: user.to_owned() }
        }
        _ => ChosenBastion::Open,
    }
}

/// Fills the fields from a draft.
pub(crate) fn fill(form: &mut Form, draft: &Draft) {
    let mut put = |label: &str, value: &str| {
        if let Some(item) = form.item_mut(label) {
            item.set(value);
            item.touched = true;
        }
    };
    match &draft.bastion {
        ChosenBastion::Open => {}
        ChosenBastion::Known(name) => put(WHICH, name.as_str()),
        ChosenBastion::New { name, endpoint, user } => {
            put(WHICH, NEW);
            put(HOST, endpoint.host.as_str());
            put(PORT, &endpoint.port.to_string());
            put(USER, user);
            put(NAME, name.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_taken_apart() {
        let apart = |text: &str| {
            apart(text).map(|(user, host, port)| [user.unwrap_or_default(), host, port.unwrap_or_default()].join("|"))
        };
        for (text, parts) in [
            ("adit@bastion.example.com:2222", "adit|bastion.example.com|2222"),
            ("bastion.example.com:2222", "|bastion.example.com|2222"),
            ("adit@b", "adit|b|"),
            ("ssh://adit@b:22/", "adit|b|22"),
            ("ssh adit@b -p 2222", "adit|b|2222"),
            ("ssh -p2222 adit@b", "adit|b|2222"),
            ("user@corp.example@b", "user@corp.example|b|"),
            ("adit@[2001:db8::4]:22", "adit|2001:db8::4|22"),
            ("[2001:db8::4]", "|2001:db8::4|"),
        ] {
            assert_eq!(apart(text).as_deref(), Some(parts), "{text}");
        }
        for text in ["", "bastion.example.com", "2001:db8::4", "a b", "ssh", "198.51.100.4"] {
            assert_eq!(apart(text), None, "{text}");
        }
    }
}
