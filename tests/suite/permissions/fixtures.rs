//! What a look printed on machines that are not here (other builds, other rights, SELinux), and what must be found in it: each
//! `NAME.txt` of `tests/fixtures/account` has a `NAME.expected` beside it, one `check verdict code` a line.

use std::path::Path;

use adit::model::account::{AccountFacts, Expected, judge};
use adit::model::{Endpoint, Verdict};

/// The key that the fixtures speak of.
const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBbDXOuaR1qp5J+fIx7Wyo6WAjOcynQzGpb0MzlXPchk adit:prod";

fn expected() -> Expected {
    Expected {
        user: "adit".to_owned(),
        key: Some(KEY.to_owned()),
        targets: vec![Endpoint::new("db.internal".parse().unwrap(), 5432.try_into().unwrap())],
        from: vec!["198.51.100.4".parse().unwrap()],
        now: "2026-11-20T12:00:00Z".parse().unwrap(),
    }
}

#[test]
fn fixtures_are_judged_as_it_stands_beside_them() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/account");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap().flatten() {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let facts = AccountFacts::read(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let mut found = String::new();
        for finding in judge(&facts, &expected()) {
            let code = finding.code.map_or("-", |code| code.as_str());
            found.push_str(&format!("{} {} {code}\n", finding.check, finding.verdict.as_str()));
            assert!(!finding.summary.is_empty() && finding.hop == 0);
            let commands = finding.advice.iter().filter_map(|advice| advice.command.as_deref());
            let texts = commands.chain([finding.summary.as_str()]).chain(finding.evidence.as_deref());
            assert!(texts.into_iter().all(|text| !text.contains(char::is_control)), "{}: {finding:#?}", path.display());
            let failed = finding.verdict == Verdict::Fail;
            assert_eq!(finding.code.is_some(), failed, "{}: {finding:#?}", path.display());
            assert!(!failed || !finding.advice.is_empty(), "{}: {finding:#?}", path.display());
        }
        let wanted = std::fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        assert_eq!(found, wanted, "{}", path.display());
        count += 1;
    }
    assert!(count >= 5, "{count} fixtures");
}
