//! Our judgement of host keys against the real `ssh`: the same server, the same known_hosts file, the same answer. The server
//! is a real `sshd` that speaks through ssh's ProxyCommand, so that any host name and port can be tried without DNS.

mod cases;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use cases::{Case, Expected};
use world::World;

/// What both said, in one shape: the decision, and the line where one was named.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    decision: Expected,
    line: Option<(String, usize)>,
}

#[test]
fn we_decide_as_ssh_does() {
    let world = World::new();
    let cases: Vec<Case> = cases::all(&world);
    assert!(cases.len() >= 40, "{} cases", cases.len());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, case)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|n| Some((n, cases.get(n)?)))
                {
                    if let Err(failure) = run(&world, number, case) {
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{} of {} cases differ:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

fn run(world: &World, number: usize, case: &Case) -> Result<(), String> {
    let files = world.write(number, &case.files);
    let (theirs, words) = world.ask_ssh(case, &files);
    let ours = world.ask_us(case, &files);
    let same_line = theirs.line.is_none() || ours.line == theirs.line;
    if theirs.decision == case.expected && ours.decision == case.expected && same_line {
        return Ok(());
    }
    Err(format!("{}: expected {:?}\n  ssh {theirs:?}\n  we  {ours:?}\n{words}", case.name, case.expected))
}

/// A file that is there and cannot be read may hold the line that matters.
#[test]
fn a_file_that_cannot_be_read_stops_the_judgement() {
    let folder = tempfile::tempdir().unwrap();
    let load = |path: &std::path::Path| adit::ssh::trust::KnownHosts::load(&[path.to_owned()]);
    assert!(load(&folder.path().join("missing")).is_ok());
    let error = load(folder.path()).unwrap_err().to_string();
    assert!(error.contains("not a regular file"), "{error}");
    let link = folder.path().join("null");
    std::os::unix::fs::symlink("/dev/null", &link).unwrap();
    assert!(load(&link).is_ok());
}
