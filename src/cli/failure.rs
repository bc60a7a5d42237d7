//! How a command ends: the contract's exit codes, and an end with a sentence. It prints nothing.

use std::fmt::Display;

/// Done, or healthy.
pub(super) const DONE: u8 = 0;
/// A fault was found, or the thing did not come up.
pub(super) const FAULT: u8 = 1;
/// Usage or configuration.
pub(super) const USAGE: u8 = 2;
/// No such name.
pub(super) const UNKNOWN: u8 = 3;
/// A person is needed and none is there.
pub(super) const PERSON: u8 = 4;
/// The background service is not there.
pub(super) const ABSENT: u8 = 5;
/// Ended by signal n is 128 + n, as shells say it.
pub(super) const SIGNALLED: u8 = 128;

/// Why a command ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// With an exit code and a sentence for the person.
    Failed {
        /// The exit code.
        code: u8,
        /// The sentence.
        text: String,
    },
    /// Whoever read the output has gone; that is no failure.
    PipeClosed,
}

/// What a command ends with: an exit code after its output, or an early end.
pub(super) type Outcome = Result<u8, Stop>;

impl Stop {
    /// An end with a code and a sentence.
    pub(super) fn new(code: u8, text: impl Display) -> Self {
        Self::Failed { code, text: text.to_string() }
    }

    /// A fault was found, or the thing did not come up.
    pub(super) fn fault(text: impl Display) -> Self {
        Self::new(FAULT, text)
    }

    /// Usage or configuration.
    pub(super) fn usage(text: impl Display) -> Self {
        Self::new(USAGE, text)
    }

    /// No such name.
    pub(super) fn unknown(text: impl Display) -> Self {
        Self::new(UNKNOWN, text)
    }

    /// The background service is not there.
    pub(super) fn absent(text: impl Display) -> Self {
        Self::new(ABSENT, text)
    }
}

/// Of several codes the worst, in the contract's order; a signal stands above all.
pub(super) fn worst(codes: impl IntoIterator<Item = u8>) -> u8 {
    let rank = |code: &u8| match *code {
        DONE => 0,
        FAULT => 1,
        PERSON => 2,
        ABSENT => 3,
        USAGE => 4,
        UNKNOWN => 5,
        _ => 6,
    };
    codes.into_iter().max_by_key(rank).unwrap_or(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_code_follows_the_contract() {
        assert_eq!(worst([]), DONE);
        assert_eq!(worst([0, 1, 4, 5, 2, 3]), 3);
        assert_eq!(worst([1, 4, 5, 2]), 2);
        assert_eq!(worst([1, 4, 5]), 5);
        assert_eq!(worst([1, 4, 0]), 4);
        assert_eq!(worst([0, 1, 0]), 1);
    }
}
