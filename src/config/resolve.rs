//! All files together: no name twice, no name that leads nowhere, no two tunnels on one port. It collects all mistakes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;

use super::fields::shortened;
use super::file::{self, Contents, KeymapEntry, Named, PreferencesEntry, TunnelEntry};
use super::mistake::{Mistake, Mistakes, nearest};
use super::settings::Settings;
use super::source::Source;
use crate::model::{Bastion, Binding, Listen, Misbinding, Name, Preferences, Tunnel};

/// More than anybody reads; a file of garbage would have a hundred thousand.
const MOST: usize = 1000;

/// The theme that fits every terminal.
const AUTO: &str = "auto";

/// What only a surface knows: the names of themes, and what can be bound to which key.
#[derive(Clone, Copy)]
pub struct Surface<'a> {
    /// The themes and families that there are.
    pub themes: &'a [String],
    /// What is wrong with bindings.
    pub judge: fn(&[Binding]) -> Vec<Misbinding>,
}

/// Makes settings from texts, or tells everything that is wrong with them, `known` mistakes included. What only a
/// surface knows is judged where there is one.
pub(super) fn resolve(
    sources: &[Source],
    user_home: Option<&Path>,
    surface: Option<&Surface<'_>>,
    known: Vec<Mistake>,
) -> Result<Settings, Mistakes> {
    let mut mistakes = known;
    let contents: Vec<(&Source, Contents)> =
        sources.iter().map(|source| (source, file::read(source, user_home, &mut mistakes))).collect();
    // With a file that could not be read whole, what seems to lead nowhere may stand in the part that is lost.
    let whole = !mistakes.iter().any(|mistake| mistake.key.is_empty());

    let mut preferences = prefer(&contents, surface.map(|surface| surface.themes), &mut mistakes);
    preferences.keymap = bind(&contents, surface, &mut mistakes);
    let bastions = gather(&contents, |contents| &contents.bastions, "bastions", &mut mistakes);
    let tunnels = gather(&contents, |contents| &contents.tunnels, "tunnels", &mut mistakes);
    if whole {
        check_references(&tunnels, &bastions, &mut mistakes);
    }
    check_ports(sources, &tunnels, &mut mistakes);

    if mistakes.is_empty() {
        Ok(settle(preferences, &bastions, &tunnels))
    } else {
        let order = |mistake: &Mistake| sources.iter().position(|source| source.path == mistake.path);
        mistakes.sort_by_key(|mistake| (order(mistake), mistake.line, mistake.column));
        mistakes.truncate(MOST);
        Err(Mistakes(mistakes))
    }
}

/// The preferences of all files; each is stated once.
fn prefer(contents: &[(&Source, Contents)], themes: Option<&[String]>, mistakes: &mut Vec<Mistake>) -> Preferences {
    let mut preferences = Preferences::default();
    if let Some((source, theme, at)) = only(contents, "theme", |entry| entry.theme.as_ref(), mistakes)
        && theme != AUTO
    {
        if themes.is_some_and(|themes| !themes.contains(theme)) {
            let names = themes.iter().copied().flatten().map(String::as_str);
            let nearest = nearest(theme, names.chain([AUTO]));
            let message = format!("there is no theme {:?}", shortened(theme));
            mistakes.push(Mistake { nearest, ..source.mistake(at, "preferences.theme".to_owned(), message) });
        }
        preferences.theme = Some(theme.clone());
    }
    if let Some((_, mouse, _)) = only(contents, "mouse", |entry| entry.mouse.as_ref(), mistakes) {
        preferences.mouse = *mouse;
    }
    if let Some((_, addresses, _)) = only(contents, "leaves_from", |entry| entry.leaves_from.as_ref(), mistakes) {
        preferences.leaves_from.clone_from(addresses);
    }
    if let Some((_, notify, _)) = only(contents, "notify", |entry| entry.notify.as_ref(), mistakes) {
        preferences.notify = notify.clone();
    }
    preferences
}

/// The bindings of all files; each action stands once.
fn bind(contents: &[(&Source, Contents)], surface: Option<&Surface<'_>>, mistakes: &mut Vec<Mistake>) -> Vec<Binding> {
    let key = |action: &str| format!("keymap.{}", shortened(action));
    let mut found: Vec<(&Source, &KeymapEntry)> = Vec::new();
    for (source, contents) in contents {
        for entry in &contents.keymap {
            match found.iter().find(|(_, other)| other.action == entry.action) {
                Some((there, first)) => {
                    let message =
                        format!("stands in {}:{} already", there.path.display(), there.place(first.action_at).0);
                    mistakes.push(source.mistake(entry.action_at, key(&entry.action), message));
                }
                None => found.push((source, entry)),
            }
        }
    }
    let binding = |(source, entry): &(&Source, &KeymapEntry)| Binding {
        action: entry.action.clone(),
        chords: entry.chords.clone(),
        file: source.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        action_at: source.place(entry.action_at),
        chords_at: source.place(entry.chords_at),
    };
    let bindings: Vec<Binding> = found.iter().map(binding).collect();
    for wrong in surface.map(|surface| (surface.judge)(&bindings)).unwrap_or_default() {
        let Some((source, entry)) = found.get(wrong.index) else { continue };
        let at = if wrong.of_action { entry.action_at } else { entry.chords_at };
        let mistake = source.mistake(at, key(&entry.action), wrong.message);
        mistakes.push(Mistake { nearest: wrong.nearest, ..mistake });
    }
    bindings
}

/// The one value of a preference, with its file and place; others are mistakes.
fn only<'a, T>(
    contents: &'a [(&'a Source, Contents)],
    key: &str,
    part: impl Fn(&'a PreferencesEntry) -> Option<&'a (T, usize)>,
    mistakes: &mut Vec<Mistake>,
) -> Option<(&'a Source, &'a T, usize)> {
    let stated = |(source, contents): &'a (&'a Source, Contents)| {
        part(&contents.preferences).map(|(value, at)| (*source, value, *at))
    };
    let mut all = contents.iter().filter_map(stated);
    let first = all.next();
    if let Some((there, _, place)) = first {
        for (source, _, at) in all {
            let message = format!("stands in {}:{} already", there.path.display(), there.place(place).0);
            mistakes.push(source.mistake(at, format!("preferences.{key}"), message));
        }
    }
    first
}

/// Everything of one sort by name, with the file it stands in.
type Gathered<'a, T> = BTreeMap<&'a Name, (&'a Source, &'a Named<T>)>;

fn gather<'a, T>(
    contents: &'a [(&'a Source, Contents)],
    part: impl Fn(&'a Contents) -> &'a Vec<Named<T>>,
    group: &str,
    mistakes: &mut Vec<Mistake>,
) -> Gathered<'a, T> {
    let mut all: Gathered<'a, T> = BTreeMap::new();
    for (source, contents) in contents {
        for named in part(contents) {
            match all.entry(&named.name) {
                Entry::Vacant(place) => {
                    place.insert((source, named));
                }
                Entry::Occupied(there) => {
                    let (first, at) = (there.get().0, there.get().1.at);
                    let message = format!("that name is taken, in {}:{}", first.path.display(), first.place(at).0);
                    mistakes.push(source.mistake(named.at, format!("{group}.{}", named.name), message));
                }
            }
        }
    }
    all
}

fn check_references(
    tunnels: &Gathered<'_, TunnelEntry>,
    bastions: &Gathered<'_, Bastion>,
    mistakes: &mut Vec<Mistake>,
) {
    for (name, (source, named)) in tunnels {
        let Some((bastion, at)) = named.value.as_ref().and_then(|entry| entry.bastion.as_ref()) else { continue };
        if !bastions.contains_key(bastion) {
            let message = format!("there is no bastion {:?}", bastion.as_str());
            let nearest = nearest(bastion.as_str(), bastions.keys().map(|name| name.as_str()));
            let mistake = source.mistake(*at, format!("tunnels.{name}.bastion"), message);
            mistakes.push(Mistake { nearest, ..mistake });
        }
    }
}

fn check_ports(sources: &[Source], tunnels: &Gathered<'_, TunnelEntry>, mistakes: &mut Vec<Mistake>) {
    let listening = |(name, (source, named)): (&&Name, &(&Source, &Named<TunnelEntry>))| {
        let (listen, at) = named.value.as_ref()?.listen.clone()?;
        let file = sources.iter().position(|other| other.path == source.path);
        Some((file, at, (*name).clone(), listen))
    };
    let mut listening: Vec<_> = tunnels.iter().filter_map(listening).collect();
    // The one that stands first keeps the port.
    listening.sort_by_key(|(file, at, ..)| (*file, *at));
    let mut before: Vec<(&Name, &Listen)> = Vec::new();
    for (_, at, name, listen) in &listening {
        if let Some((first, _)) = before.iter().find(|(_, taken)| collide(taken, listen)) {
            let message = format!("{listen} is taken by the tunnel {:?}", first.as_str());
            let source = tunnels.get(name).map(|(source, _)| source);
            mistakes.extend(source.map(|source| source.mistake(*at, format!("tunnels.{name}.listen"), message)));
        }
        before.push((name, listen));
    }
}

/// True where the two cannot both listen.
fn collide(a: &Listen, b: &Listen) -> bool {
    match (a, b) {
        (Listen::Unix(a), Listen::Unix(b)) => a == b,
        (Listen::Tcp(a), Listen::Tcp(b)) => {
            let (one, other) = (a.ip().to_canonical(), b.ip().to_canonical());
            // An "any" address takes the port on every address of its family, and that of IPv6 on all (ipv6(7)).
            let covers = |any: std::net::IpAddr, ip: std::net::IpAddr| {
                any.is_unspecified() && (any.is_ipv6() || ip.is_ipv4() || ip.is_unspecified())
            };
            a.port() == b.port() && (one == other || covers(one, other) || covers(other, one))
        }
        (Listen::Tcp(_), Listen::Unix(_)) | (Listen::Unix(_), Listen::Tcp(_)) => false,
    }
}

fn settle(preferences: Preferences, bastions: &Gathered<'_, Bastion>, tunnels: &Gathered<'_, TunnelEntry>) -> Settings {
    let bastions: BTreeMap<Name, Bastion> =
        bastions.iter().filter_map(|(name, (_, named))| Some(((*name).clone(), named.value.clone()?))).collect();
    let tunnels: BTreeMap<Name, Tunnel> = tunnels
        .iter()
        .filter_map(|(name, (_, named))| Some(((*name).clone(), named.value.as_ref()?.tunnel.clone()?)))
        .collect();
    Settings::new(preferences, bastions, tunnels)
}
