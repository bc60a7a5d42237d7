//! What is told while nobody looks: what fell and what healed, together, in our own words.

use adit::model::{FaultStatus, Phase, Snapshot};
use adit::tui::{Effect, Input, Msg};

use crate::screens::made::{self, every_state};
use crate::screens::stage::Stage;

/// The notices that were asked for.
fn told(stage: &mut Stage) -> Vec<String> {
    let words = |effect: Effect| match effect {
        Effect::Notify { words } => Some(words),
        _ => None,
    };
    stage.asked().into_iter().filter_map(words).collect()
}

fn fault() -> FaultStatus {
    let all = every_state();
    let mut fault = all.tunnels.iter().find_map(|tunnel| tunnel.fault.clone()).unwrap();
    fault.message = "\u{1b}]0;evil\u{7}".to_owned();
    fault
}

fn fall(snapshot: &mut Snapshot, which: &[usize]) {
    for index in which {
        (snapshot.tunnels[*index].phase, snapshot.tunnels[*index].fault) = (Phase::Waiting, Some(fault()));
    }
}

fn heal(snapshot: &mut Snapshot, which: &[usize]) {
    for index in which {
        (snapshot.tunnels[*index].phase, snapshot.tunnels[*index].fault) = (Phase::Up, None);
    }
}

/// Tunnels t000, t004, t008 … are up; nobody looks.
fn stage() -> Stage {
    let mut stage = Stage::new(100, 30);
    stage.tell(Msg::Input(Input::Focus(false)));
    stage.show(made::many(24));
    stage
}

#[test]
fn what_changes_within_a_second_is_one_notice() {
    let mut stage = stage();
    stage.wait(5);
    assert_eq!(told(&mut stage), Vec::<String>::new(), "what was so from the start is no news");
    stage.change(|snapshot| fall(snapshot, &[0, 4]));
    stage.change(|snapshot| fall(snapshot, &[8, 12, 16]));
    assert_eq!(told(&mut stage), Vec::<String>::new(), "it is collected");
    stage.wait(1);
    assert_eq!(told(&mut stage), ["adit: t000, t004, t008 and 2 more fell"]);
    // The same news is no news.
    stage.change(|_| {});
    stage.wait(60);
    assert_eq!(told(&mut stage), Vec::<String>::new());
    stage.change(|snapshot| {
        heal(snapshot, &[4]);
        fall(snapshot, &[20]);
    });
    stage.wait(2);
    assert_eq!(told(&mut stage), ["adit: t020 fell; t004 healed"]);
}

#[test]
fn a_blink_and_what_a_person_did_are_not_told() {
    let mut stage = stage();
    stage.change(|snapshot| fall(snapshot, &[0]));
    stage.change(|snapshot| heal(snapshot, &[0]));
    stage.wait(2);
    assert_eq!(told(&mut stage), Vec::<String>::new());
    stage.change(|snapshot| snapshot.tunnels[0].phase = Phase::Stopped);
    stage.wait(2);
    stage.change(|snapshot| snapshot.tunnels[0].phase = Phase::Up);
    stage.wait(2);
    assert_eq!(told(&mut stage), Vec::<String>::new());
}

#[test]
fn who_looks_is_not_told() {
    let mut stage = stage();
    stage.change(|snapshot| fall(snapshot, &[0]));
    stage.tell(Msg::Input(Input::Focus(true)));
    stage.wait(2);
    assert_eq!(told(&mut stage), Vec::<String>::new());
    stage.change(|snapshot| fall(snapshot, &[4]));
    stage.wait(2);
    assert_eq!(told(&mut stage), Vec::<String>::new());
    // A terminal that tells nothing is taken to be looked at while keys come.
    let mut stage = Stage::new(100, 30);
    stage.show(made::many(24));
    stage.press("j");
    stage.change(|snapshot| fall(snapshot, &[0]));
    stage.wait(2);
    assert_eq!(told(&mut stage), Vec::<String>::new());
    stage.wait(60);
    stage.change(|snapshot| fall(snapshot, &[4]));
    stage.wait(2);
    assert_eq!(told(&mut stage), ["adit: t004 fell"]);
}
