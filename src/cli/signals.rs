//! The signals that end or steer a program, as a stream of numbers. What they lead to is the caller's business.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Stop;

/// Listens from the moment it is made; the signals then no longer end the program by themselves.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
    hangup: Signal,
    user1: Signal,
    user2: Signal,
}

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Caught {
    /// Its number on this system.
    pub(super) number: i32,
    /// A terminal sends it to the whole foreground group when a key is pressed.
    pub(super) from_keyboard: bool,
    /// It is a request to end, not a message to the command.
    pub(super) ends: bool,
}

impl Signals {
    /// Begins to listen.
    pub(super) fn listen() -> Result<Self, Stop> {
        let open = |kind| signal(kind).map_err(|error| Stop::fault(format!("cannot listen to signals: {error}")));
        Ok(Self {
            interrupt: open(SignalKind::interrupt())?,
            quit: open(SignalKind::quit())?,
            terminate: open(SignalKind::terminate())?,
            hangup: open(SignalKind::hangup())?,
            user1: open(SignalKind::user_defined1())?,
            user2: open(SignalKind::user_defined2())?,
        })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Caught {
        let (kind, from_keyboard, ends) = tokio::select! {
            _ = self.interrupt.recv() => (SignalKind::interrupt(), true, true),
            _ = self.quit.recv() => (SignalKind::quit(), true, true),
            _ = self.terminate.recv() => (SignalKind::terminate(), false, true),
            _ = self.hangup.recv() => (SignalKind::hangup(), false, true),
            _ = self.user1.recv() => (SignalKind::user_defined1(), false, false),
            _ = self.user2.recv() => (SignalKind::user_defined2(), false, false),
        };
        Caught { number: kind.as_raw_value(), from_keyboard, ends }
    }

    /// The number of the next signal that asks us to end.
    pub(super) async fn end(&mut self) -> i32 {
        loop {
            let caught = self.next().await;
            if caught.ends {
                return caught.number;
            }
        }
    }
}
