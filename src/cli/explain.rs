//! `adit explain`: what an error text of ssh, a database client or a tool means, who must act and what mends it.

use std::io::{IsTerminal, Read};

use super::context::Context;
use super::failure::{DONE, FAULT, Outcome, Stop};
use super::print;
use crate::diagnose::{LONGEST_TEXT, explain};
use crate::service::present::{explain_json, explain_text};

/// Runs it.
pub(super) async fn run(context: &Context) -> Outcome {
    // A thread of its own: a person at the terminal takes their time, and Ctrl-C must still end the program.
    let read = tokio::task::spawn_blocking(read).await;
    let (text, cut) = read.map_err(|error| Stop::fault(format!("cannot read standard input: {error}")))??;
    if cut {
        print::words(&format!("adit: only the first {} KiB were read", LONGEST_TEXT >> 10));
    }
    let found = explain(&text);
    if context.json {
        print::data(&explain_json(&found, cut))?;
    } else {
        print::lines(&explain_text(&found))?;
    }
    if !found.is_empty() {
        return Ok(DONE);
    }
    let what =
        if text.trim().is_empty() { "there was nothing to read" } else { "no error that is known stands in this text" };
    print::words(&format!(
        "adit: {what}; `adit diagnose NAME` looks for itself, where NAME is a tunnel or bastion:NAME"
    ));
    Ok(FAULT)
}

/// Standard input as far as it is read, and whether there was more. What is no UTF-8 becomes visible marks.
fn read() -> Result<(String, bool), Stop> {
    let input = std::io::stdin();
    if input.is_terminal() {
        print::words("Paste the error text, then press Enter and Ctrl-D.");
    }
    let mut bytes = Vec::new();
    let limit = LONGEST_TEXT as u64 + 1;
    input
        .lock()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Stop::fault(format!("cannot read standard input: {error}")))?;
    let cut = bytes.len() > LONGEST_TEXT;
    bytes.truncate(LONGEST_TEXT);
    Ok((String::from_utf8_lossy(&bytes).into_owned(), cut))
}
