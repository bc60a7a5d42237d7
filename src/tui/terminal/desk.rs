//! The screen at a desk: crossterm on stdout, the process's signals, the person's own clipboard and clients.

use std::io;
use std::mem::ManuallyDrop;
use std::process::Command;
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::events::Reader;
use super::guard::{Guard, install_panic_hook};
use super::notify::Notifier;
use super::sieve;
use super::signals::Signals;
use crate::model::Notify;
use crate::service::Client;
use crate::tui::app::Look;
use crate::tui::clipboard::{Clipboard, Way};
use crate::tui::runtime::{self, Pace, Surroundings};

/// Inputs that may wait; more would be typed ahead of a frame that takes seconds.
const WAITING: usize = 256;
/// A process that was told to stop has stopped long before this.
const STOPPING: Duration = Duration::from_secs(1);

/// How the screen ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The person left, or the terminal closed.
    Left,
    /// A signal asked for the end.
    Signal(i32),
}

/// What this machine is asked for, handed in by whoever starts the screen.
#[derive(Debug, Clone, Copy)]
pub struct Host {
    /// The wall clock.
    pub now: fn() -> Timestamp,
    /// Tells this process's job to stop; false where no shell would ever continue it.
    pub suspend: fn() -> bool,
    /// Sends this process the signal of a terminal that changed its size.
    pub nudge: fn(),
    /// Ends this process at once for a signal of that number.
    pub abandon: fn(i32),
    /// The signal that asks a process to stop.
    pub stop_signal: i32,
    /// The signal that continues it.
    pub continue_signal: i32,
    /// The person is logged in over SSH: draw less often.
    pub far_away: bool,
}

/// Shows the screen until the person leaves.
///
/// # Errors
/// When the terminal cannot be taken or written to.
pub async fn run(client: Client, look: Look, host: Host) -> io::Result<Ending> {
    install_panic_hook();
    let (inputs, received) = mpsc::channel(WAITING);
    let reading = watch::Sender::new(true);
    // From here on a signal no longer ends the process by itself, and the terminal can be taken.
    let signals = Signals::listen(inputs.clone(), reading.subscribe(), host)?;
    let guard = Guard::take(look.mouse, look.notify != Notify::Off)?;
    // Never dropped: ratatui then shows the cursor, which the guard has done, and where the terminal is gone it panics over that.
    let mut terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
    let reader = Reader::start(inputs, reading, host.nudge)?;
    let notifier = Notifier::new(look.notify.clone());
    let mut desk = Desk { notifier, host, reader, guard, resumed: signals.resumed(), clipboard: Clipboard::new() };
    let pace = if host.far_away { Pace::FarAway } else { Pace::AtHand };
    let ran = runtime::run(&mut *terminal, received, client, look, pace, &mut desk).await;
    drop(desk);
    let ending = signals.ended_by().map_or(Ending::Left, Ending::Signal);
    match ran {
        Ok(()) => Ok(ending),
        // A terminal that is gone cannot be written to; that is its end, not a fault.
        Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe) || error.raw_os_error() == Some(5) => {
            Ok(ending)
        }
        Err(error) => Err(error),
    }
}

struct Desk {
    host: Host,
    // Dropped before the guard: who reads takes what is meant for the next program.
    reader: Reader,
    guard: Guard,
    resumed: watch::Receiver<u64>,
    clipboard: Clipboard,
    notifier: Notifier,
}

impl Desk {
    /// Gives the terminal to something else while `act` runs.
    async fn outside<T>(&mut self, act: impl FnOnce() -> T + Send + 'static) -> io::Result<T>
    where
        T: Send + 'static,
    {
        self.reader.pause().await;
        self.guard.leave();
        let done = tokio::task::spawn_blocking(act).await;
        let entered = self.guard.enter();
        self.reader.resume();
        entered?;
        done.map_err(io::Error::other)
    }
}

impl Surroundings for Desk {
    fn now(&self) -> Timestamp {
        (self.host.now)()
    }

    fn begin_frame(&mut self) -> io::Result<()> {
        execute!(io::stdout(), BeginSynchronizedUpdate)
    }

    fn end_frame(&mut self) -> io::Result<()> {
        execute!(io::stdout(), EndSynchronizedUpdate)
    }

    fn copy(&mut self, text: &str) -> Result<String, String> {
        match self.clipboard.copy(text) {
            Way::Done(words) => Ok(words),
            Way::ThroughTerminal => match execute!(io::stdout(), CopyToClipboard::to_clipboard_from(text)) {
                Ok(()) => Ok("through the terminal (OSC 52)".to_owned()),
                Err(_) => Err(text.to_owned()),
            },
        }
    }

    fn notify(&mut self, words: &str) {
        self.notifier.give(words);
    }

    async fn run_client(&mut self, command: &str) -> io::Result<Result<(), String>> {
        let line = command.to_owned();
        self.outside(move || {
            // In place of the shell: one that waited would take a Ctrl-C that the client survives for its own end.
            let status = Command::new("sh").arg("-c").arg(format!("exec {line}")).status();
            match status {
                Ok(status) if status.code() == Some(127) => {
                    let program = line.split_whitespace().next().unwrap_or_default();
                    Err(format!("{program} is not installed here; y copies the connection string"))
                }
                // What it said when it gave up would be gone with the next frame.
                Ok(status) if !status.success() => {
                    let program = line.split_whitespace().next().unwrap_or_default();
                    execute!(io::stdout(), Print(format!("\n{program} ended with {status}; enter goes back to adit ")))
                        .and_then(|()| io::stdin().read_line(&mut String::new()))
                        .map(|_| ())
                        .map_err(|error| format!("the terminal cannot be read: {error}"))
                }
                Ok(_) => Ok(()),
                Err(error) => Err(format!("cannot start a shell: {error}")),
            }
        })
        .await
    }

    async fn suspend(&mut self) -> io::Result<bool> {
        self.reader.pause().await;
        self.guard.leave();
        self.resumed.mark_unchanged();
        let stopping = (self.host.suspend)();
        if stopping {
            // The other threads stop a moment later; until we are continued the terminal is not ours to take.
            let _ = timeout(STOPPING, self.resumed.changed()).await;
        }
        let entered = self.guard.enter();
        self.reader.resume();
        entered.map(|()| stopping)
    }

    fn set_mouse(&mut self, on: bool) {
        self.guard.set_mouse(on);
    }

    fn ask_ground(&mut self) {
        self.reader.expect_answer();
        // A terminal that is gone has no background.
        let _ = execute!(io::stdout(), Print(sieve::QUESTION));
    }

    fn retake(&mut self) -> io::Result<()> {
        self.guard.retake()
    }
}
