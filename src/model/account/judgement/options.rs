//! What the options of the key's line demand of a login: words that sshd knows, an address, a time. What they allow afterwards is
//! judged with the server's own settings.

use super::limits::{is_kept_out, is_over};
use super::mend::{mended, old_line, replace_line};
use super::{Case, Found, fail, pass, skip};
use crate::model::authorized_key::{Admission, KeyLine, LineFault, admits};
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding, Verdict};

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
    let line = if certainty == Certainty::Likely { old_line(case) } else { case.finished_line() };
    match line {
        Some(line) => finding.advise(replace_line(case, found, &line)),
        None => finding,
    }
}

fn allowed(line: &KeyLine) -> String {
    match (&line.options.command, line.options_text.is_empty()) {
        (Some(_), _) => "the line's options let the key in; its command= stops programs, not tunnels".to_owned(),
        (None, false) => "the line's options let the key in".to_owned(),
        (None, true) => "the line has no options".to_owned(),
    }
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
                .advise(mended(case, found, line));
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
            .advise(mended(case, found, line));
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
        return fail(CHECK, Code::KeyExpired, format!("line {number} ended at {expiry}"))
            .advise(mended(case, found, line));
    }
    if open {
        pass(CHECK, format!("line {number} ends at {expiry}"))
    } else {
        skip(CHECK, format!("line {number} ends today, by a clock that could not be seen: {expiry}"))
    }
}
