//! Takes the terminal and gives it back: on drop, before a suspension, and when the screen's own thread panics.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};

/// The terminal is ours now; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, taken.
pub(super) struct Guard {
    mouse: bool,
}

impl Guard {
    /// Takes the terminal: raw mode, the alternate screen, pasted text in one piece, the mouse where wanted.
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        let guard = Self { mouse };
        guard.enter()?;
        Ok(guard)
    }

    /// Takes it again from whoever may have changed it meanwhile, also behind our back.
    pub(super) fn retake(&self) -> io::Result<()> {
        // What is thought to be raw already would be left as it is.
        let _ = disable_raw_mode();
        self.enter()
    }

    /// Takes it again after `leave`.
    pub(super) fn enter(&self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        if self.mouse { execute!(io::stdout(), EnableMouseCapture) } else { Ok(()) }
    }

    /// Gives it back for a while.
    pub(super) fn leave(&self) {
        give_back();
    }

    /// Switches mouse reporting.
    pub(super) fn set_mouse(&mut self, on: bool) {
        self.mouse = on;
        // A terminal that is gone reports no mouse.
        let _ =
            if on { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) };
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Gives the terminal back, if it is ours. Every step is tried, whatever became of the one before.
fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    // Nobody is left to tell when the terminal is gone.
    let _ = execute!(io::stdout(), DisableMouseCapture);
    let _ = execute!(io::stdout(), DisableBracketedPaste);
    let _ = execute!(io::stdout(), LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

/// Gives back what can be given back without writing to a terminal that may take nothing.
pub(super) fn release() {
    let _ = disable_raw_mode();
}

/// Makes a panic of this thread give the terminal back before it is printed.
pub(super) fn install_panic_hook() {
    let screen = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == screen {
            give_back();
        }
        before(info);
    }));
}
