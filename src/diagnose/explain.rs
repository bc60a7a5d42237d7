//! Reads error texts that people paste, of ssh, sshd's log, database clients, drivers and tools, and says of each what it
//! means, who must act and what mends it. It reads no files, asks nobody and is total: what nobody knows gives nothing.

mod catalog;
mod pattern;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde::{Deserialize, Serialize};

use crate::model::{Advice, Certainty, Code, Owner, Untrusted, shell_word};
use catalog::{Class, Says};
use pattern::{Captures, Pattern};
use text::Line;

/// Longest text that is read, in bytes; of a longer one the beginning.
pub const LONGEST: usize = 1 << 20;

/// Most classes that one text is given; a log holds a handful at most.
const MOST: usize = 20;

/// Where a mail or a chat breaks lines; a shorter line was not broken, and is not joined with the next.
const BROKEN_FROM: usize = 30;

/// One class of error that a text shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The class's name, such as `forward_prohibited`.
    pub class: String,
    /// The class in a few words.
    pub title: String,
    /// What the text means.
    pub meaning: String,
    /// Who must act.
    pub owner: Owner,
    /// What mends it, in one text; the same as `advice`.
    pub fix: String,
    /// What mends it, most useful first, with commands filled in from the text where it names what they need.
    pub advice: Vec<Advice>,
    /// How sure the text makes it.
    pub certainty: Certainty,
    /// The code that a diagnosis has for the same cause.
    pub code: Option<Code>,
    /// The line that shows it, from 1.
    pub line: usize,
    /// That line, cleaned.
    pub text: String,
}

/// What a text shows, best first: causes before what merely follows from them. Empty where nothing is known.
#[must_use]
pub fn explain(text: &str) -> Vec<Match> {
    let lines = text::lines(cut(text));
    let whole = lines.iter().map(|line| line.lowered.as_str()).collect::<Vec<_>>().join(" ");
    let candidates = candidates(&whole);
    let mut best: BTreeMap<&str, Hit<'_>> = BTreeMap::new();
    for hit in hits(&lines, &candidates) {
        match best.entry(&hit.class.class) {
            Entry::Vacant(place) => {
                place.insert(hit);
            }
            // The first line is shown; what it does not name, a later one may.
            Entry::Occupied(mut first) => {
                for (name, text) in hit.captures {
                    first.get_mut().captures.entry(name).or_insert(text);
                }
            }
        }
    }
    let explained: Vec<&String> = best.values().flat_map(|hit| &hit.class.instead_of).collect();
    best.retain(|class, _| !explained.iter().any(|other| other == class));
    let specific = best.values().any(|hit| hit.class.says != Says::Wrapper);
    let mut hits: Vec<Hit<'_>> =
        best.into_values().filter(|hit| !specific || hit.class.says != Says::Wrapper).collect();
    hits.sort_by(|a, b| {
        let key = |hit: &Hit<'_>| (hit.class.says, std::cmp::Reverse(hit.class.certainty), hit.number);
        key(a).cmp(&key(b))
    });
    hits.iter().take(MOST).map(Hit::found).collect()
}

/// The beginning of the text, as far as it is read.
fn cut(text: &str) -> &str {
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// The patterns of which any part can be in the text at all: most texts hold few.
fn candidates(whole: &str) -> Vec<(&'static Class, &'static Pattern)> {
    let fits = |class: &&Class| !class.unless_text.iter().any(|word| whole.contains(word.as_str()));
    let all = catalog::classes()
        .iter()
        .filter(fits)
        .flat_map(|class| class.patterns.iter().map(move |pattern| (class, pattern)));
    all.filter(|(_, pattern)| whole.contains(pattern.longest())).collect()
}

/// One class on one line.
struct Hit<'a> {
    class: &'static Class,
    weight: usize,
    captures: Captures,
    number: usize,
    line: &'a str,
}

impl Hit<'_> {
    /// What a line is given: a cause beats what follows from it, and the longer text the shorter.
    fn rank(&self) -> (std::cmp::Reverse<Says>, usize) {
        (std::cmp::Reverse(self.class.says), self.weight)
    }

    fn found(&self) -> Match {
        let class = self.class;
        let advice: Vec<Advice> = class.fix.iter().map(|fix| filled(fix, &self.captures)).collect();
        Match {
            class: class.class.clone(),
            title: class.title.clone(),
            meaning: class.meaning.clone(),
            owner: class.owner,
            fix: in_one(&advice),
            advice,
            certainty: class.certainty,
            code: class.code,
            line: self.number,
            text: Untrusted::new(self.line).clean(200),
        }
    }
}

/// The best class of each line; of two lines that a mail broke, the best of both where that says more than each.
fn hits<'a>(lines: &'a [Line], candidates: &[(&'static Class, &'static Pattern)]) -> Vec<Hit<'a>> {
    let alone: Vec<Option<Hit<'a>>> =
        lines.iter().map(|line| best(&line.plain, &line.lowered, line, candidates)).collect();
    let mut out = Vec::new();
    let mut joined_before = false;
    for (at, own) in alone.iter().enumerate() {
        let (Some(line), next) = (lines.get(at), lines.get(at + 1)) else { break };
        let joined =
            next.filter(|next| next.number == line.number + 1 && line.plain.len() >= BROKEN_FROM).and_then(|next| {
                let plain = format!("{} {}", line.plain, next.plain);
                best(&plain, &plain.to_ascii_lowercase(), line, candidates)
            });
        let after = alone.get(at + 1).and_then(Option::as_ref);
        let stronger = |joined: &Hit<'_>, single: Option<&Hit<'_>>| single.is_none_or(|one| joined.rank() > one.rank());
        match joined.filter(|joined| stronger(joined, own.as_ref()) && stronger(joined, after)) {
            Some(joined) => {
                out.push(joined);
                joined_before = true;
            }
            None if std::mem::take(&mut joined_before) => {}
            None => out.extend(own.as_ref().map(Hit::again)),
        }
    }
    out
}

impl<'a> Hit<'a> {
    fn again(&self) -> Hit<'a> {
        Hit { captures: self.captures.clone(), ..*self }
    }
}

fn best<'a>(
    plain: &str,
    lowered: &str,
    line: &'a Line,
    candidates: &[(&'static Class, &'static Pattern)],
) -> Option<Hit<'a>> {
    let mut found: Option<Hit<'a>> = None;
    for (class, pattern) in candidates {
        // A client's own debug lines tell of attempts that are no failures; only what asks for one reads them.
        if line.is_debug && !pattern.reads_debug() || class.unless.iter().any(|word| lowered.contains(word.as_str())) {
            continue;
        }
        let Some(captures) = pattern.find(plain, lowered) else { continue };
        let hit = Hit { class, weight: pattern.weight(), captures, number: line.number, line: &line.plain };
        if found.as_ref().is_none_or(|other| hit.rank() > other.rank()) {
            found = Some(hit);
        }
    }
    found
}

/// The advice with what the text named; a command that lacks something is left out and its words stay.
fn filled(fix: &Advice, captures: &Captures) -> Advice {
    let command = fix.command.as_ref().and_then(|template| {
        let mut out = String::new();
        let mut rest = template.as_str();
        while let Some((before, after)) = rest.split_once('{') {
            // A shell's own braces and awk's are no places to fill: ours hold one lower-case word.
            match after.split_once('}').filter(|(name, _)| is_name(name)) {
                Some((name, behind)) => {
                    out.push_str(before);
                    out.push_str(&word(captures.get(name)?)?);
                    rest = behind;
                }
                None => {
                    out.push_str(before);
                    out.push('{');
                    rest = after;
                }
            }
        }
        Some(out + rest)
    });
    Advice { text: fix.text.clone(), command }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// What the text named, as a word for a shell. Anything but a host, port, user or path is none: a pasted text must not be
/// able to write a command, or an option of one.
fn word(text: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._:@/~%+-[]=".contains(c);
    if text.is_empty() || text.len() > 255 || text.starts_with('-') || !text.chars().all(plain) {
        return None;
    }
    match text.strip_prefix("~/") {
        Some(rest) => Some(format!("~/{}", shell_word(rest))),
        None => Some(shell_word(text)),
    }
}

/// All advice as one text, commands in back quotes.
fn in_one(advice: &[Advice]) -> String {
    let one = |advice: &Advice| match &advice.command {
        Some(command) => format!("{}: `{command}`.", advice.text.trim_end_matches('.')),
        None if advice.text.ends_with(['.', '!', '?']) => advice.text.clone(),
        None => format!("{}.", advice.text),
    };
    advice.iter().map(one).collect::<Vec<_>>().join(" ")
}
