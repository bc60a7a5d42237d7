//! A command line of `ssh` that somebody pasted, taken apart: the words that may be asked of `ssh -G`, and no other. It runs
//! nothing.

/// Options of ssh(1) without a value; they change nothing that is carried over.
const FLAGS: &str = "1246AaCfGgKkMNnqTtVvXxYys";
/// Options with a value that say where to, as whom, and what is forwarded.
const CARRIED: &str = "DiJLlopR";
/// Options with a value that are left out: they are about other things than the way to a database.
const LEFT_OUT: &str = "BbceEImOPQSwW";

/// Why a command cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// A quote that is never closed.
    #[error("the command has a quote that is never closed")]
    OpenQuote,
    /// It is another program.
    #[error(
        "the command begins with {0:?}; paste one that begins with ssh, as: ssh -N -L 15432:10.0.1.12:5432 user@bastion"
    )]
    NotSsh(String),
    /// An option that ssh does not have.
    #[error("ssh has no option -{0}")]
    UnknownOption(char),
    /// An option without its value.
    #[error("-{0} needs a value")]
    NoValue(char),
    /// No host.
    #[error("the command names no host")]
    NoHost,
    /// A configuration of its own.
    #[error(
        "the command reads a configuration of its own (-F): take its hosts over with adit import --ssh-config FILE"
    )]
    OwnFile,
    /// A setting that would run a program.
    #[error("the command sets {0}, which runs a program; adit takes none over from a pasted line")]
    Runs(String),
}

/// The words to ask `ssh -G` about, the host last.
///
/// # Errors
/// Where it is no command of ssh, or one that would run something.
pub fn taken_apart(line: &str) -> Result<Vec<String>, CommandError> {
    let mut words = split(line)?.into_iter().peekable();
    // A copied prompt.
    words.next_if(|word| word == "$");
    let program = words.next().unwrap_or_default();
    let name = program.rsplit('/').next().unwrap_or_default();
    if !matches!(name, "ssh" | "autossh") {
        return Err(CommandError::NotSsh(program.chars().take(40).collect()));
    }
    let mut kept = Vec::new();
    let mut host = None;
    while let Some(word) = words.next() {
        let Some(options) = word.strip_prefix('-').filter(|rest| !rest.is_empty()) else {
            // Behind the host stands what is run there; ssh takes options once more before that.
            if host.is_some() {
                break;
            }
            host = Some(word);
            continue;
        };
        if options == "-" {
            continue;
        }
        let mut letters = options.chars();
        while let Some(letter) = letters.next() {
            if FLAGS.contains(letter) && !(name == "autossh" && letter == 'M') {
                continue;
            }
            if letter == 'F' {
                return Err(CommandError::OwnFile);
            }
            if !(CARRIED.contains(letter) || LEFT_OUT.contains(letter) || letter == 'M') {
                return Err(CommandError::UnknownOption(letter));
            }
            let rest: String = letters.by_ref().collect();
            let value = if rest.is_empty() { words.next() } else { Some(rest) };
            let value = value.ok_or(CommandError::NoValue(letter))?;
            if letter == 'o' {
                refuse_programs(&value)?;
            }
            if CARRIED.contains(letter) {
                kept.extend([format!("-{letter}"), value]);
            }
        }
    }
    let host = host.filter(|host| !host.is_empty()).ok_or(CommandError::NoHost)?;
    // A pasted line counts for itself: the person's own configuration may still explain the host's name.
    kept.extend(["--".to_owned(), host]);
    Ok(kept)
}

/// Settings that name a program (ssh_config(5)).
fn refuse_programs(setting: &str) -> Result<(), CommandError> {
    let word: String = setting.chars().take_while(char::is_ascii_alphanumeric).collect();
    let runs = ["proxycommand", "localcommand", "knownhostscommand", "include", "match", "pkcs11provider"];
    let harmless = setting.split(['=', ' ']).next_back().is_some_and(|value| value.eq_ignore_ascii_case("none"));
    if runs.contains(&word.to_ascii_lowercase().as_str()) && !harmless { Err(CommandError::Runs(word)) } else { Ok(()) }
}

/// The words of a line as a shell splits them (POSIX shell, section 2.2: quoting). Nothing is expanded.
fn split(line: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some('\''), c) => word.get_or_insert_default().push(c),
            (_, '\\') => match chars.next() {
                // A line that goes on below.
                Some('\n') | None => {}
                Some(next) => word.get_or_insert_default().push(next),
            },
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err(CommandError::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(line: &str) -> Result<String, CommandError> {
        taken_apart(line).map(|words| words.join("|"))
    }

    #[test]
    fn what_matters_is_kept() {
        let rows = [
            ("ssh -N -L 15432:10.0.1.12:5432 ops@bastion", "-L|15432:10.0.1.12:5432|--|ops@bastion"),
            ("$ ssh -fNL 1:db:2 -p2222 -i '~/my key' host tail -f x", "-L|1:db:2|-p|2222|-i|~/my key|--|host"),
            ("/usr/bin/autossh -M 0 -J edge \\\n -L 1:db:2 host", "-J|edge|-L|1:db:2|--|host"),
            ("ssh host -L 1:db:2", "-L|1:db:2|--|host"),
            (
                "ssh -o IdentitiesOnly=yes -o 'ProxyCommand none' -E /tmp/log -D 1080 h",
                "-o|IdentitiesOnly=yes|-o|ProxyCommand none|-D|1080|--|h",
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(of(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn what_cannot_be_taken_over_is_named() {
        let rows = [
            ("psql -h x", "psql"),
            ("", "begins with"),
            ("ssh -L 1:db:2", "no host"),
            ("ssh -Z host", "-Z"),
            ("ssh host -L", "-L needs"),
            ("ssh -F x host", "--ssh-config"),
            ("ssh 'host", "quote"),
            ("ssh -o ProxyCommand='sh -c evil' host", "ProxyCommand"),
            ("ssh -oLocalCommand=x host", "LocalCommand"),
            ("ssh -o 'KnownHostsCommand x' host", "KnownHostsCommand"),
        ];
        for (line, part) in rows {
            let error = of(line).unwrap_err().to_string();
            assert!(error.contains(part), "{line}: {error}");
        }
    }

    proptest! {
        #[test]
        fn any_line_is_an_answer(line in "(ssh )?(\\PC|-[a-zA-Z]|['\"\\\\ \n]){0,40}") {
            if let Ok(words) = taken_apart(&line) {
                prop_assert_eq!(&words[words.len() - 2], "--");
            }
        }
    }
}
