//! What is made of a host: a bastion with its tunnels under free names, what is left out and why. It writes nothing and looks
//! at no file but through what it is handed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::resolved::{Forward, Resolved, place};
use crate::config::{BastionEdit, Settings, TunnelEdit};
use crate::model::{AgentSocket, Host, Identity, Kind, Listen, Name, Untrusted};

/// How far a host is carried over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It can be taken.
    New,
    /// All of it is configured already.
    There,
    /// It cannot be taken, for this reason.
    Refused(String),
    /// It was taken just now.
    Imported,
}

/// A host of OpenSSH's, as adit would have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its name there.
    pub alias: String,
    /// Its name here.
    pub name: Option<Name>,
    /// Where it stands here.
    pub state: State,
    /// The bastion; empty where it is configured already.
    pub bastion: BastionEdit,
    /// Its forwards that are not configured yet.
    pub tunnels: Vec<(Name, TunnelEdit)>,
    /// What is left out or changed, in sentences.
    pub notes: Vec<String>,
}

/// What an offer is made from, beside the host.
pub struct Ground<'a> {
    /// What is configured already.
    pub settings: &'a Settings,
    /// The identity files that ssh tries where none is named.
    pub usual: &'a [String],
    /// An agent is running.
    pub agent: bool,
    /// The person's home, for `~`.
    pub home: Option<&'a Path>,
    /// Whether a file is there.
    pub exists: &'a dyn Fn(&Path) -> bool,
}

/// Offers for hosts, in their order; names are not given out twice.
#[must_use]
pub fn offers(ground: &Ground<'_>, hosts: Vec<(String, Result<Resolved, String>)>) -> Vec<Offer> {
    let mut given = Given {
        tunnels: ground.settings.tunnels.keys().cloned().collect(),
        listens: ground
            .settings
            .tunnels
            .values()
            .filter_map(|tunnel| tunnel.listen.as_ref())
            .map(Listen::to_string)
            .collect(),
        bastions: BTreeSet::new(),
    };
    hosts.into_iter().map(|(alias, resolved)| offer(ground, &mut given, alias, resolved)).collect()
}

/// What is not free any more.
struct Given {
    tunnels: BTreeSet<Name>,
    listens: BTreeSet<String>,
    bastions: BTreeSet<Name>,
}

fn offer(ground: &Ground<'_>, given: &mut Given, alias: String, resolved: Result<Resolved, String>) -> Offer {
    let mut offer = Offer {
        name: named(&alias),
        state: State::New,
        bastion: BastionEdit::default(),
        tunnels: Vec::new(),
        notes: Vec::new(),
        alias,
    };
    let resolved = match resolved {
        Ok(resolved) => resolved,
        Err(why) => return Offer { state: State::Refused(why), ..offer },
    };
    let name = match refusal(ground, given, &offer, &resolved) {
        Ok(name) => name,
        Err(why) => return Offer { state: State::Refused(why), ..offer },
    };
    if !ground.settings.bastions.contains_key(&name) {
        offer.bastion = bastion(ground, &resolved, &mut offer.notes);
    }
    given.bastions.insert(name.clone());
    if resolved.others > 0 {
        offer.notes.push("its remote and dynamic forwards are left out: adit makes local ones only".to_owned());
    }
    for forward in &resolved.forwards {
        if let Err(note) = tunnel(ground, given, &mut offer, &name, (forward, resolved.forwards.len())) {
            offer.notes.push(note);
        }
    }
    if offer.bastion == BastionEdit::default() && offer.tunnels.is_empty() {
        offer.state = State::There;
    }
    offer
}

/// The name it gets, or why it cannot be taken.
fn refusal(ground: &Ground<'_>, given: &Given, offer: &Offer, resolved: &Resolved) -> Result<Name, String> {
    let Some(name) = offer.name.clone() else { return Err("nothing of its name can be a name here".to_owned()) };
    if let Some(jump) = &resolved.proxy_jump {
        return Err(format!("it jumps through {}, which adit does not do yet", clean(jump)));
    }
    if resolved.proxy_command.is_some() {
        return Err("it is reached by a ProxyCommand, which adit does not run yet".to_owned());
    }
    let host: Host = resolved.host.parse().map_err(|error| format!("{error}"))?;
    if resolved.user.is_empty() {
        return Err("it names no user".to_owned());
    }
    if given.bastions.contains(&name) {
        return Err(format!("another host of the configuration is called {name} here, too"));
    }
    match ground.settings.bastions.get(&name) {
        Some(there)
            if there.endpoint.host != host
                || there.endpoint.port.get() != resolved.port
                || there.user != resolved.user =>
        {
            Err(format!("there is another bastion {name} already, {}@{}", there.user, there.endpoint))
        }
        _ => Ok(name),
    }
}

fn bastion(ground: &Ground<'_>, resolved: &Resolved, notes: &mut Vec<String>) -> BastionEdit {
    if !resolved.certificates.is_empty() {
        notes.push("its certificate is left out: adit does not show certificates yet".to_owned());
    }
    let mut edit = BastionEdit {
        host: Some(resolved.host.clone()),
        port: (resolved.port != 22).then_some(resolved.port),
        user: Some(resolved.user.clone()),
        ..BastionEdit::default()
    };
    match identity(ground, resolved, notes) {
        Identity::File(path) => edit.identity_file = Some(path),
        Identity::Agent(socket) => edit.agent = Some(socket),
        Identity::Key(name) => edit.key = Some(name),
    }
    edit
}

/// A login shows one identity: the file that is named, or else what the agent holds, or else the first usual file.
fn identity(ground: &Ground<'_>, resolved: &Resolved, notes: &mut Vec<String>) -> Identity {
    let is_there = |file: &String| {
        let whole = match (file.strip_prefix("~/"), ground.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(file),
        };
        // A relative one means another file wherever ssh is called.
        whole.is_absolute() && !file.ends_with(".pub") && (ground.exists)(&whole)
    };
    let named = resolved.identity_files != ground.usual;
    let file = resolved.identity_files.iter().find(|file| is_there(file)).map(PathBuf::from);
    let socket = resolved.identity_agent.as_ref().filter(|agent| *agent != "SSH_AUTH_SOCK" && !agent.starts_with('$'));
    let agent = socket.map_or(AgentSocket::Environment, |path| AgentSocket::Path(PathBuf::from(path)));
    match file {
        Some(file) if named || !(ground.agent || socket.is_some()) => {
            if named && resolved.identity_files.len() > 1 {
                notes.push(format!("of its identity files {} is taken", file.display()));
            }
            Identity::File(file)
        }
        _ => {
            if named {
                notes
                    .push("none of its identity files is there by a whole path; the agent is asked instead".to_owned());
            }
            Identity::Agent(agent)
        }
    }
}

/// Adds the tunnel that a forward becomes; nothing where it is configured already.
fn tunnel(
    ground: &Ground<'_>,
    given: &mut Given,
    offer: &mut Offer,
    bastion: &Name,
    (forward, of): (&Forward, usize),
) -> Result<(), String> {
    let written = clean(&format!("{} {}", forward.listen, forward.target));
    let (Some(host), port) = place(&forward.target)
        .ok_or_else(|| format!("the forward {written} is left out: it leads to a socket, and adit leads to ports"))?
    else {
        return Err(format!("the forward {written} is left out: it names no host"));
    };
    let host: Host = host.parse().map_err(|error| format!("the forward {written} is left out: {error}"))?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.default_port().is_some_and(|usual| usual.get() == port));
    let kind = kind.unwrap_or(Kind::Tcp);
    let listen = listen(forward, &written, &mut offer.notes)?;
    let is_there = |tunnel: &&crate::model::Tunnel| {
        tunnel.bastion == *bastion && tunnel.database.host == host && tunnel.database.port.get() == port
    };
    if ground.settings.tunnels.values().any(|tunnel| is_there(&tunnel)) {
        return Ok(());
    }
    let wanted = if of == 1 { bastion.to_string() } else { format!("{bastion}-{}", words_of(kind, port)) };
    let name = free(&wanted, &given.tunnels).ok_or_else(|| format!("the forward {written} finds no free name"))?;
    let listen = listen.to_string();
    let free = given.listens.insert(listen.clone());
    if !free {
        offer
            .notes
            .push(format!("{listen} belongs to another tunnel; {name} takes a free port when it first comes up"));
    }
    given.tunnels.insert(name.clone());
    let edit = TunnelEdit {
        bastion: Some(bastion.clone()),
        database: Some(kind),
        host: Some(host.to_string()),
        port: (kind.default_port().map(|usual| usual.get()) != Some(port)).then_some(port),
        listen: free.then_some(listen),
        ..TunnelEdit::default()
    };
    offer.tunnels.push((name, edit));
    Ok(())
}

fn words_of(kind: Kind, port: u16) -> String {
    if kind == Kind::Tcp { port.to_string() } else { kind.to_string() }
}

/// Where it listens: on loopback, or at a socket.
fn listen(forward: &Forward, written: &str, notes: &mut Vec<String>) -> Result<Listen, String> {
    let wrong = |why: String| format!("the forward {written} is left out: {why}");
    if forward.listen.starts_with('/') {
        return format!("unix:{}", forward.listen).parse().map_err(|error| wrong(format!("{error}")));
    }
    let (host, port) = place(&forward.listen).ok_or_else(|| wrong("it does not say where it listens".to_owned()))?;
    let listen: Listen = match host.filter(|host| *host != "localhost") {
        None => port.to_string().parse(),
        Some(host) if host.contains(':') => format!("[{host}]:{port}").parse(),
        Some(host) => format!("{host}:{port}").parse(),
    }
    .or_else(|_| port.to_string().parse())
    .map_err(|error| wrong(format!("{error}")))?;
    if listen.is_local() {
        return Ok(listen);
    }
    notes.push(format!("{written}: adit listens on loopback unless the tunnel says allow_remote_clients"));
    port.to_string().parse().map_err(|error| wrong(format!("{error}")))
}

/// A name as adit takes it: lower case, other characters as `-`.
fn named(alias: &str) -> Option<Name> {
    let plain: String = alias
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' { c } else { '-' })
        .collect();
    let plain = plain.trim_start_matches(['-', '_']).trim_end_matches('-');
    plain.chars().take(50).collect::<String>().parse().ok()
}

/// The name, or the first of it with a number that is free.
fn free(wanted: &str, taken: &BTreeSet<Name>) -> Option<Name> {
    let numbered = (2..1000).map(|n| format!("{wanted}-{n}"));
    let names = std::iter::once(wanted.to_owned()).chain(numbered).filter_map(|name| name.parse::<Name>().ok());
    { names }.find(|name| !taken.contains(name))
}

fn clean(text: &str) -> String {
    Untrusted::new(text).clean(120)
}
