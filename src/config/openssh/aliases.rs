//! The hosts that an OpenSSH configuration names, through its includes, and the commands that reading it would run. What a
//! host's settings come to is not asked here.

use std::fs;
use std::path::{Path, PathBuf};

use super::OpensshError;
use crate::model::Untrusted;
use crate::model::authorized_key::glob;

/// ssh gives up at as many (readconf.c, `READCONF_MAX_DEPTH`).
const DEEPEST: usize = 16;

/// A line that runs a command when the configuration is read (`Match exec`, ssh_config(5)), or that includes files which
/// cannot be looked at for such lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executes {
    /// Where it stands.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: usize,
    /// The whole line, cleaned.
    pub text: String,
}

/// What the files name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases {
    /// Hosts without wildcards, in order, each once.
    pub names: Vec<String>,
    /// Commands that would run.
    pub executes: Vec<Executes>,
}

/// Reads a configuration and what it includes. `home` stands for `~`; relative includes are looked for in its `.ssh`, as ssh
/// does for a person's own configuration.
///
/// # Errors
/// When the file itself cannot be read; an include that cannot be read is passed over, as ssh does.
pub fn aliases(file: &Path, home: Option<&Path>) -> Result<Aliases, OpensshError> {
    let text = read(file).map_err(|why| OpensshError::File { path: file.to_owned(), why })?;
    let mut found = Aliases::default();
    take(&mut found, file, &text, home, 0);
    Ok(found)
}

fn read(path: &Path) -> std::io::Result<String> {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn take(found: &mut Aliases, path: &Path, text: &str, home: Option<&Path>, depth: usize) {
    for (index, line) in text.lines().enumerate() {
        let words = words(line);
        let Some((keyword, rest)) = words.split_first() else { continue };
        match keyword.to_ascii_lowercase().as_str() {
            "host" => {
                for name in rest.iter().filter(|name| !name.contains(['*', '?', '!'])) {
                    if !found.names.contains(name) {
                        found.names.push(name.clone());
                    }
                }
            }
            "match" if rest.iter().any(|word| is_exec(word)) => found.executes.push(executes(path, index, line)),
            "include" if rest.iter().any(|pattern| is_unclear(pattern)) => {
                found.executes.push(executes(path, index, line));
            }
            "include" if depth < DEEPEST => {
                for pattern in rest {
                    for include in included(pattern, home) {
                        if let Ok(text) = read(&include) {
                            take(found, &include, &text, home, depth + 1);
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

fn executes(path: &Path, index: usize, line: &str) -> Executes {
    Executes { path: path.to_owned(), line: index + 1, text: Untrusted::new(line.trim()).clean(200) }
}

/// ssh takes `exec "…"` and `exec="…"`.
fn is_exec(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or_default();
    name.trim_start_matches('!').eq_ignore_ascii_case("exec")
}

/// An include that only ssh can follow: classes of characters, other people's homes, tokens and variables.
fn is_unclear(pattern: &str) -> bool {
    pattern.contains(['[', '%', '$', '{']) || (pattern.starts_with('~') && !pattern.starts_with("~/"))
}

/// The words of a line: blanks or one `=` behind the keyword, double quotes around words with blanks, `#` ends it.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quoted, mut begun) = (false, false);
    for c in line.chars() {
        let separates =
            !quoted && (c.is_whitespace() || (c == '=' && (words.is_empty() || (words.len() == 1 && !begun))));
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            '#' if !quoted && !begun => break,
            _ if separates => {
                if begun {
                    words.push(std::mem::take(&mut word));
                    begun = false;
                }
            }
            _ => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

/// The files that an include names, sorted as glob(7) sorts them.
fn included(pattern: &str, home: Option<&Path>) -> Vec<PathBuf> {
    let whole = match (pattern.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ if pattern.starts_with('/') => PathBuf::from(pattern),
        (None, Some(home)) => home.join(".ssh").join(pattern),
        (_, None) => return Vec::new(),
    };
    let mut found = vec![PathBuf::new()];
    for part in whole.components() {
        let part = part.as_os_str();
        let Some(pattern) = part.to_str().filter(|part| part.contains(['*', '?'])) else {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        };
        found = found.iter().flat_map(|folder| matching(folder, pattern)).collect();
    }
    found.retain(|path| path.is_file());
    found
}

fn matching(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let fits = |name: &str| glob(pattern, name) && (!name.starts_with('.') || pattern.starts_with('.'));
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> =
        entries.filter(|entry| entry.file_name().to_str().is_some_and(fits)).map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn lines_are_taken_apart_as_ssh_does() {
        let rows: [(&str, &[&str]); 7] = [
            ("Host a b", &["Host", "a", "b"]),
            ("  HostName=1.2.3.4 # here", &["HostName", "1.2.3.4"]),
            ("IdentityFile = \"my key\"", &["IdentityFile", "my key"]),
            ("# all of it", &[]),
            ("SetEnv A=b", &["SetEnv", "A=b"]),
            ("", &[]),
            ("Include \"\"", &["Include", ""]),
        ];
        for (line, expected) in rows {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn hosts_come_through_includes_and_commands_are_seen() {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir_all(ssh.join("conf.d")).unwrap();
        fs::write(ssh.join("conf.d/2.conf"), "Host late early\n").unwrap();
        fs::write(ssh.join("conf.d/1.conf"), "Host early *.example.com !x\nInclude ~/.ssh/config\n").unwrap();
        fs::write(ssh.join("conf.d/.hidden.conf"), "Host hidden\n").unwrap();
        let main = "Host first\nInclude conf.d/*.conf missing\nMatch host a exec \"touch /tmp/x\"\n  Port 2\nhost=last\n\
                    Match !EXEC=\"a\"\nMatch=exec=b\nInclude [ab].conf\nInclude ~other/x\nMatch host exec.example.com\n";
        fs::write(ssh.join("config"), main).unwrap();
        let found = aliases(&ssh.join("config"), Some(home.path())).unwrap();
        assert_eq!(found.names, ["first", "early", "last", "late"]);
        // The first include leads back to the file itself, as deep as ssh goes.
        let lines: BTreeSet<usize> = found.executes.iter().map(|one| one.line).collect();
        assert_eq!(lines.into_iter().collect::<Vec<_>>(), [3, 6, 7, 8, 9]);
        assert_eq!(found.executes[0].text, "Match host a exec \"touch /tmp/x\"");
        assert!(aliases(&ssh.join("nowhere"), None).unwrap_err().to_string().contains("nowhere"));
    }
}
