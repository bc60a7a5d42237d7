//! Takes the terminal and gives it back: on drop, before a suspension, and when the screen's own thread panics.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste, EnableFocusChange,
    EnableMouseCapture,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use crossterm::{cursor, execute};

/// The terminal is ours now; read by the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal, taken.
pub(super) struct Guard {
    mouse: bool,
    /// The terminal tells whether it is looked at.
    focus: bool,
}

impl Guard {
    /// Takes the terminal: raw mode, the alternate screen, pasted text in one piece, the mouse where wanted.
    pub(super) fn take(mouse: bool, focus: bool) -> io::Result<Self> {
        let guard = Self { mouse, focus };
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
        if self.focus {
            execute!(io::stdout(), EnableFocusChange)?;
        }
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
    let _ = execute!(io::stdout(), DisableFocusChange, DisableMouseCapture);
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::fs::{File, OpenOptions};
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::OpenOptionsExt;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, tcgetattr};

    use super::*;

    /// The other side of the next test: a screen whose thread panics, at the terminal that `setsid` gave it.
    #[test]
    fn panics_at_a_given_terminal() {
        if std::env::var_os("ADIT_TEST_PANIC").is_some() {
            install_panic_hook();
            let _guard = Guard::take(true, true).unwrap();
            let tty = File::open("/dev/tty").unwrap();
            assert!(!tcgetattr(&tty).unwrap().local_modes.contains(LocalModes::ICANON));
            panic!("as planned");
        }
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        let desk = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&desk).unwrap();
        unlockpt(&desk).unwrap();
        let name = ptsname(&desk, Vec::new()).unwrap();
        let name = OsStr::from_bytes(name.as_bytes()).to_owned();
        let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
        let tty = OpenOptions::new().read(true).custom_flags(flags).open(&name).unwrap();
        let before = format!("{:?}", tcgetattr(&tty).unwrap());
        // A session without a terminal gets the first one that it opens. Where the machine has no `setsid` nothing can be shown.
        let test = "tui::terminal::guard::tests::panics_at_a_given_terminal";
        let script = format!("exec \"$0\" --exact {test} --nocapture <>\"$1\" >&0 2>&0");
        let child = Command::new("setsid")
            .args(["sh", "-c", &script])
            .arg(std::env::current_exe().unwrap())
            .arg(&name)
            .env("ADIT_TEST_PANIC", "1")
            .env("RUST_BACKTRACE", "0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = child else { return };
        let mut screen = File::from(desk);
        let (sender, seen) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                let _ = sender.send(bytes[..count].to_vec());
            }
        });
        assert!(!child.wait().unwrap().success(), "it did not panic");
        assert_eq!(format!("{:?}", tcgetattr(&tty).unwrap()), before);
        // The reader ends when nobody has the terminal any more.
        drop(tty);
        let written: Vec<u8> = seen.iter().flatten().collect();
        let mut shown = vt100::Parser::default();
        shown.process(&written);
        let shown = shown.screen();
        assert!(!shown.alternate_screen() && !shown.hide_cursor() && !shown.bracketed_paste());
        assert_eq!(shown.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
        let text = String::from_utf8_lossy(&written).into_owned();
        let (taken, left) = (text.find("\u{1b}[?1049h").unwrap(), text.find("\u{1b}[?1049l").unwrap());
        let told = text.find("as planned").unwrap();
        assert!(taken < left && left < told, "{text:?}");
        assert!(shown.contents().contains("as planned"), "{text:?}");
    }
}
