//! `adit paths`: where everything lives. It makes nothing.

use super::context::Context;
use super::failure::{DONE, Outcome};
use super::print;
use crate::service::present::document;

/// Runs it.
pub(super) fn run(context: &Context) -> Outcome {
    let paths = &context.paths;
    let places = [
        ("config", &paths.config),
        ("keys", &paths.keys),
        ("known_hosts", &paths.known_hosts),
        ("state", &paths.state),
        ("socket", &paths.socket),
        ("log", &paths.log),
        ("themes", &paths.themes),
    ];
    if context.json {
        print::data(&document(places.map(|(name, path)| (name, path.display().to_string().into()))))?;
    } else {
        let lines: Vec<String> = places.iter().map(|(name, path)| format!("{name:<11}  {}", path.display())).collect();
        print::lines(&lines)?;
    }
    Ok(DONE)
}
