//! The set-up for the bastion's admin as a page: a tab a platform, the scripts, and the receipt that comes back. This is its
//! state, and each tab as lines; what keys do to it is `update`'s, where the lines stand is the screen's. It touches no file.

mod entry;
mod lines;

use std::collections::BTreeMap;

use jiff::Timestamp;

pub(crate) use entry::Entry;
pub(crate) use lines::{At, lay_out, room, tabs};

use crate::model::{Admin, Name, Subject};
use crate::service::present::receipt_text;
use crate::service::{Judged, LONGEST_RECEIPT, Platform, Setup, Sheet, read_receipt};

/// A tab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// Every platform that fits.
    Fitting,
    /// One platform.
    On(Platform),
    /// The scripts for Linux.
    Scripts,
    /// What comes back.
    Receipt,
}

impl Tab {
    /// All tabs, in the order in which they stand.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![Self::Fitting];
        all.extend(Platform::ALL.into_iter().map(Self::On));
        all.extend([Self::Scripts, Self::Receipt]);
        all
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Fitting => "fits",
            Self::On(platform) => platform.as_str(),
            Self::Scripts => "scripts",
            Self::Receipt => "receipt",
        }
    }
}

/// The set-up of something, on screen.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) subject: Subject,
    /// The facts, once the service has told them.
    pub(crate) setup: Option<Box<Setup>>,
    /// Why it did not.
    pub(crate) refused: Option<String>,
    pub(crate) tab: Tab,
    /// What stands on the tab.
    pub(crate) entries: Vec<Entry>,
    /// The opened one.
    pub(crate) at: usize,
    /// The first of its lines that shows, where not all of them fit.
    pub(crate) first: usize,
    /// What is pasted or typed of a receipt; absent while keys are commands.
    pub(crate) pasting: Option<String>,
    /// The receipt that was read last, or why it is none.
    pub(crate) judged: Option<Result<Judged, String>>,
}

impl Page {
    pub(crate) fn new(subject: Subject, tab: Tab) -> Self {
        let pasting = (tab == Tab::Receipt).then(String::new);
        Self { subject, setup: None, refused: None, tab, entries: Vec::new(), at: 0, first: 0, pasting, judged: None }
    }

    /// Takes over the facts; a receipt that was pasted meanwhile is read.
    pub(crate) fn learn(&mut self, setup: Box<Setup>, now: Timestamp) {
        self.setup = Some(setup);
        self.fill();
        if self.pasting.as_ref().is_some_and(|text| !text.trim().is_empty()) {
            self.read(now);
        }
    }

    /// Makes what stands on the tab.
    pub(crate) fn fill(&mut self) {
        let Some(setup) = &self.setup else { return };
        self.entries = entry::on(self.tab, setup, self.judged.as_ref());
        self.at = self.at.min(self.entries.len().saturating_sub(1));
    }

    /// Shows another tab.
    pub(crate) fn turn(&mut self, tab: Tab) {
        (self.tab, self.at, self.first, self.pasting) = (tab, 0, 0, None);
        self.fill();
    }

    /// The tab beside this one, around the end.
    pub(crate) fn beside(&self, forward: bool) -> Tab {
        let all = Tab::all();
        let here = all.iter().position(|tab| *tab == self.tab).unwrap_or(0);
        let there = if forward { here + 1 } else { here + all.len() - 1 };
        all.into_iter().cycle().nth(there).unwrap_or(Tab::Fitting)
    }

    /// The opened entry.
    pub(crate) fn entry(&self) -> Option<&Entry> {
        self.entries.get(self.at)
    }

    /// Opens another entry.
    pub(crate) fn choose(&mut self, at: usize) {
        (self.at, self.first) = (at.min(self.entries.len().saturating_sub(1)), 0);
    }

    /// The text that `w` writes into a file.
    pub(crate) fn sheet(&self) -> Sheet {
        match (self.tab, self.at) {
            (Tab::Fitting, _) => Sheet::Text(None),
            (Tab::On(platform), _) => Sheet::Text(Some(platform)),
            (Tab::Scripts, 0) => Sheet::Script,
            (Tab::Scripts, 2) => Sheet::Undo,
            (Tab::Scripts | Tab::Receipt, _) => Sheet::Check,
        }
    }

    /// Takes what is pasted of a receipt, as far as any receipt goes, and reads it.
    pub(crate) fn paste(&mut self, text: &str, now: Timestamp) {
        // After an answer a paste is another receipt.
        if self.judged.is_some() {
            self.pasting = None;
        }
        text.chars().for_each(|c| self.push(c));
        self.read(now);
    }

    /// Takes a character. One more than the longest receipt is kept, so that what is too long is seen to be.
    pub(crate) fn push(&mut self, c: char) {
        let c = if c == '\r' { '\n' } else { c };
        let text = self.pasting.get_or_insert_default();
        if text.len() <= LONGEST_RECEIPT {
            text.push(c);
        }
    }

    /// Reads what was pasted; what can be judged is shown instead of the field.
    pub(crate) fn read(&mut self, now: Timestamp) {
        let (Some(setup), Some(text)) = (&self.setup, &self.pasting) else { return };
        let judged = read_receipt(setup, text, now);
        if judged.is_ok() {
            (self.tab, self.pasting) = (Tab::Receipt, None);
        }
        // What is wrong is opened first.
        let worst = judged.as_ref().ok().and_then(|judged| {
            let bad = |finding: &crate::model::Finding| finding.verdict == judged.verdict;
            judged.findings.iter().position(bad).map(|at| at + 1)
        });
        let passes = judged.as_ref().is_ok_and(|judged| judged.verdict <= crate::model::Verdict::Pass);
        self.judged = Some(judged);
        (self.at, self.first) = (worst.filter(|_| !passes).unwrap_or(0), 0);
        self.fill();
    }

    /// The judged receipt as text.
    pub(crate) fn checklist(&self) -> Option<String> {
        let (Some(Ok(judged)), Some(setup)) = (&self.judged, &self.setup) else { return None };
        Some(receipt_text(setup, judged.verdict, &judged.findings).join("\n"))
    }
}

/// What an answer of the service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// The page.
    Page,
    /// The script that looks, to be copied.
    CheckScript,
}

/// Set-ups on screen, what is asked for them, and the logins that were used to look on bastions.
#[derive(Debug, Clone, Default)]
pub(crate) struct Desk {
    /// The page that lies over everything else, if one does.
    pub(crate) page: Option<Box<Page>>,
    /// Questions without an answer, by number. Bounded by what a person can press.
    pub(crate) asked: Vec<(u64, Want)>,
    /// The person's own login on a bastion, as given last.
    pub(crate) admins: BTreeMap<Name, Admin>,
}
