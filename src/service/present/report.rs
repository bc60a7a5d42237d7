//! A diagnosis for people and for programs. The texts in it are cleaned already.

use serde_json::Value;

use super::{document, json, milliseconds};
use crate::model::{Advice, Finding, Report, Subject, Verdict};

/// The report as JSON, in one line.
#[must_use]
pub fn report_json(report: &Report) -> String {
    let cause = report.cause();
    let (tunnel, bastion) = match &report.subject {
        Subject::Tunnel(name) => (json(name), json(&report.bastion)),
        Subject::Bastion(name) => (Value::Null, json(name)),
        Subject::Draft(_) => (Value::Null, json(&report.bastion)),
    };
    let draft = match &report.subject {
        Subject::Draft(name) => json(name),
        Subject::Tunnel(_) | Subject::Bastion(_) => Value::Null,
    };
    document([
        ("tunnel", tunnel),
        ("bastion", bastion),
        ("draft", draft),
        ("verdict", json(&report.verdict())),
        ("rung", json(&cause.map(|finding| finding.rung))),
        ("code", json(&cause.and_then(|finding| finding.code))),
        ("owner", json(&cause.and_then(|finding| finding.owner))),
        ("findings", json(&report.findings)),
    ])
}

/// The glyph of a verdict.
pub(super) fn glyph(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '✓',
        Verdict::Warn => '!',
        Verdict::Fail => '✗',
        Verdict::Skip => '·',
    }
}

/// The report as lines: the ladder with what each rung says, and at the failures who must do what.
#[must_use]
pub fn report_text(report: &Report) -> Vec<String> {
    let many = report.findings.iter().any(|finding| finding.hop > 0);
    let mut lines: Vec<String> = report.findings.iter().flat_map(|finding| finding_text(finding, many)).collect();
    lines.push(String::new());
    lines.push(report_verdict(report));
    lines
}

/// One finding as lines: what it says, and where somebody must act, why and what. `many` numbers the bastions on the way.
#[must_use]
pub fn finding_text(finding: &Finding, many: bool) -> Vec<String> {
    let hop = if many { format!("{}. ", finding.hop + 1) } else { String::new() };
    let time = finding.ms.filter(|ms| *ms >= 0.05).map(|ms| format!("  ({})", milliseconds(ms))).unwrap_or_default();
    let mut lines =
        vec![format!("{} {:8} {hop}{}{time}", glyph(finding.verdict), finding.rung.as_str(), finding.summary)];
    lines.extend(advice_text(finding).into_iter().map(|line| format!("           {line}")));
    lines
}

/// Who must act, why and how; nothing where nobody must.
pub(super) fn advice_text(finding: &Finding) -> Vec<String> {
    let mut lines = Vec::new();
    if !matches!(finding.verdict, Verdict::Fail | Verdict::Warn) {
        return lines;
    }
    if let Some(owner) = finding.owner {
        let code = finding.code.map(|code| format!(", {code}")).unwrap_or_default();
        lines.push(format!("for {}{code}, {}", owner.words(), finding.certainty.as_str()));
    }
    lines.extend(finding.evidence.clone());
    for Advice { text, command } in &finding.advice {
        lines.push(format!("- {text}"));
        lines.extend(command.iter().map(|command| format!("  {command}")));
    }
    lines
}

/// What it comes to, in one line.
#[must_use]
pub fn report_verdict(report: &Report) -> String {
    let subject = report.subject.words();
    match (report.verdict(), report.cause()) {
        (Verdict::Fail | Verdict::Warn, Some(cause)) => {
            let code = cause.code.map(|code| format!(" ({code})")).unwrap_or_default();
            let owner = cause.owner.map(|owner| format!("; next: {}", owner.words())).unwrap_or_default();
            format!("{subject}: {} at {}{code}{owner}", report.verdict().as_str(), cause.rung)
        }
        (Verdict::Fail, None) => format!("{subject}: fail"),
        (Verdict::Warn, None) => format!("{subject}: works, with warnings"),
        (Verdict::Skip, _) => format!("{subject}: there was no time to look at all of it; try again"),
        (Verdict::Pass, _) => format!("{subject}: all is as it should be"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Code, Rung};

    fn report() -> Report {
        let mut bind = Finding::new(Rung::Bind, "local_port", Verdict::Pass, "127.0.0.1:1 is free");
        bind.ms = Some(0.25);
        let refused = Finding::new(Rung::Prove, "login", Verdict::Fail, "b refused key k")
            .because(Code::KeyRefused)
            .advise(Advice::command("look", "adit diagnose x --admin root@b"));
        Report {
            subject: Subject::Tunnel("x".parse().unwrap()),
            bastion: "b".parse().unwrap(),
            finished: true,
            findings: vec![bind, refused, Finding::new(Rung::Open, "forward", Verdict::Skip, "not reached")],
            seen_from: None,
        }
    }

    #[test]
    fn people_read_who_must_do_what() {
        let text = report_text(&report()).join("\n");
        let expected = "✓ bind     127.0.0.1:1 is free  (0.2 ms)\n\
                        ✗ prove    b refused key k\n           \
                        for the bastion's admin, key_refused, certain\n           \
                        - look\n             adit diagnose x --admin root@b\n\
                        · open     not reached\n\n\
                        x: fail at prove (key_refused); next: the bastion's admin";
        assert_eq!(text, expected);
    }

    #[test]
    fn programs_read_the_cause_at_the_top() {
        let value: Value = serde_json::from_str(&report_json(&report())).unwrap();
        assert_eq!(value["version"], 1);
        assert_eq!(value["tunnel"], "x");
        assert_eq!((&value["verdict"], &value["rung"]), (&"fail".into(), &"prove".into()));
        assert_eq!((&value["code"], &value["owner"]), (&"key_refused".into(), &"bastion_admin".into()));
        assert_eq!(value["findings"][0]["code"], Value::Null);
        assert_eq!(value["findings"][1]["advice"][0]["command"], "adit diagnose x --admin root@b");
        let mut healthy = report();
        healthy.findings.truncate(1);
        let value: Value = serde_json::from_str(&report_json(&healthy)).unwrap();
        assert_eq!((&value["verdict"], &value["code"], &value["owner"]), (&"pass".into(), &Value::Null, &Value::Null));
    }
}
