//! What is different between two diagnoses of one subject. Times do not count: they differ always.

use crate::model::{Finding, Report, Verdict};

/// What changed from one report to the next, a line each, in the ladder's order; empty where nothing did.
#[must_use]
pub fn report_changes(before: &Report, now: &Report) -> Vec<String> {
    let mut out = Vec::new();
    for finding in &now.findings {
        match same_check((before, now), finding) {
            Some(old) if old.verdict != finding.verdict || old.code != finding.code => {
                out.push(format!(
                    "{}: was {}, is {}: {}",
                    place(finding),
                    verdict_and_code(old),
                    verdict_and_code(finding),
                    finding.summary
                ));
            }
            Some(old) if old.summary != finding.summary && finding.verdict != Verdict::Skip => {
                out.push(format!("{}: was \"{}\", is \"{}\"", place(finding), old.summary, finding.summary));
            }
            Some(_) => {}
            None if finding.verdict == Verdict::Skip => {}
            None => out.push(format!("{}: new: {}: {}", place(finding), verdict_and_code(finding), finding.summary)),
        }
    }
    let gone =
        before.findings.iter().filter(|old| old.verdict != Verdict::Skip && same_check((now, before), old).is_none());
    out.extend(gone.map(|old| format!("{}: was {}, was not looked at now", place(old), verdict_and_code(old))));
    out
}

/// The finding of the same look in the other report; `own` is the report that the finding is from.
fn same_check<'a>((other, own): (&'a Report, &Report), finding: &Finding) -> Option<&'a Finding> {
    let place = |finding: &Finding| (finding.rung, finding.hop, finding.check.clone());
    let of = |report: &'a Report| report.findings.iter().filter(|one| place(one) == place(finding));
    // A check that finds several things is told apart by what it found.
    let alone = of(other).count() == 1 && own.findings.iter().filter(|one| place(one) == place(finding)).count() == 1;
    of(other).find(|one| one.code == finding.code).or_else(|| of(other).next().filter(|_| alone))
}

fn verdict_and_code(finding: &Finding) -> String {
    let code = finding.code.map(|code| format!(" ({code})")).unwrap_or_default();
    format!("{}{code}", finding.verdict.as_str())
}

fn place(finding: &Finding) -> String {
    let hop = if finding.hop > 0 { format!(" (hop {})", finding.hop + 1) } else { String::new() };
    format!("{}{hop}, {}", finding.rung, finding.check.replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Code, Rung, Subject};

    fn report(findings: Vec<Finding>) -> Report {
        let name: crate::model::Name = "x".parse().unwrap();
        Report { subject: Subject::Tunnel(name.clone()), bastion: name, finished: true, findings, seen_from: None }
    }

    fn pass(rung: Rung, words: &str) -> Finding {
        Finding { ms: Some(words.len() as f64), ..Finding::new(rung, "look", Verdict::Pass, words) }
    }

    #[test]
    fn only_what_differs_is_told() {
        let refused = Finding::new(Rung::Prove, "login", Verdict::Fail, "b refused the key").because(Code::KeyRefused);
        let not_reached = Finding::new(Rung::Open, "forward", Verdict::Skip, "not reached");
        let before = report(vec![pass(Rung::Bind, "free"), pass(Rung::Resolve, "is 10.0.0.1"), refused, not_reached]);
        let mut after = before.clone();
        after.findings[0].ms = Some(99.0);
        assert_eq!(report_changes(&before, &after), Vec::<String>::new());
        after.findings[1].summary = "is 10.0.0.2".to_owned();
        after.findings[2] = Finding::new(Rung::Prove, "login", Verdict::Pass, "logged in");
        after.findings[3] = Finding::new(Rung::Open, "forward", Verdict::Pass, "opens");
        after.findings.push(Finding::new(Rung::Speak, "database", Verdict::Pass, "PostgreSQL"));
        assert_eq!(
            report_changes(&before, &after),
            [
                "resolve, look: was \"is 10.0.0.1\", is \"is 10.0.0.2\"",
                "prove, login: was fail (key_refused), is pass: logged in",
                "open, forward: was skip, is pass: opens",
                "speak, database: new: pass: PostgreSQL",
            ]
        );
        assert_eq!(report_changes(&after, &before).last().unwrap(), "speak, database: was pass, was not looked at now");
    }

    #[test]
    fn several_causes_of_one_check_are_told_apart() {
        let cause = |code| Finding::new(Rung::Prove, "account", Verdict::Fail, "x").because(code);
        let before = report(vec![cause(Code::HomeMode), cause(Code::KeySplit)]);
        let after = report(vec![cause(Code::KeySplit)]);
        assert_eq!(report_changes(&before, &after), ["prove, account: was fail (home_mode), was not looked at now"]);
    }
}
