//! The classes of error texts, read once from the data files beside this one. What a class means stands there, not here.

use std::sync::OnceLock;

use serde::Deserialize;

use super::pattern::Pattern;
use crate::model::{Advice, Certainty, Code, Owner};

/// The files, by family.
const FILES: &[(&str, &str)] = &[
    ("reach", include_str!("classes/reach.json")),
    ("greet", include_str!("classes/greet.json")),
    ("trust", include_str!("classes/trust.json")),
    ("key", include_str!("classes/key.json")),
    ("login", include_str!("classes/login.json")),
    ("sshd_log", include_str!("classes/sshd_log.json")),
    ("forward", include_str!("classes/forward.json")),
    ("local", include_str!("classes/local.json")),
    ("session", include_str!("classes/session.json")),
    ("tunnel", include_str!("classes/tunnel.json")),
    ("postgres", include_str!("classes/postgres.json")),
    ("mysql", include_str!("classes/mysql.json")),
    ("tls", include_str!("classes/tls.json")),
    ("databases", include_str!("classes/databases.json")),
];

/// How much a text of the class tells; the more comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Says {
    /// Why it failed.
    Cause,
    /// What follows from several causes.
    Symptom,
    /// Only that something failed; said where nothing else is known of the text.
    Wrapper,
}

/// A class as its file writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Class {
    /// Its name.
    pub(super) class: String,
    /// The code that a diagnosis has for the same cause.
    pub(super) code: Option<Code>,
    /// In a few words.
    pub(super) title: String,
    /// Who must act.
    pub(super) owner: Owner,
    /// How sure a text of it makes it.
    pub(super) certainty: Certainty,
    /// How much it tells.
    pub(super) says: Says,
    /// What it means.
    pub(super) meaning: String,
    /// What mends it; `{name}` in a command is what a pattern captured.
    pub(super) fix: Vec<Advice>,
    /// A line that holds one of these is of the class.
    pub(super) patterns: Vec<Pattern>,
    /// In lower case: a line that holds one of these is not.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// In lower case: a text that holds one of these anywhere shows what is none, such as the log of a session that was fine.
    #[serde(default)]
    pub(super) unless_text: Vec<String>,
    /// Classes that this one explains: where it was found, they say nothing more.
    #[serde(default)]
    pub(super) instead_of: Vec<String>,
    /// Real texts of it.
    #[cfg(test)]
    pub(super) samples: Vec<Sample>,
}

/// A real text.
#[cfg(test)]
#[derive(Debug, Deserialize)]
pub(super) struct Sample {
    /// Whose.
    pub(super) from: String,
    /// The text.
    pub(super) text: String,
}

/// All classes. A file that does not parse would be missing; the tests see to it that none does.
pub(super) fn classes() -> &'static [Class] {
    static CLASSES: OnceLock<Vec<Class>> = OnceLock::new();
    CLASSES.get_or_init(|| FILES.iter().flat_map(|(_, text)| read(text).unwrap_or_default()).collect())
}

fn read(text: &str) -> Result<Vec<Class>, serde_json::Error> {
    serde_json::from_str(text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_parses_and_every_class_is_whole() {
        let mut names = BTreeSet::new();
        for (file, text) in FILES {
            let classes = read(text).unwrap_or_else(|error| panic!("{file}: {error}"));
            for class in classes {
                let name = &class.class;
                assert!(names.insert(name.clone()), "{name} stands twice");
                assert!(class.samples.len() >= 2, "{name} has too few samples");
                assert!(!class.fix.is_empty() && !class.patterns.is_empty(), "{name}");
                assert!(class.meaning.ends_with('.') && !class.title.ends_with('.'), "{name}");
                assert!(
                    class.unless.iter().chain(&class.unless_text).all(|word| *word == word.to_lowercase()),
                    "{name}"
                );
                for sample in &class.samples {
                    assert!(!sample.from.is_empty() && !sample.text.is_empty(), "{name}");
                }
            }
        }
        assert!(names.len() >= 36, "the classes of the reference are the floor");
    }

    #[test]
    fn what_is_explained_exists() {
        for class in classes() {
            for other in &class.instead_of {
                assert!(classes().iter().any(|class| class.class == *other), "{}: {other}", class.class);
            }
        }
    }

    #[test]
    fn every_code_but_that_of_time_has_a_class() {
        // Codes that no program says in words of its own.
        let silent = [Code::OutOfTime, Code::OpenTimeout, Code::KeyAbsent, Code::KeySplit];
        for code in Code::ALL.iter().filter(|code| !silent.contains(code)) {
            assert!(classes().iter().any(|class| class.code == Some(*code)), "no class leads to {code}");
        }
    }
}
