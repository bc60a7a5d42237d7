//! What is asked before a draft, a tunnel or a bastion goes, with what goes and what stays. It removes nothing: the answer does.

use crate::model::{Access, BastionStatus, Draft, Phase, Subject, TunnelStatus};
use crate::service::Request;
use crate::tui::overlay::Overlay;

/// Asks before a draft is dropped.
pub(super) fn of_draft(draft: &Draft) -> Overlay {
    let key = match &draft.access {
        Access::NewKey { name, .. } if draft.has_key(name) => {
            format!(" Its key {name} stays: it may have been handed to the admin.")
        }
        Access::NewKey { .. } | Access::Open | Access::Bastions | Access::Identity(_) => String::new(),
    };
    let words = format!("What was answered for the draft {} is forgotten.{key}", draft.name);
    let request = Request::DropDraft { name: draft.name.clone() };
    Overlay::confirm(format!("Drop the draft {}?", draft.name), words, format!("drop {}", draft.name), request)
}

/// Asks before a tunnel is removed.
pub(super) fn of_tunnel(tunnel: &TunnelStatus) -> Overlay {
    let name = &tunnel.name;
    let up = if tunnel.phase == Phase::Stopped { "" } else { " It is taken down first; live connections are cut." };
    let words = format!("The tunnel {name} goes from the configuration.{up} Its key and its bastion stay.");
    let request = Request::Remove { subject: Subject::Tunnel(name.clone()) };
    Overlay::confirm(format!("Remove the tunnel {name}?"), words, format!("remove {name}"), request)
}

/// Asks before a bastion is removed.
pub(super) fn of_bastion(bastion: &BastionStatus) -> Overlay {
    let name = &bastion.name;
    let words = format!("The bastion {name} ({}) goes from the configuration. Its key stays.", bastion.endpoint);
    let request = Request::Remove { subject: Subject::Bastion(name.clone()) };
    Overlay::confirm(format!("Remove the bastion {name}?"), words, format!("remove bastion {name}"), request)
}
