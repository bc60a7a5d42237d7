//! How a person wants to be shown things, and what is known of their machine. Names that only a surface knows (themes, actions,
//! keys) are text here.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::notify::Notify;

/// How the person wants to be shown things, and what is known of this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// A theme or a family by its name; `None` for the terminal's own colours (`auto`).
    pub theme: Option<String>,
    /// The mouse works on the screens.
    pub mouse: bool,
    /// The addresses that others see this machine as, for allow-lists.
    pub leaves_from: Vec<IpAddr>,
    /// How the dashboard tells of tunnels that fall or heal while nobody looks at it.
    #[serde(default)]
    pub notify: Notify,
    /// Keys of the person's own, in the order of the files.
    #[serde(default)]
    pub keymap: Vec<Binding>,
}

impl Default for Preferences {
    fn default() -> Self {
        Self { theme: None, mouse: true, leaves_from: Vec::new(), notify: Notify::Off, keymap: Vec::new() }
    }
}

/// The keys that a person gives an action, in place of those it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The action's name.
    pub action: String,
    /// The keys, as in "ctrl-d".
    pub chords: Vec<String>,
    /// The file's name, and line and column of the action's name and of the keys, all from 1.
    pub file: String,
    /// Where the action's name stands.
    pub action_at: (usize, usize),
    /// Where its keys stand.
    pub chords_at: (usize, usize),
}

/// What is wrong with a binding, said by whoever knows actions and keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misbinding {
    /// Which of the bindings, from 0.
    pub index: usize,
    /// The action's name is meant, and not its keys.
    pub of_action: bool,
    /// A sentence, in lower case, without a trailing stop.
    pub message: String,
    /// The names that could have been meant, to find the nearest among.
    pub nearest: Option<String>,
}
