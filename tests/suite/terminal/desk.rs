//! The real binary in a pseudo-terminal: what it writes is read as a terminal reads it, what a person types goes in.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::num::NonZeroU16;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::{Mode, OFlags, fcntl_setfl};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, Termios, Winsize, tcgetattr, tcsetattr, tcsetwinsize};
use vt100::{MouseProtocolMode, Parser, Screen};

use crate::support::wait::{soon, wait_for, wait_until};
use crate::support::{Adit, tree};

struct Seen {
    parser: Parser,
    /// Every byte that came.
    raw: Vec<u8>,
}

/// What the window does with what is written to it.
#[derive(Default)]
struct Window {
    /// It takes nothing, as one behind a line that hangs.
    stalled: AtomicBool,
    /// It is to go.
    closing: AtomicBool,
}

/// A terminal with a program in it. Dropping it ends the program.
pub(crate) struct Desk {
    child: Child,
    master: Option<File>,
    window: Arc<Window>,
    reader: Option<JoinHandle<()>>,
    /// Our own hold on the program's side, to ask for its modes.
    side: OwnedFd,
    before: Termios,
    seen: Arc<Mutex<Seen>>,
}

fn size(width: u16, height: u16) -> (NonZeroU16, NonZeroU16) {
    (NonZeroU16::new(height).unwrap(), NonZeroU16::new(width).unwrap())
}

impl Desk {
    /// Starts `adit` with these words in a terminal of this size.
    pub(crate) fn open(adit: &Adit, words: &[&str], width: u16, height: u16) -> Self {
        Self::with(adit, words, width, height, &[])
    }

    /// As `open`, with variables.
    pub(crate) fn with(adit: &Adit, words: &[&str], width: u16, height: u16, variables: &[(&str, &str)]) -> Self {
        let call = adit.command(words);
        let mut whole = vec![call.get_program().to_owned()];
        whole.extend(call.get_args().map(std::ffi::OsStr::to_owned));
        Self::run(&call, &whole, width, height, variables)
    }

    /// Runs a script of bash in the terminal, the call of `adit` as its arguments.
    pub(crate) fn script(adit: &Adit, script: &str, words: &[&str], width: u16, height: u16) -> Self {
        Self::script_with(adit, script, words, width, height, &[])
    }

    /// As `script`, with variables.
    pub(crate) fn script_with(
        adit: &Adit,
        script: &str,
        words: &[&str],
        width: u16,
        height: u16,
        variables: &[(&str, &str)],
    ) -> Self {
        let call = adit.command(words);
        let mut whole: Vec<std::ffi::OsString> = ["bash", "--norc", "-c", script, "bash"].map(Into::into).to_vec();
        whole.push(call.get_program().to_owned());
        whole.extend(call.get_args().map(std::ffi::OsStr::to_owned));
        Self::run(&call, &whole, width, height, variables)
    }

    fn run(call: &Command, words: &[std::ffi::OsString], width: u16, height: u16, variables: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let side = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        let (rows, columns) = size(width, height);
        let seen = Seen { parser: Parser::new(rows, columns, 0), raw: Vec::new() };
        let seen = Arc::new(Mutex::new(seen));
        tcsetwinsize(&master, Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = tcgetattr(&side).unwrap();
        // A session of its own with this terminal as its controlling one (setsid(1)).
        let mut command = Command::new("setsid");
        command.arg("--ctty").args(words);
        for (name, value) in call.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        for name in ["NO_COLOR", "COLORTERM", "COLORFGBG", "TMUX", "SSH_CONNECTION", "SSH_TTY", "WAYLAND_DISPLAY"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8").envs(variables.iter().copied());
        let stream = || side.try_clone().unwrap();
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        // A reader that waits for bytes could not let go of the window.
        fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        let master = File::from(master);
        let window = Arc::new(Window::default());
        let reader = {
            let (file, seen, window) = (master.try_clone().unwrap(), Arc::clone(&seen), Arc::clone(&window));
            std::thread::spawn(move || read(file, &seen, &window))
        };
        Self { child, master: Some(master), window, reader: Some(reader), side, before, seen }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Types.
    pub(crate) fn send(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        let mut master = self.master.as_ref().unwrap();
        let sent = wait_until(soon(), || {
            match master.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock, "{error}"),
            }
            rest.is_empty()
        });
        assert!(sent, "nobody reads what is typed");
    }

    /// From now on the window takes nothing that is written to it.
    pub(crate) fn stall(&self) {
        self.window.stalled.store(true, Ordering::SeqCst);
    }

    /// Changes the terminal's size, as a person drags its corner.
    pub(crate) fn resize(&mut self, width: u16, height: u16) {
        let (rows, columns) = size(width, height);
        self.seen.lock().unwrap().parser.set_size(rows, columns);
        let size = Winsize { ws_row: height, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master.as_ref().unwrap(), size).unwrap();
    }

    /// The terminal no longer knows its size.
    pub(crate) fn resize_to_nothing(&mut self) {
        let size = Winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(self.master.as_ref().unwrap(), size).unwrap();
    }

    /// What is on the screen now.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Screen) -> T) -> T {
        look(self.seen.lock().unwrap().parser.screen())
    }

    pub(crate) fn text(&self) -> String {
        self.look(Screen::contents)
    }

    /// Every byte that was written so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.seen.lock().unwrap().raw.clone()
    }

    /// Waits until the screen is as asked.
    #[track_caller]
    pub(crate) fn wait(&self, what: &str, looks: impl Fn(&Screen) -> bool) {
        self.wait_within(soon(), what, looks);
    }

    #[track_caller]
    fn wait_within(&self, time: Duration, what: &str, looks: impl Fn(&Screen) -> bool) {
        let came = wait_until(time, || self.look(&looks));
        assert!(came, "{what}: not seen\n{}\n{}", self.text(), String::from_utf8_lossy(&self.raw()).escape_debug());
    }

    /// Waits until these words are on the screen.
    #[track_caller]
    pub(crate) fn sees(&self, words: &str) {
        self.sees_within(soon(), words);
    }

    /// As `sees`, for what may take longer than anything else.
    #[track_caller]
    pub(crate) fn sees_within(&self, time: Duration, words: &str) {
        self.wait_within(time, words, |screen| screen.contents().contains(words));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        tree::signal(self.pid(), signal);
    }

    /// The other end of the terminal goes, as when its window is closed.
    pub(crate) fn close(&mut self) {
        self.window.closing.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        self.master = None;
    }

    /// Waits for the program's end.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let ended = wait_for(soon(), || self.child.try_wait().unwrap());
        ended.unwrap_or_else(|| panic!("it goes on\n{}", self.text()))
    }

    /// The modes that the kernel keeps are as they were before the program began.
    #[track_caller]
    pub(crate) fn modes_are_given_back(&self) {
        let before = format!("{:?}", self.before);
        let came = wait_until(Duration::from_secs(5), || format!("{:?}", tcgetattr(&self.side).unwrap()) == before);
        assert!(came, "{:?} instead of {before}", tcgetattr(&self.side).unwrap());
    }

    /// Another program takes the terminal as it was at first, and writes.
    pub(crate) fn use_otherwise(&self, text: &str) {
        tcsetattr(&self.side, OptionalActions::Now, &self.before).unwrap();
        rustix::io::write(&self.side, text.as_bytes()).unwrap();
    }

    /// The terminal is as it was before the program began.
    #[track_caller]
    pub(crate) fn is_given_back(&self) {
        self.modes_are_given_back();
        let restored = |screen: &Screen| {
            !screen.alternate_screen()
                && !screen.hide_cursor()
                && !screen.bracketed_paste()
                && screen.mouse_protocol_mode() == MouseProtocolMode::None
                && !screen.application_cursor()
                && !screen.application_keypad()
        };
        // The last bytes may still be on their way.
        let came = wait_until(Duration::from_secs(5), || self.look(restored));
        let tail = String::from_utf8_lossy(&self.raw()).escape_debug().to_string();
        let tail: String = tail.chars().skip(tail.chars().count().saturating_sub(600)).collect();
        assert!(came, "not given back: …{tail}");
        // vt100 keeps no account of focus reports (DECSET 1004).
        let raw = String::from_utf8_lossy(&self.raw()).into_owned();
        let last = |mode: &str| raw.rfind(&format!("\u{1b}[?1004{mode}"));
        assert!(last("h").is_none() || last("h") < last("l"), "focus reports are left on");
    }

    /// The terminal is in use by a screen.
    #[track_caller]
    pub(crate) fn is_taken(&self) {
        self.wait("the screen is taken", |screen| screen.alternate_screen() && screen.hide_cursor());
        let raw = || !tcgetattr(&self.side).unwrap().local_modes.contains(LocalModes::ICANON);
        assert!(wait_until(soon(), raw), "keys wait for the line's end");
    }
}

/// Takes what is written until the window closes.
fn read(mut file: File, seen: &Mutex<Seen>, window: &Window) {
    let mut buffer = [0; 16 * 1024];
    // A window is open for as long as a person likes; whoever waits for what is in it has the deadline.
    while !window.closing.load(Ordering::SeqCst) {
        let stalled = || window.stalled.load(Ordering::SeqCst) && !window.closing.load(Ordering::SeqCst);
        if stalled() {
            wait_until(soon(), || !stalled());
            continue;
        }
        let mut there = || match file.read(&mut buffer) {
            Ok(count) => Some(Some(count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                window.closing.load(Ordering::SeqCst).then_some(None)
            }
            // Nobody has the program's side open any more.
            Err(_) => Some(None),
        };
        let Some(read) = wait_for(Duration::from_secs(1), &mut there) else { continue };
        let Some(count @ 1..) = read else { return };
        let mut seen = seen.lock().unwrap();
        seen.parser.process(&buffer[..count]);
        seen.raw.extend_from_slice(&buffer[..count]);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _dead = self.child.kill();
            let _gone = self.child.wait();
        }
        self.close();
    }
}
