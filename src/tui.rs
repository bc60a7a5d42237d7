//! What a person sees and presses: a pure update, a view that only reads, and one loop that is the same at a desk, over SSH
//! and in a test. It touches no file and asks nobody but the service.

mod action;
mod app;
mod clipboard;
mod effect;
mod input;
mod key;
mod keymap;
mod keys;
mod layout;
mod msg;
mod notices;
mod overlay;
mod page;
mod runtime;
mod screen;
mod setup;
mod terminal;
mod theme;
mod update;
mod view;
mod widget;
mod wizard;

pub use action::{Action, Scope};
pub use app::{App, Look, Screen};
pub use effect::Effect;
pub use input::Input;
pub use key::{Code, Key, KeyError};
pub use keymap::{Keymap, judge};
pub use msg::Msg;
pub use runtime::{Pace, Surroundings, run};
pub use terminal::desk::{Ending, Host, run as run_at_desk};
pub use theme::{
    AUTO, Appearance, BUILT_IN, Choice, DEFAULT, Depth, Family, Glyph, Ground, MONO, Role, RoleLook, Theme, Themes,
};
pub use update::update;
pub use view::draw;
