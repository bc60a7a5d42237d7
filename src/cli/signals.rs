//! The signals that end or steer a program, as a stream of numbers. What they lead to is the caller's business.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::failure::Stop;
use crate::local::process;

/// Listens from the moment it is made; the signals then no longer end the program by themselves. Those that our caller had
/// ignored (`nohup`) stay ignored, by us and by a command that we start.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Option<Signal>,
    quit: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
    user1: Option<Signal>,
    user2: Option<Signal>,
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
        let open = |kind: SignalKind| {
            if process::ignores(kind.as_raw_value()) {
                return Ok(None);
            }
            signal(kind).map(Some).map_err(|error| Stop::fault(format!("cannot listen to signals: {error}")))
        };
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
            () = arrival(&mut self.interrupt) => (SignalKind::interrupt(), true, true),
            () = arrival(&mut self.quit) => (SignalKind::quit(), true, true),
            () = arrival(&mut self.terminate) => (SignalKind::terminate(), false, true),
            () = arrival(&mut self.hangup) => (SignalKind::hangup(), false, true),
            () = arrival(&mut self.user1) => (SignalKind::user_defined1(), false, false),
            () = arrival(&mut self.user2) => (SignalKind::user_defined2(), false, false),
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

/// Waits for one signal; for ever where it is ignored.
async fn arrival(signal: &mut Option<Signal>) {
    let came = match signal {
        Some(signal) => signal.recv().await.is_some(),
        None => false,
    };
    if !came {
        std::future::pending::<()>().await;
    }
}
