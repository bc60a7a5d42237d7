//! An app with a clock that stands still and a terminal that is a grid of cells. Keys go in, effects and a grid come out.

use std::sync::Arc;

use adit::model::Snapshot;
use adit::tui::{App, DEFAULT, Effect, Input, Key, Look, Msg, Themes, draw, update};
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::made;

/// The app, and where it is shown.
pub(crate) struct Stage {
    pub(crate) app: App,
    pub(crate) now: Timestamp,
    snapshot: Arc<Snapshot>,
    size: (u16, u16),
    /// What was asked for since the last look.
    asked: Vec<Effect>,
}

impl Stage {
    pub(crate) fn new(width: u16, height: u16) -> Self {
        Self::with(width, height, |_| {})
    }

    /// With a look of its own.
    pub(crate) fn with(width: u16, height: u16, change: impl FnOnce(&mut Look)) -> Self {
        let mut look = Look {
            themes: Themes::load(&[]),
            theme: DEFAULT.to_owned(),
            ground: None,
            ascii: false,
            mouse: true,
            notify: adit::model::Notify::Off,
            badge: None,
            home: None,
            zone: jiff::tz::TimeZone::UTC,
        };
        change(&mut look);
        let now = made::now();
        let app = App::new(look, (width, height), now);
        Self { app, now, snapshot: Arc::default(), size: (width, height), asked: Vec::new() }
    }

    /// Something happens.
    pub(crate) fn tell(&mut self, msg: Msg) {
        self.asked.extend(update(&mut self.app, msg, self.now));
    }

    /// The service has this state.
    pub(crate) fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = Arc::clone(&snapshot);
        self.tell(Msg::Snapshot(snapshot));
    }

    /// The state as last shown, changed.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = Snapshot::clone(&self.snapshot);
        change(&mut snapshot);
        self.show(Arc::new(snapshot));
    }

    /// Time passes.
    pub(crate) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.tell(Msg::Tick);
    }

    /// Half a minute of traffic on every tunnel that is up, ending at the moment the rest of the state was made for.
    pub(crate) fn traffic(&mut self) {
        let last = Arc::clone(&self.snapshot);
        let end = self.now;
        self.now -= SignedDuration::from_secs(30);
        for second in 1..=30_u64 {
            self.now += SignedDuration::from_secs(1);
            self.change(|snapshot| {
                for tunnel in &mut snapshot.tunnels {
                    tunnel.bytes.from_database += (second * second % 17 + 1) * (second % 5 + 1) * 9_000;
                    tunnel.bytes.to_database += (second % 3 + 1) * 700;
                }
            });
        }
        assert_eq!(self.now, end);
        let mut shown = Snapshot::clone(&last);
        for (tunnel, carried) in shown.tunnels.iter_mut().zip(&self.snapshot.tunnels) {
            tunnel.bytes = carried.bytes;
        }
        self.show(Arc::new(shown));
    }

    /// Presses keys, named as in the configuration and parted by blanks.
    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str) {
        for name in keys.split_whitespace() {
            let key: Key = name.parse().unwrap();
            self.tell(Msg::Input(Input::Key(key)));
        }
    }

    /// Types text, letter by letter.
    pub(crate) fn type_in(&mut self, text: &str) {
        for c in text.chars() {
            self.tell(Msg::Input(Input::Key(Key::char(c))));
        }
    }

    pub(crate) fn paste(&mut self, text: &str) {
        self.tell(Msg::Input(Input::Paste(text.to_owned())));
    }

    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.tell(Msg::Input(Input::Resize(width, height)));
    }

    /// Goes to a tunnel's line.
    #[track_caller]
    pub(crate) fn select(&mut self, tunnel: &str) {
        let line = self.snapshot.tunnels.iter().position(|other| other.name.as_str() == tunnel).unwrap();
        self.press("1 g");
        self.press(&"j ".repeat(line));
    }

    /// What was asked for since the last look.
    pub(crate) fn asked(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.asked)
    }

    /// What was asked for and not done yet.
    pub(crate) fn put_back(&mut self, effects: Vec<Effect>) {
        self.asked.extend(effects);
    }

    /// As `asked`, as one line each.
    pub(crate) fn asks(&mut self) -> Vec<String> {
        self.asked().iter().map(|effect| format!("{effect:?}")).collect()
    }

    pub(crate) fn buffer(&self) -> Buffer {
        self.drawn_on(self.size.0, self.size.1)
    }

    /// Drawn on a terminal that need not have the size that the app knows.
    pub(crate) fn drawn_on(&self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, &self.app)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The screen as lines of text.
    pub(crate) fn text(&self) -> String {
        super::sheet::text(&self.buffer())
    }

    #[track_caller]
    pub(crate) fn sees(&self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "{words:?} is not on the screen:\n{text}");
    }

    #[track_caller]
    pub(crate) fn sees_not(&self, words: &str) {
        let text = self.text();
        assert!(!text.contains(words), "{words:?} is on the screen:\n{text}");
    }
}
