//! Whether a file that sshd reads holds the key as one line that sshd understands. What the line's options demand is judged
//! with the options.

use super::mend::{add, replace};
use super::options::deciding;
use super::{Case, Found, fail, pass, skip};
use crate::model::account::facts::{KeysFile, Part, Presence};
use crate::model::advice::Advice;
use crate::model::authorized_key::LineFault;
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding};
use crate::model::recipe::shell_word;

/// The beginning of the Base64 that all keys of a type share, so that a piece of it says nothing.
const COMMON: &[(&str, usize)] = &[
    ("ssh-ed25519", 25),
    ("ssh-rsa", 28),
    ("ecdsa-sha2-nistp256", 53),
    ("ecdsa-sha2-nistp384", 53),
    ("ecdsa-sha2-nistp521", 53),
];

pub(super) fn line(case: &Case<'_>) -> Finding {
    const CHECK: &str = "key_line";
    let Some((key_type, blob)) = case.key else { return skip(CHECK, "there is no public key to look for") };
    if let Some((found, _)) = deciding(case) {
        return present(case, found, key_type, blob);
    }
    if let Some(found) = case.lines.first() {
        return misread(case, found, key_type);
    }
    if let Some((file, behind)) = case.read.iter().find_map(|file| Some((file, file.lines.first()?))) {
        let text = format!(
            "line {} of {} holds the key behind another one; every key needs a line of its own",
            behind.number, file.path
        );
        return fail(CHECK, Code::KeySplit, text).advise(Advice::command(
            "look at the line and break it before the second key",
            format!("sed -n {}p {}", behind.number, shell_word(&file.path)),
        ));
    }
    for file in &case.read {
        if let Some(finding) = split(case, file, key_type, blob) {
            return finding;
        }
    }
    absent(case)
}

fn present(case: &Case<'_>, found: &Found<'_>, key_type: &str, blob: &str) -> Finding {
    let mut text = format!("line {} of {} holds the key", found.seen.number, found.file.path);
    if found.seen.crlf {
        text.push_str("; it ends as on Windows, which sshd takes");
    }
    let numbers: Vec<String> = case
        .lines
        .iter()
        .filter(|other| other.is_ours((key_type, blob)).is_some())
        .map(|other| other.seen.number.to_string())
        .collect();
    if numbers.len() > 1 {
        text.push_str(&format!(
            "; it stands there more than once (lines {}), and the first that lets us in counts",
            numbers.join(", ")
        ));
    }
    pass("key_line", text)
}

/// The whole key is on the line, and sshd does not take it for that.
fn misread(case: &Case<'_>, found: &Found<'_>, key_type: &str) -> Finding {
    const CHECK: &str = "key_line";
    let number = found.seen.number;
    let place = format!("line {number} of {}", found.file.path);
    if found.file.wide {
        let text = format!("{} is written in UTF-16, which sshd cannot read; save it as plain text", found.file.path);
        return fail(CHECK, Code::KeyOptions, text).advise(Advice::command(
            "write it anew, without the zero bytes and the mark at its beginning, which plain text never has",
            format!(
                "tr -d '\\000\\376\\377' < {0} > {0}.new && cat {0}.new > {0} && rm {0}.new",
                shell_word(&found.file.real)
            ),
        ));
    }
    let above = found.file.above.iter().find(|above| **above + 1 == number);
    let (code, text) = match (&found.read, above) {
        // What is wrong with an option is told with the options.
        (Err(LineFault::UnknownOption { .. } | LineFault::BadOption { .. } | LineFault::OpenQuote), _) => {
            return pass(CHECK, format!("{place} holds the key"));
        }
        (Err(LineFault::NoType { .. }), Some(above)) => (
            Code::KeySplit,
            format!("the key is broken over lines {above} and {number}: its type stands alone on the first"),
        ),
        (Err(LineFault::Comment), _) => (Code::KeyAbsent, format!("{place} holds the key, but is commented out")),
        (Err(LineFault::NoType { .. }), _) if begins_with_mark(found) => {
            (Code::KeyOptions, format!("{place} begins with a byte order mark, which sshd takes for an option"))
        }
        (Err(fault), _) => (Code::KeyOptions, format!("{place} {fault}")),
        (Ok(_), _) if found.seen.run_on => {
            (Code::KeySplit, format!("{place} goes on right behind the key; sshd takes that for a part of it"))
        }
        (Ok(line), _) => (Code::KeyOptions, format!("{place} calls the key {}, but it is {key_type}", line.key_type)),
    };
    let finding = fail(CHECK, code, text);
    let Some(line) = case.finished_line() else { return finding };
    if found.seen.run_on {
        // What stands behind may be somebody else's key: it is not ours to delete.
        return finding
            .advise(Advice::command("add the whole line", add(case, found.file, &line)))
            .advise(Advice::words(format!("then look at what stands on line {number} behind the key")));
    }
    let blob = case.key.map_or("", |(_, blob)| blob);
    let ends_in_type = format!("{key_type}[[:space:]]*$");
    let mut seen = vec![(number, blob)];
    if let (Some(above), Code::KeySplit) = (above, code) {
        seen.insert(0, (*above, ends_in_type.as_str()));
    }
    finding.advise(replace(found.file, &seen, &line))
}

/// The byte order mark that some editors put before the first character; cleaned text shows it as an escape.
fn begins_with_mark(found: &Found<'_>) -> bool {
    found.seen.text.as_deref().is_some_and(|text| text.starts_with("\\u{feff}"))
}

/// Pieces of the key that are more than what all keys of its type begin with.
fn pieces(file: &KeysFile, key_type: &str) -> Vec<Part> {
    let common = COMMON.iter().find(|(name, _)| *name == key_type).map_or(30, |(_, length)| *length);
    let telling = |part: &&Part| part.offset + part.length > common && part.length >= 12;
    if !file.parts.iter().any(|part| telling(&part)) {
        return Vec::new();
    }
    file.parts.clone()
}

fn split(case: &Case<'_>, file: &KeysFile, key_type: &str, blob: &str) -> Option<Finding> {
    let parts = pieces(file, key_type);
    let (first, last) = (parts.iter().map(|part| part.line).min()?, parts.iter().map(|part| part.line).max()?);
    let path = &file.path;
    // The type alone may be left on the line above.
    let text = if first == last && parts.len() > 1 {
        format!("the key has a blank inside on line {first} of {path}")
    } else if first == last {
        let seen = parts.first().map_or(0, |part| part.length);
        format!("line {first} of {path} holds only {seen} of the key's {} characters", blob.len())
    } else {
        format!("the key is broken over lines {first} to {last} of {path}; sshd wants it on one")
    };
    let finding = fail("key_line", Code::KeySplit, text);
    let seen: Vec<(u32, &str)> = parts
        .iter()
        .filter_map(|part| Some((part.line, blob.get(part.offset..part.offset.checked_add(part.length)?)?)))
        .collect();
    Some(match case.finished_line() {
        Some(line) => finding.advise(replace(file, &seen, &line)),
        None => finding,
    })
}

fn absent(case: &Case<'_>) -> Finding {
    const CHECK: &str = "key_line";
    if case.facts.keys_paths().is_some() && elsewhere_holds(case) {
        return skip(CHECK, "not looked for where sshd does not read");
    }
    if let Some(program) = case.setting("authorizedkeyscommand").filter(|program| *program != "none") {
        return skip(CHECK, format!("no file holds the key, but sshd also asks a program: {program}")).advise(
            Advice::words("ask the bastion's admin where that program takes its keys from; the key belongs there"),
        );
    }
    let Some(file) = case.file else {
        return match case.facts.keys_paths() {
            Some(paths) if paths.is_empty() => fail(
                CHECK,
                Code::KeysFileElsewhere,
                "sshd reads keys from no file for this account (AuthorizedKeysFile none)",
            )
            .only(case.certainty())
            .advise(super::match_user(
                case,
                "let it read the usual file",
                "AuthorizedKeysFile .ssh/authorized_keys",
            )),
            _ => skip(CHECK, super::paths::no_file(case)),
        };
    };
    if let Some(closed) = case.read.iter().find(|file| file.presence == Presence::Hidden) {
        return skip(CHECK, format!("{} could not be looked at with this login", closed.path));
    }
    if let Some(closed) = case.read.iter().find(|file| file.presence == Presence::There && !file.scanned) {
        return skip(CHECK, format!("{} could not be read with this login", closed.path));
    }
    let places: Vec<&str> = case.read.iter().map(|file| file.path.as_str()).collect();
    let block = case.read.iter().find_map(|file| Some((file, file.blocks.first()?)));
    let text = match (block, file.presence) {
        (Some((file, line)), _) => format!(
            "{} does not hold the key; line {line} begins a block of another format, which sshd does not read",
            file.path
        ),
        (None, Presence::Absent) => format!("there is no {}, so no key is let in", places.join(" and no ")),
        (None, _) => format!("no line of {} holds the key", places.join(" or ")),
    };
    let known = case.facts.keys_paths().is_some();
    let finding = fail(CHECK, Code::KeyAbsent, text).only(if known { case.certainty() } else { Certainty::Likely });
    match case.finished_line() {
        Some(line) => finding.advise(Advice::command("add the line", add(case, file, &line))),
        None => finding,
    }
}

fn elsewhere_holds(case: &Case<'_>) -> bool {
    super::paths::keys_file(case).code == Some(Code::KeysFileElsewhere)
}
