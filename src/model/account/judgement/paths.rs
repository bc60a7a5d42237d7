//! Whether sshd trusts the way to the keys: owner and mode of the file and of every folder above it, as `safe_path` asks
//! (`misc.c`), with the exception of Debian's builds; and whether it can read the file at all.

use super::{Case, fail, pass, skip};
use crate::model::account::facts::{KeysFile, Place, Presence};
use crate::model::advice::Advice;
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding};
use crate::model::recipe::shell_word;

/// What is wrong with a place.
enum Wrong {
    Owner,
    World,
    Group,
    /// Its group may write, and whether that is a private group of a Debian build could not be seen.
    GroupPerhaps,
}

fn wrong(case: &Case<'_>, place: &Place) -> Option<Wrong> {
    if place.owner != 0 && case.facts.uid != Some(place.owner) {
        return Some(Wrong::Owner);
    }
    if place.mode & 0o002 != 0 {
        return Some(Wrong::World);
    }
    if place.mode & 0o020 == 0 {
        return None;
    }
    match (case.facts.debian, place.private) {
        (Some(false), _) | (_, Some(false)) => Some(Wrong::Group),
        (Some(true), Some(true)) => None,
        (None, _) | (_, None) => Some(Wrong::GroupPerhaps),
    }
}

/// The finding about a place that is wrong: what it is called, the code of its mode, the mode it should have.
fn finding(case: &Case<'_>, check: &str, what: &str, place: &Place, wrong: &Wrong, code: Code, mend: &str) -> Finding {
    let path = &place.path;
    let mode = format!("mode {:04o}, owner {}, group {}", place.mode, place.owner, place.group);
    let chmod = Advice::command(format!("close {what} to others"), format!("chmod {mend} {}", shell_word(path)));
    let strict =
        if case.facts.settings.is_on("strictmodes").is_some() { Certainty::Certain } else { Certainty::Likely };
    match wrong {
        Wrong::Owner => {
            let owner = place.owner;
            fail(check, Code::WrongOwner, format!("{what} {path} belongs to account number {owner}, and sshd takes only the account's own or root's"))
                .advise(Advice::command(
                    format!("give {what} to its account"),
                    format!("chown {} {}", case.user(), shell_word(path)),
                ))
        }
        Wrong::World => fail(check, code, format!("{what} {path} can be written by everybody, so sshd trusts no key in it")).advise(chmod),
        Wrong::Group => {
            let more = if case.facts.debian == Some(true) { ", which has other members" } else { "" };
            fail(check, code, format!("{what} {path} can be written by its group{more}, so sshd trusts no key in it")).advise(chmod)
        }
        Wrong::GroupPerhaps => skip(
            check,
            format!("{what} {path} can be written by its group; builds by Debian allow that to a group with no other member, and whether this is one could not be seen"),
        )
        .advise(chmod),
    }
    .seen(mode)
    .only(strict)
}

/// Folders from the file up to the home folder, without it; up to the root where the file is not below the home folder.
fn folders<'a>(case: &'a Case<'_>, file: &KeysFile) -> Vec<&'a Place> {
    let home = case.facts.home_folder().unwrap_or("/");
    let mut found = Vec::new();
    let mut path = file.real.as_str();
    while let Some((above, _)) = path.rsplit_once('/') {
        path = above;
        let shown = if path.is_empty() { "/" } else { path };
        if shown == home {
            break;
        }
        found.extend(case.facts.place(shown));
        if path.is_empty() {
            break;
        }
    }
    found
}

fn is_below_home(case: &Case<'_>, file: &KeysFile) -> bool {
    let home = case.facts.home_folder().unwrap_or_default();
    !home.is_empty() && file.real.strip_prefix(home).is_some_and(|rest| rest.starts_with('/') || home == "/")
}

pub(super) fn home(case: &Case<'_>) -> Finding {
    const CHECK: &str = "home";
    let Some(home) = case.facts.home_folder() else {
        return skip(CHECK, "the account's home folder could not be seen");
    };
    if case.file.is_some_and(|file| !is_below_home(case, file)) {
        return pass(CHECK, format!("sshd reads the keys from elsewhere and does not ask about {home}"));
    }
    let Some(place) = case.facts.place(home) else {
        return match case.facts.missing.iter().find(|(_, path)| path == home) {
            Some((Presence::Absent, _)) => fail(
                CHECK,
                Code::KeyAbsent,
                format!("the account's home folder {home} does not exist, and with it no key"),
            )
            .advise(Advice::command("make it", format!("install -d -m 700 -o {} {}", case.user(), shell_word(home)))),
            _ => skip(CHECK, format!("the home folder {home} could not be seen")),
        };
    };
    if place.kind != 'd' {
        return fail(CHECK, Code::HomeMode, format!("the home folder {home} is no folder"));
    }
    if case.is_strict()
        && let Some(wrong) = wrong(case, place)
    {
        return finding(case, CHECK, "the home folder", place, &wrong, Code::HomeMode, "go-w");
    }
    if is_closed(case, place, 1) {
        return fail(
            CHECK,
            Code::HomeMode,
            format!("the account cannot enter its own home folder {home}, so sshd finds no key in it"),
        )
        .seen(format!("mode {:04o}, owner {}", place.mode, place.owner))
        .advise(Advice::command("open it to its account", format!("chmod u+rwx {}", shell_word(home))));
    }
    pass(CHECK, good(case, home, place))
}

fn good(case: &Case<'_>, path: &str, place: &Place) -> String {
    if !case.is_strict() {
        format!("{path} may have any mode: StrictModes is off")
    } else if place.mode & 0o020 != 0 {
        format!("{path} can be written by its group, which has no other member: this build of sshd allows that")
    } else {
        format!("{path} belongs to the right account and only that may write it")
    }
}

/// True where the bits keep the account itself out; root is kept out by none, and a list may say otherwise.
fn is_closed(case: &Case<'_>, place: &Place, want: u32) -> bool {
    let Some(uid) = case.facts.uid.filter(|uid| *uid != 0) else { return false };
    let groups_known = !case.facts.gids.is_empty() || place.mode >> 3 & 7 == place.mode & 7;
    !place.acl && groups_known && place.bits_for(uid, &case.facts.gids) & want != want
}

pub(super) fn ssh_dir(case: &Case<'_>) -> Finding {
    const CHECK: &str = "ssh_dir";
    let Some(file) = case.file else { return skip(CHECK, no_file(case)) };
    if !is_below_home(case, file) {
        return pass(CHECK, format!("sshd reads the keys from {}", file.path));
    }
    let folders = folders(case, file);
    let Some(nearest) = folders.first() else {
        let folder = file.real.rsplit_once('/').map_or("", |(folder, _)| folder);
        return match case.facts.missing.iter().find(|(_, path)| path == folder) {
            Some((Presence::Absent, _)) => skip(CHECK, format!("{folder} does not exist yet")),
            Some(_) => skip(CHECK, format!("{folder} is closed to this login")),
            // Keys right in the home folder.
            None => pass(CHECK, "the keys have no folder of their own"),
        };
    };
    for place in &folders {
        if case.is_strict()
            && let Some(wrong) = wrong(case, place)
        {
            return finding(case, CHECK, "the folder", place, &wrong, Code::SshDirMode, "700");
        }
        if is_closed(case, place, 1) {
            return fail(
                CHECK,
                Code::SshDirMode,
                format!("the account cannot enter {}, so sshd finds no key in it", place.path),
            )
            .seen(format!("mode {:04o}, owner {}", place.mode, place.owner))
            .advise(Advice::command(
                "open it to its account",
                format!("chmod 700 {0} && chown {1} {0}", shell_word(&place.path), case.user()),
            ));
        }
    }
    pass(CHECK, good(case, &nearest.path, nearest))
}

pub(super) fn no_file(case: &Case<'_>) -> String {
    match case.facts.keys_paths() {
        Some(paths) if paths.is_empty() => "sshd reads keys from no file (AuthorizedKeysFile none)".to_owned(),
        Some(paths) => format!("the files that sshd reads keys from were not looked at: {}", paths.join(" ")),
        None => case.settings_unseen(),
    }
}

pub(super) fn keys_file(case: &Case<'_>) -> Finding {
    const CHECK: &str = "keys_file";
    if let Some(finding) = elsewhere(case) {
        return finding;
    }
    let Some(file) = case.file else { return skip(CHECK, no_file(case)) };
    let path = &file.path;
    match file.presence {
        Presence::There => {}
        Presence::Absent => return skip(CHECK, format!("{path} does not exist")),
        Presence::Hidden => return skip(CHECK, format!("{path} is in a folder that is closed to this login")),
    }
    let Some(place) = case.facts.place(&file.real) else {
        return skip(CHECK, format!("owner and mode of {path} could not be seen"));
    };
    if place.kind != '-' {
        return fail(CHECK, Code::KeysFileMode, format!("{path} is no file, so sshd reads nothing from it"));
    }
    if let Some(closed) = way_closed(case, file) {
        return closed;
    }
    if file.readable == Some(false) || (file.readable.is_none() && is_closed(case, place, 4)) {
        let foreign = case.facts.uid != Some(place.owner);
        let code = if foreign && place.owner != 0 { Code::WrongOwner } else { Code::KeysFileMode };
        return fail(CHECK, code, format!("the account cannot read its own {path}, and sshd reads it as the account"))
            .seen(format!("mode {:04o}, owner {}, group {}", place.mode, place.owner, place.group))
            .advise(Advice::command(
                "give it to the account",
                format!("chown {0} {1} && chmod 600 {1}", case.user(), shell_word(&file.real)),
            ));
    }
    if case.is_strict()
        && let Some(wrong) = wrong(case, place)
    {
        return finding(case, CHECK, "the file", place, &wrong, Code::KeysFileMode, "600");
    }
    if case.is_strict() && !is_below_home(case, file) {
        for place in folders(case, file) {
            if let Some(wrong) = wrong(case, place) {
                return finding(case, CHECK, "the folder", place, &wrong, Code::KeysFileMode, "go-w");
            }
        }
    }
    label(case, file).unwrap_or_else(|| pass(CHECK, good(case, path, place)))
}

/// A folder on the way that the account may not search, beside those that have lines of their own in the checklist.
fn way_closed(case: &Case<'_>, file: &KeysFile) -> Option<Finding> {
    let home = case.facts.home_folder().unwrap_or("/");
    let mut path = file.real.as_str();
    while let Some((above, _)) = path.rsplit_once('/') {
        path = above;
        let told = is_below_home(case, file) && path.starts_with(home);
        let place = case.facts.place(if path.is_empty() { "/" } else { path });
        if let Some(place) = place.filter(|place| !told && is_closed(case, place, 1)) {
            return Some(
                fail(
                    "keys_file",
                    Code::KeysFileMode,
                    format!("the account cannot pass through {}, so sshd cannot read {}", place.path, file.path),
                )
                .seen(format!("mode {:04o}, owner {}, group {}", place.mode, place.owner, place.group))
                .advise(Advice::command(
                    "let others pass, without letting them look",
                    format!("chmod o+x {}", shell_word(&place.path)),
                )),
            );
        }
    }
    None
}

/// The key stands whole in a file that sshd does not read, and in none that it does.
fn elsewhere(case: &Case<'_>) -> Option<Finding> {
    let paths = case.facts.keys_paths()?;
    let (key_type, blob) = case.key?;
    if !case.lines.is_empty() || case.read.iter().any(|file| !file.parts.is_empty()) {
        return None;
    }
    let has_key = |file: &&crate::model::account::KeysFile| {
        let ours =
            |text: &str| crate::model::authorized_key::KeyLine::read(text).is_ok_and(|line| line.holds(key_type, blob));
        file.lines.iter().any(|line| line.text.as_deref().is_some_and(ours))
    };
    let other = case.facts.files.iter().filter(|file| !paths.contains(&file.path)).find(has_key)?;
    let finding = fail(
        "keys_file",
        Code::KeysFileElsewhere,
        format!("the key is in {}, which sshd does not read for this account", other.path),
    )
    .only(case.certainty())
    .seen(format!("AuthorizedKeysFile {}", case.setting("authorizedkeysfile").unwrap_or_default()));
    Some(match (paths.first(), case.finished_line()) {
        (Some(path), Some(line)) => finding.advise(Advice::command(
            format!("put the line into {path} instead"),
            // A line break first: the file's last line may lack its own.
            format!("printf '\\n%s\\n' {} >> {}", shell_word(&line), shell_word(path)),
        )),
        _ => finding,
    })
}

/// Types that say "nobody labelled this" or "not for sshd": SELinux keeps sshd from files that bear them.
const FOREIGN: &[&str] =
    &["default_t", "unlabeled_t", "file_t", "home_root_t", "tmp_t", "user_tmp_t", "var_t", "mnt_t"];

fn label(case: &Case<'_>, file: &KeysFile) -> Option<Finding> {
    let label = file.label.as_deref().filter(|_| case.facts.selinux == Some(true))?;
    let kind = label.split(':').nth(2)?;
    if !FOREIGN.contains(&kind) || !is_below_home(case, file) {
        return None;
    }
    let folder = file.real.rsplit_once('/').map_or(file.real.as_str(), |(folder, _)| folder);
    Some(
        fail("keys_file", Code::KeysFileMode, format!("SELinux is likely to keep sshd from reading {}", file.path))
            .only(Certainty::Likely)
            .seen(format!("its label is {label}, not ssh_home_t"))
            .advise(Advice::command(
                "label it as its place demands",
                format!("restorecon -RFv {}", shell_word(folder)),
            )),
    )
}
