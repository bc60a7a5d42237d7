//! Whether a file that sshd reads holds the key as one line that sshd understands, and what that line's options demand: from where,
//! until when. What they allow afterwards is judged with the server's own settings.

use super::{Case, Found, fail, pass, skip};
use crate::model::account::facts::{KeysFile, Part, Presence};
use crate::model::advice::Advice;
use crate::model::authorized_key::{Admission, KeyLine, LineFault, admits};
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding, Verdict};
use crate::model::recipe::shell_word;

/// The beginning of the Base64 that all keys of a type share, so that a piece of it says nothing.
const COMMON: &[(&str, usize)] = &[
    ("ssh-ed25519", 25),
    ("ssh-rsa", 28),
    ("ecdsa-sha2-nistp256", 53),
    ("ecdsa-sha2-nistp384", 53),
    ("ecdsa-sha2-nistp521", 53),
];

/// Options and the OpenSSH release that knows them first (release notes; sshd(8) of each release).
const SINCE: &[(&str, (u32, u32))] = &[
    ("restrict", (7, 2)),
    ("port-forwarding", (7, 2)),
    ("expiry-time", (7, 7)),
    ("permitlisten", (7, 8)),
    ("touch-required", (8, 2)),
    ("verify-required", (8, 4)),
];

/// The line that decides: the first that lets us in, or else the first that holds the key.
pub(super) fn deciding<'a>(case: &'a Case<'_>) -> Option<(&'a Found<'a>, &'a KeyLine)> {
    let key = case.key?;
    let ours = || case.lines.iter().filter_map(|found| Some((found, found.is_ours(key)?)));
    let admitted =
        |line: &KeyLine| bad_options(case, line).is_none() && !is_kept_out(case, line) && !is_over(case, line);
    ours().find(|(_, line)| admitted(line)).or_else(|| ours().next())
}

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
    let place = format!("line {} of {}", found.seen.number, found.file.path);
    let above = found.file.above.iter().find(|above| **above + 1 == found.seen.number);
    let (code, text, lines) = match (&found.read, above) {
        _ if found.file.wide => {
            let text =
                format!("{} is written in UTF-16, which sshd cannot read; save it as plain text", found.file.path);
            return fail(CHECK, Code::KeyOptions, text).advise(Advice::command(
                "write it anew",
                format!(
                    "iconv -f UTF-16 -t UTF-8 {0} > {0}.new && cat {0}.new > {0} && rm {0}.new",
                    shell_word(&found.file.real)
                ),
            ));
        }
        (Err(LineFault::NoType { .. }), Some(above)) => {
            let text = format!(
                "the key is broken over lines {above} and {}: its type stands alone on the first",
                found.seen.number
            );
            (Code::KeySplit, text, (*above, found.seen.number))
        }
        (Err(LineFault::Comment), _) => (
            Code::KeyAbsent,
            format!("{place} holds the key, but is commented out"),
            (found.seen.number, found.seen.number),
        ),
        (Err(LineFault::NoType { found: word }), _)
            if word.starts_with('\u{feff}') || word.starts_with("\\u{feff}") =>
        {
            (
                Code::KeyOptions,
                format!("{place} begins with a byte order mark, which sshd takes for an option"),
                (found.seen.number, found.seen.number),
            )
        }
        (Err(fault), _) => (Code::KeyOptions, format!("{place} {fault}"), (found.seen.number, found.seen.number)),
        (Ok(_), _) if found.seen.run_on => (
            Code::KeySplit,
            format!("{place} goes on right behind the key; sshd takes that for a part of it"),
            (found.seen.number, found.seen.number),
        ),
        (Ok(line), _) => (
            Code::KeyOptions,
            format!("{place} calls the key {}, but it is {key_type}", line.key_type),
            (found.seen.number, found.seen.number),
        ),
    };
    // What is wrong with an option is told with the options.
    if matches!(found.read, Err(LineFault::UnknownOption { .. } | LineFault::BadOption { .. } | LineFault::OpenQuote)) {
        return pass(CHECK, format!("{place} holds the key"));
    }
    let finding = fail(CHECK, code, text);
    match case.finished_line() {
        Some(line) => finding.advise(replace(found.file, lines, &line)),
        None => finding,
    }
}

/// Deletes lines and puts the whole one at the end.
fn replace(file: &KeysFile, (first, last): (u32, u32), line: &str) -> Advice {
    let range = if first == last { format!("{first}d") } else { format!("{first},{last}d") };
    let path = shell_word(&file.real);
    Advice::command(
        "replace it by the whole line",
        format!("sed -i {range} {path} && printf '\\n%s\\n' {} >> {path}", shell_word(line)),
    )
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
    let near = last.saturating_sub(first) <= 60;
    Some(match case.finished_line() {
        Some(line) if near => finding.advise(replace(file, (first, last), &line)),
        _ => finding,
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
            _ => skip(CHECK, case.settings_unseen()),
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

/// Adds a line, and makes what is missing on the way. A line break first: the file's last line may lack its own.
fn add(case: &Case<'_>, file: &KeysFile, line: &str) -> String {
    let path = shell_word(&file.path);
    let append = format!("printf '\\n%s\\n' {} >> {path}", shell_word(line));
    if file.presence == Presence::There {
        return append;
    }
    let folder = file.path.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let user = case.user();
    format!("install -d -m 700 -o {user} {} && {append} && chown {user} {path} && chmod 600 {path}", shell_word(folder))
}

/// What keeps sshd from using the line at all, beside address and time.
fn bad_options(case: &Case<'_>, line: &KeyLine) -> Option<(Certainty, String)> {
    if line.options.cert_authority {
        return Some((
            Certainty::Certain,
            "has \"cert-authority\": the key may sign certificates, but not log in".to_owned(),
        ));
    }
    if line.options.principals {
        return Some((Certainty::Certain, "has \"principals\", which sshd takes only with a certificate".to_owned()));
    }
    let release = case.facts.release?;
    let (word, since) =
        SINCE.iter().find(|(word, since)| release < *since && line.options.names.iter().any(|name| name == word))?;
    Some((
        Certainty::Likely,
        format!(
            "has the option {word:?}, which OpenSSH knows from {}.{} on; this is {}.{}, and passes over the whole line",
            since.0, since.1, release.0, release.1
        ),
    ))
}

pub(super) fn options(case: &Case<'_>) -> Finding {
    const CHECK: &str = "key_options";
    let problem = match (deciding(case), case.lines.first()) {
        (Some((found, line)), _) => match bad_options(case, line) {
            Some((certainty, text)) => (found, certainty, text),
            None => return pass(CHECK, allowed(line)),
        },
        (None, Some(found)) => match &found.read {
            Err(fault @ (LineFault::UnknownOption { .. } | LineFault::BadOption { .. } | LineFault::OpenQuote)) => {
                (found, Certainty::Certain, fault.to_string())
            }
            _ => return skip(CHECK, "sshd does not get as far as the options"),
        },
        (None, None) => return skip(CHECK, "there is no line with the key"),
    };
    let (found, certainty, text) = problem;
    let number = found.seen.number;
    let finding = fail(CHECK, Code::KeyOptions, format!("line {number} of {} {text}", found.file.path)).only(certainty);
    let old = matches!(certainty, Certainty::Likely);
    let line = if old { old_line(case) } else { case.finished_line() };
    match line {
        Some(line) => finding.advise(replace(found.file, (number, number), &line)),
        None => finding,
    }
}

/// The finished line in words that every release knows.
fn old_line(case: &Case<'_>) -> Option<String> {
    let key = case.expected.key.as_deref()?.trim();
    let mut options = vec!["no-agent-forwarding,no-X11-forwarding,no-pty,no-user-rc".to_owned()];
    options.extend(case.expected.targets.iter().map(|target| format!("permitopen=\"{target}\"")));
    Some(format!("{} {key}", options.join(",")))
}

fn allowed(line: &KeyLine) -> String {
    match (&line.options.command, line.options_text.is_empty()) {
        (Some(_), _) => "the line's options let the key in; its command= stops programs, not tunnels".to_owned(),
        (None, false) => "the line's options let the key in".to_owned(),
        (None, true) => "the line has no options".to_owned(),
    }
}

fn is_kept_out(case: &Case<'_>, line: &KeyLine) -> bool {
    let Some(list) = &line.options.from else { return false };
    let names = case.facts.settings.is_on("usedns");
    case.expected
        .from
        .iter()
        .any(|address| matches!(admits(list, *address, names), Admission::No | Admission::Invalid(_)))
}

pub(super) fn from(case: &Case<'_>) -> Finding {
    const CHECK: &str = "from";
    let Some((found, line)) = deciding(case) else {
        return skip(CHECK, "there is no line with the key that sshd understands");
    };
    let Some(list) = &line.options.from else { return pass(CHECK, "the line admits every address") };
    let number = found.seen.number;
    if case.expected.from.is_empty() {
        return skip(CHECK, format!("line {number} admits only {list}; the address that we are seen as is not known"));
    }
    let names = case.facts.settings.is_on("usedns");
    let mut kept_out = Vec::new();
    let mut unclear = false;
    for address in &case.expected.from {
        match admits(list, *address, names) {
            Admission::Yes => {}
            Admission::Perhaps => unclear = true,
            Admission::No => kept_out.push(*address),
            Admission::Invalid(entry) => {
                return fail(
                    CHECK,
                    Code::FromMismatch,
                    format!("line {number} admits nobody: sshd cannot use {entry:?} in from=\"{list}\""),
                )
                .seen("an address range must have no bits behind its mask, as 10.0.0.0/24 has none")
                .advise(mend_from(case, found, line, list));
            }
        }
    }
    let Some(address) = kept_out.first() else {
        return if unclear {
            skip(
                CHECK,
                format!("line {number} admits {list}, which names hosts: only the bastion knows whether that is us"),
            )
        } else {
            pass(CHECK, format!("line {number} admits our address"))
        };
    };
    let mut finding =
        fail(CHECK, Code::FromMismatch, format!("line {number} admits only {list}, and we come from {address}"))
            .advise(mend_from(case, found, line, list));
    if kept_out.len() < case.expected.from.len() {
        // Which of our addresses the next login comes from is not ours to say.
        finding.verdict = Verdict::Warn;
        finding.certainty = Certainty::Possible;
    }
    if names == Some(false)
        && list.split(',').any(|entry| entry.contains(|c: char| c.is_ascii_alphabetic()) && !entry.contains(':'))
    {
        finding = finding.seen("names in the list match nobody: sshd looks no names up (UseDNS is off)");
    }
    finding
}

/// The same line with our addresses admitted too.
fn mend_from(case: &Case<'_>, found: &Found<'_>, line: &KeyLine, list: &str) -> Advice {
    let mut entries: Vec<String> = list
        .split(',')
        .filter(|entry| {
            !matches!(admits(entry, std::net::IpAddr::from([0, 0, 0, 0]), Some(false)), Admission::Invalid(_))
        })
        .map(str::to_owned)
        .collect();
    for address in &case.expected.from {
        // What is shut out by name stays so, whatever is added behind it.
        let text = address.to_canonical().to_string();
        entries.retain(|entry| *entry != format!("!{text}"));
        if admits(&entries.join(","), *address, Some(false)) != Admission::Yes {
            entries.push(text);
        }
    }
    let options = with_option(&line.options_text, "from", Some(&entries.join(",")));
    replace(found.file, (found.seen.number, found.seen.number), &whole(case, &options, line))
}

/// A line with other options; the comment is the one that our key has.
fn whole(case: &Case<'_>, options: &str, line: &KeyLine) -> String {
    let key = case
        .expected
        .key
        .as_deref()
        .map_or_else(|| format!("{} {}", line.key_type, line.blob), |key| key.trim().to_owned());
    if options.is_empty() { key } else { format!("{options} {key}") }
}

/// The options with one of them replaced, or left out; all others stay as they were written.
pub(super) fn with_option(options: &str, name: &str, value: Option<&str>) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut done = false;
    for option in separate(options) {
        let is_it = option.split_once('=').is_some_and(|(word, _)| word.eq_ignore_ascii_case(name));
        if !is_it {
            kept.push(option);
        } else if let (Some(value), false) = (value, done) {
            kept.push(format!("{name}=\"{value}\""));
            done = true;
        }
    }
    kept.join(",")
}

/// Options at the commas outside of quotes.
fn separate(options: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut before) = (false, ' ');
    for c in options.chars() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        }
        before = c;
        match parts.last_mut() {
            Some(last) if c != ',' || quoted => last.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

pub(super) fn add_permits(case: &Case<'_>, found: &Found<'_>, line: &KeyLine, forwarding: bool) -> Advice {
    let mut options: Vec<String> = separate(&line.options_text);
    if forwarding {
        options.retain(|option| !option.eq_ignore_ascii_case("no-port-forwarding"));
        if options.iter().any(|option| option.eq_ignore_ascii_case("restrict")) {
            options.push("port-forwarding".to_owned());
        }
    }
    for target in &case.expected.targets {
        // A line without any permitopen would allow every target; one that is opened now should not.
        if line.options.permitopen.is_empty() || !line.options.permits(target) {
            options.push(format!("permitopen=\"{target}\""));
        }
    }
    replace(found.file, (found.seen.number, found.seen.number), &whole(case, &options.join(","), line))
}

fn is_over(case: &Case<'_>, line: &KeyLine) -> bool {
    let end = line.options.expiry.as_ref().and_then(|expiry| expiry.instant(case.facts.zone));
    end.is_some_and(|end| end < case.now())
}

pub(super) fn expiry(case: &Case<'_>) -> Finding {
    const CHECK: &str = "expiry";
    let Some((found, line)) = deciding(case) else {
        return skip(CHECK, "there is no line with the key that sshd understands");
    };
    let Some(expiry) = &line.options.expiry else { return pass(CHECK, "the line has no end") };
    let number = found.seen.number;
    // Without the bastion's time zone the end is known to a day.
    let span = |hours| expiry.instant(Some(hours * 60));
    let (over, open) = match expiry.instant(case.facts.zone) {
        Some(end) => (end < case.now(), end >= case.now()),
        None => (span(-12).is_some_and(|end| end < case.now()), span(14).is_some_and(|end| end >= case.now())),
    };
    if over {
        let options = with_option(&line.options_text, "expiry-time", None);
        return fail(CHECK, Code::KeyExpired, format!("line {number} ended at {expiry}")).advise(replace(
            found.file,
            (number, number),
            &whole(case, &options, line),
        ));
    }
    if open {
        pass(CHECK, format!("line {number} ends at {expiry}"))
    } else {
        skip(CHECK, format!("line {number} ends today, by a clock that could not be seen: {expiry}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_option_is_replaced_and_the_others_stay() {
        let options = "restrict,from=\"10.0.0.1,10.0.0.2\",command=\"a, \\\"b,c\\\"\",expiry-time=\"20200101\"";
        assert_eq!(
            with_option(options, "from", Some("::1")),
            "restrict,from=\"::1\",command=\"a, \\\"b,c\\\"\",expiry-time=\"20200101\""
        );
        assert_eq!(
            with_option(options, "Expiry-Time", None),
            "restrict,from=\"10.0.0.1,10.0.0.2\",command=\"a, \\\"b,c\\\"\""
        );
        assert_eq!(with_option("", "from", None), "");
    }
}
