//! The checklist: facts seen on the bastion, and what the account is wanted for, turned into one finding a line, in the order in
//! which sshd itself asks. What could not be seen is a skip with its reason, never a pass.

mod key;
mod limits;
mod login;
mod mend;
mod options;
mod paths;
mod server;

use std::net::IpAddr;

use super::facts::{AccountFacts, KeysFile, Presence, SeenLine};
use super::{Expected, type_and_blob};
use crate::model::advice::{Advice, Owner};
use crate::model::authorized_key::{KeyLine, LineFault};
use crate::model::fault::Code;
use crate::model::finding::{Certainty, Finding, Verdict};
use crate::model::recipe::shell_word;
use crate::model::rung::Rung;

/// Judges an account: one finding for each line of the checklist.
#[must_use]
pub fn judge(facts: &AccountFacts, expected: &Expected) -> Vec<Finding> {
    if facts.user != expected.user {
        let text = format!("these facts are about {}, not {}", facts.user, expected.user);
        return vec![skip("account", text)];
    }
    let case = Case::new(facts, expected);
    let mut findings = vec![login::account(&case)];
    if facts.exists == Some(false) {
        return findings;
    }
    findings.extend([login::shell(&case), login::allow_lists(&case), server::authentication(&case)]);
    findings.extend([paths::home(&case), paths::ssh_dir(&case), paths::keys_file(&case)]);
    findings.extend([key::line(&case), options::options(&case), options::from(&case), options::expiry(&case)]);
    findings.extend([server::forwarding(&case), server::permit_open(&case)]);
    if !facts.complete {
        findings.push(skip("look", "what was printed breaks off, so later lines of this list may lack facts"));
    }
    findings
}

/// The facts with what several checks need of them.
struct Case<'a> {
    facts: &'a AccountFacts,
    expected: &'a Expected,
    /// Type and Base64 of our key.
    key: Option<(&'a str, &'a str)>,
    /// The files that sshd reads keys from, as far as they were looked at.
    read: Vec<&'a KeysFile>,
    /// Of those the one that matters: it holds the key, or would.
    file: Option<&'a KeysFile>,
    /// Lines of the read files that hold the key, with what sshd makes of them.
    lines: Vec<Found<'a>>,
}

/// A line with our key.
struct Found<'a> {
    file: &'a KeysFile,
    seen: &'a SeenLine,
    read: Result<KeyLine, LineFault>,
}

impl Found<'_> {
    /// sshd finds our key here, whatever its options then say.
    fn is_ours(&self, key: (&str, &str)) -> Option<&KeyLine> {
        let line = self.read.as_ref().ok()?;
        (!self.seen.run_on && line.holds(key.0, key.1) && !self.file.wide).then_some(line)
    }
}

impl<'a> Case<'a> {
    fn new(facts: &'a AccountFacts, expected: &'a Expected) -> Self {
        let key = expected.key.as_deref().and_then(type_and_blob);
        let paths = facts.keys_paths();
        let is_read = |file: &&KeysFile| match &paths {
            Some(paths) => paths.contains(&file.path),
            None => file.path.ends_with("/.ssh/authorized_keys"),
        };
        let read: Vec<&KeysFile> = facts.files.iter().filter(is_read).collect();
        let lines: Vec<Found<'a>> = read
            .iter()
            .flat_map(|file| {
                file.lines.iter().filter_map(|seen| {
                    let text = seen.text.as_deref()?;
                    Some(Found { file, seen, read: KeyLine::read(text) })
                })
            })
            .collect();
        let good = lines.iter().find(|found| key.is_some_and(|key| found.is_ours(key).is_some()));
        let file = good
            .or(lines.first())
            .map(|found| found.file)
            .or_else(|| read.iter().find(|file| !file.parts.is_empty() || !file.lines.is_empty()).copied())
            .or_else(|| read.iter().find(|file| file.presence == Presence::There).copied())
            .or(read.first().copied());
        Self { facts, expected, key, read, file, lines }
    }

    fn user(&self) -> String {
        shell_word(&self.expected.user)
    }

    fn setting(&self, word: &str) -> Option<&str> {
        self.facts.settings.get(word)
    }

    /// The address that the bastion sees us come from.
    fn address(&self) -> Option<IpAddr> {
        self.expected.from.first().copied().or(self.facts.seen_from)
    }

    /// The bastion's clock decides; ours stands in for it.
    fn now(&self) -> jiff::Timestamp {
        self.facts.clock.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok()).unwrap_or(self.expected.now)
    }

    /// How sure a finding is that rests on sshd's settings.
    fn certainty(&self) -> Certainty {
        if self.facts.settings.are_certain() { Certainty::Certain } else { Certainty::Likely }
    }

    /// Modes and owners are asked for (`StrictModes`, on unless somebody switched it off).
    fn is_strict(&self) -> bool {
        self.facts.settings.is_on("strictmodes").unwrap_or(true)
    }

    /// The finished line for our key.
    fn finished_line(&self) -> Option<String> {
        let key = self.expected.key.as_deref()?;
        Some(crate::model::authorized_key::authorized_key(key, &self.expected.targets))
    }

    /// Why sshd's settings are not known.
    fn settings_unseen(&self) -> String {
        match self.facts.settings.unseen.first() {
            Some(file) => format!("sshd's settings could not be read in full ({file} is closed to this login)"),
            None => "sshd's settings could not be read, or depend on what only sshd can tell".to_owned(),
        }
    }
}

fn pass(check: &str, summary: impl Into<String>) -> Finding {
    let rung = if matches!(check, "forwarding" | "permit_open") { Rung::Open } else { Rung::Prove };
    Finding::new(rung, check, Verdict::Pass, summary)
}

fn skip(check: &str, summary: impl Into<String>) -> Finding {
    Finding { verdict: Verdict::Skip, ..pass(check, summary) }
}

fn fail(check: &str, code: Code, summary: impl Into<String>) -> Finding {
    let mut finding = Finding::new(code.rung(), check, Verdict::Fail, summary).because(code);
    // Whatever is wrong on the bastion, only its admin can mend it there.
    finding.owner = Some(Owner::BastionAdmin);
    finding
}

impl Finding {
    fn only(mut self, certainty: Certainty) -> Self {
        self.certainty = certainty;
        self
    }

    fn seen(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = Some(evidence.into());
        self
    }
}

/// Behind a change of sshd's settings: only valid ones are taken into use. Debian calls the service ssh, others sshd.
const RELOAD: &str = "sshd -t && { systemctl reload ssh || systemctl reload sshd; }";

/// Settings for one account, at the end of the file, where they beat what is said for all.
fn match_user(case: &Case<'_>, why: &str, settings: &str) -> Advice {
    let file = shell_word(case.facts.settings.file.as_deref().unwrap_or("/etc/ssh/sshd_config"));
    let block = shell_word(&format!("Match User {}", case.expected.user));
    let line = shell_word(&format!("    {settings}"));
    Advice::command(why, format!("printf '\\n%s\\n' {block} {line} >> {file} && {RELOAD}"))
}
