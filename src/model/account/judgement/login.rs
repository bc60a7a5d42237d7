//! Whether sshd lets the account in at all: it exists, is open, has a shell, and no list keeps it out. Keys are not asked about.

use super::{Case, RELOAD, fail, pass, skip};
use crate::model::account::facts::{Presence, Shadow};
use crate::model::advice::Advice;
use crate::model::authorized_key::{Admission, admits, glob};
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding};
use crate::model::recipe::shell_word;

const DAY: i64 = 86_400;

pub(super) fn account(case: &Case<'_>) -> Finding {
    let user = &case.expected.user;
    match case.facts.exists {
        Some(true) => {}
        Some(false) => {
            let make =
                format!("useradd --create-home --shell /usr/sbin/nologin {0} && usermod -p '*' {0}", case.user());
            return fail("account", Code::UserNotAllowed, format!("the bastion has no account {user}"))
                .advise(Advice::command("make the account, without a password", make));
        }
        None => return skip("account", format!("whether the account {user} exists could not be seen")),
    }
    let Some(shadow) = &case.facts.shadow else {
        return skip("account", format!("{user} exists; whether it is locked or has ended only root can see"));
    };
    let pam = case.facts.settings.is_on("usepam");
    if let Some(finding) = ended(case, shadow) {
        return finding;
    }
    match (shadow.locked, pam) {
        (true, Some(false)) => {
            fail("account", Code::AccountLocked, format!("the account {user} is locked, and sshd asks no PAM"))
                .only(case.certainty())
                .seen("its password in the shadow file begins with \"!\", and UsePAM is off")
                .advise(Advice::command(
                    "give it a password that nobody can type instead of the lock; keys then work",
                    format!("usermod -p '*' {}", case.user()),
                ))
        }
        (true, None) => {
            skip("account", format!("the account {user} is locked; whether that matters depends on UsePAM"))
                .seen(case.settings_unseen())
        }
        (true, Some(true)) => {
            pass("account", format!("{user} exists; its password is locked, which with PAM stops no key"))
        }
        (false, _) => pass("account", format!("{user} exists and is neither locked nor ended")),
    }
}

/// The account's end, also the one that a password left unchanged for too long brings.
fn ended(case: &Case<'_>, shadow: &Shadow) -> Option<Finding> {
    let today = case.now().as_second().div_euclid(DAY);
    let user = &case.expected.user;
    if let Some(day) = shadow.ends.filter(|day| *day > 0 && today >= *day) {
        return Some(
            fail("account", Code::AccountExpired, format!("the account {user} ended on {}", date(day)))
                .advise(Advice::command("let it go on without an end", format!("chage -E -1 {}", case.user()))),
        );
    }
    let (changed, longest, idle) = (shadow.changed?, shadow.longest?, shadow.idle?);
    let closed = changed.checked_add(longest)?.checked_add(idle)?;
    let closes = changed > 0 && longest < 99_999 && today > closed;
    closes.then(|| {
        fail(
            "account",
            Code::AccountExpired,
            format!("the account {user} is closed since {}: its password was not changed in time", date(closed)),
        )
        .only(Certainty::Likely)
        .advise(Advice::command(
            "let its password, which no key needs, not age",
            format!("chage -I -1 -M -1 {}", case.user()),
        ))
    })
}

/// A password that must be changed at the next login: PAM then lets the key in and sshd opens no forward.
pub(super) fn must_change_password(case: &Case<'_>) -> Option<String> {
    let shadow = case.facts.shadow.as_ref()?;
    if case.facts.settings.is_on("usepam") != Some(true) {
        return None;
    }
    let today = case.now().as_second().div_euclid(DAY);
    if shadow.changed == Some(0) {
        return Some("must be changed at the next login".to_owned());
    }
    let due = shadow.changed?.checked_add(shadow.longest.filter(|days| *days < 99_999)?)?;
    (today > due).then(|| format!("should have been changed by {}", date(due)))
}

fn date(day: i64) -> String {
    let time = day.checked_mul(DAY).and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    time.map_or_else(|| format!("day {day}"), |time| time.strftime("%Y-%m-%d").to_string())
}

pub(super) fn shell(case: &Case<'_>) -> Finding {
    let Some(shell) = case.facts.shell.as_deref() else {
        return skip("shell", "the account's shell could not be seen");
    };
    let shell = if shell.is_empty() { "/bin/sh" } else { shell };
    if case.setting("chrootdirectory").is_some_and(|folder| folder != "none" && !folder.is_empty()) {
        return pass("shell", "sshd changes the root folder for this account and does not ask for its shell");
    }
    let broken = |what: &str| {
        fail("shell", Code::ShellMissing, format!("the account's shell {shell} {what}, so sshd lets nobody in")).advise(
            Advice::command(
                "give it a shell that exists; one that lets nobody work is enough for tunnels",
                format!("usermod -s \"$(command -v nologin || echo /bin/false)\" {}", case.user()),
            ),
        )
    };
    match (case.facts.place(shell), case.facts.missing.iter().find(|(_, path)| path == shell)) {
        (Some(place), _) if place.kind != '-' => broken("is no file"),
        (Some(place), _) if place.mode & 0o111 == 0 => broken("is not executable"),
        (Some(_), _) if shell.ends_with("nologin") || shell.ends_with("/false") => {
            pass("shell", format!("{shell} lets nobody work and is harmless for a tunnel"))
        }
        (Some(_), _) => pass("shell", format!("{shell} is there")),
        (None, Some((Presence::Absent, _))) => broken("does not exist"),
        (None, _) => skip("shell", format!("whether {shell} exists could not be seen")),
    }
}

/// `AllowUsers` and its like, in sshd's order; `PermitRootLogin` for root.
pub(super) fn allow_lists(case: &Case<'_>) -> Finding {
    const CHECK: &str = "allow_lists";
    let user = &case.expected.user;
    if case.facts.settings.is_on("refuseconnection") == Some(true) {
        return fail(CHECK, Code::UserNotAllowed, "RefuseConnection is on for this account: sshd hangs up on it")
            .only(case.certainty())
            .advise(Advice::command("find the line", find("RefuseConnection")));
    }
    if case.facts.uid == Some(0) {
        match case.setting("permitrootlogin") {
            Some("no") => {
                return fail(CHECK, Code::UserNotAllowed, "PermitRootLogin is off: root may not log in")
                    .only(case.certainty())
                    .advise(Advice::words("use an account of its own for tunnels; root needs none of this"));
            }
            Some("forced-commands-only") if !has_command(case) => {
                return fail(CHECK, Code::UserNotAllowed, "root may log in only with a key that is tied to a command")
                    .only(case.certainty())
                    .seen("PermitRootLogin forced-commands-only")
                    .advise(Advice::words("use an account of its own for tunnels; root needs none of this"));
            }
            _ => {}
        }
    }
    let list = |word| case.setting(word).map(|list| list.split_whitespace().map(|item| item.trim_matches('"')));
    let (Some(deny_users), Some(allow_users), Some(deny_groups), Some(allow_groups)) =
        (list("denyusers"), list("allowusers"), list("denygroups"), list("allowgroups"))
    else {
        return skip(CHECK, case.settings_unseen());
    };
    let hits = |pattern: &str| hits(case, pattern);
    if let Some(pattern) = { deny_users }.find(|pattern| hits(pattern) == Some(true)) {
        return fail(CHECK, Code::UserNotAllowed, format!("DenyUsers keeps {user} out"))
            .only(case.certainty())
            .seen(format!("DenyUsers {pattern}"))
            .advise(Advice::command(
                "take the name out of the line that this finds, then reload sshd",
                find("DenyUsers"),
            ));
    }
    let allowed: Vec<&str> = allow_users.collect();
    if !allowed.is_empty() && !allowed.iter().any(|pattern| hits(pattern) != Some(false)) {
        return not_in_allow_users(case, &allowed);
    }
    let denied: Vec<&str> = deny_groups.collect();
    let wanted: Vec<&str> = allow_groups.collect();
    if denied.is_empty() && wanted.is_empty() {
        return pass(CHECK, format!("no list of sshd's keeps {user} out"));
    }
    groups(case, &denied, &wanted)
}

fn groups(case: &Case<'_>, denied: &[&str], wanted: &[&str]) -> Finding {
    const CHECK: &str = "allow_lists";
    let user = &case.expected.user;
    let member = |pattern: &str| case.facts.groups.iter().find(|group| glob(pattern, group));
    if case.facts.groups.is_empty() {
        return skip(CHECK, "sshd asks for groups, and the account's could not be told apart");
    }
    if let Some(group) = denied.iter().find_map(|pattern| member(pattern)) {
        return fail(CHECK, Code::UserNotAllowed, format!("DenyGroups keeps {user} out, as a member of {group}"))
            .only(case.certainty())
            .advise(Advice::command(
                format!("take {user} out of the group"),
                format!("gpasswd -d {} {}", case.user(), shell_word(group)),
            ));
    }
    if !wanted.is_empty() && !wanted.iter().any(|pattern| member(pattern).is_some()) {
        let finding =
            fail(CHECK, Code::UserNotAllowed, format!("{user} is in none of the groups that AllowGroups lets in"))
                .only(case.certainty())
                .seen(format!("AllowGroups {}; {user} is in {}", wanted.join(" "), case.facts.groups.join(" ")));
        let plain = wanted.iter().find(|group| !group.contains(['*', '?', '!']));
        return match plain {
            Some(group) => finding.advise(Advice::command(
                format!("put {user} into {group}"),
                format!("usermod -aG {} {}", shell_word(group), case.user()),
            )),
            None => finding.advise(Advice::words(format!("put {user} into one of these groups"))),
        };
    }
    pass(CHECK, format!("{user} is in a group that sshd lets in"))
}

fn not_in_allow_users(case: &Case<'_>, allowed: &[&str]) -> Finding {
    let user = &case.expected.user;
    let file = shell_word(case.facts.settings.file.as_deref().unwrap_or("/etc/ssh/sshd_config"));
    // A line more adds to the list, if it stands before every Match block.
    let line = shell_word(&format!("1i AllowUsers {user}"));
    let near = allowed.iter().find(|pattern| pattern.rsplit_once('@').is_some_and(|(name, _)| glob(name, user)));
    let summary = match near {
        Some(pattern) => format!("AllowUsers lets {user} in from other addresses only: {pattern}"),
        None => format!("AllowUsers does not name {user}"),
    };
    fail("allow_lists", Code::UserNotAllowed, summary)
        .only(case.certainty())
        .seen(format!("AllowUsers {}", allowed.join(" ").chars().take(300).collect::<String>()))
        .advise(Advice::command(format!("add {user} to the list"), format!("sed -i {line} {file} && {RELOAD}")))
}

/// `name` or `name@address`; nothing where only sshd could tell.
fn hits(case: &Case<'_>, pattern: &str) -> Option<bool> {
    let user = &case.expected.user;
    let Some((name, hosts)) = pattern.rsplit_once('@') else { return Some(glob(pattern, user)) };
    if !glob(name, user) {
        return Some(false);
    }
    match admits(hosts, case.address()?, case.facts.settings.is_on("usedns")) {
        Admission::Yes => Some(true),
        Admission::No | Admission::Invalid(_) => Some(false),
        Admission::Perhaps => None,
    }
}

fn has_command(case: &Case<'_>) -> bool {
    case.lines.iter().any(|found| found.read.as_ref().is_ok_and(|line| line.options.command.is_some()))
        || case.setting("forcecommand").is_some_and(|command| command != "none")
}

/// Finds a setting in whichever file has it.
fn find(word: &str) -> String {
    format!("grep -rniE '^[[:space:]]*{word}' /etc/ssh/")
}
