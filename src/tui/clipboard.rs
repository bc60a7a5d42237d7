//! The person's clipboard: the desk's own, tmux's, or the terminal's, whichever reaches the person. It never shows anything.

use std::io::Write;
use std::process::{Command, Stdio};

/// How a text went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    /// It is there; the words say how it went.
    Done(String),
    /// Only the terminal can take it further.
    ThroughTerminal,
}

/// The clipboard, kept alive: on X11 the text belongs to the process that copied it.
pub(crate) struct Clipboard {
    desk: Option<arboard::Clipboard>,
}

impl Clipboard {
    /// The desk's clipboard where there is a desk; a login over SSH has none.
    pub(crate) fn new() -> Self {
        let far_away = std::env::var_os("SSH_CONNECTION").is_some() || std::env::var_os("SSH_TTY").is_some();
        let has_display = cfg!(target_os = "macos")
            || ["DISPLAY", "WAYLAND_DISPLAY"]
                .iter()
                .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
        let desk = if far_away || !has_display { None } else { arboard::Clipboard::new().ok() };
        Self { desk }
    }

    /// Copies as far as this process can.
    pub(crate) fn copy(&mut self, text: &str) -> Way {
        if let Some(desk) = &mut self.desk
            && desk.set_text(text).is_ok()
        {
            return Way::Done("to the clipboard".to_owned());
        }
        // tmux drops a pane's OSC 52 by default, but hands on what its own buffer command is given (tmux(1), load-buffer -w).
        if std::env::var_os("TMUX").is_some() && through_tmux(text) {
            return Way::Done("through tmux".to_owned());
        }
        Way::ThroughTerminal
    }
}

fn through_tmux(text: &str) -> bool {
    let child = Command::new("tmux")
        .args(["load-buffer", "-w", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let written = child.stdin.take().is_some_and(|mut pipe| pipe.write_all(text.as_bytes()).is_ok());
    child.wait().is_ok_and(|status| status.success()) && written
}
