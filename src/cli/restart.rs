//! `adit restart`: takes tunnels down and brings them up again; a stopped one is brought up.

use clap::Args;

use super::context::Context;
use super::failure::Outcome;
use super::select::Selection;
use super::up::{self, Wait};
use crate::service::Request;

/// Arguments of `restart`.
#[derive(Debug, Args)]
pub(super) struct Restart {
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    wait: Wait,
}

/// Runs it.
pub(super) async fn run(context: &Context, restart: Restart) -> Outcome {
    up::bring(context, &restart.selection, restart.wait.patience(), |names| Request::Restart { names }).await
}
