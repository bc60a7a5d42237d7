//! One line of `authorized_keys` as sshd takes it apart (`auth2-pubkeyfile.c`, `sshkey_read`): options, type, key. What the
//! options say is read by their own room; whether the key is somebody's is not asked.

use super::fault::{LineFault, is_key_type};
use super::options::Options;

/// A line that sshd understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// The options as they stand there; empty where there are none.
    pub options_text: String,
    /// What they mean.
    pub options: Options,
    /// The type word.
    pub key_type: String,
    /// The key in Base64.
    pub blob: String,
}

impl KeyLine {
    /// Reads a line without its end.
    ///
    /// # Errors
    /// Where sshd would pass over the line, with the reason.
    pub fn read(line: &str) -> Result<Self, LineFault> {
        let line = line.trim_start_matches([' ', '\t']).trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            return Err(LineFault::Empty);
        }
        if line.starts_with('#') {
            return Err(LineFault::Comment);
        }
        let (options_text, rest) = if is_key_type(word(line).0) && !word(line).1.is_empty() {
            ("", line)
        } else {
            past_options(line).ok_or(LineFault::OpenQuote)?
        };
        let (key_type, rest) = word(rest);
        if !is_key_type(key_type) {
            // A lone first word is no option: the line ends where a key should begin.
            let found = if key_type.is_empty() { options_text } else { key_type };
            return Err(LineFault::NoType { found: found.chars().take(60).collect() });
        }
        let (blob, _comment) = word(rest);
        if blob.is_empty() {
            return Err(LineFault::NoKey);
        }
        let options = Options::read(options_text)?;
        Ok(Self {
            options_text: options_text.to_owned(),
            options,
            key_type: key_type.to_owned(),
            blob: blob.to_owned(),
        })
    }

    /// True where the line speaks of this key: same Base64, and a type word that fits it.
    #[must_use]
    pub fn holds(&self, key_type: &str, blob: &str) -> bool {
        self.blob == blob && plain(&self.key_type) == plain(key_type)
    }
}

/// A signature algorithm's name stands for the key type that signs with it.
fn plain(key_type: &str) -> &str {
    if key_type.starts_with("rsa-sha2-") { "ssh-rsa" } else { key_type }
}

/// The first word, and what is behind it and its blanks.
fn word(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once([' ', '\t']).unwrap_or((text, ""));
    (first, rest.trim_start_matches([' ', '\t']))
}

/// The options, and what is behind them; nothing where a quote is left open.
fn past_options(line: &str) -> Option<(&str, &str)> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            '"' if escaped => escaped = false,
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => return Some((line.get(..at)?, line.get(at..)?.trim_start_matches([' ', '\t']))),
            _ => escaped = c == '\\' && line.get(at + 1..).is_some_and(|rest| rest.starts_with('"')),
        }
    }
    (!quoted).then_some((line, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_taken_apart_as_sshd_does() {
        for (line, options) in [
            ("ssh-ed25519 AAAA", ""),
            ("  \tssh-ed25519\tAAAA comment with blanks\r", ""),
            ("restrict,command=\"echo \\\"a b\\\" c\" ssh-ed25519 AAAA", "restrict,command=\"echo \\\"a b\\\" c\""),
            ("RESTRICT ssh-ed25519 AAAA", "RESTRICT"),
        ] {
            let read = KeyLine::read(line).unwrap();
            assert_eq!((read.options_text.as_str(), read.blob.as_str()), (options, "AAAA"), "{line}");
            assert!(read.holds("ssh-ed25519", "AAAA") && !read.holds("ssh-rsa", "AAAA"));
        }
        assert!(KeyLine::read("rsa-sha2-512 AAAA").unwrap().holds("ssh-rsa", "AAAA"));
    }

    #[test]
    fn what_sshd_passes_over_is_named() {
        let unknown = |word: &str| LineFault::UnknownOption { word: word.to_owned() };
        let no_type = |found: &str| LineFault::NoType { found: found.to_owned() };
        for (line, fault) in [
            ("", LineFault::Empty),
            ("# ssh-ed25519 AAAA", LineFault::Comment),
            ("command=\"x ssh-ed25519 AAAA", LineFault::OpenQuote),
            ("AAAA comment", no_type("comment")),
            ("AAAA", no_type("AAAA")),
            ("ssh-ed25519", no_type("ssh-ed25519")),
            ("ssh-ed25519 ", no_type("ssh-ed25519")),
            ("restrict ssh-ed25519", LineFault::NoKey),
            ("- ssh-ed25519 AAAA", unknown("-")),
            ("restrict,sesame ssh-ed25519 AAAA", unknown("sesame")),
            ("restrict, ssh-ed25519 AAAA", unknown("")),
            ("restricted ssh-ed25519 AAAA", unknown("restricted")),
        ] {
            assert_eq!(KeyLine::read(line), Err(fault), "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(line in "[ -~\\t\\r\u{e9}]{0,120}") {
            let _ = KeyLine::read(&line);
        }

        #[test]
        fn no_option_panics(options in "[a-z=\",\\\\:*! -]{0,60}") {
            let _ = KeyLine::read(&format!("{options} ssh-ed25519 AAAA"));
            let _ = KeyLine::read(&format!("from=\"{options}\",permitopen=\"{options}\",expiry-time=\"{options}\" ssh-ed25519 AAAA"));
        }
    }
}
