//! All that can be on screen. It changes only in `update` and is drawn only in `view`.

mod home;
mod lines;
mod order;
mod rates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Scope;
use super::keymap::Keymap;
use super::keys::{self, Keyring, Topic};
use super::notices::Notices;
use super::overlay::Overlay;
use super::page::{Open, Page};
use super::theme::{Ground, Theme, Themes};
use super::widget::field::Field;
use super::widget::list::Selection;
use super::widget::pane::Ink;
use super::{setup, wizard};
use crate::model::{Name, Notify, Phase, Preferences, Snapshot};

pub(crate) use lines::Row;
pub(crate) use order::{Grouping, Sort};
pub(crate) use rates::Rates;

/// The screens, in the order of their keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Screen {
    /// The list is the truth, the other pane the selected tunnel.
    Tunnels,
    /// Where tunnels go through.
    Bastions,
    /// adit's own keys.
    Keys,
    /// What happened.
    Journal,
}

impl Screen {
    /// All screens.
    pub const ALL: [Self; 4] = [Self::Tunnels, Self::Bastions, Self::Keys, Self::Journal];

    /// Its name.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Tunnels => "Tunnels",
            Self::Bastions => "Bastions",
            Self::Keys => "Keys",
            Self::Journal => "Journal",
        }
    }

    /// Where its keys are looked for, nearest first.
    #[must_use]
    pub fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Tunnels => &[Scope::Tunnels, Scope::List, Scope::Global],
            Self::Bastions => &[Scope::Bastions, Scope::List, Scope::Global],
            Self::Keys => &[Scope::Keys, Scope::List, Scope::Global],
            Self::Journal => &[Scope::Journal, Scope::List, Scope::Global],
        }
    }
}

/// A list's own state.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListState {
    pub(crate) selection: Selection,
    /// The filter in force, also while it is typed.
    pub(crate) filter: Field,
    /// It takes the keys.
    pub(crate) filtering: bool,
}

/// How the program reaches the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Link {
    /// No state has come yet.
    Waiting,
    /// The state is current.
    Live,
    /// The service is gone; what is shown is what was last known.
    Gone,
}

/// A message that passes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    /// It says that something went wrong; stays until a key is pressed.
    pub(crate) error: bool,
    pub(crate) since: Timestamp,
}

/// What the person's terminal and settings ask for.
#[derive(Debug, Clone)]
pub struct Look {
    /// The themes there are.
    pub themes: Themes,
    /// The one to begin with, or a family, as the configuration names them.
    pub theme: String,
    /// What is known of the terminal's background.
    pub ground: Option<Ground>,
    /// Only ASCII may be drawn.
    pub ascii: bool,
    /// Mouse reporting at the start.
    pub mouse: bool,
    /// How tunnels that fall or heal are told of while nobody looks.
    pub notify: Notify,
    /// A word for the head of the screen, such as "demo".
    pub badge: Option<String>,
    /// The home that the commands on screen must name, where the program would take another one by itself.
    pub home: Option<PathBuf>,
    /// Clocks are shown in this time zone.
    pub zone: TimeZone,
}

/// The whole app.
pub struct App {
    pub(crate) now: Timestamp,
    pub(crate) size: (u16, u16),
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) link: Link,
    pub(crate) screen: Screen,
    pub(crate) lists: BTreeMap<Screen, ListState>,
    /// The page that lies over the list, if one does.
    pub(crate) diagnosis: Option<Page>,
    /// A tunnel in the making, while it is on screen.
    pub(crate) wizard: Option<Box<wizard::Wizard>>,
    /// The set-up for the bastion's admin; its page lies over the others.
    pub(crate) setup: setup::Desk,
    /// The pages of keys.
    pub(crate) keyring: Keyring,
    /// When something was typed into the wizard last.
    pub(crate) typed: Timestamp,
    /// The number of the last question that the service was asked for a page.
    pub(crate) asked: u64,
    pub(crate) overlays: Vec<Overlay>,
    pub(crate) toast: Option<Toast>,
    pub(crate) rates: BTreeMap<Name, Rates>,
    /// Questions that the person put off; they are not opened again by themselves.
    pub(crate) put_off: Vec<u64>,
    /// Tunnels that the person brought up or restarted here: their questions open by themselves.
    pub(crate) acted: Vec<Name>,
    /// Tunnels that are dealt with together.
    pub(crate) marked: BTreeSet<Name>,
    /// The lines of the list when undoing was asked for; what comes back is selected.
    pub(crate) undoing: Option<Vec<String>>,
    pub(crate) sort: Sort,
    pub(crate) grouping: Grouping,
    pub(crate) notices: Notices,
    pub(crate) keymap: Keymap,
    pub(crate) themes: Themes,
    pub(crate) theme: Theme,
    /// What was chosen: a theme, a family, or the terminal's own colours.
    pub(crate) chosen: String,
    pub(crate) ground: Option<Ground>,
    /// What the terminal itself said it is, which counts more.
    pub(crate) ground_answered: Option<Ground>,
    /// The terminal was asked for it.
    pub(crate) asked_ground: bool,
    /// What the service said last that the person prefers.
    pub(crate) preferences: Option<Preferences>,
    pub(crate) ascii: bool,
    pub(crate) mouse: bool,
    pub(crate) badge: Option<String>,
    /// See [`Look::home`].
    pub(crate) home: Option<PathBuf>,
    pub(crate) zone: TimeZone,
}

impl App {
    /// An app that has heard nothing yet.
    #[must_use]
    pub fn new(look: Look, size: (u16, u16), now: Timestamp) -> Self {
        let theme = look.themes.choose(&look.theme, look.ground);
        let toast = look.themes.mistakes.first().map(|why| Toast { text: why.clone(), error: true, since: now });
        Self {
            now,
            size,
            snapshot: Arc::default(),
            link: Link::Waiting,
            screen: Screen::Tunnels,
            lists: BTreeMap::new(),
            diagnosis: None,
            wizard: None,
            setup: setup::Desk::default(),
            keyring: Keyring::default(),
            typed: now,
            asked: 0,
            overlays: Vec::new(),
            toast,
            rates: BTreeMap::new(),
            put_off: Vec::new(),
            acted: Vec::new(),
            marked: BTreeSet::new(),
            undoing: None,
            sort: Sort::default(),
            grouping: Grouping::default(),
            notices: Notices::default(),
            keymap: Keymap::default(),
            themes: look.themes,
            theme,
            chosen: look.theme,
            ground: look.ground,
            ground_answered: None,
            asked_ground: false,
            preferences: None,
            ascii: look.ascii,
            mouse: look.mouse,
            badge: look.badge,
            home: look.home,
            zone: look.zone,
        }
    }

    /// A moment as the person's clock shows it.
    pub(crate) fn clock(&self, at: Timestamp, format: &str) -> String {
        at.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// What is needed to draw.
    pub(crate) fn ink(&self) -> Ink<'_> {
        Ink { theme: &self.theme, ascii: self.ascii }
    }

    /// What a page of the wizard is drawn from.
    pub(crate) fn sight(&self) -> wizard::Sight<'_> {
        wizard::Sight { ink: self.ink(), snapshot: &self.snapshot, gone: self.link == Link::Gone }
    }

    /// What a page of keys is drawn from.
    pub(crate) fn key_sight(&self) -> keys::Sight<'_> {
        let busy = self.keyring.awaited().map(|errand| errand.work);
        keys::Sight { ink: self.ink(), snapshot: &self.snapshot, now: self.now, busy }
    }

    /// Takes over a newer state.
    pub(crate) fn take(&mut self, snapshot: Arc<Snapshot>) {
        self.link = Link::Live;
        let snapshot = match &self.home {
            Some(home) => Arc::new(home::at_home(&snapshot, home)),
            None => snapshot,
        };
        self.snapshot = Arc::clone(&snapshot);
        for tunnel in &self.snapshot.tunnels {
            self.rates.entry(tunnel.name.clone()).or_default().note(self.now, tunnel);
        }
        self.rates.retain(|name, _| snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name));
        self.marked.retain(|name| snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name));
        self.acted.retain(|name| snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name));
        self.put_off.retain(|id| snapshot.questions.iter().any(|pending| pending.id == *id));
        let names = self.line_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        if let Some(list) = self.lists.get_mut(&self.screen) {
            list.selection.follow(&names);
        }
        self.begin_at_work();
    }

    /// Time passed without a newer state. Where nothing flows none comes, and that is a rate as well.
    pub(crate) fn wait(&mut self) {
        if self.link == Link::Live {
            for tunnel in &self.snapshot.tunnels {
                self.rates.entry(tunnel.name.clone()).or_default().note_silence(self.now, tunnel);
            }
        }
    }

    /// Selects the first tunnel that is wanted, once, so that the first sight is one of something that happens.
    fn begin_at_work(&mut self) {
        if self.lists.contains_key(&Screen::Tunnels) {
            return;
        }
        let Some(first) = self.snapshot.tunnels.iter().position(|tunnel| tunnel.phase != Phase::Stopped) else {
            return;
        };
        let names: Vec<&str> = self.snapshot.tunnels.iter().map(|tunnel| tunnel.name.as_str()).collect();
        self.lists.entry(Screen::Tunnels).or_default().selection.set(first, &names);
    }

    /// The state of the list on screen.
    pub(crate) fn list(&self) -> Option<&ListState> {
        self.lists.get(&self.screen)
    }

    /// The state of the list on screen, to change it.
    pub(crate) fn list_mut(&mut self) -> &mut ListState {
        self.lists.entry(self.screen).or_default()
    }

    /// The words of the filter in force.
    pub(crate) fn filter(&self) -> &str {
        self.list().map_or("", |list| list.filter.text())
    }

    /// The page that lies over the list, if one does.
    pub(crate) fn page(&self) -> Option<Open<'_>> {
        let page = self.diagnosis.as_ref()?;
        Some(Open { page, snapshot: &self.snapshot })
    }

    /// A page lies over the list.
    pub(crate) fn is_on_page(&self) -> bool {
        self.diagnosis.is_some() || self.wizard.is_some() || self.setup.page.is_some() || self.keyring.page.is_some()
    }

    /// Where keys are looked for now, nearest first.
    pub(crate) fn scopes(&self) -> &'static [Scope] {
        if self.setup.page.is_some() {
            &[Scope::Setup, Scope::Global]
        } else if self.diagnosis.is_some() {
            &[Scope::Diagnosis, Scope::Global]
        } else if let Some(reading) = self.keyring.reading() {
            match reading.topic {
                Topic::Details => &[Scope::Key, Scope::Keys, Scope::Global],
                Topic::Rotation => &[Scope::Rotation, Scope::Key, Scope::Global],
                Topic::Code => &[Scope::Key, Scope::Global],
            }
        } else if self.draft().is_some() {
            &[Scope::Drafts, Scope::Tunnels, Scope::List, Scope::Global]
        } else {
            self.screen.scopes()
        }
    }

    /// There is nothing to show yet, but what a person can do about it.
    pub(crate) fn welcomes(&self) -> bool {
        self.link == Link::Live
            && self.screen == Screen::Tunnels
            && self.snapshot.tunnels.is_empty()
            && self.snapshot.drafts.is_empty()
    }

    /// Shows a message that passes.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), error: false, since: self.now });
    }

    /// Shows what went wrong until a key is pressed.
    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.toast = Some(Toast { text: text.into(), error: true, since: self.now });
    }
}
