//! What happened, as lines and as the contract's JSON.

use super::{document, json};
use crate::model::journal::Entry;

/// The journal document.
#[must_use]
pub fn journal_json(entries: &[Entry], missed: u64) -> String {
    document([("events", json(&entries)), ("missed", missed.into())])
}

/// `TIME NAME EVENT MESSAGE`, a line an entry; `-` for the service itself.
#[must_use]
pub fn journal_text(entries: &[Entry]) -> Vec<String> {
    let name = |entry: &Entry| entry.tunnel.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    entries.iter().map(|entry| format!("{} {} {} {}", entry.at, name(entry), entry.event, entry.message)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_with_and_without_a_tunnel() {
        let at = "2026-11-20T20:07:00Z".parse().unwrap();
        let entry = |tunnel: Option<&str>| Entry {
            at,
            tunnel: tunnel.map(|name| name.parse().unwrap()),
            event: "up".to_owned(),
            message: "it is up".to_owned(),
        };
        let entries = [entry(Some("orders")), entry(None)];
        assert_eq!(
            journal_text(&entries),
            ["2026-11-20T20:07:00Z orders up it is up", "2026-11-20T20:07:00Z - up it is up"]
        );
        assert_eq!(
            journal_json(&entries[1..], 3),
            r#"{"version":1,"events":[{"at":"2026-11-20T20:07:00Z","event":"up","message":"it is up","tunnel":null}],"missed":3}"#
        );
    }
}
