//! The line of `authorized_keys` that a hand-off asks for: everything off, forwards to these databases on. It is text only.

use super::Setup;
use crate::model::authorized_key;

/// The options of the line, in words of OpenSSH 7.2 and later (`expiry-time`: 7.7); absent where the key is not known.
pub(super) fn options(setup: &Setup) -> String {
    // The model writes the line for a key; what stands before that key are the options.
    let line = authorized_key("", &setup.targets());
    let mut options = line.trim().to_owned();
    options.push_str(&from(setup));
    if let Some(day) = setup.expires {
        options.push_str(&format!(",expiry-time=\"{}\"", day.strftime("%Y%m%d")));
    }
    options
}

/// The same in words that every release knows. There is no word for an end in time.
pub(super) fn old_options(setup: &Setup) -> String {
    let mut options = "no-agent-forwarding,no-X11-forwarding,no-pty,no-user-rc".to_owned();
    let targets = setup.targets();
    if targets.is_empty() {
        options.push_str(",no-port-forwarding");
    }
    for target in &targets {
        options.push_str(&format!(",permitopen=\"{target}\""));
    }
    options + &from(setup)
}

/// The line names addresses only where the person did: one that was merely seen may be another tomorrow. Where they did, the one
/// that was seen belongs to them, or the line would lock out whoever is in now.
fn from(setup: &Setup) -> String {
    if setup.from.is_empty() {
        return String::new();
    }
    let list: Vec<String> = setup.sources().iter().map(ToString::to_string).collect();
    format!(",from=\"{}\"", list.join(","))
}

/// The finished line.
pub(super) fn line(setup: &Setup) -> Option<String> {
    setup.key.as_ref().map(|key| format!("{} {}", options(setup), key.line.trim()))
}

/// The finished line for a server older than OpenSSH 7.2.
pub(super) fn old_line(setup: &Setup) -> Option<String> {
    setup.key.as_ref().map(|key| format!("{} {}", old_options(setup), key.line.trim()))
}
