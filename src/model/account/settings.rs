//! sshd's settings for one account: as sshd itself told them (`sshd -T`), or worked out from its files as far as that goes
//! without being sshd. It judges none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::model::authorized_key::{Admission, admits, glob_list};

/// How the settings were seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Not at all.
    #[default]
    Unseen,
    /// sshd printed what is in force.
    Effective,
    /// The files were read.
    Files,
}

/// sshd's settings for one account; names in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settings {
    /// How they were seen.
    pub source: Source,
    /// The file that sshd was started with.
    pub file: Option<String>,
    /// Files that could not be read.
    pub unseen: Vec<String>,
    /// sshd was started with further settings on its command line.
    pub on_command_line: bool,
    values: BTreeMap<String, String>,
    doubtful: BTreeSet<String>,
}

/// What `Match` asks about.
pub(super) struct Who<'a> {
    pub(super) user: &'a str,
    pub(super) groups: &'a [String],
    pub(super) address: Option<IpAddr>,
}

/// A line of the files: how deep included, its word, its value.
pub(super) type ConfLine = (u32, String, String);

/// Words that add up over several lines; of the others the first line counts (sshd_config(5)).
const LISTS: &[&str] = &["allowusers", "denyusers", "allowgroups", "denygroups"];

/// What holds where nothing is said (sshd_config(5)); a list is empty.
fn default_of(word: &str) -> Option<&'static str> {
    Some(match word {
        "authorizedkeysfile" => ".ssh/authorized_keys .ssh/authorized_keys2",
        "strictmodes" | "pubkeyauthentication" | "allowtcpforwarding" | "allowstreamlocalforwarding" => "yes",
        "usepam" | "disableforwarding" | "usedns" | "refuseconnection" => "no",
        "permitopen" | "authenticationmethods" => "any",
        "permitrootlogin" => "prohibit-password",
        "maxsessions" => "10",
        "authorizedkeyscommand" | "chrootdirectory" | "forcecommand" | "revokedkeys" => "none",
        "trustedusercakeys" | "authorizedprincipalsfile" => "none",
        "allowusers" | "denyusers" | "allowgroups" | "denygroups" => "",
        _ => return None,
    })
}

impl Settings {
    /// What is in force, in one line; nothing where that could not be seen.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&str> {
        if self.doubtful.contains(word) {
            return None;
        }
        match (self.values.get(word), self.source) {
            (_, Source::Unseen) => None,
            (Some(value), _) => Some(value),
            (None, Source::Files) if !self.unseen.is_empty() => None,
            (None, _) => default_of(word),
        }
    }

    /// True where the setting is `yes`.
    #[must_use]
    pub fn is_on(&self, word: &str) -> Option<bool> {
        self.get(word).map(|value| value.eq_ignore_ascii_case("yes"))
    }

    /// True where sshd itself told.
    #[must_use]
    pub fn are_certain(&self) -> bool {
        self.source == Source::Effective && !self.on_command_line
    }

    /// One line that sshd printed.
    pub(super) fn add(&mut self, word: &str, value: &str) {
        self.source = Source::Effective;
        let known = self.values.entry(word.to_ascii_lowercase()).or_default();
        if !known.is_empty() {
            known.push(' ');
        }
        known.push_str(value.trim());
    }

    /// The files' lines as sshd would take them for this account: what a matching `Match` block says beats what stands before
    /// all blocks, and of each the first line counts.
    pub(super) fn read_files(&mut self, lines: &[ConfLine], who: &Who<'_>) {
        self.source = Source::Files;
        let mut global = BTreeMap::new();
        let mut matched = BTreeMap::new();
        // One state a file on the way down: before all blocks, or inside one that matches, does not, or may.
        let mut state = vec![Block::Global];
        for (depth, word, value) in lines {
            let depth = usize::try_from(*depth).unwrap_or(0).min(8);
            match word.as_str() {
                "file" => {
                    state.truncate(depth.max(1));
                    let outer = state.last().copied().unwrap_or(Block::Global);
                    state.resize(depth + 1, outer);
                }
                "back" => state.truncate(depth + 1),
                "match" => {
                    let outer = if depth == 0 { Block::Global } else { enclosing(&state, depth) };
                    if let Some(now) = state.get_mut(depth) {
                        *now = outer.and(matches(value, who));
                    }
                }
                _ => match state.get(depth).copied().unwrap_or(Block::Global) {
                    Block::Global => put(&mut global, word, value),
                    Block::Yes => put(&mut matched, word, value),
                    Block::No => {}
                    Block::Perhaps => {
                        self.doubtful.insert(word.clone());
                    }
                },
            }
        }
        global.append(&mut matched);
        self.values = global;
        if let Some(old) = self.values.remove("pubkeyacceptedkeytypes") {
            self.values.entry("pubkeyacceptedalgorithms".to_owned()).or_insert(old);
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Global,
    Yes,
    No,
    Perhaps,
}

impl Block {
    /// A block inside an included file counts only where the `Include` itself does.
    fn and(self, inner: Self) -> Self {
        match (self, inner) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Perhaps, _) | (_, Self::Perhaps) => Self::Perhaps,
            _ => inner,
        }
    }
}

fn enclosing(state: &[Block], depth: usize) -> Block {
    depth.checked_sub(1).and_then(|outer| state.get(outer)).copied().unwrap_or(Block::Global)
}

fn put(values: &mut BTreeMap<String, String>, word: &str, value: &str) {
    // An empty value would mean "not said" further on.
    let value = value.trim();
    match values.get_mut(word) {
        Some(known) if LISTS.contains(&word) => {
            known.push(' ');
            known.push_str(value);
        }
        Some(_) => {}
        None => {
            values.insert(word.to_owned(), value.to_owned());
        }
    }
}

/// The criteria of a `Match` line, all of which must hold.
fn matches(criteria: &str, who: &Who<'_>) -> Block {
    let mut words = criteria.split_whitespace().map(|word| word.trim_matches('"'));
    let mut result = Block::Yes;
    while let Some(criterion) = words.next() {
        let one = match criterion.to_ascii_lowercase().as_str() {
            "all" => Block::Yes,
            "user" => yes_no(words.next().is_some_and(|list| glob_list(list, who.user))),
            "group" => {
                let list = words.next().unwrap_or_default();
                if who.groups.is_empty() {
                    Block::Perhaps
                } else {
                    yes_no(who.groups.iter().any(|group| glob_list(list, group)))
                }
            }
            "address" => match (who.address, words.next()) {
                (Some(address), Some(list)) => yes_no(admits(list, address, Some(false)) == Admission::Yes),
                _ => Block::Perhaps,
            },
            "invalid-user" => Block::No,
            _ => {
                words.next();
                Block::Perhaps
            }
        };
        result = result.and(one);
    }
    result
}

fn yes_no(holds: bool) -> Block {
    if holds { Block::Yes } else { Block::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> Settings {
        let lines: Vec<ConfLine> = text
            .lines()
            .map(|line| {
                let mut words = line.trim().splitn(3, ' ');
                let depth = words.next().unwrap().parse().unwrap();
                (depth, words.next().unwrap().to_owned(), words.next().unwrap_or_default().to_owned())
            })
            .collect();
        let groups = ["adit".to_owned(), "tunnels".to_owned()];
        let who = Who { user: "adit", groups: &groups, address: "10.0.0.7".parse().ok() };
        let mut settings = Settings::default();
        settings.read_files(&lines, &who);
        settings
    }

    #[test]
    fn the_first_line_counts_and_a_matching_block_beats_it() {
        let settings = files(
            "0 file /etc/ssh/sshd_config\n0 allowtcpforwarding no\n0 allowtcpforwarding yes\n0 allowusers a b\n0 allowusers c\n\
             0 match User other\n0 strictmodes no\n0 match User ad*,!adx Group tunnels\n0 allowtcpforwarding local\n\
             0 match Address 192.0.2.0/24\n0 permitopen none\n0 match Address 10.0.0.0/8\n0 permitopen db:1",
        );
        assert_eq!(settings.get("allowtcpforwarding"), Some("local"));
        assert_eq!(settings.get("allowusers"), Some("a b c"));
        assert_eq!(settings.get("strictmodes"), Some("yes"));
        assert_eq!(settings.get("permitopen"), Some("db:1"));
    }

    #[test]
    fn a_block_ends_with_its_file() {
        let settings = files(
            "0 file a\n1 file b\n1 match User nobody\n1 usepam no\n1 file c\n1 usepam yes\n0 back\n0 strictmodes no\n\
             0 match User nobody\n1 file d\n1 usedns yes\n1 match User adit\n1 maxsessions 0\n0 back\n0 permitopen none",
        );
        assert_eq!(settings.get("usepam"), Some("yes"));
        assert_eq!(settings.get("strictmodes"), Some("no"));
        for (word, default) in [("usedns", "no"), ("maxsessions", "10"), ("permitopen", "any")] {
            assert_eq!(settings.get(word), Some(default), "{word}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_not_told() {
        let mut settings = files("0 file a\n0 match Host *.example.com\n0 permitopen none");
        assert_eq!(settings.get("permitopen"), None);
        assert_eq!(settings.get("usepam"), Some("no"));
        settings.unseen.push("/etc/ssh/sshd_config.d/50.conf".to_owned());
        assert_eq!(settings.get("usepam"), None);
        assert_eq!(Settings::default().get("usepam"), None);
    }

    #[test]
    fn what_sshd_prints_is_taken_as_it_is() {
        let mut settings = Settings::default();
        settings.add("allowusers", "a");
        settings.add("allowusers", "b@10.*");
        settings.add("StrictModes", "yes");
        assert_eq!(settings.get("allowusers"), Some("a b@10.*"));
        assert_eq!(settings.is_on("strictmodes"), Some(true));
        assert_eq!(settings.get("denyusers"), Some(""));
        assert!(settings.are_certain());
    }
}
