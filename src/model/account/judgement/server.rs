//! Whether sshd's settings, together with the key's line, take keys for this account and open forwards to its databases.

use super::{Case, fail, match_user, pass, skip};
use crate::model::advice::Advice;
use crate::model::authorized_key::{permit_matches, split_permit};
use crate::model::endpoint::Endpoint;
use crate::model::fault::Code;
use crate::model::finding::Finding;
use crate::model::recipe::shell_word;

pub(super) fn authentication(case: &Case<'_>) -> Finding {
    const CHECK: &str = "authentication";
    let user = &case.expected.user;
    match case.facts.settings.is_on("pubkeyauthentication") {
        Some(true) => {}
        Some(false) => {
            return fail(
                CHECK,
                Code::PublickeyDisabled,
                format!("sshd takes no keys for {user} (PubkeyAuthentication no)"),
            )
            .only(case.certainty())
            .advise(match_user(case, "take keys for this account", "PubkeyAuthentication yes"));
        }
        None => return skip(CHECK, case.settings_unseen()),
    }
    let Some(methods) = case.setting("authenticationmethods") else { return skip(CHECK, case.settings_unseen()) };
    let lists: Vec<&str> = methods.split_whitespace().map(|list| list.trim_matches('"')).collect();
    let alone = |list: &&str| matches!(*list, "any" | "publickey" | "publickey:");
    if !lists.is_empty() && !lists.iter().any(alone) {
        let with_key = lists.iter().any(|list| list.split(',').any(|method| method == "publickey"));
        let (code, text) = if with_key {
            (Code::PersonNeeded, format!("sshd wants more than a key from {user}: {methods}"))
        } else {
            (Code::PublickeyDisabled, format!("sshd takes no key from {user}, only {methods}"))
        };
        return fail(CHECK, code, text)
            .only(case.certainty())
            .seen(format!("AuthenticationMethods {methods}"))
            .advise(match_user(case, "let this account in with a key alone", "AuthenticationMethods publickey"));
    }
    if let (Some((kind, _)), Some(list)) = (case.key, case.setting("pubkeyacceptedalgorithms"))
        && !list.starts_with(['+', '-', '^'])
        && !accepts(list, kind)
    {
        return fail(CHECK, Code::KeyRefused, format!("sshd does not take keys of the type {kind}"))
            .only(case.certainty())
            .seen(format!("PubkeyAcceptedAlgorithms {list}"))
            .advise(Advice::words(
                "make a key of a type that is in the list; a newer type is better than a wider list",
            ));
    }
    pass(CHECK, format!("sshd takes keys for {user}, and asks for nothing more"))
}

/// An RSA key signs with SHA-2, whatever it is called.
fn accepts(list: &str, kind: &str) -> bool {
    let takes = |name: &str| list.split(',').any(|pattern| crate::model::authorized_key::glob(pattern.trim(), name));
    if kind == "ssh-rsa" { takes("rsa-sha2-512") || takes("rsa-sha2-256") } else { takes(kind) }
}

pub(super) fn forwarding(case: &Case<'_>) -> Finding {
    const CHECK: &str = "forwarding";
    let user = &case.expected.user;
    if case.facts.settings.is_on("disableforwarding") == Some(true) {
        return fail(CHECK, Code::ForwardingOff, format!("sshd forwards nothing for {user} (DisableForwarding yes)"))
            .only(case.certainty())
            .advise(match_user(case, "switch forwarding on for this account", "DisableForwarding no"));
    }
    if let Some(value @ ("no" | "remote")) = case.setting("allowtcpforwarding") {
        return fail(
            CHECK,
            Code::ForwardingOff,
            format!("sshd opens no forward for {user} (AllowTcpForwarding {value})"),
        )
        .only(case.certainty())
        .advise(match_user(
            case,
            "allow forwards to databases for this account, and none back",
            "AllowTcpForwarding local",
        ));
    }
    if let Some((found, line)) = super::options::deciding(case)
        && !line.options.forwarding
    {
        let number = found.seen.number;
        let word =
            if line.options.names.iter().any(|name| name == "restrict") { "restrict" } else { "no-port-forwarding" };
        return fail(
            CHECK,
            Code::ForwardingOff,
            format!("line {number} of {} switches forwarding off ({word})", found.file.path),
        )
        .advise(super::mend::mended(case, found, line));
    }
    if let Some(due) = super::login::must_change_password(case) {
        return fail(
            CHECK,
            Code::ForwardingOff,
            format!("the password of {user} {due}, and until then sshd opens no forward"),
        )
        .only(case.certainty())
        .advise(Advice::command(
            "let its password, which no key needs, not age",
            format!("chage -d \"$(date +%F)\" -M -1 {}", case.user()),
        ));
    }
    if case.setting("allowtcpforwarding").is_none() || case.setting("disableforwarding").is_none() {
        return skip(CHECK, case.settings_unseen());
    }
    let finding = pass(CHECK, format!("sshd opens forwards for {user}"));
    match (case.setting("forcecommand"), case.setting("maxsessions")) {
        (Some(command), _) if command != "none" => finding.seen("ForceCommand stops programs, not tunnels"),
        (_, Some("0")) => finding.seen("MaxSessions 0 stops programs, not tunnels"),
        _ => finding,
    }
}

pub(super) fn permit_open(case: &Case<'_>) -> Finding {
    const CHECK: &str = "permit_open";
    if case.expected.targets.is_empty() {
        return skip(CHECK, "no database is named to look for");
    }
    let line = super::options::deciding(case);
    if let Some((found, line)) = line
        && let Some(target) = case.expected.targets.iter().find(|target| !line.options.permits(target))
    {
        let number = found.seen.number;
        let entries: Vec<&str> = line.options.permitopen.iter().map(String::as_str).collect();
        return fail(
            CHECK,
            Code::PermitopenMismatch,
            format!("line {number} of {} allows forwards to {}, not to {target}", found.file.path, short(&entries)),
        )
        .seen(spelling(&entries, target))
        .advise(super::mend::mended(case, found, line));
    }
    let Some(setting) = case.setting("permitopen") else { return skip(CHECK, case.settings_unseen()) };
    let entries: Vec<&str> = setting.split_whitespace().map(|entry| entry.trim_matches('"')).collect();
    if entries != ["any"]
        && let Some(target) =
            case.expected.targets.iter().find(|target| !entries.iter().any(|entry| permit_matches(entry, target)))
    {
        let mut wanted: Vec<String> =
            entries.iter().filter(|entry| **entry != "none").map(|entry| (*entry).to_owned()).collect();
        wanted.extend(
            case.expected.targets.iter().map(Endpoint::to_string).filter(|target| !entries.contains(&target.as_str())),
        );
        return fail(
            CHECK,
            Code::PermitopenMismatch,
            format!("sshd's PermitOpen allows forwards to {}, not to {target}", short(&entries)),
        )
        .only(case.certainty())
        .seen(spelling(&entries, target))
        .advise(match_user(case, "allow this database too", &format!("PermitOpen {}", wanted.join(" "))))
        .advise(Advice::command(
            "see what is in force",
            format!("sshd -T -C user={},host=localhost,addr=127.0.0.1 | grep -i permitopen", case.user()),
        ));
    }
    if line.is_none() && case.key.is_some() {
        return pass(CHECK, "sshd's own settings allow these targets; there is no line with the key to ask");
    }
    let targets: Vec<String> = case.expected.targets.iter().map(Endpoint::to_string).collect();
    pass(CHECK, format!("forwards to {} are allowed", targets.join(", ")))
}

fn short(entries: &[&str]) -> String {
    match entries {
        [] => "nothing".to_owned(),
        [one] => shell_word(one),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
    }
}

/// Names an entry that means the same place in another spelling: sshd compares letter by letter and looks nothing up.
fn spelling(entries: &[&str], target: &Endpoint) -> String {
    let port = target.port.to_string();
    let wanted = target.host.as_str();
    let loopback = |host: &str| matches!(host, "localhost" | "127.0.0.1" | "::1");
    let same_port =
        || entries.iter().filter_map(|entry| split_permit(entry)).filter(|(_, known)| *known == port || *known == "*");
    let alike = |host: &str| {
        let bare = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
        bare(host) == bare(wanted) || (loopback(host) && loopback(wanted))
    };
    let other = same_port().find(|(host, _)| alike(host)).or_else(|| same_port().next());
    match other {
        Some((host, _)) => {
            format!("it is compared letter by letter: {host:?} is not {wanted:?}, also where both are the same machine")
        }
        None if entries.iter().filter_map(|entry| split_permit(entry)).any(|(host, _)| host == wanted) => {
            format!("the host is there with another port than {port}")
        }
        None => "targets are compared letter by letter".to_owned(),
    }
}
