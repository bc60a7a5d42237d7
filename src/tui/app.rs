//! All that can be on screen. It changes only in `update` and is drawn only in `view`.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::action::Scope;
use super::keymap::Keymap;
use super::overlay::Overlay;
use super::page::{Open, Page};
use super::theme::{Theme, Themes};
use super::widget::field::Field;
use super::widget::list::Selection;
use super::widget::pane::Ink;
use super::wizard;
use crate::model::{BastionStatus, Draft, KeyStatus, Name, Phase, Snapshot, Subject, TunnelStatus};

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
            Self::Journal => &[Scope::List, Scope::Global],
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

/// The bytes a tunnel has carried, sampled about once a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    last: Option<(Timestamp, u64, u64)>,
    /// Bytes a second, oldest first.
    pub(crate) from_database: Vec<f64>,
    pub(crate) to_database: Vec<f64>,
}

/// Samples kept per tunnel: two minutes.
const SAMPLES: usize = 120;
/// Counters come once a second while something flows; after this long without any, nothing does.
const QUIET_SECONDS: f64 = 2.5;

impl Rates {
    fn note(&mut self, now: Timestamp, tunnel: &TunnelStatus) {
        let bytes = tunnel.bytes;
        if let Some((then, from, to)) = self.last {
            let seconds = now.duration_since(then).as_secs_f64();
            if (0.0..0.9).contains(&seconds) {
                return;
            }
            if seconds < 0.0 {
                // The clock was set back: count from here.
                self.last = Some((now, bytes.from_database, bytes.to_database));
                return;
            }
            // A restarted service counts from zero.
            let rate = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
            for (history, value) in [
                (&mut self.from_database, rate(bytes.from_database, from)),
                (&mut self.to_database, rate(bytes.to_database, to)),
            ] {
                // A line of seconds: what covers several of them stands there as often.
                let covered = (seconds.round() as usize).clamp(1, SAMPLES);
                history.extend(std::iter::repeat_n(value, covered));
                history.drain(..history.len().saturating_sub(SAMPLES));
            }
        }
        self.last = Some((now, bytes.from_database, bytes.to_database));
    }

    /// As `note`, where no newer counters came.
    fn note_silence(&mut self, now: Timestamp, tunnel: &TunnelStatus) {
        if self.last.is_some_and(|(then, ..)| now.duration_since(then).as_secs_f64() >= QUIET_SECONDS) {
            self.note(now, tunnel);
        }
    }
}

/// What the person's terminal and settings ask for.
#[derive(Debug, Clone)]
pub struct Look {
    /// The themes there are.
    pub themes: Themes,
    /// The identifier of the one to begin with.
    pub theme: String,
    /// Only ASCII may be drawn.
    pub ascii: bool,
    /// Mouse reporting at the start.
    pub mouse: bool,
    /// A word for the head of the screen, such as "demo".
    pub badge: Option<String>,
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
    /// When something was typed into it last.
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
    pub(crate) keymap: Keymap,
    pub(crate) themes: Themes,
    pub(crate) theme: Theme,
    pub(crate) ascii: bool,
    pub(crate) mouse: bool,
    pub(crate) badge: Option<String>,
    pub(crate) zone: TimeZone,
}

impl App {
    /// An app that has heard nothing yet.
    #[must_use]
    pub fn new(look: Look, size: (u16, u16), now: Timestamp) -> Self {
        let theme = look.themes.find(&look.theme);
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
            typed: now,
            asked: 0,
            overlays: Vec::new(),
            toast,
            rates: BTreeMap::new(),
            put_off: Vec::new(),
            acted: Vec::new(),
            keymap: Keymap::default(),
            themes: look.themes,
            theme,
            ascii: look.ascii,
            mouse: look.mouse,
            badge: look.badge,
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

    /// Takes over a newer state.
    pub(crate) fn take(&mut self, snapshot: Arc<Snapshot>) {
        self.link = Link::Live;
        self.snapshot = Arc::clone(&snapshot);
        for tunnel in &self.snapshot.tunnels {
            self.rates.entry(tunnel.name.clone()).or_default().note(self.now, tunnel);
        }
        self.rates.retain(|name, _| snapshot.tunnels.iter().any(|tunnel| tunnel.name == *name));
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

    /// The tunnels that the filter lets through.
    pub(crate) fn tunnels(&self) -> Vec<&TunnelStatus> {
        let filter = self.filter();
        let fits = |tunnel: &&TunnelStatus| {
            filter.split_whitespace().all(|word| match word.strip_prefix('#') {
                Some(tag) => tunnel.tags.iter().any(|other| other.as_str().starts_with(tag)),
                None => {
                    let word = word.to_lowercase();
                    let has = |text: &str| text.to_lowercase().contains(&word);
                    has(tunnel.name.as_str())
                        || has(tunnel.database.kind.as_str())
                        || has(tunnel.bastion.as_str())
                        || has(&tunnel.database.endpoint().to_string())
                        || has(super::widget::badge::State::of(tunnel).word())
                }
            })
        };
        self.snapshot.tunnels.iter().filter(fits).collect()
    }

    /// The tunnels in the making that the filter lets through; they stand below the tunnels.
    pub(crate) fn drafts(&self) -> Vec<&Draft> {
        let filter = self.filter().to_lowercase();
        let fits = |draft: &&Draft| {
            let (state, page) = wizard::waits_for(draft);
            filter.split_whitespace().all(|word| match word.strip_prefix('#') {
                Some(tag) => draft.tags.iter().any(|other| other.as_str().starts_with(tag)),
                None => {
                    draft.name.as_str().contains(word)
                        || state.contains(word)
                        || page.contains(word)
                        || "draft".contains(word)
                        || draft.database.as_ref().is_some_and(|database| database.kind.as_str().contains(word))
                }
            })
        };
        self.snapshot.drafts.iter().filter(fits).collect()
    }

    /// The bastions that the filter lets through.
    pub(crate) fn bastions(&self) -> Vec<&BastionStatus> {
        let filter = self.filter().to_lowercase();
        let fits = |b: &&BastionStatus| {
            filter.split_whitespace().all(|w| b.name.as_str().contains(w) || b.endpoint.to_string().contains(w))
        };
        self.snapshot.bastions.iter().filter(fits).collect()
    }

    /// The keys that the filter lets through.
    pub(crate) fn keys(&self) -> Vec<&KeyStatus> {
        let filter = self.filter().to_lowercase();
        let fits =
            |k: &&KeyStatus| filter.split_whitespace().all(|w| k.name.as_str().contains(w) || k.key_type.contains(w));
        self.snapshot.keys.iter().filter(fits).collect()
    }

    /// The lines of the journal that the filter lets through, each as (moment, tunnel, event, message).
    pub(crate) fn journal(&self) -> Vec<&crate::model::journal::Entry> {
        let filter = self.filter().to_lowercase();
        let fits = |entry: &&crate::model::journal::Entry| {
            filter.split_whitespace().all(|word| {
                entry.tunnel.as_ref().is_some_and(|name| name.as_str().contains(word))
                    || entry.event.contains(word)
                    || entry.message.to_lowercase().contains(word)
            })
        };
        self.snapshot.journal.iter().filter(fits).collect()
    }

    /// The names of the lines on screen.
    pub(crate) fn line_names(&self) -> Vec<String> {
        match self.screen {
            Screen::Tunnels => {
                let drafts = self.drafts().into_iter().map(|draft| Subject::Draft(draft.name.clone()).to_string());
                self.tunnels().iter().map(|tunnel| tunnel.name.to_string()).chain(drafts).collect()
            }
            Screen::Bastions => self.bastions().iter().map(|bastion| bastion.name.to_string()).collect(),
            Screen::Keys => self.keys().iter().map(|key| key.name.to_string()).collect(),
            Screen::Journal => (0..self.journal().len()).map(|line| line.to_string()).collect(),
        }
    }

    /// The selected line.
    pub(crate) fn selected(&self) -> Option<usize> {
        let names = self.line_names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        match self.list() {
            Some(list) if list.selection.is_made() => list.selection.index(&names),
            // The journal stays at its end: what happened last.
            _ if self.screen == Screen::Journal => names.len().checked_sub(1),
            _ => (!names.is_empty()).then_some(0),
        }
    }

    /// The page that lies over the list, if one does.
    pub(crate) fn page(&self) -> Option<Open<'_>> {
        let page = self.diagnosis.as_ref()?;
        Some(Open { page, snapshot: &self.snapshot })
    }

    /// A page lies over the list.
    pub(crate) fn is_on_page(&self) -> bool {
        self.diagnosis.is_some() || self.wizard.is_some()
    }

    /// Where keys are looked for now, nearest first.
    pub(crate) fn scopes(&self) -> &'static [Scope] {
        if self.diagnosis.is_some() {
            &[Scope::Diagnosis, Scope::Global]
        } else if self.draft().is_some() {
            &[Scope::Drafts, Scope::Tunnels, Scope::List, Scope::Global]
        } else {
            self.screen.scopes()
        }
    }

    /// The selected bastion.
    pub(crate) fn bastion(&self) -> Option<&BastionStatus> {
        self.selected().and_then(|index| self.bastions().get(index).copied())
    }

    /// The selected tunnel.
    pub(crate) fn tunnel(&self) -> Option<&TunnelStatus> {
        self.selected().and_then(|index| self.tunnels().get(index).copied())
    }

    /// The selected tunnel in the making.
    pub(crate) fn draft(&self) -> Option<&Draft> {
        let index = self.selected()?.checked_sub(self.tunnels().len())?;
        self.drafts().get(index).copied().filter(|_| self.screen == Screen::Tunnels)
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
