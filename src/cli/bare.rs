//! `adit` alone: starts the service and shows the plain status. It draws nothing.

use super::context::Context;
use super::failure::Outcome;
use super::{print, status};
use crate::local::terminal;

/// Runs it.
pub(super) async fn run(context: &Context) -> Outcome {
    let client = context.ensured().await?;
    print::words(if terminal::has_terminal() {
        "adit: this version has no dashboard yet; here is the plain status (adit help lists the commands)"
    } else {
        "adit: there is no terminal to draw on; here is the plain status (adit help lists the commands)"
    });
    status::all(context, &client).await
}
