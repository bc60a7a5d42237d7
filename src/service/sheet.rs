//! The texts of a hand-off, made from its facts, and the receipt that comes back, judged by them: the same for commands, the
//! service and the screen. It opens no file.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::guide::{self, Packet, Platform, Receipt, Setup};
use crate::model::{Finding, Verdict};

/// More bytes than this are no paste of a receipt.
pub const LONGEST_RECEIPT: usize = guide::LONGEST_PASTE;

/// A text of a hand-off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sheet {
    /// The steps; of all platforms that fit, or of one.
    Text(Option<Platform>),
    /// The same as Markdown.
    Markdown(Option<Platform>),
    /// The script that sets the account up.
    Script,
    /// The script that only looks.
    Check,
    /// The script that takes away what the first one added.
    Undo,
}

impl Sheet {
    /// A word for a file's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Text(platform) | Self::Markdown(platform) => platform.map_or("steps", Platform::as_str),
            Self::Script => "set-up",
            Self::Check => "check",
            Self::Undo => "undo",
        }
    }

    /// How a file of it ends.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Text(_) => "txt",
            Self::Markdown(_) => "md",
            Self::Script | Self::Check | Self::Undo => "sh",
        }
    }
}

/// A receipt that was judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What it comes to.
    pub verdict: Verdict,
    /// One for each line of the checklist.
    pub findings: Vec<Finding>,
}

/// The platforms that a hand-off may be for, as far as its addresses tell.
#[must_use]
pub fn platforms_of(setup: &Setup) -> Vec<Platform> {
    guide::fitting(setup)
}

/// The steps: of all platforms that fit, or of one.
#[must_use]
pub fn packet_of(setup: &Setup, platform: Option<Platform>) -> Packet {
    match platform {
        Some(platform) => guide::packet(setup, &[platform]),
        None => guide::packet(setup, &guide::fitting(setup)),
    }
}

/// A text of the hand-off.
///
/// # Errors
/// A sentence, where a script cannot be made: without a public key, or with a name that no account can have.
pub fn sheet(setup: &Setup, sheet: Sheet) -> Result<String, String> {
    let made = match sheet {
        Sheet::Text(platform) => Ok(guide::text(&packet_of(setup, platform))),
        Sheet::Markdown(platform) => Ok(guide::markdown(&packet_of(setup, platform))),
        Sheet::Script => guide::setup_script(setup),
        Sheet::Check => guide::check_script(setup),
        Sheet::Undo => guide::undo_script(setup),
    };
    made.map_err(|error| error.to_string())
}

/// Reads a pasted receipt and judges it as the diagnosis judges what it sees itself.
///
/// # Errors
/// A sentence, where it is none, was altered, or belongs to another set-up.
pub fn read_receipt(setup: &Setup, pasted: &str, now: Timestamp) -> Result<Judged, String> {
    let findings =
        Receipt::read(pasted).and_then(|receipt| receipt.judge(setup, now)).map_err(|error| error.to_string())?;
    Ok(Judged { verdict: guide::verdict(&findings), findings })
}
