//! Keys, pastes, clicks, sizes and news in an order that nobody thought of.

use std::sync::Arc;

use adit::model::Snapshot;
use adit::tui::{Code, Effect, Input, Key, Msg};
use proptest::prelude::*;
use proptest::sample::select;

use crate::screens::made;
use crate::screens::stage::Stage;

#[derive(Debug, Clone)]
enum Step {
    Input(Input),
    Snapshot(usize),
    Gone,
    Refused(String),
    NotCopied(String),
    Wait(i64),
}

fn key() -> impl Strategy<Value = Key> {
    let named = [
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Backspace,
        Code::Delete,
        Code::Up,
        Code::Down,
        Code::Left,
        Code::Right,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::F(5),
    ];
    let code = prop_oneof![
        4 => select("jkgG/?:ayr1234TM# xndqoOvRDJu*spYmlhw".chars().collect::<Vec<_>>()).prop_map(Code::Char),
        1 => any::<char>().prop_map(Code::Char),
        3 => select(named.to_vec()),
    ];
    (code, prop::bool::weighted(0.1), prop::bool::weighted(0.05)).prop_map(|(code, ctrl, alt)| Key { code, ctrl, alt })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => key().prop_map(|key| Step::Input(Input::Key(key))),
        2 => any::<String>().prop_map(|text| Step::Input(Input::Paste(text))),
        1 => "[\\x00-\\x1f\\x7f-\\u{9f}a-z]{0,20}".prop_map(|text| Step::Input(Input::Paste(text))),
        2 => (0_u16..130, 0_u16..60).prop_map(|(width, height)| Step::Input(Input::Resize(width, height))),
        1 => (any::<u16>(), 0_u16..60).prop_map(|(x, y)| Step::Input(Input::Click(x, y))),
        1 => any::<i8>().prop_map(|lines| Step::Input(Input::Scroll(0, 0, lines))),
        1 => Just(Step::Input(Input::Redraw)),
        3 => (0_usize..8).prop_map(Step::Snapshot),
        1 => Just(Step::Gone),
        1 => any::<String>().prop_map(Step::Refused),
        1 => any::<String>().prop_map(Step::NotCopied),
        1 => (-4000_i64..4000).prop_map(Step::Wait),
    ]
}

fn take(stage: &mut Stage, states: &[Arc<Snapshot>], step: Step) {
    match step {
        Step::Input(Input::Resize(width, height)) => stage.resize(width, height),
        Step::Input(input) => stage.tell(Msg::Input(input)),
        Step::Snapshot(index) => stage.show(Arc::clone(&states[index % states.len()])),
        Step::Gone => stage.tell(Msg::Gone),
        Step::Refused(why) => stage.tell(Msg::Refused { about: "it".to_owned(), why }),
        Step::NotCopied(text) => stage.tell(Msg::Copied { what: "it".to_owned(), outcome: Err(text) }),
        Step::Wait(seconds) => stage.wait(seconds),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_screen_and_esc_and_q_leave_it(steps in prop::collection::vec(step(), 1..60)) {
        let states = [
            made::every_state(),
            Arc::new(Snapshot::default()),
            made::many(200),
            made::question_of_host_key(),
            made::question_of_passphrase(false),
            made::saying("\u{1b}[2J日本\n"),
            crate::screens::wizard::with_drafts(),
            crate::screens::keys::rotating(),
        ];
        let mut stage = Stage::new(80, 24);
        // What was shown because it could not be copied lies over the rest, once for each time.
        // The pages of a new tunnel lie over each other as well.
        let mut layers = 16;
        for step in steps {
            layers += usize::from(matches!(step, Step::NotCopied(_)));
            take(&mut stage, &states, step);
            let text = stage.text();
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        }
        stage.press(&"esc ".repeat(layers));
        stage.asked();
        stage.press("q");
        prop_assert!(matches!(stage.asked()[..], [Effect::Quit]), "{}", stage.text());
    }
}
