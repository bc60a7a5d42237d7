//! Waits until tunnels are up or will not be, and puts questions to the person on the way. It starts nothing itself.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::ask::{self, Said};
use super::context;
use super::failure::{ABSENT, DONE, FAULT, PERSON, SIGNALLED, Stop, worst};
use super::print;
use super::signals::Signals;
use crate::local::terminal;
use crate::model::{Code, Name, Phase, Proof, Question, Snapshot, TunnelStatus};
use crate::service::present::fault_words;
use crate::service::{Client, Request};

/// For a tunnel that was up with a fault before, and is asked to prove itself again.
const SECOND_LOOK: Duration = Duration::from_secs(1);

/// How tunnels stood at the end of the wait.
#[derive(Debug)]
pub(super) struct Climb {
    /// The whole state then.
    pub(super) snapshot: Arc<Snapshot>,
    /// The worst code of the tunnels waited for.
    pub(super) code: u8,
}

/// What was the case before.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// Tunnels that were up: nothing is asked of them.
    up: BTreeSet<Name>,
    /// Tunnels that were up with a fault.
    faulty: BTreeSet<Name>,
    /// Tunnels that were stopped.
    pub(super) stopped: BTreeSet<Name>,
}

impl Before {
    /// How the tunnels of a snapshot stand; those that are not in it are stopped.
    pub(super) fn of(snapshot: &Snapshot, names: &[Name]) -> Self {
        let mut before = Self { stopped: names.iter().cloned().collect(), ..Self::default() };
        for tunnel in &snapshot.tunnels {
            match (tunnel.phase, &tunnel.fault) {
                (Phase::Up, None) => before.up.insert(tunnel.name.clone()),
                (Phase::Up, Some(_)) => before.faulty.insert(tunnel.name.clone()),
                (Phase::Stopped | Phase::Closing, _) => continue,
                (Phase::Connecting | Phase::Waiting, _) => false,
            };
            before.stopped.remove(&tunnel.name);
        }
        before
    }
}

/// Waits for tunnels that were asked up, at most for `patience` (questions do not count). A signal to end ends the wait.
pub(super) async fn climb(
    client: &Client,
    names: &[Name],
    before: &Before,
    patience: Duration,
    signals: &mut Signals,
) -> Result<Climb, Stop> {
    let mut snapshots = client.snapshots();
    let start = Instant::now();
    let mut deadline = start + patience;
    let mut declined: BTreeSet<u64> = BTreeSet::new();
    let can_ask = terminal::has_terminal();
    loop {
        let snapshot = Arc::clone(&snapshots.borrow_and_update());
        if can_ask && let Some((id, question)) = next_question(&snapshot, names, &declined) {
            let asked = Instant::now();
            let said = tokio::select! {
                said = ask::person(&question) => said,
                number = signals.end() => return Ok(ended(snapshot, number)),
            };
            match said {
                Said::Answer(answer) => {
                    // It may have been answered elsewhere meanwhile; the next snapshot tells.
                    if let Err(Stop::Failed { text, code }) = context::ask(client, Request::Answer { id, answer }).await
                    {
                        if code == ABSENT {
                            return Err(Stop::Failed { code, text });
                        }
                        print::words(&format!("adit: {text}"));
                        declined.insert(id);
                    }
                }
                Said::No => {
                    declined.insert(id);
                }
                Said::Interrupted => return Ok(ended(snapshot, 2)),
            }
            deadline += asked.elapsed();
            continue;
        }
        let second_look = start.elapsed() < SECOND_LOOK;
        let settled = |tunnel: &TunnelStatus| {
            let again = second_look && before.faulty.contains(&tunnel.name) && tunnel.phase == Phase::Up;
            is_settled(tunnel, before.up.contains(&tunnel.name)) && !(again && tunnel.fault.is_some())
        };
        if chosen(&snapshot, names).all(settled) || Instant::now() >= deadline {
            let code = worst(names.iter().map(|name| code_of(&snapshot, name)));
            return Ok(Climb { snapshot, code });
        }
        let alarm = if second_look { deadline.min(start + SECOND_LOOK) } else { deadline };
        tokio::select! {
            changed = snapshots.changed() => {
                changed.map_err(|_| Stop::absent("the background service ended before the tunnels were up"))?;
            }
            () = sleep_until(alarm) => {}
            number = signals.end() => return Ok(ended(snapshot, number)),
        }
    }
}

fn ended(snapshot: Arc<Snapshot>, number: i32) -> Climb {
    // The terminal showed ^C, perhaps after a question.
    print::words("\nadit: not waiting any longer");
    let code = SIGNALLED.saturating_add(u8::try_from(number).unwrap_or(0));
    Climb { snapshot, code }
}

/// The tunnels of a snapshot that are meant, in the order given.
pub(super) fn chosen<'a>(snapshot: &'a Snapshot, names: &'a [Name]) -> impl Iterator<Item = &'a TunnelStatus> {
    names.iter().filter_map(|name| snapshot.tunnels.iter().find(|tunnel| tunnel.name == *name))
}

fn next_question(snapshot: &Snapshot, names: &[Name], declined: &BTreeSet<u64>) -> Option<(u64, Question)> {
    let ours = |tunnels: &[Name]| tunnels.iter().any(|name| names.contains(name));
    let pending =
        snapshot.questions.iter().find(|pending| ours(&pending.tunnels) && !declined.contains(&pending.id))?;
    Some((pending.id, pending.question.clone()))
}

/// Nothing more will happen by itself, or all that was asked for has happened. One that has just come up is given the time
/// to prove itself.
fn is_settled(tunnel: &TunnelStatus, was_up: bool) -> bool {
    match tunnel.phase {
        Phase::Up => was_up || tunnel.fault.is_some() || tunnel.proof != Some(Proof::Session),
        Phase::Waiting => {
            tunnel.question.is_some() || tunnel.fault.as_ref().is_some_and(|fault| fault.retry_in_s.is_none())
        }
        Phase::Stopped => true,
        Phase::Connecting | Phase::Closing => false,
    }
}

/// A tunnel's part in the exit code.
fn code_of(snapshot: &Snapshot, name: &Name) -> u8 {
    let Some(tunnel) = snapshot.tunnels.iter().find(|tunnel| tunnel.name == *name) else { return FAULT };
    match (&tunnel.fault, tunnel.phase) {
        (None, Phase::Up) => DONE,
        (Some(fault), Phase::Waiting) if tunnel.question.is_some() || needs_a_person(fault.code) => PERSON,
        (Some(_) | None, _) => FAULT,
    }
}

/// Faults that only an answer can end.
fn needs_a_person(code: Code) -> bool {
    matches!(code, Code::HostKeyUnknown | Code::PassphraseNeeded | Code::PassphraseWrong | Code::PersonNeeded)
}

/// Says what is wrong with tunnels that are not simply up.
pub(super) fn complain(snapshot: &Snapshot, names: &[Name]) {
    for tunnel in chosen(snapshot, names) {
        let mut words = fault_words(tunnel);
        if words.is_empty() && tunnel.phase != Phase::Up {
            let rung = tunnel.rung.map(|rung| format!(", at {rung}")).unwrap_or_default();
            words.push(format!("not up yet: {}{rung}", tunnel.phase));
        }
        let asks_secret = snapshot.questions.iter().any(|pending| {
            Some(pending.id) == tunnel.question && matches!(pending.question, Question::Passphrase { .. })
        });
        if asks_secret {
            words.push(format!(
                "- run it on a terminal, where the passphrase can be asked for\n    adit up {}",
                tunnel.name
            ));
        }
        words.extend(tunnel.warnings.iter().map(|warning| format!("warning: {warning}")));
        for (index, line) in words.iter().enumerate() {
            let lead = if index == 0 { format!("{}: ", tunnel.name) } else { "  ".to_owned() };
            print::words(&format!("{lead}{line}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Bytes, Connections, Database, Fault, FaultStatus, Kind, Pending};

    fn tunnel(phase: Phase, proof: Option<Proof>, code: Option<Code>, retry: Option<f64>) -> TunnelStatus {
        let fault = code.map(|code| {
            let Fault { code, message, owner, advice } = Fault::new(code, "why");
            let since = "2026-11-20T20:07:00Z".parse().unwrap();
            FaultStatus { rung: code.rung(), code, message, owner, advice, since, retry_in_s: retry }
        });
        TunnelStatus {
            name: "orders".parse().unwrap(),
            phase,
            rung: None,
            proof,
            answered_at: None,
            listen: None,
            bastion: "prod".parse().unwrap(),
            database: Database { kind: Kind::Tcp, host: "h".parse().unwrap(), port: 1.try_into().unwrap() },
            since: None,
            rtt_ms: None,
            connections: Connections::default(),
            bytes: Bytes::default(),
            reconnects: 0,
            fault,
            unproven_s: None,
            question: None,
            warnings: Vec::new(),
            tags: Vec::new(),
            user: None,
            dbname: None,
            autostart: false,
            identity: None,
        }
    }

    #[test]
    fn settled_means_that_waiting_longer_tells_nothing() {
        let rows = [
            (tunnel(Phase::Up, Some(Proof::Forward), None, None), true, DONE),
            (tunnel(Phase::Up, Some(Proof::Session), None, None), false, DONE),
            (tunnel(Phase::Up, Some(Proof::Session), Some(Code::TargetRefused), Some(2.0)), true, FAULT),
            (tunnel(Phase::Waiting, None, Some(Code::TcpRefused), Some(2.0)), false, FAULT),
            (tunnel(Phase::Waiting, None, Some(Code::KeyRefused), None), true, FAULT),
            (tunnel(Phase::Waiting, None, Some(Code::HostKeyUnknown), None), true, PERSON),
            (tunnel(Phase::Waiting, None, Some(Code::HostKeyChanged), None), true, FAULT),
            (tunnel(Phase::Connecting, None, Some(Code::KeyRefused), Some(0.0)), false, FAULT),
            (tunnel(Phase::Stopped, None, None, None), true, FAULT),
        ];
        for (tunnel, settled, code) in rows {
            assert_eq!(is_settled(&tunnel, false), settled, "{tunnel:?}");
            let snapshot = Snapshot { tunnels: vec![tunnel.clone()], ..Snapshot::default() };
            assert_eq!(code_of(&snapshot, &tunnel.name), code, "{tunnel:?}");
        }
        assert!(is_settled(&tunnel(Phase::Up, Some(Proof::Session), None, None), true));
        assert_eq!(code_of(&Snapshot::default(), &"orders".parse().unwrap()), FAULT);
    }

    #[test]
    fn only_questions_about_our_tunnels_are_asked_and_each_once() {
        let name: Name = "orders".parse().unwrap();
        let pending = |id, tunnel: &str| Pending {
            id,
            tunnels: vec![tunnel.parse().unwrap()],
            question: Question::Passphrase { bastion: "prod".parse().unwrap(), key: "key x".to_owned(), again: false },
        };
        let snapshot = Snapshot { questions: vec![pending(1, "cache"), pending(2, "orders")], ..Snapshot::default() };
        let names = [name];
        assert_eq!(next_question(&snapshot, &names, &BTreeSet::new()).map(|(id, _)| id), Some(2));
        assert!(next_question(&snapshot, &names, &BTreeSet::from([2])).is_none());
    }
}
