//! Puts the service's questions to the person at the terminal. It asks nothing where there is none.

use std::io;

use tokio::task::spawn_blocking;

use super::print;
use crate::local::terminal;
use crate::model::{Answer, Question, Secret};

/// What came of a question.
#[derive(Debug)]
pub(super) enum Said {
    /// An answer for the service.
    Answer(Answer),
    /// The person would not.
    No,
    /// The person wants to stop (Ctrl-C at a hidden prompt).
    Interrupted,
}

/// Asks the person. The thread that waits for the key press is left behind when the caller goes.
pub(super) async fn person(question: &Question) -> Said {
    let question = question.clone();
    spawn_blocking(move || put(&question)).await.unwrap_or(Said::No)
}

fn put(question: &Question) -> Said {
    match question {
        Question::HostKey { bastion, endpoint, address, key_type, fingerprint, .. } => {
            let text = format!(
                "The host key of {bastion} ({endpoint}, answered by {address}) is not known yet:\n  {key_type} {fingerprint}\n\
                 Compare it with what the bastion's admin gives you. Type yes to trust it, or paste the fingerprint: "
            );
            match terminal::ask(&text) {
                Ok(typed) if agrees(&typed, [fingerprint.as_str()]).is_some() => {
                    Said::Answer(Answer::Trust { fingerprint: fingerprint.clone() })
                }
                Ok(typed) => {
                    print::words(refusal(&typed));
                    Said::No
                }
                Err(error) => silence(&error),
            }
        }
        Question::Passphrase { bastion, key, again } => {
            let wrong = if *again { "That passphrase does not open it. " } else { "" };
            match terminal::ask_hidden(&format!("{wrong}Passphrase of the {key} (for {bastion}): ")) {
                Ok(typed) if typed.is_empty() => Said::No,
                Ok(typed) => Said::Answer(Answer::Passphrase { passphrase: Secret::new(typed) }),
                Err(error) => silence(&error),
            }
        }
    }
}

fn silence(error: &io::Error) -> Said {
    if error.kind() == io::ErrorKind::Interrupted { Said::Interrupted } else { Said::No }
}

/// What to say to an answer that trusts nothing.
pub(super) fn refusal(typed: &str) -> &'static str {
    match typed.trim().to_lowercase().as_str() {
        "" | "n" | "no" => "Not trusted.",
        _ => "That is neither yes nor the fingerprint shown; nothing is trusted.",
    }
}

/// Which of the fingerprints a typed answer trusts: `yes` means all of them, and is one agreement; a pasted one itself.
pub(super) fn agrees<'a>(typed: &str, fingerprints: impl IntoIterator<Item = &'a str>) -> Option<Agreement<'a>> {
    if typed.trim().eq_ignore_ascii_case("yes") {
        return Some(Agreement::All);
    }
    let typed = bare(typed)?;
    fingerprints.into_iter().find(|shown| bare(shown) == Some(typed)).map(Agreement::One)
}

/// What a person agreed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement<'a> {
    /// Everything that was shown.
    All,
    /// The key with this fingerprint.
    One(&'a str),
}

/// The base64 of a SHA-256 fingerprint, as people paste it: with or without `SHA256:`, padding and blanks around it.
pub(super) fn bare(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text.strip_prefix("SHA256:").unwrap_or(text).trim_end_matches('=');
    // 32 bytes in base64 without padding.
    let valid = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
    valid.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_or_the_fingerprint_agrees() {
        let shown = "SHA256:0123456789abcdefghijABCDEFGHIJ0123456789abc";
        let one = Some(Agreement::One(shown));
        let rows = [
            ("yes", Some(Agreement::All)),
            (" YES ", Some(Agreement::All)),
            (shown, one),
            ("0123456789abcdefghijABCDEFGHIJ0123456789abc=", one),
            ("y", None),
            ("", None),
            ("SHA256:0123456789abcdefghijABCDEFGHIJ0123456789abd", None),
            ("SHA256:", None),
        ];
        for (typed, expected) in rows {
            assert_eq!(agrees(typed, [shown]), expected, "{typed:?}");
        }
    }
}
