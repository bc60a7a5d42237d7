//! The name of an account on a bastion, as a person types it. It does not say whether there is one.

/// Why a text is not a login.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// A character that no account has.
    #[error("{text:?} is not a login: {bad:?} cannot be part of one; use letters, digits and . _ - + @ \\")]
    Character {
        /// The text as given.
        text: String,
        /// The first such character.
        bad: char,
    },
    /// Commands would take it for an option.
    #[error("{text:?} begins with a dash, which commands take for an option")]
    Dash {
        /// The text as given.
        text: String,
    },
    /// Nothing, or more than any system takes.
    #[error("a login has 1 to 255 bytes, as in adit or deploy")]
    Length,
}

/// A login: what useradd(8), Active Directory (`DOMAIN\user`, `user@domain`) and OpenSSH for Windows take. It becomes a word of
/// commands that others run, so nothing that means something to a shell is one.
///
/// # Errors
/// When the text is not a login.
pub fn login(text: &str) -> Result<&str, LoginError> {
    let shown = || text.chars().take(80).collect();
    if text.is_empty() || text.len() > 255 {
        return Err(LoginError::Length);
    }
    let fits = |c: &char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '\\');
    if let Some(bad) = text.chars().find(|c| !fits(c)) {
        return Err(LoginError::Character { text: shown(), bad });
    }
    if text.starts_with('-') { Err(LoginError::Dash { text: shown() }) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_means_something_to_a_shell_is_a_login() {
        for good in ["adit", "a.b-c_d", "DOMAIN\\user", "user@corp.example", "0", "jürgen"] {
            assert_eq!(login(good), Ok(good));
        }
        for bad in [
            "",
            "a b",
            "a;b",
            "$(id)",
            "`id`",
            "a\nb",
            "-oX",
            "a'b",
            "a\"b",
            "\u{202e}adit",
            "😀",
            "a/b",
            &"a".repeat(256),
        ] {
            assert!(login(bad).is_err(), "{bad:?}");
        }
    }
}
