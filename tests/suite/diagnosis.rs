//! How many causes a diagnosis names right: the real binary against real servers broken in every way that this machine can be
//! made to show, and against scripted ones for what a real server cannot. It prints the score.

mod before;
mod channel;
mod exchange;
mod local;
mod login;
mod manners;
mod scene;

use std::io::Write as _;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use scene::Condition;

/// Diagnoses that run at once; each has servers of its own.
const AT_ONCE: usize = 6;
/// Longest that a diagnosis may take.
const LIMIT: Duration = Duration::from_secs(30);
/// The least share of causes that must be named right, in percent.
const GOAL: usize = 95;

/// What a diagnosis made of a condition.
struct Outcome {
    name: &'static str,
    expected: (&'static str, &'static [&'static str]),
    verdict: String,
    rung: String,
    code: String,
    took: Duration,
    slow: bool,
    report: Value,
}

impl Outcome {
    fn of(condition: &Condition) -> Self {
        let scene = (condition.make)();
        let begun = Instant::now();
        let output = scene.diagnose();
        let took = begun.elapsed();
        let report = output.json();
        let text = |key: &str| report[key].as_str().unwrap_or("-").to_owned();
        let (verdict, rung, code) = (text("verdict"), text("rung"), text("code"));
        let exit = i32::from(verdict == "fail");
        assert_eq!(output.code, exit, "{}: {report:#}", condition.name);
        for finding in report["findings"].as_array().unwrap() {
            let raw = finding.to_string();
            assert!(
                !raw.contains("\\u001b") && !raw.contains("\\u0007") && !raw.contains('\u{202e}'),
                "{}",
                condition.name
            );
            assert!(raw.len() < 16 * 1024, "{}: {} bytes", condition.name, raw.len());
        }
        Self {
            name: condition.name,
            expected: (condition.rung, condition.codes),
            verdict,
            rung,
            code,
            took,
            slow: condition.slow,
            report,
        }
    }

    fn is_named(&self) -> bool {
        self.expected.1.contains(&self.code.as_str())
    }

    fn is_placed(&self) -> bool {
        self.rung == self.expected.0
    }

    fn is_false_good(&self) -> bool {
        self.expected.0 != "-" && self.verdict == "pass"
    }
}

#[test]
fn the_score_meets_the_goal() {
    let conditions: Vec<Condition> =
        [before::all(), exchange::all(), login::all(), channel::all(), local::all()].into_iter().flatten().collect();
    let count = conditions.len();
    let queue = Mutex::new(conditions.into_iter());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(condition) = queue.lock().unwrap().next() else { return };
                    let outcome = Outcome::of(&condition);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    assert_eq!(outcomes.len(), count);
    let named = outcomes.iter().filter(|outcome| outcome.is_named()).count();
    let placed = outcomes.iter().filter(|outcome| outcome.is_placed()).count();
    let slowest = outcomes.iter().max_by_key(|outcome| outcome.took).unwrap();
    let quick = outcomes.iter().filter(|outcome| !outcome.slow).max_by_key(|outcome| outcome.took).unwrap();
    let mut score = format!(
        "== diagnosis: {named} of {count} causes named right, {placed} on the right rung; slowest {:.1} s ({}), {:.1} s where nothing times out ({})\n",
        slowest.took.as_secs_f64(),
        slowest.name,
        quick.took.as_secs_f64(),
        quick.name,
    );
    for wrong in outcomes.iter().filter(|outcome| !outcome.is_named() || !outcome.is_placed()) {
        let Outcome { name, expected: (rung, codes), rung: got, code, .. } = wrong;
        score.push_str(&format!("   {name}: expected {rung} {codes:?}, got {got} {code}\n{:#}\n", wrong.report));
    }
    // Past the harness, which shows what a test prints only when it fails.
    std::io::stderr().write_all(score.as_bytes()).unwrap();
    assert!(named * 100 >= count * GOAL, "{score}");
    assert_eq!(placed, count, "{score}");
    for outcome in &outcomes {
        assert!(!outcome.is_false_good(), "a false all-good: {}\n{:#}", outcome.name, outcome.report);
        assert!(outcome.took < LIMIT, "{} took {:?}", outcome.name, outcome.took);
    }
}
