//! From key to action and back, by scope: the nearest scope wins. It holds bindings, not their meaning; which of them a person's
//! own are is judged here, for whoever reads a configuration.

use super::action::{Action, Scope};
use super::key::{Code, Key};
use crate::model::{Binding, Misbinding};

/// Keys that mean the same everywhere, whatever a person binds: leave what is open, leave the program.
const RESERVED: [(Key, &str); 2] =
    [(Key::plain(Code::Esc), "esc always leaves what is open"), (Key::ctrl('c'), "ctrl-c always quits")];

/// The bindings in force.
#[derive(Debug, Clone)]
pub struct Keymap {
    bindings: Vec<(Scope, Key, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let of = |action: &Action| action.keys().iter().map(|key| (action.scope(), *key, *action)).collect::<Vec<_>>();
        Self { bindings: Action::ALL.iter().flat_map(of).collect() }
    }
}

impl Keymap {
    /// The keys that come with the program, changed as a person wants.
    ///
    /// # Errors
    /// Everything that is wrong with the person's bindings.
    pub fn of(own: &[Binding]) -> Result<Self, Vec<Misbinding>> {
        let mut wrong = Vec::new();
        let mut chosen: Vec<(usize, Action, Vec<Key>)> = Vec::new();
        for (index, binding) in own.iter().enumerate() {
            match read(index, binding) {
                Ok((action, keys)) => chosen.push((index, action, keys)),
                Err(mut mistakes) => wrong.append(&mut mistakes),
            }
        }
        let mut map = Self { bindings: Vec::new() };
        // Beside each binding, which of the person's it is.
        let mut owners: Vec<Option<usize>> = Vec::new();
        for action in Action::ALL {
            let own = chosen.iter().find(|(_, other, _)| other == action);
            let kept = action.keys().iter().filter(|key| own.is_none() || reason(**key).is_some());
            let keys = own.iter().flat_map(|(_, _, keys)| keys).chain(kept);
            for key in keys {
                map.bindings.push((action.scope(), *key, *action));
                owners.push(own.map(|(index, ..)| *index));
            }
        }
        wrong.extend(clashes(&map.bindings, &owners));
        wrong.sort_by_key(|mistake| mistake.index);
        if wrong.is_empty() { Ok(map) } else { Err(wrong) }
    }

    /// The action of a key, looked for in these scopes in turn.
    #[must_use]
    pub(crate) fn action(&self, scopes: &[Scope], key: Key) -> Option<Action> {
        scopes.iter().find_map(|scope| {
            self.bindings.iter().find(|(bound, k, _)| bound == scope && *k == key).map(|(_, _, action)| *action)
        })
    }

    /// The key that is shown for an action.
    #[must_use]
    pub(crate) fn key(&self, action: Action) -> Option<Key> {
        self.bindings.iter().find(|(_, _, bound)| *bound == action).map(|(_, key, _)| *key)
    }

    /// All keys of an action.
    pub(crate) fn keys(&self, action: Action) -> impl Iterator<Item = Key> + '_ {
        self.bindings.iter().filter(move |(_, _, bound)| *bound == action).map(|(_, key, _)| *key)
    }
}

/// What is wrong with a person's bindings, nothing where all is well.
#[must_use]
pub fn judge(own: &[Binding]) -> Vec<Misbinding> {
    Keymap::of(own).err().unwrap_or_default()
}

/// Why a key is not for a person to bind.
fn reason(key: Key) -> Option<&'static str> {
    RESERVED.iter().find(|(reserved, _)| *reserved == key).map(|(_, why)| *why)
}

/// One binding by itself.
fn read(index: usize, binding: &Binding) -> Result<(Action, Vec<Key>), Vec<Misbinding>> {
    let wrong = |message: String| Misbinding { index, of_action: false, message, nearest: None };
    let Some(action) = Action::ALL.iter().copied().find(|action| action.id() == binding.action) else {
        let mut names: Vec<_> = Action::ALL
            .iter()
            .map(|action| (strsim::damerau_levenshtein(&binding.action.replace('_', "-"), action.id()), action.id()))
            .collect();
        names.sort_unstable();
        let nearest = names.first().filter(|(distance, _)| *distance <= 3).map(|(_, name)| (*name).to_owned());
        let message = "there is no such action; `?` on the dashboard lists all".to_owned();
        return Err(vec![Misbinding { of_action: true, nearest, ..wrong(message) }]);
    };
    if matches!(action, Action::CopyAdvice | Action::SetupCopyNumber) {
        return Err(vec![wrong("its keys are the numbers of the commands on the page".to_owned())]);
    }
    let (mut keys, mut mistakes) = (Vec::new(), Vec::new());
    for chord in &binding.chords {
        match chord.parse::<Key>() {
            Ok(key) => match reason(key) {
                // Where it has that key anyway, saying so is no mistake.
                Some(_) if action.keys().contains(&key) => {}
                Some(why) => mistakes.push(wrong(format!("{why}, so {chord:?} cannot be {}", action.id()))),
                None if keys.contains(&key) => {}
                None => keys.push(key),
            },
            Err(error) => mistakes.push(wrong(error.to_string())),
        }
    }
    if mistakes.is_empty() { Ok((action, keys)) } else { Err(mistakes) }
}

/// Keys of a person's that mean two things where both can be pressed.
fn clashes(bindings: &[(Scope, Key, Action)], owners: &[Option<usize>]) -> Vec<Misbinding> {
    let mut found: Vec<Misbinding> = Vec::new();
    let all: Vec<_> = bindings.iter().zip(owners).collect();
    for (position, ((scope, key, action), owner)) in all.iter().enumerate() {
        for ((other_scope, other_key, other), other_owner) in all.iter().skip(position + 1) {
            let both = key == other_key && action != other && scope.meets(*other_scope);
            // The later line of the person's is the one that makes it a clash.
            let Some((index, mine, others)) = (match (owner, other_owner) {
                (Some(one), Some(two)) if one > two => Some((*one, action, other)),
                (_, Some(two)) => Some((*two, other, action)),
                (Some(one), None) => Some((*one, action, other)),
                (None, None) => None,
            })
            .filter(|_| both) else {
                continue;
            };
            let message = format!(
                "{:?} would be {} and {} in one place: give {} another key",
                key.to_string(),
                mine.id(),
                others.id(),
                others.id()
            );
            found.push(Misbinding { index, of_action: false, message, nearest: None });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::tui::app::Screen;

    fn bound(pairs: &[(&str, &str)]) -> Vec<Binding> {
        let binding = |(line, (action, chords)): (usize, &(&str, &str))| Binding {
            action: (*action).to_owned(),
            chords: chords.split(' ').map(str::to_owned).collect(),
            file: "config.toml".to_owned(),
            action_at: (line + 1, 1),
            chords_at: (line + 1, 10),
        };
        pairs.iter().enumerate().map(binding).collect()
    }

    #[track_caller]
    fn refused(pairs: &[(&str, &str)], index: usize, words: &[&str]) {
        let wrong = judge(&bound(pairs));
        let fits = |mistake: &&Misbinding| words.iter().all(|word| mistake.message.contains(word));
        let said = wrong.iter().filter(|mistake| mistake.index == index).find(fits);
        assert!(said.is_some(), "{pairs:?} is not refused at {index} with {words:?}: {wrong:?}");
    }

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let keymap = Keymap::default();
        let mut seen = HashSet::new();
        for (scope, key, action) in &keymap.bindings {
            assert!(seen.insert((*scope, *key)), "{key} is bound twice in {scope:?}, also to {action:?}");
        }
        for scope in [Scope::Tunnels, Scope::Bastions, Scope::Journal, Scope::Keys, Scope::List] {
            for (_, key, action) in keymap.bindings.iter().filter(|(bound, _, _)| *bound == scope) {
                let hidden = keymap.action(&[Scope::Global], *key);
                assert_eq!(hidden, None, "{key} of {action:?} hides a global key");
            }
        }
        for screen in Screen::ALL {
            for one in screen.scopes() {
                assert!(screen.scopes().iter().all(|other| one.meets(*other) && other.meets(*one)), "{screen:?}");
            }
        }
    }

    #[test]
    fn a_persons_keys_take_the_place_of_those_that_come_with_the_program() {
        let own = bound(&[("restart", "ctrl-r f5"), ("diagnose", "r"), ("quit", "Q"), ("back", "b")]);
        let keymap = Keymap::of(&own).unwrap();
        let tunnels = Screen::Tunnels.scopes();
        let key = |text: &str| text.parse::<Key>().unwrap();
        assert_eq!(keymap.action(tunnels, key("f5")), Some(Action::Restart));
        assert_eq!(keymap.action(tunnels, key("ctrl-r")), Some(Action::Restart));
        assert_eq!(keymap.action(tunnels, key("r")), Some(Action::Diagnose));
        assert_eq!(keymap.key(Action::Restart), Some(Key::ctrl('r')));
        // Whatever else they are, these stay.
        assert_eq!(keymap.action(tunnels, key("ctrl-c")), Some(Action::Quit));
        assert_eq!(keymap.action(&[Scope::Diagnosis, Scope::Global], key("esc")), Some(Action::Back));
        assert_eq!(keymap.action(tunnels, key("q")), None);
        // Two that change places.
        assert_eq!(judge(&bound(&[("down", "k down"), ("up", "j up"), ("rung-below", "j")])), Vec::new());
        // What it has anyway.
        assert_eq!(judge(&bound(&[("quit", "q ctrl-c")])), Vec::new());
    }

    #[test]
    fn what_cannot_be_is_refused_with_both_names() {
        refused(&[("restart", "d")], 0, &["\"d\"", "restart", "diagnose", "another key"]);
        refused(&[("toggle", "q")], 0, &["toggle", "quit"]);
        refused(&[("toggle", "z"), ("restart", "z")], 1, &["toggle", "restart"]);
        refused(&[("restart", "z"), ("toggle", "z")], 1, &["toggle", "restart"]);
        refused(&[("help", "j")], 0, &["help", "down"]);
        refused(&[("toggle", "esc")], 0, &["esc always leaves", "toggle"]);
        refused(&[("toggle", "ctrl-c")], 0, &["ctrl-c always quits"]);
        refused(&[("toggle", "hyper-x")], 0, &["\"hyper-x\" is not a key", "ctrl-x"]);
        refused(&[("toggle", "")], 0, &["is not a key"]);
        refused(&[("copy-command", "z")], 0, &["numbers"]);
        refused(&[("togle", "z")], 0, &["no such action"]);
        let wrong = judge(&bound(&[("togle", "z"), ("copy_fix", "z")]));
        let nearest: Vec<_> = wrong.iter().map(|mistake| mistake.nearest.as_deref()).collect();
        assert_eq!(nearest, [Some("toggle"), Some("copy-fix")]);
        assert!(wrong.iter().all(|mistake| mistake.of_action));
        // On screens that never meet, one key is no clash.
        assert_eq!(judge(&bound(&[("copy-key", "z"), ("restart", "z")])), Vec::new());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_bound_esc_and_ctrl_c_stay(action in 0..Action::ALL.len(), chord in "(ctrl-|alt-)?([a-zA-Z0-9]|f[0-9]{1,2}|esc|space|enter)") {
            let id = Action::ALL[action].id();
            if let Ok(keymap) = Keymap::of(&bound(&[(id, &chord)])) {
                let quits = keymap.action(&[Scope::Global], Key::ctrl('c'));
                proptest::prop_assert_eq!(quits, Some(Action::Quit));
                let leaves = keymap.action(&[Scope::Diagnosis, Scope::Global], Key::plain(Code::Esc));
                proptest::prop_assert_eq!(leaves, Some(Action::Back));
            }
        }
    }
}
