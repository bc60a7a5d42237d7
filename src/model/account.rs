//! What sshd demands of an account before it takes a key or opens a forward: the text that looks at it on the bastion, the facts
//! that come back, and their judgement. It runs nothing: whoever has a shell there, or an admin who pastes what was printed,
//! brings the facts.

mod facts;
mod judgement;
mod read;
mod settings;

use jiff::Timestamp;
use std::net::IpAddr;

pub use facts::{AccountFacts, KeysFile, Part, Place, Presence, SeenLine, Shadow, Sight};
pub use judgement::judge;
pub use read::LookError;
pub use settings::{Settings, Source};

use super::advice::Advice;
use super::endpoint::Endpoint;

/// The fixed text that looks, for a POSIX shell. It changes nothing, and takes what to look for from the environment
/// (`ADIT_USER`, `ADIT_KEY_TYPE`, `ADIT_KEY`), so that nothing is ever spliced into it.
pub const LOOK: &str = include_str!("account/look.sh");

/// The one command of a look over SSH. It holds no single quote inside, no line break and no `!`, so that every login shell
/// understands it; the text itself follows on its input, behind the three words.
pub const LOOK_COMMAND: &str = "sh -c 'IFS= read -r ADIT_USER; IFS= read -r ADIT_KEY_TYPE; IFS= read -r ADIT_KEY; \
     export ADIT_USER ADIT_KEY_TYPE ADIT_KEY; exec sh -s'";

/// More than a look ever prints.
pub const LOOK_LIMIT: usize = 256 * 1024;

/// What to send to the input of [`LOOK_COMMAND`] to look at a user's account, for the key of a public line where there is one.
/// Nothing where the user's name is none that an account can have.
#[must_use]
pub fn look_input(user: &str, key: Option<&str>) -> Option<String> {
    let fits = !user.is_empty() && user.len() <= 256 && !user.starts_with('-');
    if !fits || user.contains(|c: char| c.is_control() || c.is_whitespace() || c == ':' || c == '/') {
        return None;
    }
    let (kind, blob) = key.and_then(type_and_blob).unwrap_or(("", ""));
    Some(format!("{user}\n{kind}\n{blob}\n{LOOK}"))
}

/// What the account is wanted for.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The account's name.
    pub user: String,
    /// The public key in one line; absent where it is not known, as of an agent.
    pub key: Option<String>,
    /// The databases that forwards go to.
    pub targets: Vec<Endpoint>,
    /// The addresses that the bastion sees us come from.
    pub from: Vec<IpAddr>,
    /// Now, for where the bastion's own clock was not seen.
    pub now: Timestamp,
}

/// The type and the Base64 of a public key in one line.
fn type_and_blob(line: &str) -> Option<(&str, &str)> {
    let mut words = line.split_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=-@.".contains(&b));
    (blob.len() >= 16 && plain(kind) && plain(blob)).then_some((kind, blob))
}

/// How the bastion's own log tells why sshd refused: the wire never does.
#[must_use]
pub fn log_hint() -> Advice {
    Advice::command(
        "only sshd's own log says why; the admin sees the reason with this, right after a refused login",
        "journalctl -u ssh -u sshd --since \"5 min ago\" --no-pager | grep -E \
         'bad ownership or modes|not allowed because|not permitted|account is locked|has expired|by PAM account|\
         authorized keys|correct key but not|Refused by key options|bad key options|not in PubkeyAccepted|\
         refused local port forward|request .*denied|Invalid user|Failed publickey|by authenticating user'",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbDXOuaR1qp5J+fIx7Wyo6WAjOcynQzGpb0MzlXPchk me";

    #[test]
    fn the_command_suits_every_login_shell() {
        let inside = LOOK_COMMAND.strip_prefix("sh -c '").and_then(|rest| rest.strip_suffix('\'')).unwrap();
        assert!(!inside.contains(['\'', '\n', '!', '\\', '$', '`']));
    }

    #[test]
    fn what_to_look_for_comes_before_the_text() {
        let input = look_input("adit", Some(KEY)).unwrap();
        let mut lines = input.lines();
        assert_eq!(lines.next(), Some("adit"));
        assert_eq!(lines.next(), Some("ssh-ed25519"));
        assert!(lines.next().is_some_and(|line| line.starts_with("AAAAC3") && line.ends_with("Pchk")));
        assert!(input.ends_with(LOOK));
        assert!(look_input("adit", None).unwrap().starts_with("adit\n\n\n#"));
        assert!(look_input("adit", Some("ssh-ed25519 $(reboot)$(reboot)")).unwrap().starts_with("adit\n\n\n#"));
        for bad in ["", "-x", "a b", "a\nb", "a:b", "../x"] {
            assert_eq!(look_input(bad, None), None, "{bad:?}");
        }
    }
}
