//! From key to action and back, by scope: the nearest scope wins. It holds bindings, not their meaning.

use super::action::{Action, Scope};
use super::key::Key;

/// The bindings in force.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    bindings: Vec<(Scope, Key, Action)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let of = |action: &Action| action.keys().iter().map(|key| (action.scope(), *key, *action)).collect::<Vec<_>>();
        Self { bindings: Action::ALL.iter().flat_map(of).collect() }
    }
}

impl Keymap {
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let keymap = Keymap::default();
        let mut seen = HashSet::new();
        for (scope, key, action) in &keymap.bindings {
            assert!(seen.insert((*scope, *key)), "{key} is bound twice in {scope:?}, also to {action:?}");
        }
        for scope in [Scope::Tunnels, Scope::Bastions, Scope::Keys, Scope::List] {
            for (_, key, action) in keymap.bindings.iter().filter(|(bound, _, _)| *bound == scope) {
                let hidden = keymap.action(&[Scope::Global], *key);
                assert_eq!(hidden, None, "{key} of {action:?} hides a global key");
            }
        }
    }
}
