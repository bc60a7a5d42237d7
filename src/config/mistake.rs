//! What is wrong with a configuration, each mistake with its place and the nearest valid name. It finds none itself.

use std::path::PathBuf;

use crate::local::FileError;
use crate::model::Untrusted;

/// No screen has use for more; a file of garbage would have thousands.
const SHOWN: usize = 50;

/// One mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// The column in characters, from 1; 0 where the file as a whole is meant.
    pub column: usize,
    /// The key with its tables ("tunnels.orders.port"); empty where the text is no TOML.
    pub key: String,
    /// What is wrong, in lower case, without a trailing stop.
    pub message: String,
    /// The valid name nearest to the one written.
    pub nearest: Option<String>,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if self.line > 0 {
            write!(f, "{}:{}:", self.line, self.column)?;
        }
        write!(f, " {}", self.words())
    }
}

impl Mistake {
    /// The mistake without its place.
    #[must_use]
    pub fn words(&self) -> String {
        let mut words = String::new();
        if !self.key.is_empty() {
            words.push_str(&Untrusted::new(self.key.as_str()).clean(200));
            words.push_str(": ");
        }
        words.push_str(&self.message);
        if let Some(nearest) = &self.nearest {
            words.push_str(&format!("; did you mean {nearest:?}?"));
        }
        words
    }
}

/// All mistakes of a configuration, in the order of files and lines. Never empty when returned as an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl std::fmt::Display for Mistakes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, mistake) in self.0.iter().take(SHOWN).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{mistake}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for Mistakes {}

/// Why a configuration does not load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The folder of configuration files cannot be looked into.
    #[error(transparent)]
    File(#[from] FileError),
    /// The files have mistakes, or cannot be read (a mistake on line 0).
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
}

/// The valid name nearest to a mistyped one, if one is near enough to be meant.
#[must_use]
pub fn nearest<'a>(written: &str, valid: impl IntoIterator<Item = &'a str>) -> Option<String> {
    // One slip in a short name, two in a longer one, three in a long one.
    let near_enough = match written.chars().count() {
        0 => return None,
        1..=3 => 1,
        4..=8 => 2,
        _ => 3,
    };
    valid
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&written.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= near_enough && *name != written)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let valid = ["host", "port", "user", "identity_file"];
        assert_eq!(nearest("prot", valid).as_deref(), Some("port"));
        assert_eq!(nearest("HOST", valid).as_deref(), Some("host"));
        assert_eq!(nearest("identityfile", valid).as_deref(), Some("identity_file"));
        assert_eq!(nearest("zebra", valid), None);
        assert_eq!(nearest("", valid), None);
    }

    #[test]
    fn a_mistake_says_where_and_what() {
        let mut mistake = Mistake {
            path: "/h/config.toml".into(),
            line: 12,
            column: 7,
            key: "tunnels.orders.prot\u{1b}".into(),
            message: "unknown key".into(),
            nearest: Some("port".into()),
        };
        assert_eq!(
            mistake.to_string(),
            "/h/config.toml:12:7: tunnels.orders.prot\\u{1b}: unknown key; did you mean \"port\"?"
        );
        mistake.line = 0;
        mistake.key.clear();
        mistake.nearest = None;
        assert_eq!(mistake.to_string(), "/h/config.toml: unknown key");
        let many = Mistakes(vec![mistake; 52]).to_string();
        assert_eq!(many.lines().count(), 51);
        assert!(many.ends_with("\nand 2 more"));
    }
}
