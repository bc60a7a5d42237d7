//! What a look printed, turned into facts. The text comes from a stranger: any text gives facts or an error, and every word that
//! is kept is cleaned. It judges nothing.

use super::LOOK_LIMIT;
use super::facts::{AccountFacts, KeysFile, Part, Place, Presence, SeenLine, Shadow, Sight};
use super::settings::{ConfLine, Who};
use crate::model::untrusted::Untrusted;

const BEGIN: &str = "adit-look 1 begin";
const END: &str = "adit-look 1 end";

/// More entries of a kind than any look prints.
const MOST: usize = 500;

/// Why a text holds no facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookError {
    /// Something else was run, such as a forced command or a shell that lets nobody in.
    #[error("the look did not run: {}", if said.is_empty() { "nothing was printed".to_owned() } else { format!("instead came {said:?}") })]
    NotRun {
        /// What came instead, cleaned.
        said: String,
    },
    /// The text's beginning is there and names no account.
    #[error("the look found no account's name to look for")]
    NoName,
    /// More than a look prints.
    #[error("the text has {bytes} bytes, more than a look prints")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl AccountFacts {
    /// Reads what the look printed; other text before and behind is passed over.
    ///
    /// # Errors
    /// Where no look's output is in the text.
    pub fn read(text: &str) -> Result<Self, LookError> {
        if text.len() > LOOK_LIMIT {
            return Err(LookError::TooLong { bytes: text.len() });
        }
        let mut lines = text.lines().map(str::trim_end);
        if !lines.by_ref().any(|line| line == BEGIN) {
            return Err(LookError::NotRun { said: clean(text, 200) });
        }
        let mut reader = Reader::default();
        let mut complete = false;
        for line in lines {
            if line == END {
                complete = true;
                break;
            }
            if let Some((name, value)) = line.split_once('=') {
                reader.take(name, value);
            }
        }
        reader.finish(complete).ok_or(LookError::NoName)
    }
}

#[derive(Default)]
struct Reader {
    facts: Option<AccountFacts>,
    sight: Option<Sight>,
    conf: Vec<ConfLine>,
    files: Vec<(u32, KeysFile)>,
}

impl Reader {
    fn take(&mut self, name: &str, value: &str) {
        match name {
            "sight" => self.sight = sight(value),
            "user" => {
                if let (Some(sight), None) = (self.sight, &self.facts) {
                    self.facts = Some(AccountFacts::unseen(clean(value, 256), sight));
                }
            }
            "conf" => self.take_conf(value),
            "file" | "real" | "readable" | "label" | "scanned" | "nul" | "line" | "part" | "above" | "pem" => {
                self.take_file(name, value);
            }
            _ => {
                if let Some(facts) = self.facts.as_mut() {
                    take_fact(facts, name, value);
                }
            }
        }
    }

    fn take_conf(&mut self, value: &str) {
        let mut words = value.splitn(3, ' ');
        let depth = words.next().and_then(|word| word.parse().ok());
        if let (Some(depth), Some(word)) = (depth, words.next())
            && self.conf.len() < MOST
        {
            self.conf.push((depth, clean(word, 60), clean(words.next().unwrap_or_default(), 2000)));
        }
    }

    fn take_file(&mut self, name: &str, value: &str) {
        let (number, rest) = value.split_once(' ').unwrap_or((value, ""));
        let Ok(number) = number.parse::<u32>() else { return };
        if name == "file" {
            let Some((state, path)) = rest.split_once(' ') else { return };
            if let Some(presence) = presence(state)
                && self.files.len() < 40
            {
                let path = clean(path, 1000);
                let file = KeysFile {
                    real: path.clone(),
                    path,
                    presence,
                    readable: None,
                    label: None,
                    scanned: false,
                    wide: false,
                    lines: Vec::new(),
                    parts: Vec::new(),
                    above: Vec::new(),
                    blocks: Vec::new(),
                };
                self.files.push((number, file));
            }
            return;
        }
        let file = self.files.iter_mut().find(|(known, _)| *known == number);
        if let Some((_, file)) = file {
            take_of_file(file, name, rest);
        }
    }

    fn finish(self, complete: bool) -> Option<AccountFacts> {
        let mut facts = self.facts?;
        facts.complete = complete;
        if !self.conf.is_empty() {
            let who = Who { user: &facts.user, groups: &facts.groups, address: facts.seen_from };
            facts.settings.read_files(&self.conf, &who);
        }
        facts.files = self.files.into_iter().map(|(_, file)| file).collect();
        Some(facts)
    }
}

fn take_fact(facts: &mut AccountFacts, name: &str, value: &str) {
    match name {
        "connection" => facts.seen_from = value.split(' ').next().and_then(|address| address.parse().ok()),
        "clock" => facts.clock = value.parse().ok(),
        "zone" => facts.zone = zone(value),
        "version" => facts.release = release(value),
        "build" => facts.debian = Some(value == "debian"),
        "selinux" => facts.selinux = Some(value == "yes"),
        "nc" => facts.nc = Some(value == "yes"),
        "exists" => facts.exists = yes_no(value),
        "uid" => facts.uid = value.parse().ok(),
        "gid" => facts.gid = value.parse().ok(),
        "gids" => facts.gids = value.split(' ').take(MOST).filter_map(|gid| gid.parse().ok()).collect(),
        "groups" => {
            // A name with a blank looks like two: then no name is sure.
            let names: Vec<String> = value.split_whitespace().take(MOST).map(|name| clean(name, 256)).collect();
            facts.groups = if names.len() == facts.gids.len() { names } else { Vec::new() };
        }
        "home" => facts.home = path(value),
        "home_real" => facts.home_real = path(value),
        "shell" => facts.shell = Some(clean(value, 1000)),
        "shadow" => facts.shadow = shadow(value),
        "config" => facts.settings.file = path(value),
        "options" => facts.settings.on_command_line = true,
        "unseen" if facts.settings.unseen.len() < 40 => facts.settings.unseen.push(clean(value, 1000)),
        "set" => {
            let (word, value) = value.split_once(' ').unwrap_or((value, ""));
            facts.settings.add(&clean(word, 60), &clean(value, 6000));
        }
        "path" if facts.places.len() < MOST => facts.places.extend(place(value)),
        "missing" if facts.missing.len() < MOST => {
            if let Some((state, path)) = value.split_once(' ')
                && let Some(presence) = presence(state)
            {
                facts.missing.push((presence, clean(path, 1000)));
            }
        }
        // A later look may tell more than this reader knows.
        _ => {}
    }
}

fn take_of_file(file: &mut KeysFile, name: &str, value: &str) {
    let number = |text: &str| text.parse::<u32>().ok();
    match name {
        "real" => file.real = clean(value, 1000),
        "readable" => file.readable = yes_no(value),
        "label" => file.label = Some(clean(value, 200)),
        "scanned" => file.scanned = value == "yes",
        "nul" => file.wide = true,
        "line" if file.lines.len() < 40 => {
            let mut words = value.splitn(3, ' ');
            let (Some(number), Some(flag)) = (words.next().and_then(number), words.next()) else { return };
            let text = words.next().filter(|_| flag != "behind").map(key_line);
            file.lines.push(SeenLine { number, crlf: flag == "crlf", run_on: flag == "run_on", text });
        }
        "part" if file.parts.len() < 100 => {
            let words: Vec<usize> = value.split(' ').filter_map(|word| word.parse().ok()).collect();
            if let [line, offset, length] = *words.as_slice()
                && let Ok(line) = u32::try_from(line)
            {
                file.parts.push(Part { line, offset, length });
            }
        }
        "above" if file.above.len() < 40 => file.above.extend(number(value)),
        "pem" if file.blocks.len() < 40 => file.blocks.extend(number(value)),
        _ => {}
    }
}

fn clean(text: &str, most: usize) -> String {
    Untrusted::new(text).clean(most)
}

/// A key's line keeps its blanks, which may stand inside a command, unless something in it has to be made visible.
fn key_line(text: &str) -> String {
    let plain = text.replace('\t', " ");
    let cleaned = clean(&plain, 6000);
    let solid = |text: &str| text.split_whitespace().collect::<String>();
    if solid(&plain) == solid(&cleaned) { plain } else { cleaned }
}

fn path(text: &str) -> Option<String> {
    Some(clean(text, 1000)).filter(|path| path.starts_with('/'))
}

fn yes_no(text: &str) -> Option<bool> {
    match text {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn sight(text: &str) -> Option<Sight> {
    Some(match text {
        "own" => Sight::Own,
        "root" => Sight::Root,
        "sudo" => Sight::Sudo,
        "other" => Sight::Other,
        _ => return None,
    })
}

fn presence(text: &str) -> Option<Presence> {
    Some(match text {
        "there" => Presence::There,
        "absent" => Presence::Absent,
        "hidden" => Presence::Hidden,
        _ => return None,
    })
}

/// `+0130`, in minutes.
fn zone(text: &str) -> Option<i32> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = digits.split_at_checked(2).filter(|(_, minutes)| minutes.len() == 2)?;
    Some(sign * (hours.parse::<u8>().map(i32::from).ok()? * 60 + minutes.parse::<u8>().map(i32::from).ok()?))
}

/// `OpenSSH_9.2p1 …`.
fn release(text: &str) -> Option<(u32, u32)> {
    let (_, rest) = text.split_once("OpenSSH_")?;
    let (major, rest) = rest.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn shadow(text: &str) -> Option<Shadow> {
    let fields: Vec<&str> = text.split(':').collect();
    let [mark, changed, longest, idle, ends] = *fields.as_slice() else { return None };
    let days = |text: &str| text.parse::<i64>().ok().filter(|days| (0..=4_000_000).contains(days));
    Some(Shadow {
        locked: mark == "locked",
        changed: days(changed),
        longest: days(longest),
        idle: days(idle),
        ends: days(ends),
    })
}

/// `drwxr-xr-x+ 0 0 - /path`.
fn place(text: &str) -> Option<Place> {
    let mut words = text.splitn(5, ' ');
    let (mode, owner, group, private) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let kind = mode.chars().next()?;
    let letters = mode.get(1..10)?;
    let mut bits = 0;
    for letter in letters.chars() {
        // `S` and `T` stand where the bit below them is not set.
        bits = bits << 1 | u32::from(!matches!(letter, '-' | 'S' | 'T'));
    }
    Some(Place {
        path: path(words.next()?)?,
        kind,
        mode: bits,
        acl: mode.get(10..) == Some("+"),
        owner: owner.parse().ok()?,
        group: group.parse().ok()?,
        private: match private {
            "p" => Some(true),
            "s" => Some(false),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &str) -> AccountFacts {
        AccountFacts::read(&format!("motd\n{BEGIN}\r\nsight=root\nuser=adit\n{lines}\n{END}\nbye\n")).unwrap()
    }

    #[test]
    fn other_text_around_is_passed_over() {
        assert!(read("").complete);
        let cut = AccountFacts::read(&format!("{BEGIN}\nsight=own\nuser=adit\nuid=10")).unwrap();
        assert!(!cut.complete && cut.uid == Some(10) && cut.sight == Sight::Own);
        let refused = AccountFacts::read("This account is currently not available.\n").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the look did not run: instead came \"This account is currently not available.\""
        );
        assert_eq!(AccountFacts::read("").unwrap_err().to_string(), "the look did not run: nothing was printed");
        assert_eq!(AccountFacts::read(&format!("{BEGIN}\nsight=none\n{END}")), Err(LookError::NoName));
        assert!(matches!(AccountFacts::read(&"x".repeat(LOOK_LIMIT + 1)), Err(LookError::TooLong { .. })));
    }

    #[test]
    fn facts_are_read_by_name() {
        let facts = read(
            "connection=198.51.100.4 5123 10.0.0.1 22\nclock=1795271034\nzone=-0330\nversion=OpenSSH_9.2p1 Debian-2\n\
             gids=1001 27\ngroups=adit sudo\nshadow=locked:20228:99999::20000\n\
             path=drwxrws--T+ 0 1001 p /home/a b\npath=nonsense\nmissing=absent /home/adit/.ssh\nnew_fact=1",
        );
        assert_eq!(facts.seen_from, "198.51.100.4".parse().ok());
        assert_eq!((facts.zone, facts.release), (Some(-210), Some((9, 2))));
        assert_eq!(facts.groups, ["adit", "sudo"]);
        assert_eq!(facts.shadow.as_ref().map(|shadow| (shadow.locked, shadow.ends)), Some((true, Some(20000))));
        let place = facts.place("/home/a b").unwrap();
        assert_eq!((place.mode, place.acl, place.private), (0o770, true, Some(true)));
        assert_eq!(facts.places.len(), 1);
        assert_eq!(facts.missing, [(Presence::Absent, "/home/adit/.ssh".to_owned())]);
        assert!(read("gids=1 2\ngroups=domain users adit").groups.is_empty());
    }

    #[test]
    fn keys_files_gather_what_belongs_to_them() {
        let facts = read(
            "file=1 there /home/adit/.ssh/authorized_keys\nreal=1 /srv/keys\nscanned=1 yes\n\
             line=1 3 crlf command=\"a  b\" ssh-ed25519 AAAA\nline=1 4 behind\npart=1 5 0 40\nabove=1 2\npem=1 9\nline=7 1 - x",
        );
        let file = facts.files.first().unwrap();
        assert_eq!((file.real.as_str(), file.scanned, file.parts.len()), ("/srv/keys", true, 1));
        assert_eq!(file.lines.first().unwrap().text.as_deref(), Some("command=\"a  b\" ssh-ed25519 AAAA"));
        assert!(file.lines.first().unwrap().crlf);
        assert_eq!(file.lines.get(1).map(|line| &line.text), Some(&None));
        assert_eq!((file.above.as_slice(), file.blocks.as_slice()), ([2].as_slice(), [9].as_slice()));
    }

    #[test]
    fn no_escape_survives() {
        let facts =
            read("home=/home/\u{1b}]0;x\u{7}\nfile=1 there /\u{9b}x\nline=1 1 - \u{1b}[2J\nset=permitopen \u{1b}[2J");
        assert!(!format!("{facts:?}").contains(['\u{1b}', '\u{9b}', '\u{7}']));
        assert!(!facts.files.first().unwrap().path.contains('\u{9b}'));
    }

    proptest! {
        #[test]
        fn any_text_gives_facts_or_an_error(text in "\\PC{0,300}") {
            let _ = AccountFacts::read(&text);
        }

        #[test]
        fn any_value_is_taken(
            name in "(sight|user|conf|file|real|line|part|above|pem|path|missing|set|shadow|zone|version|connection|groups|gids)",
            value in "[ -~\u{e9}\t]{0,60}",
        ) {
            let facts = read(&format!("file=1 there /x\n{name}={value}\n{name}=1 {value}"));
            let json = serde_json::to_string(&facts).unwrap();
            prop_assert_eq!(serde_json::from_str::<AccountFacts>(&json).unwrap(), facts);
        }
    }
}
