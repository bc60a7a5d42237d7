//! Everything the app can ask for. The runtime performs it.

use crate::service::Request;

/// Something to do.
#[derive(Debug)]
pub enum Effect {
    /// Ask the service. What comes back is a message with the same words.
    Request {
        /// What is asked.
        request: Request,
        /// What the person asked for, in words, for a toast when it fails.
        about: String,
    },
    /// Ask the service on behalf of a page that waits for the answer: it comes back as `Msg::Told` with the same number.
    Ask {
        /// The question's number.
        id: u64,
        /// What is asked.
        request: Request,
    },
    /// Copy text to the person's clipboard.
    Copy {
        /// The text.
        text: String,
        /// What it is, in words.
        what: String,
    },
    /// Tell a person who looks elsewhere.
    Notify {
        /// A few words of our own.
        words: String,
    },
    /// Give the terminal to a command of the person's shell until it ends.
    RunClient {
        /// The command line.
        command: String,
    },
    /// Stop the process as Ctrl-Z does elsewhere.
    Suspend,
    /// Switch mouse reporting.
    Mouse(bool),
    /// Ask the terminal for its background. The answer, if one comes, is an input.
    AskGround,
    /// Leave.
    Quit,
}
