//! The process's signals as inputs. They are heard on a thread of their own: a terminal that takes no more output, or one that
//! is gone, must not keep the process from ending. What a signal leads to on the screen is not decided here.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::desk::Host;
use super::guard;
use crate::tui::input::Input;

/// A screen that was asked to end and has not after this long never will.
const PATIENCE: Duration = Duration::from_secs(1);

/// The ear, as the screen sees it. Dropping it ends the thread.
pub(super) struct Signals {
    ended_by: Arc<AtomicI32>,
    resumed: watch::Receiver<u64>,
    _screen: mpsc::Receiver<()>,
}

impl Signals {
    /// Listens from now on. `reading` is false while another program has the terminal.
    pub(super) fn listen(inputs: mpsc::Sender<Input>, reading: watch::Receiver<bool>, host: Host) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let heard = {
            let _inside = runtime.enter();
            Heard::listen(host)?
        };
        let ended_by = Arc::new(AtomicI32::new(0));
        let (resumes, resumed) = watch::channel(0);
        // Nothing is ever sent: it is closed when the screen is gone.
        let (screen, gone) = mpsc::channel(1);
        let ear = Ear { host, heard, inputs, reading, resumes, screen, ended_by: Arc::clone(&ended_by) };
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(ear.pass_on()))?;
        Ok(Self { ended_by, resumed, _screen: gone })
    }

    /// The signal that asked for the end.
    pub(super) fn ended_by(&self) -> Option<i32> {
        Some(self.ended_by.load(Ordering::SeqCst)).filter(|number| *number != 0)
    }

    /// Counts how often the process was continued.
    pub(super) fn resumed(&self) -> watch::Receiver<u64> {
        self.resumed.clone()
    }
}

/// What is listened to.
struct Heard {
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    quit: Signal,
    stop: Signal,
    resume: Signal,
}

impl Heard {
    fn listen(host: Host) -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            stop: signal(SignalKind::from_raw(host.stop_signal))?,
            resume: signal(SignalKind::from_raw(host.continue_signal))?,
        })
    }
}

/// What a signal is to us.
enum Meaning {
    /// The process is to end.
    End(SignalKind),
    /// A key of the keyboard, sent to the whole job; not for us while another program of it has the terminal.
    Key(SignalKind),
    Stop,
    Resume,
}

struct Ear {
    host: Host,
    heard: Heard,
    inputs: mpsc::Sender<Input>,
    reading: watch::Receiver<bool>,
    resumes: watch::Sender<u64>,
    screen: mpsc::Sender<()>,
    ended_by: Arc<AtomicI32>,
}

impl Ear {
    async fn pass_on(mut self) {
        loop {
            let meaning = tokio::select! {
                () = self.screen.closed() => return,
                _ = self.heard.terminate.recv() => Meaning::End(SignalKind::terminate()),
                _ = self.heard.hangup.recv() => Meaning::End(SignalKind::hangup()),
                _ = self.heard.interrupt.recv() => Meaning::Key(SignalKind::interrupt()),
                _ = self.heard.quit.recv() => Meaning::Key(SignalKind::quit()),
                _ = self.heard.stop.recv() => Meaning::Stop,
                _ = self.heard.resume.recv() => Meaning::Resume,
            };
            let ours = *self.reading.borrow();
            match meaning {
                Meaning::Key(_) if !ours => {}
                Meaning::End(kind) | Meaning::Key(kind) => return self.end(kind.as_raw_value()).await,
                // The program that has the terminal was stopped by the same key; without us its shell would wait for ever.
                Meaning::Stop if !ours => {
                    let _ = (self.host.suspend)();
                }
                // A full queue holds what was typed ahead; a hint more or less is no loss.
                Meaning::Stop => {
                    let _ = self.inputs.try_send(Input::Suspend);
                }
                Meaning::Resume => {
                    self.resumes.send_modify(|count| *count += 1);
                    let _ = self.inputs.try_send(Input::Redraw);
                }
            }
        }
    }

    /// Asks the screen to end, and ends the process where it cannot: its thread may be held by a terminal that takes nothing.
    async fn end(self, number: i32) {
        self.ended_by.store(number, Ordering::SeqCst);
        let left = async {
            let _ = self.inputs.send(Input::Closed).await;
            self.screen.closed().await;
        };
        if timeout(PATIENCE, left).await.is_err() {
            guard::release();
            (self.host.abandon)(number);
        }
    }
}
