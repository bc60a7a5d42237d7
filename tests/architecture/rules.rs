//! The table of layers and fences, and one function a rule: sources in, offences out. Nothing here reads a file.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Mention, Place, Source};

/// Each layer and the layers it may know. Rooms that are not built yet stand here already.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("local", &["model"]),
    ("ssh", &["model", "local"]),
    ("config", &["model", "local"]),
    ("sandbox", &["model"]),
    ("engine", &["model", "local", "ssh"]),
    ("diagnose", &["model", "local", "ssh"]),
    ("guide", &["model"]),
    ("service", &["model", "local", "ssh", "config", "sandbox", "engine", "diagnose", "guide"]),
    ("tui", &["model", "service"]),
    ("portal", &["model", "service", "tui"]),
    ("cli", &["model", "local", "ssh", "config", "sandbox", "engine", "diagnose", "guide", "service", "tui", "portal"]),
];

/// An outside path, and the only places (file or folder, below `src/`) that may name it.
const FENCES: &[(&str, &[&str])] = &[
    ("rustix", &["local"]),
    ("nix", &["local"]),
    ("socket2", &["local"]),
    ("tempfile", &["local"]),
    ("toml", &["config", "tui/theme"]),
    ("toml_edit", &["config"]),
    ("russh", &["ssh", "sandbox", "portal"]),
    ("clap", &["cli"]),
    ("ratatui", &["tui", "portal"]),
    ("crossterm", &["tui/terminal"]),
    ("termina", &["tui/terminal"]),
    ("arboard", &["tui/clipboard"]),
    ("tui_input", &["tui/widget/field"]),
];

/// A place (file or folder, below `src/`) and the outside paths that it must never name.
const CLOSED: &[(&str, &[&str])] = &[
    ("model", &["tokio", "tracing", "rand", "std::fs", "std::io::Read", "std::net::TcpStream", "std::time::Instant"]),
    ("guide", &["tokio", "tracing", "rand", "std::fs", "std::process", "std::time::Instant"]),
    ("engine/machine", &["tokio", "std::fs"]),
    ("engine/event", &["tokio", "std::fs"]),
    ("engine/effect", &["tokio", "std::fs"]),
    ("engine/backoff", &["tokio", "std::fs"]),
    ("diagnose/check", &["tokio", "std::fs"]),
    ("diagnose/report", &["tokio", "std::fs"]),
    ("diagnose/explain", &["tokio", "std::fs"]),
    ("tui/screen", &["tokio", "std::fs"]),
    ("tui/widget", &["tokio", "std::fs"]),
    ("tui/overlay", &["tokio", "std::fs"]),
    ("tui/update", &["tokio", "std::fs"]),
];

/// Rooms without a clock: whoever needs the time there is handed it.
const TIMELESS: &[&str] = &["model", "guide", "engine/machine", "engine/backoff", "diagnose/check", "tui/update"];

const BUCKETS: &[&str] = &["util", "utils", "helper", "helpers", "common", "misc", "manager"];

/// Above this a file holds more than one noun or verb.
const CODE_LINES: usize = 600;

/// The one file that prints.
const PRINTER: &str = "src/cli/print.rs";

/// The one file of the tests that may let time pass, always with a deadline.
const WAITER: &str = "tests/suite/support/wait.rs";

fn known_modules(files: &[Source]) -> BTreeSet<Vec<String>> {
    files
        .iter()
        .flat_map(|file| (1..=file.module.len()).filter_map(|n| file.module.get(..n).map(<[String]>::to_vec)))
        .collect()
}

/// Paths below `src/` match a fence when they are that file, its facade, or inside that folder.
fn is_in(file: &Source, room: &str) -> bool {
    let place = file.path.trim_start_matches("src/").trim_end_matches(".rs");
    place == room || place.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'))
}

/// Arrows to a layer that is not lower, layers that the table does not know, and reaching past a facade.
pub(crate) fn upward(files: &[Source]) -> Vec<String> {
    let table: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let modules = known_modules(files);
    let mut offences = Vec::new();
    for file in files {
        let Some(own) = file.module.first() else { continue };
        let Some(allowed) = table.get(own.as_str()) else {
            offences.push(format!("{}: {own} is not a layer of the table in tests/architecture/rules.rs", file.path));
            continue;
        };
        for Mention { place, line, .. } in file.mentions(&modules) {
            let Place::Ours(target) = place else { continue };
            let Some(layer) = target.first().filter(|layer| *layer != own) else { continue };
            let shown = target.join("::");
            if !allowed.contains(&layer.as_str()) {
                offences.push(format!("{}:{line}: {own} may not know {layer} (crate::{shown})", file.path));
            } else if target.get(..3).is_some_and(|deep| modules.contains(deep)) {
                offences.push(format!("{}:{line}: crate::{shown} reaches past the facade of {layer}", file.path));
            }
        }
    }
    offences
}

/// Rings between the rooms of one layer; a facade and its folder are one room, and re-exports count as what they name.
pub(crate) fn rings(files: &[Source]) -> Vec<String> {
    let modules = known_modules(files);
    let mut offences = Vec::new();
    for (layer, _) in LAYERS {
        let exports = re_exports(files, layer, &modules);
        let mut edges: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.module.first().is_some_and(|own| own == layer)) {
            let Some(room) = file.module.get(1) else { continue };
            for mention in file.mentions(&modules) {
                let Place::Ours(target) = &mention.place else { continue };
                if mention.in_test || target.first().is_none_or(|first| first != layer) {
                    continue;
                }
                let Some(name) = target.get(1) else { continue };
                let other = match target.get(..2).filter(|two| modules.contains(*two)) {
                    Some(_) => Some(name),
                    None => exports.get(name),
                };
                if let Some(other) = other.filter(|other| *other != room) {
                    let place = format!("{}:{}", file.path, mention.line);
                    edges.entry(room.clone()).or_default().entry(other.clone()).or_insert(place);
                }
            }
        }
        if let Some(ring) = find_ring(&edges) {
            let places: Vec<_> =
                ring.iter().zip(ring.iter().skip(1)).filter_map(|(a, b)| edges.get(a)?.get(b)).cloned().collect();
            offences.push(format!("{layer}: {} form a ring ({})", ring.join(" → "), places.join(", ")));
        }
    }
    offences
}

/// What the facade of a layer hands on: name → room.
fn re_exports(files: &[Source], layer: &str, modules: &BTreeSet<Vec<String>>) -> BTreeMap<String, String> {
    let facade = files.iter().find(|file| file.module.len() == 1 && file.module.first().is_some_and(|m| m == layer));
    let mentions = facade.map(|file| file.mentions(modules)).unwrap_or_default();
    let rooms = mentions.into_iter().filter_map(|mention| match mention.place {
        Place::Ours(target) => Some((mention.exported_as?, target.get(1)?.clone())),
        Place::Outside(_) => None,
    });
    rooms.collect()
}

fn find_ring(edges: &BTreeMap<String, BTreeMap<String, String>>) -> Option<Vec<String>> {
    let mut done = BTreeSet::new();
    edges.keys().find_map(|start| walk(start, edges, &mut Vec::new(), &mut done))
}

fn walk(
    node: &String,
    edges: &BTreeMap<String, BTreeMap<String, String>>,
    path: &mut Vec<String>,
    done: &mut BTreeSet<String>,
) -> Option<Vec<String>> {
    if let Some(at) = path.iter().position(|seen| seen == node) {
        let mut ring = path.get(at..)?.to_vec();
        ring.push(node.clone());
        return Some(ring);
    }
    if done.contains(node) {
        return None;
    }
    path.push(node.clone());
    let ring = edges.get(node).and_then(|next| next.keys().find_map(|other| walk(other, edges, path, done)));
    path.pop();
    done.insert(node.clone());
    ring
}

/// Outside crates where they do not belong, and clocks in rooms without one. Test code inside `src/` is free.
pub(crate) fn fences(files: &[Source]) -> Vec<String> {
    let modules = known_modules(files);
    let mut offences = Vec::new();
    for file in files {
        for mention in file.mentions(&modules) {
            let Place::Outside(target) = &mention.place else { continue };
            if mention.in_test {
                continue;
            }
            let shown = target.join("::");
            let starts = |fence: &str| shown == fence || shown.starts_with(&format!("{fence}::"));
            for (fence, rooms) in FENCES {
                if starts(fence) && !rooms.iter().any(|room| is_in(file, room)) {
                    offences.push(format!("{}:{}: {shown} belongs into {}", file.path, mention.line, rooms.join(", ")));
                }
            }
            for (room, closed) in CLOSED {
                if is_in(file, room) && closed.iter().any(|fence| starts(fence)) {
                    offences.push(format!("{}:{}: {shown} has no place in {room}", file.path, mention.line));
                }
            }
            let tells_time = target.len() > 1 && target.last().is_some_and(|word| word == "now");
            if tells_time && TIMELESS.iter().any(|room| is_in(file, room)) {
                offences
                    .push(format!("{}:{}: {shown} reads a clock; take now as an argument", file.path, mention.line));
            }
        }
    }
    offences
}

/// Files without a purpose line, too long, or named as a bucket.
pub(crate) fn files(files: &[Source]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files {
        if !file.text.starts_with("//! ") {
            offences.push(format!("{}: does not open with a //! line that says what it is for", file.path));
        }
        if file.code_lines() > CODE_LINES {
            offences.push(format!("{}: {} lines of code, more than {CODE_LINES}", file.path, file.code_lines()));
        }
        let names = file.path.trim_end_matches(".rs").split('/');
        for bucket in names.filter(|name| BUCKETS.contains(name)) {
            offences.push(format!("{}: {bucket} is a bucket; name it after what it holds", file.path));
        }
        if file.path.ends_with("/mod.rs") {
            offences.push(format!("{}: a facade is NAME.rs beside its folder", file.path));
        }
    }
    offences
}

/// Macros that print, outside the one file that may.
pub(crate) fn printing(files: &[Source]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files.iter().filter(|file| file.path != PRINTER) {
        for (i, token) in file.tokens.iter().enumerate() {
            let prints = matches!(token.text.as_str(), "print" | "println" | "eprint" | "eprintln" | "dbg");
            if prints && !token.in_test && file.words(i + 1, &["!"]) {
                offences.push(format!("{}:{}: {}! outside {PRINTER}", file.path, token.line, token.text));
            }
        }
    }
    offences
}

/// Tests that do not run, and tests that wait for a clock instead of an event.
pub(crate) fn idle_tests(files: &[Source]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files {
        let of_tests = !file.path.starts_with("src/");
        for (i, token) in file.tokens.iter().enumerate() {
            if file.words(i, &["#", "[", "ignore"]) {
                offences.push(format!("{}:{}: a test that does not run", file.path, token.line));
            }
            let sleeps = matches!(token.text.as_str(), "sleep" | "sleep_ms" | "sleep_until" | "park_timeout");
            if sleeps && file.words(i + 1, &["("]) && (of_tests || token.in_test) && file.path != WAITER {
                offences.push(format!("{}:{}: {} in a test; wait for an event", file.path, token.line, token.text));
            }
        }
    }
    offences
}

/// `allow` and `expect` attributes that do not say why.
pub(crate) fn allowances(files: &[Source]) -> Vec<String> {
    let mut offences = Vec::new();
    for file in files {
        for (i, token) in file.tokens.iter().enumerate() {
            let open = match token.text.as_str() {
                "#" if file.words(i + 1, &["["]) => i + 1,
                "#" if file.words(i + 1, &["!", "["]) => i + 2,
                _ => continue,
            };
            let group = file.group(open);
            let allows = group.iter().any(|word| word.is_word && matches!(word.text.as_str(), "allow" | "expect"));
            if allows && !group.iter().any(|word| word.text == "reason") {
                offences.push(format!("{}:{}: an allowance without a reason", file.path, token.line));
            }
        }
    }
    offences
}

/// Dependencies without a comment on the line above.
pub(crate) fn dependencies(manifest: &str) -> Vec<String> {
    let mut offences = Vec::new();
    let (mut inside, mut above) = (false, "");
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.trim_end_matches(']').ends_with("dependencies");
        } else if inside && line.starts_with(|c: char| c.is_ascii_alphanumeric()) && !above.starts_with('#') {
            offences.push(format!("Cargo.toml: {line} has no reason on the line above"));
        }
        above = line;
    }
    offences
}
