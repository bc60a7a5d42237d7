//! The scripts of a hand-off: set-up, check, undoing. Each is the facts as variables, then fixed text; nothing is spliced into
//! commands.

use super::{Setup, line, sum};
use crate::model::account::{LOOK, look_input};
use crate::model::shell_word;

const SHARED: &str = include_str!("script/shared.sh");
const SETUP: &str = include_str!("script/setup.sh");
const UNDO: &str = include_str!("script/undo.sh");
const RECEIPT: &str = include_str!("script/receipt.sh");

/// How the look runs itself; here it only runs when it is called.
const LOOK_CALL: &str = "adit_look </dev/null 2>/dev/null";

/// Why no script can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A script that puts a key in, without a key.
    #[error("there is no public key to hand over: {why}")]
    NoKey {
        /// Why not.
        why: String,
    },
    /// No account can have this name.
    #[error("no account can be named {user:?}: names have no blank, no colon and no slash")]
    NoAccount {
        /// The name.
        user: String,
    },
}

/// The script that sets the account up, for a POSIX shell: safe to run twice, with `--dry-run` it only says what it would do. It
/// checks itself and prints a receipt.
///
/// # Errors
/// Without a public key, or with a name that no account can have.
pub fn setup_script(setup: &Setup) -> Result<String, ScriptError> {
    let purpose = [
        "Sets up the account and the key of a tunnel, and nothing else. Run it as root on the bastion:",
        "    sudo sh FILE            does it; safe to run twice, other keys stay as they are",
        "    sudo sh FILE --dry-run  only says what it would do",
        "A new account gets a shell that lets nobody work; --shell PATH gives it another.",
        "At the end it prints a receipt without any secret: send it back.",
    ];
    let parts = [SHARED, SETUP, look(), RECEIPT, "adit_setup \"$@\" </dev/null\n"];
    Ok(assemble(setup, &purpose, &key_variables(setup)?, &parts))
}

/// The script that takes away what the other one added, and nothing else.
///
/// # Errors
/// As `setup_script`.
pub fn undo_script(setup: &Setup) -> Result<String, ScriptError> {
    let purpose = [
        "Takes away what the set-up of a tunnel added: the line of its key, and the account if the set-up made it and nothing else",
        "uses it. Run it as root on the bastion:",
        "    sudo sh FILE            does it",
        "    sudo sh FILE --dry-run  only says what it would do",
    ];
    let parts = [SHARED, UNDO, "adit_undo \"$@\" </dev/null\n"];
    Ok(assemble(setup, &purpose, &key_variables(setup)?, &parts))
}

/// The script that only looks, and prints a receipt. Without a public key it looks at everything but the key's line.
///
/// # Errors
/// With a name that no account can have.
pub fn check_script(setup: &Setup) -> Result<String, ScriptError> {
    let purpose = [
        "Looks whether the account and the key of a tunnel are as sshd demands, and changes nothing. Run it as root on the bastion:",
        "    sudo sh FILE",
        "It prints a receipt without any secret: send it back.",
    ];
    let parts = [look(), RECEIPT, "adit_receipt\n"];
    Ok(assemble(setup, &purpose, &variables(setup)?, &parts))
}

fn look() -> &'static str {
    LOOK.trim_end().strip_suffix(LOOK_CALL).unwrap_or(LOOK)
}

/// The facts that every script has.
fn variables(setup: &Setup) -> Result<Vec<(&'static str, String)>, ScriptError> {
    if look_input(&setup.user, None).is_none() {
        return Err(ScriptError::NoAccount { user: setup.user.clone() });
    }
    let (kind, blob) = type_and_blob(setup);
    let targets: Vec<String> = setup.targets().iter().map(ToString::to_string).collect();
    let from: Vec<String> = setup.sources().iter().map(ToString::to_string).collect();
    Ok(vec![
        ("ADIT_BASTION", setup.bastion.to_string()),
        ("ADIT_USER", setup.user.clone()),
        ("ADIT_KEY_TYPE", kind.to_owned()),
        ("ADIT_KEY", blob.to_owned()),
        ("ADIT_FINGERPRINT", setup.key.as_ref().map_or_else(|| "-".to_owned(), |key| key.fingerprint.clone())),
        ("ADIT_FROM", from.join(",")),
        ("ADIT_TARGETS", targets.join(" ")),
    ])
}

/// The same with what the line is made of, and a sum that shows whether all of it arrived.
fn key_variables(setup: &Setup) -> Result<Vec<(&'static str, String)>, ScriptError> {
    let Some(key) = &setup.key else {
        let why = setup.key_unknown.clone().unwrap_or_else(|| "it is not known here".to_owned());
        return Err(ScriptError::NoKey { why });
    };
    let mut variables = variables(setup)?;
    let (kind, blob) = type_and_blob(setup);
    let comment = key.line.trim().splitn(3, ' ').nth(2).unwrap_or_default();
    let (options, old) = (line::options(setup), line::old_options(setup));
    let whole: String = [&setup.user, kind, blob, &options, &old].concat();
    let solid: String = whole.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    variables.extend([
        ("ADIT_COMMENT", comment.to_owned()),
        ("ADIT_OPTIONS", options),
        ("ADIT_OLD_OPTIONS", old),
        ("ADIT_SUM", sum::cksum(solid.as_bytes()).to_string()),
    ]);
    Ok(variables)
}

fn type_and_blob(setup: &Setup) -> (&str, &str) {
    let mut words = setup.key.as_ref().map_or("", |key| key.line.as_str()).split_whitespace();
    (words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

fn assemble(setup: &Setup, purpose: &[&str], variables: &[(&str, String)], parts: &[&str]) -> String {
    let mut script = String::from("#!/bin/sh\n");
    let targets: Vec<String> = setup.targets().iter().map(ToString::to_string).collect();
    let goal = if targets.is_empty() { String::new() } else { format!(", for {}", targets.join(", ")) };
    let about = format!("adit: user {} on {}{goal}", setup.user, setup.address);
    let lines = std::iter::once(about.as_str()).chain(purpose.iter().copied());
    for line in lines {
        // A comment ends with its line, so no name may bring a line break along.
        let tame: String = line.chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        script.push_str(&format!("# {tame}\n"));
    }
    script.push('\n');
    for (name, value) in variables {
        script.push_str(&format!("{name}={}\n", shell_word(value)));
    }
    for part in parts {
        script.push('\n');
        script.push_str(part);
    }
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_look_is_taken_over_without_its_call() {
        assert!(LOOK.trim_end().ends_with(LOOK_CALL));
        assert!(look().trim_end().ends_with('}') && !look().contains(LOOK_CALL));
    }
}
