//! How a notice is given: a bell, a sequence that terminals make a notification of, or a command of the person's. It decides
//! nothing.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use crate::model::Notify;

/// Gives notices.
pub(super) struct Notifier {
    manner: Notify,
    /// The command that was started last; while it runs no other is.
    running: Option<Child>,
}

impl Notifier {
    pub(super) fn new(manner: Notify) -> Self {
        Self { manner, running: None }
    }

    /// Gives one. A terminal that is gone, and a command that cannot be started, have nobody to tell.
    pub(super) fn give(&mut self, words: &str) {
        match &self.manner {
            Notify::Off => {}
            Notify::Bell => put("\u{7}"),
            Notify::Osc9 => {
                let words: String = words.chars().filter(|c| !c.is_control()).collect();
                put(&sequence(&words, std::env::var_os("TMUX").is_some()));
            }
            Notify::Command(line) => {
                let line = line.clone();
                self.start(&line, words);
            }
        }
    }

    fn start(&mut self, line: &str, words: &str) {
        if self.running.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None))) {
            return;
        }
        let child = Command::new("sh")
            .args(["-c", line])
            .env("ADIT_NOTICE", words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = child.ok();
    }
}

fn put(bytes: &str) {
    let mut out = io::stdout();
    // As said at `give`.
    let _ = out.write_all(bytes.as_bytes()).and_then(|()| out.flush());
}

/// OSC 9, as iTerm2, kitty, WezTerm, Windows Terminal and others take it; tmux hands it on in an envelope of its own
/// (tmux(1), allow-passthrough), in which every escape is doubled.
fn sequence(words: &str, in_tmux: bool) -> String {
    if in_tmux { format!("\u{1b}Ptmux;\u{1b}\u{1b}]9;{words}\u{7}\u{1b}\\") } else { format!("\u{1b}]9;{words}\u{7}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_finds_the_words_and_runs_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("told");
        let line = format!("read -r _ </dev/null; printf '%s.' \"$ADIT_NOTICE\" >>{}", file.display());
        let mut notifier = Notifier::new(Notify::Command(line));
        notifier.give("orders fell");
        notifier.running.as_mut().unwrap().wait().unwrap();
        notifier.give("orders healed; $(x)");
        notifier.running.as_mut().unwrap().wait().unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "orders fell.orders healed; $(x).");
        let mut slow = Notifier::new(Notify::Command("exec sleep 60".to_owned()));
        slow.give("one");
        let first = slow.running.as_ref().unwrap().id();
        slow.give("two");
        assert_eq!(slow.running.as_ref().unwrap().id(), first);
        let child = slow.running.as_mut().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn tmux_gets_an_envelope() {
        assert_eq!(sequence("orders fell", false), "\u{1b}]9;orders fell\u{7}");
        assert_eq!(sequence("orders fell", true), "\u{1b}Ptmux;\u{1b}\u{1b}]9;orders fell\u{7}\u{1b}\\");
    }
}
