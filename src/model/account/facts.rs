//! What was seen of an account on a bastion. Every fact may be missing: then it could not be seen, which is no verdict.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::settings::Settings;

/// With whose rights was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sight {
    /// As the account itself.
    Own,
    /// As root.
    Root,
    /// As another account that may act as root without being asked.
    Sudo,
    /// As another account with no more rights than any.
    Other,
}

/// An account as a look found it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFacts {
    /// The account's name.
    pub user: String,
    /// With whose rights was looked.
    pub sight: Sight,
    /// The look reached its end.
    pub complete: bool,
    /// The address that the bastion sees the looker come from.
    pub seen_from: Option<IpAddr>,
    /// The bastion's clock, in seconds since 1970.
    pub clock: Option<i64>,
    /// Its time zone, in minutes east of UTC.
    pub zone: Option<i32>,
    /// Its OpenSSH release, such as (9, 2).
    pub release: Option<(u32, u32)>,
    /// A build by Debian or Ubuntu, where a group that has no other member may write.
    pub debian: Option<bool>,
    /// SELinux refuses what it does not allow.
    pub selinux: Option<bool>,
    /// `nc` is there.
    pub nc: Option<bool>,
    /// The account exists.
    pub exists: Option<bool>,
    /// Its number.
    pub uid: Option<u32>,
    /// Its primary group.
    pub gid: Option<u32>,
    /// All its groups, by number.
    pub gids: Vec<u32>,
    /// All its groups, by name; empty where names with blanks leave them unclear.
    pub groups: Vec<String>,
    /// Its home folder, as the account's entry has it.
    pub home: Option<String>,
    /// The same without links.
    pub home_real: Option<String>,
    /// Its shell; empty is `/bin/sh`.
    pub shell: Option<String>,
    /// Its entry in the shadow file, without the password.
    pub shadow: Option<Shadow>,
    /// sshd's settings for it.
    pub settings: Settings,
    /// Files and folders on the way to its keys.
    pub places: Vec<Place>,
    /// Of those, the ones that were not found, and whether they may yet be there.
    pub missing: Vec<(Presence, String)>,
    /// Files that hold, or could hold, its keys.
    pub files: Vec<KeysFile>,
}

/// What the shadow file says beside the password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// Locked as sshd sees it: `!` before the password (`*LK*`, `*LOCKED*` elsewhere). A lone `*` is not.
    pub locked: bool,
    /// The day of the last change of password, since 1970; 0 demands one at the next login.
    pub changed: Option<i64>,
    /// After how many days the password must be changed.
    pub longest: Option<i64>,
    /// How many days after that the account is closed.
    pub idle: Option<i64>,
    /// The day since 1970 from which on the account is closed.
    pub ends: Option<i64>,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Absent,
    /// The looker may not search a folder on the way.
    Hidden,
}

/// A file or folder, links followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its path.
    pub path: String,
    /// `d` is a folder, `-` a file, as `ls -l` shows it.
    pub kind: char,
    /// The permission bits.
    pub mode: u32,
    /// More than the bits say: an access control list.
    pub acl: bool,
    /// The owner's number.
    pub owner: u32,
    /// The group's number.
    pub group: u32,
    /// Of a place that its group may write: the account is the group's only member.
    pub private: Option<bool>,
}

impl Place {
    /// What an account may do here by the bits alone: 4 read, 2 write, 1 search.
    #[must_use]
    pub fn bits_for(&self, uid: u32, gids: &[u32]) -> u32 {
        if self.owner == uid {
            self.mode >> 6 & 7
        } else if gids.contains(&self.group) {
            self.mode >> 3 & 7
        } else {
            self.mode & 7
        }
    }
}

/// A file that holds, or could hold, the account's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysFile {
    /// As the settings name it, with everything filled in.
    pub path: String,
    /// The same without links.
    pub real: String,
    /// Whether it is there.
    pub presence: Presence,
    /// The account itself can read it.
    pub readable: Option<bool>,
    /// Its SELinux label.
    pub label: Option<String>,
    /// Its lines were looked through for the key.
    pub scanned: bool,
    /// Has zero bytes, as a file in UTF-16 has.
    pub wide: bool,
    /// The lines with the whole key.
    pub lines: Vec<SeenLine>,
    /// Pieces of the key, where no line holds it whole.
    pub parts: Vec<Part>,
    /// Lines that end in the key's type, before one with the key.
    pub above: Vec<u32>,
    /// Lines that begin a block of another format.
    pub blocks: Vec<u32>,
}

/// A line that holds the whole key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenLine {
    /// Counted from 1.
    pub number: u32,
    /// Ends as on Windows.
    pub crlf: bool,
    /// More text stands behind the key without a blank.
    pub run_on: bool,
    /// The line up to the end of the key; absent where it stands behind another key on the same line.
    pub text: Option<String>,
}

/// A piece of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Of which line.
    pub line: u32,
    /// Where in the key's Base64 it begins.
    pub offset: usize,
    /// How many characters it has.
    pub length: usize,
}

impl AccountFacts {
    /// Nothing seen yet.
    pub(super) fn unseen(user: String, sight: Sight) -> Self {
        Self {
            user,
            sight,
            complete: false,
            seen_from: None,
            clock: None,
            zone: None,
            release: None,
            debian: None,
            selinux: None,
            nc: None,
            exists: None,
            uid: None,
            gid: None,
            gids: Vec::new(),
            groups: Vec::new(),
            home: None,
            home_real: None,
            shell: None,
            shadow: None,
            settings: Settings::default(),
            places: Vec::new(),
            missing: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The file or folder at this path.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.path == path)
    }

    /// The home folder without links.
    #[must_use]
    pub fn home_folder(&self) -> Option<&str> {
        self.home_real.as_deref().or(self.home.as_deref())
    }

    /// The paths that sshd reads keys from, its settings' tokens filled in; nothing where the settings are not known.
    #[must_use]
    pub fn keys_paths(&self) -> Option<Vec<String>> {
        let words = self.settings.get("authorizedkeysfile")?;
        let home = self.home.as_deref()?;
        let uid = self.uid.map(|uid| uid.to_string()).unwrap_or_default();
        let mut paths = Vec::new();
        for word in words.split_whitespace().map(|word| word.trim_matches('"')).filter(|word| *word != "none") {
            let path = fill(word, home, &self.user, &uid);
            let path = if path.starts_with('/') { path } else { format!("{home}/{path}") };
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        Some(paths)
    }
}

/// TOKENS of sshd_config(5) that `AuthorizedKeysFile` takes.
fn fill(word: &str, home: &str, user: &str, uid: &str) -> String {
    let mut path = String::new();
    let mut chars = word.chars();
    while let Some(c) = chars.next() {
        match (c, if c == '%' { chars.next() } else { None }) {
            ('%', Some('h')) => path.push_str(home),
            ('%', Some('u')) => path.push_str(user),
            ('%', Some('U')) => path.push_str(uid),
            ('%', Some(other)) => path.push(other),
            _ => path.push(c),
        }
    }
    path
}
