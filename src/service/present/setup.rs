//! A hand-off and the receipt that comes back, for people and for programs. The texts in them are cleaned already.

use serde_json::{Value, json as object};

use super::report::{advice_text, glyph};
use super::{document, json};
use crate::guide::{Packet, Setup};
use crate::model::{Finding, Verdict};

/// The hand-off as JSON, in one line.
#[must_use]
pub fn packet_json(packet: &Packet) -> String {
    document([
        ("subject", packet.subject.to_string().into()),
        ("bastion", json(&packet.bastion)),
        ("host", packet.address.host.to_string().into()),
        ("port", packet.address.port.get().into()),
        ("user", packet.user.as_str().into()),
        ("fingerprint", json(&packet.fingerprint)),
        ("authorized_key", json(&packet.authorized_key)),
        ("notes", json(&packet.notes)),
        ("steps", json(&packet.steps)),
    ])
}

/// A script as JSON, in one line.
#[must_use]
pub fn script_json(setup: &Setup, script: &str) -> String {
    document([
        ("subject", setup.subject.to_string().into()),
        ("bastion", json(&setup.bastion)),
        ("user", setup.user.as_str().into()),
        ("script", script.into()),
    ])
}

/// A judged receipt as JSON, in one line.
#[must_use]
pub fn receipt_json(setup: &Setup, verdict: Verdict, findings: &[Finding]) -> String {
    let check = |finding: &Finding| {
        object!({
            "check": finding.check,
            "verdict": finding.verdict,
            "code": finding.code,
            "certainty": finding.certainty,
            "summary": finding.summary,
            "evidence": finding.evidence,
            "owner": finding.owner,
            "advice": finding.advice,
        })
    };
    document([
        ("bastion", json(&setup.bastion)),
        ("user", setup.user.as_str().into()),
        ("verdict", json(&verdict)),
        ("checks", Value::Array(findings.iter().map(check).collect())),
    ])
}

/// A judged receipt as lines: every line of the checklist ticked, or named with its repair.
#[must_use]
pub fn receipt_text(setup: &Setup, verdict: Verdict, findings: &[Finding]) -> Vec<String> {
    let mut lines = Vec::new();
    for finding in findings {
        lines.push(format!("{} {:15} {}", glyph(finding.verdict), finding.check, finding.summary));
        lines.extend(advice_text(finding).into_iter().map(|line| format!("       {line}")));
    }
    let login = format!("{} on {}", setup.user, setup.bastion);
    lines.push(String::new());
    lines.push(match verdict {
        Verdict::Pass => format!("{login}: all is as sshd demands"),
        Verdict::Warn => format!("{login}: works, with warnings"),
        Verdict::Fail => {
            let code =
                findings.iter().find(|finding| finding.verdict == Verdict::Fail).and_then(|finding| finding.code);
            let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
            format!("{login}: not yet{code}; next: the bastion's admin")
        }
        Verdict::Skip => format!(
            "{login}: nothing wrong was found, but not all could be seen; the script sees all when root runs it"
        ),
    });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Advice, Code, Endpoint, Rung, Subject};

    fn setup() -> Setup {
        Setup {
            subject: Subject::Bastion("prod".parse().unwrap()),
            bastion: "prod".parse().unwrap(),
            address: Endpoint::new("b".parse().unwrap(), 22.try_into().unwrap()),
            user: "adit".to_owned(),
            key: None,
            key_unknown: None,
            databases: Vec::new(),
            others: Vec::new(),
            from: Vec::new(),
            seen: Vec::new(),
            expires: None,
        }
    }

    #[test]
    fn a_receipt_is_ticked_line_by_line() {
        let pass = Finding::new(Rung::Prove, "account", Verdict::Pass, "adit exists");
        let fail = Finding::new(Rung::Prove, "home", Verdict::Fail, "the home folder is open")
            .because(Code::HomeMode)
            .advise(Advice::command("close it", "chmod go-w /home/adit"));
        let text = receipt_text(&setup(), Verdict::Fail, &[pass.clone(), fail.clone()]).join("\n");
        assert!(
            text.starts_with("✓ account         adit exists\n✗ home            the home folder is open\n"),
            "{text}"
        );
        assert!(text.contains("chmod go-w /home/adit"), "{text}");
        assert!(text.ends_with("adit on prod: not yet (home_mode); next: the bastion's admin"), "{text}");
        let value: Value = serde_json::from_str(&receipt_json(&setup(), Verdict::Fail, &[pass, fail])).unwrap();
        assert_eq!((&value["version"], &value["bastion"], &value["user"]), (&1.into(), &"prod".into(), &"adit".into()));
        assert_eq!((&value["verdict"], &value["checks"][0]["code"]), (&"fail".into(), &Value::Null));
        assert_eq!(
            (&value["checks"][1]["code"], &value["checks"][1]["owner"]),
            (&"home_mode".into(), &"bastion_admin".into())
        );
    }
}
