//! The screen at a desk: crossterm on stdout, the process's signals, the person's own clipboard and clients.

use std::io;
use std::process::Command;

use crossterm::clipboard::CopyToClipboard;
use crossterm::execute;
use crossterm::style::Print;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::events;
use super::guard::{Guard, install_panic_hook};
use crate::service::Client;
use crate::tui::app::Look;
use crate::tui::clipboard::{Clipboard, Way};
use crate::tui::input::Input;
use crate::tui::runtime::{self, Pace, Surroundings};

/// Inputs that may wait; more would be typed ahead of a frame that takes seconds.
const WAITING: usize = 256;

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
    /// Stops this process until it is continued.
    pub suspend: fn(),
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
    let guard = Guard::take(look.mouse)?;
    let mut terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
    terminal.clear()?;
    let reader = tokio::spawn(events::read(inputs.clone(), reading.subscribe()));
    let signals = tokio::spawn(watch_signals(inputs, host));
    let mut desk = Desk { host, guard, reading, clipboard: Clipboard::new() };
    let pace = if host.far_away { Pace::FarAway } else { Pace::AtHand };
    let ran = runtime::run(&mut terminal, received, client, look, pace, &mut desk).await;
    reader.abort();
    drop(desk);
    let ended = if signals.is_finished() { signals.await.ok().flatten() } else { None };
    match ran {
        Ok(()) => Ok(ended.map_or(Ending::Left, Ending::Signal)),
        // A terminal that is gone cannot be written to; that is its end, not a fault.
        Err(error) if matches!(error.kind(), io::ErrorKind::BrokenPipe) || error.raw_os_error() == Some(5) => {
            Ok(Ending::Left)
        }
        Err(error) => Err(error),
    }
}

/// Turns signals into inputs; says which one ended the screen.
async fn watch_signals(inputs: mpsc::Sender<Input>, host: Host) -> Option<i32> {
    let mut terminate = signal(SignalKind::terminate()).ok()?;
    let mut hangup = signal(SignalKind::hangup()).ok()?;
    let mut interrupt = signal(SignalKind::interrupt()).ok()?;
    let mut stop = signal(SignalKind::from_raw(host.stop_signal)).ok()?;
    let mut resume = signal(SignalKind::from_raw(host.continue_signal)).ok()?;
    loop {
        let (input, ending) = tokio::select! {
            _ = terminate.recv() => (Input::Closed, Some(15)),
            _ = hangup.recv() => (Input::Closed, Some(1)),
            _ = interrupt.recv() => (Input::Closed, Some(2)),
            _ = stop.recv() => (Input::Suspend, None),
            _ = resume.recv() => (Input::Redraw, None),
        };
        if inputs.send(input).await.is_err() || ending.is_some() {
            return ending;
        }
    }
}

struct Desk {
    host: Host,
    guard: Guard,
    reading: watch::Sender<bool>,
    clipboard: Clipboard,
}

impl Desk {
    /// Gives the terminal to something else while `act` runs.
    async fn outside<T>(&mut self, act: impl FnOnce() -> T + Send + 'static) -> io::Result<T>
    where
        T: Send + 'static,
    {
        self.reading.send_replace(false);
        self.guard.leave();
        let done = tokio::task::spawn_blocking(act).await;
        let entered = self.guard.enter();
        self.reading.send_replace(true);
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

    async fn run_client(&mut self, command: &str) -> io::Result<Result<(), String>> {
        let line = command.to_owned();
        self.outside(move || {
            let status = Command::new("sh").arg("-c").arg(&line).status();
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

    async fn suspend(&mut self) -> io::Result<()> {
        self.outside(self.host.suspend).await
    }

    fn set_mouse(&mut self, on: bool) {
        self.guard.set_mouse(on);
    }

    fn retake(&mut self) -> io::Result<()> {
        self.guard.enter()
    }
}
