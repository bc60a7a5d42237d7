//! crossterm's events as inputs, read on a thread of its own. Reading stops, and is known to have stopped, before another program
//! gets the terminal: a reader that lingered would take the first line that is typed there.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind, read};
use crossterm::terminal;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::sieve::Sieve;
use crate::tui::input::Input;
use crate::tui::key::{Code, Key};

/// A reader in the middle of an escape sequence that never ends hears nothing; it is not waited for longer.
const PATIENCE: Duration = Duration::from_millis(300);

/// The reader, as the screen sees it. Dropping it ends the reading.
pub(super) struct Reader {
    reading: watch::Sender<bool>,
    resting: watch::Receiver<bool>,
    nudge: fn(),
    /// The terminal was asked something.
    asked: Arc<AtomicBool>,
}

impl Reader {
    /// Begins to read. `nudge` makes the terminal tell its size, which is what the reader wakes up from.
    pub(super) fn start(inputs: mpsc::Sender<Input>, reading: watch::Sender<bool>, nudge: fn()) -> io::Result<Self> {
        let (rests, resting) = watch::channel(false);
        let asked = Arc::new(AtomicBool::new(false));
        let waiting = Builder::new_current_thread().build()?;
        let sieve = Sieve::new(Arc::clone(&asked));
        let thread = Reading { inputs, reading: reading.subscribe(), rests, waiting, sieve };
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || thread.run())?;
        Ok(Self { reading, resting, nudge, asked })
    }

    /// From now on an answer of the terminal's may come.
    pub(super) fn expect_answer(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }

    /// Stops reading, and waits until it has stopped.
    pub(super) async fn pause(&mut self) {
        self.reading.send_replace(false);
        (self.nudge)();
        // One that has ended rests as well.
        let _ = timeout(PATIENCE, self.resting.wait_for(|resting| *resting)).await;
    }

    /// Goes on.
    pub(super) fn resume(&self) {
        self.reading.send_replace(true);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.reading.send_replace(false);
        (self.nudge)();
    }
}

/// What the thread has.
struct Reading {
    inputs: mpsc::Sender<Input>,
    reading: watch::Receiver<bool>,
    rests: watch::Sender<bool>,
    /// To wait without a busy loop.
    waiting: Runtime,
    sieve: Sieve,
}

impl Reading {
    /// Reads until the terminal closes or nobody listens.
    fn run(mut self) {
        loop {
            if !*self.reading.borrow() {
                self.rests.send_replace(true);
                if self.waiting.block_on(self.reading.wait_for(|reading| *reading)).is_err() {
                    return;
                }
                self.rests.send_replace(false);
                // What came meanwhile was not read.
                let size = terminal::size().ok().map(|(width, height)| Input::Resize(width, height));
                if size.is_some_and(|size| self.inputs.blocking_send(size).is_err()) {
                    return;
                }
            }
            let input = match read() {
                // The nudge, or a size that is asked for again.
                Ok(Event::Resize(..)) if !*self.reading.borrow() => None,
                Ok(event) => translate(event),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => None,
                // The terminal is gone: say so once.
                Err(_) => Some(Input::Closed),
            };
            let closed = input == Some(Input::Closed);
            let inputs = input.map(|input| self.sieve.take(input)).unwrap_or_default();
            if inputs.into_iter().any(|input| self.inputs.blocking_send(input).is_err()) || closed {
                return;
            }
        }
    }
}

fn translate(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => translate_key(key).map(Input::Key),
        // Terminals send what Enter sends, a carriage return, where the text has a line's end.
        Event::Paste(text) => Some(Input::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))),
        Event::Resize(width, height) => Some(Input::Resize(width, height)),
        Event::Mouse(mouse) => match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => Some(Input::Click(mouse.column, mouse.row)),
            MouseEventKind::ScrollUp => Some(Input::Scroll(mouse.column, mouse.row, -1)),
            MouseEventKind::ScrollDown => Some(Input::Scroll(mouse.column, mouse.row, 1)),
            _ => None,
        },
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
        Event::Key(_) => None,
    }
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let has = |modifier| key.modifiers.contains(modifier);
    Some(Key { code, ctrl: has(KeyModifiers::CONTROL), alt: has(KeyModifiers::ALT) })
}
