//! What of a diagnosis is read or copied in full: one rung with everything that was seen, the report, what changed.

use super::Open;
use super::opened::in_order;
use crate::model::{Finding, Report, Verdict};
use crate::service::present::{report_changes, report_redacted, report_text};
use crate::tui::widget::{badge, text};

impl Open<'_> {
    /// Everything that is known of the opened rung, and its title; of all rungs where none is opened.
    pub(crate) fn details(&self) -> Option<(String, String)> {
        let report = &self.shown()?.report;
        let Some(rung) = self.rung() else {
            return Some(("The whole report".to_owned(), lines(report)));
        };
        let findings = in_order(report, rung);
        if findings.is_empty() {
            return Some((rung.to_string(), "Nothing is known of it yet.".to_owned()));
        }
        Some((rung.to_string(), findings.into_iter().map(whole).collect::<Vec<_>>().join("\n\n")))
    }

    /// The report as text.
    pub(crate) fn report(&self) -> Option<String> {
        self.shown().map(|shown| lines(&shown.report))
    }

    /// The same for strangers' eyes.
    pub(crate) fn redacted(&self) -> Option<String> {
        self.shown().map(|shown| lines(&report_redacted(&shown.report, self.snapshot)))
    }

    /// What changed since the run before; absent where there is none to compare with.
    pub(crate) fn changes(&self) -> Option<String> {
        let shown = self.shown()?;
        let changes = report_changes(shown.before.as_ref()?, &shown.report);
        Some(if changes.is_empty() { "Nothing changed since the run before.".to_owned() } else { changes.join("\n\n") })
    }
}

fn whole(finding: &Finding) -> String {
    let mut facts = vec![format!("{}: {}", finding.check.replace('_', " "), finding.verdict.as_str())];
    facts.extend(finding.code.map(|code| code.to_string()));
    if matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        facts.push(finding.certainty.as_str().to_owned());
    }
    facts.extend(finding.owner.map(badge::turn));
    facts.extend(finding.ms.map(text::round_trip));
    let mut out = vec![finding.summary.clone(), facts.join(" · ")];
    out.extend(finding.evidence.clone());
    for advice in &finding.advice {
        out.push(format!("- {}", advice.text));
        out.extend(advice.command.iter().map(|command| format!("  {command}")));
    }
    out.join("\n")
}

fn lines(report: &Report) -> String {
    report_text(report).join("\n")
}
