//! Why sshd passes over a line of `authorized_keys`, and the words that begin a key in one. It reads no line.

/// Words that begin a key. Any other first word is taken for options.
const TYPES: &[&str] = &[
    "ssh-ed25519",
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-dss",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
];

/// True where a word begins a key.
pub(super) fn is_key_type(word: &str) -> bool {
    TYPES.contains(&word) || (word.ends_with("-cert-v01@openssh.com") && !word.contains('='))
}

/// Why sshd passes over a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineFault {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Begins with `#`.
    #[error("is commented out")]
    Comment,
    /// A double quote without its partner.
    #[error("has a double quote that is never closed")]
    OpenQuote,
    /// No word of a key type where one is due.
    #[error("has {found:?} where the key's type belongs{}", blank_hint(found))]
    NoType {
        /// What stands there.
        found: String,
    },
    /// The type word is the last.
    #[error("ends after the key's type")]
    NoKey,
    /// An option that sshd does not know.
    #[error("has the option {word:?}, which sshd does not know; it then passes over the whole line")]
    UnknownOption {
        /// The word.
        word: String,
    },
    /// An option whose value sshd rejects, and the line with it.
    #[error("has the option {word:?} {problem}; sshd then passes over the whole line")]
    BadOption {
        /// The option's name.
        word: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A word that is no key and no type is most often the second half of options with a blank between them.
fn blank_hint(found: &str) -> &'static str {
    let key = found.starts_with("AAAA") || is_key_type(found);
    if key { "" } else { "; options stand without blanks between them" }
}
