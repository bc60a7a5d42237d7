//! What a pasted error text means, in words and as the contract's JSON.

use super::{document, json};
use crate::diagnose::Match;
use crate::model::Certainty;

/// The document of what was found; `matches` is empty where nothing is known.
#[must_use]
pub fn explain_json(matches: &[Match], cut: bool) -> String {
    document([("matches", json(&matches)), ("cut", json(&cut))])
}

/// What was found, best first: the class and its line, what it means, who must act, what mends it.
#[must_use]
pub fn explain_text(matches: &[Match]) -> Vec<String> {
    let mut out = Vec::new();
    for found in matches {
        if !out.is_empty() {
            out.push(String::new());
        }
        out.push(format!("{}: {}", found.class, found.title));
        out.push(format!("  line {}: {}", found.line, found.text));
        out.push(format!("  {}", found.meaning));
        out.push(format!("  {} must act{}", found.owner.words(), sureness(found.certainty)));
        for advice in &found.advice {
            out.push(format!("  - {}", advice.text));
            out.extend(advice.command.iter().map(|command| format!("      {command}")));
        }
    }
    out
}

fn sureness(certainty: Certainty) -> &'static str {
    match certainty {
        Certainty::Certain => "",
        Certainty::Likely => "; this is the likely reading",
        Certainty::Possible => "; this is one reading of several",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::explain;

    #[test]
    fn a_person_reads_class_line_meaning_owner_and_repair() {
        let lines = explain_text(&explain("x\nUser adit not allowed because account is locked\nbroken pipe"));
        assert_eq!(lines[0], "account_locked: The account is locked");
        assert_eq!(lines[1], "  line 2: User adit not allowed because account is locked");
        assert_eq!(lines[3], "  the bastion's admin must act");
        assert!(lines.contains(&"      sudo usermod -p '*' adit".to_owned()), "{lines:#?}");
        assert!(lines.iter().any(|line| line.starts_with("connection_lost: ")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.ends_with("must act; this is one reading of several")), "{lines:#?}");
    }

    #[test]
    fn the_document_has_every_field_of_the_contract() {
        let text = explain_json(&explain("ana@b: Permission denied (publickey)."), false);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["version"], &value["cut"]), (&1.into(), &false.into()));
        let found = &value["matches"][0];
        assert_eq!((&found["class"], &found["code"]), (&"key_refused".into(), &"key_refused".into()));
        assert_eq!((&found["owner"], &found["certainty"]), (&"bastion_admin".into(), &"certain".into()));
        assert!(found["meaning"].is_string() && found["fix"].is_string() && found["advice"].is_array());
        assert_eq!(explain_json(&[], true), r#"{"version":1,"matches":[],"cut":true}"#);
    }
}
