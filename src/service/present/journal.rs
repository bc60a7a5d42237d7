//! The journal as lines and as JSON: who opened what, when, and what happened to it.

use serde_json::json;

use super::document;
use crate::model::journal::Entry;

/// Moment, tunnel, event and sentence, a line each.
#[must_use]
pub fn journal_text(entries: &[Entry]) -> Vec<String> {
    let longest = |of: &dyn Fn(&Entry) -> usize| entries.iter().map(of).max().unwrap_or(0);
    let (name, event) = (longest(&|entry| whose(entry).len()), longest(&|entry| entry.event.len()));
    let line = |entry: &Entry| {
        let at = entry.at.strftime("%Y-%m-%dT%H:%M:%SZ");
        format!("{at}  {:name$}  {:event$}  {}", whose(entry), entry.event, entry.message).trim_end().to_owned()
    };
    entries.iter().map(line).collect()
}

fn whose(entry: &Entry) -> &str {
    entry.tunnel.as_ref().map_or("-", |name| name.as_str())
}

/// `{version,events:[{at,tunnel,event,message}],missed}`
#[must_use]
pub fn journal_json(entries: &[Entry], missed: u64) -> String {
    let events = entries
        .iter()
        .map(|entry| json!({"at": entry.at, "tunnel": entry.tunnel, "event": entry.event, "message": entry.message}));
    document([("events", events.collect()), ("missed", missed.into())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_in_columns_and_json_has_every_field() {
        let entry = |tunnel: Option<&str>, event: &str| Entry {
            at: "2026-03-05T12:04:00.25Z".parse().unwrap(),
            tunnel: tunnel.map(|name| name.parse().unwrap()),
            event: event.to_owned(),
            message: "a sentence".to_owned(),
        };
        let entries = [entry(None, "started"), entry(Some("orders"), "up")];
        assert_eq!(
            journal_text(&entries),
            ["2026-03-05T12:04:00Z  -       started  a sentence", "2026-03-05T12:04:00Z  orders  up       a sentence"]
        );
        let value: serde_json::Value = serde_json::from_str(&journal_json(&entries, 3)).unwrap();
        let event =
            json!({"at": "2026-03-05T12:04:00.25Z", "tunnel": null, "event": "started", "message": "a sentence"});
        assert_eq!((&value["version"], &value["missed"], &value["events"][0]), (&json!(1), &json!(3), &event));
        assert_eq!(value["events"][1]["tunnel"], "orders");
        assert!(journal_text(&[]).is_empty());
    }
}
