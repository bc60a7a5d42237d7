//! The receipt that a script printed on the bastion, read from whatever it was pasted in, and judged as the diagnosis judges. It
//! is a report, no proof: the sum guards against accidents, not against forgery.

mod paste;

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Setup, sum};
use crate::model::account::{AccountFacts, Expected, judge};
use crate::model::{Finding, Untrusted, Verdict};

pub use paste::LONGEST_PASTE;

/// A receipt as it came: what it is about, and the facts not yet judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The bastion's name in the configuration of whoever made the script.
    pub bastion: String,
    /// The account.
    pub user: String,
    /// The key's fingerprint; absent where it was not known.
    pub fingerprint: Option<String>,
    /// The addresses that we come from, as the script was told.
    pub from: Vec<IpAddr>,
    /// Names of facts with their values, in their order.
    facts: Vec<(String, String)>,
}

/// Why a text brings no receipt that counts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// There is none in the text.
    #[error(
        "there is no receipt in this text; it begins with a line adit-receipt-1-begin and ends with adit-receipt-1-end"
    )]
    Absent,
    /// Nothing was pasted.
    #[error("there was nothing to read; paste the receipt that the script printed, from its first line to its last")]
    Empty,
    /// More than anybody pastes.
    #[error("the text is longer than {} KiB, and a receipt has less than two: paste the receipt alone", LONGEST_PASTE >> 10)]
    TooLong,
    /// One end is missing.
    #[error("only a part of the receipt is here, its {missing} is missing: paste it from its first line to its last")]
    Half {
        /// `beginning` or `end`.
        missing: &'static str,
    },
    /// The sum is wrong.
    #[error(
        "the receipt was altered on its way: its check sum does not fit. Ask for it again, as a file or between two lines of ```"
    )]
    Altered,
    /// Made by a later program.
    #[error("the receipt was made by another version of adit's script: make the script anew with this one")]
    Version,
    /// Two that differ.
    #[error("there are {count} receipts here, and they differ: paste the newest alone")]
    Several {
        /// How many.
        count: usize,
    },
    /// Belongs elsewhere.
    #[error("the receipt is from another set-up: it is about {theirs}, and this is about {ours}")]
    Elsewhere {
        /// What it names.
        theirs: String,
        /// What is wanted.
        ours: String,
    },
    /// Nothing in it could be understood.
    #[error("the receipt holds no facts about an account: {why}")]
    NoFacts {
        /// Why.
        why: String,
    },
}

impl Receipt {
    /// Reads the receipt from a paste: broken lines, quote marks, blanks at the ends and words around it do no harm.
    ///
    /// # Errors
    /// Where no receipt, or not exactly one, is in the text unaltered.
    pub fn read(text: &str) -> Result<Self, ReceiptError> {
        let block = paste::find(text)?;
        let mut receipt = Self {
            bastion: String::new(),
            user: String::new(),
            fingerprint: None,
            from: Vec::new(),
            facts: Vec::new(),
        };
        for item in block.split(';').filter(|item| !item.is_empty()) {
            let (name, value) = item.split_once('=').unwrap_or((item, ""));
            let value = paste::decode(value);
            match name {
                "bastion" => receipt.bastion = Untrusted::new(value).clean(100),
                "user" => receipt.user = Untrusted::new(value).clean(256),
                "key" => receipt.fingerprint = Some(Untrusted::new(value).clean(100)).filter(|text| text != "-"),
                "from" => receipt.from = value.split(',').take(20).filter_map(|address| address.parse().ok()).collect(),
                _ => receipt.facts.push((name.to_owned(), value)),
            }
        }
        Ok(receipt)
    }

    /// Judges the receipt as the diagnosis judges what it sees itself: one finding for each line of the checklist.
    ///
    /// # Errors
    /// Where it is about another bastion, user or key, or holds no facts.
    pub fn judge(&self, setup: &Setup, now: Timestamp) -> Result<Vec<Finding>, ReceiptError> {
        self.belongs_to(setup)?;
        let facts =
            AccountFacts::read(&self.look(setup)).map_err(|error| ReceiptError::NoFacts { why: error.to_string() })?;
        let expected = Expected {
            user: setup.user.clone(),
            key: setup.key.as_ref().map(|key| key.line.clone()),
            targets: setup.targets(),
            from: if setup.sources().is_empty() { self.from.clone() } else { setup.sources() },
            now,
        };
        let mut findings = judge(&facts, &expected);
        // Without a database there is nothing to ask for.
        findings.retain(|finding| !(setup.databases.is_empty() && finding.check == "permit_open"));
        Ok(findings)
    }

    fn belongs_to(&self, setup: &Setup) -> Result<(), ReceiptError> {
        let key = setup.key.as_ref().map(|key| key.fingerprint.as_str());
        let same_key = match (key, self.fingerprint.as_deref()) {
            (Some(ours), Some(theirs)) => ours == theirs,
            // What one side does not know says nothing.
            _ => true,
        };
        if self.bastion == setup.bastion.as_str() && self.user == setup.user && same_key {
            return Ok(());
        }
        let words = |bastion: &str, user: &str, key: Option<&str>| {
            format!("user {user} on {bastion} with {}", key.unwrap_or("an unknown key"))
        };
        Err(ReceiptError::Elsewhere {
            theirs: words(&self.bastion, &self.user, self.fingerprint.as_deref()),
            ours: words(setup.bastion.as_str(), &setup.user, key),
        })
    }

    /// The facts as the look itself prints them.
    fn look(&self, setup: &Setup) -> String {
        let blob = setup.key.as_ref().and_then(|key| key.line.split_whitespace().nth(1)).unwrap_or_default();
        let value =
            |wanted: &str| self.facts.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str());
        let mut text = format!("adit-look 1 begin\nsight={}\nuser={}\n", value("sight"), self.user);
        let mut cut = false;
        for (name, value) in &self.facts {
            let line = match name.as_str() {
                "sight" => continue,
                "cut" => {
                    cut = true;
                    continue;
                }
                "p" => paste::place(value).map(|place| format!("path={place}")),
                "line" if blob.is_empty() => None,
                "line" if value.ends_with("behind") => Some(format!("line={value}")),
                "line" => Some(format!("line={}{blob}", full_targets(value, setup))),
                _ => Some(format!("{name}={value}")),
            };
            text.extend(line.into_iter().flat_map(|line| [line, "\n".to_owned()]));
        }
        if !cut {
            text.push_str("adit-look 1 end\n");
        }
        text
    }
}

/// A long line names targets by their sums; those that are not ours stay somebody else's.
fn full_targets(line: &str, setup: &Setup) -> String {
    let sum = |target: &crate::model::Endpoint| {
        let target = target.to_string();
        let sum = sum::cksum(target.as_bytes()).to_string();
        (target, sum)
    };
    let targets: Vec<(String, String)> = setup.targets().iter().map(sum).collect();
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("permitopen=\"#") {
        out.push_str(before);
        let (numbers, behind) = behind.split_once('"').unwrap_or((behind, ""));
        let named = |number: &str| targets.iter().find(|(_, sum)| sum == number).map(|(target, _)| target.as_str());
        let permits: Vec<String> = numbers
            .split('.')
            .map(|number| format!("permitopen=\"{}\"", named(number).unwrap_or("another.invalid:1")))
            .collect();
        out.push_str(&permits.join(","));
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// What a checklist comes to: a failure if there is one; and where a line could not be looked at, that is no all-good.
#[must_use]
pub fn verdict(findings: &[Finding]) -> Verdict {
    let has = |wanted| findings.iter().any(|finding| finding.verdict == wanted);
    if has(Verdict::Fail) {
        Verdict::Fail
    } else if has(Verdict::Skip) || findings.is_empty() {
        Verdict::Skip
    } else if has(Verdict::Warn) {
        Verdict::Warn
    } else {
        Verdict::Pass
    }
}
