//! What an OpenSSH configuration offers, and what was taken of it: text and JSON.

use serde_json::{Value, json as object};

use super::{document, json};
use crate::config::openssh::{Offer, State};
use crate::config::{BastionEdit, TunnelEdit};
use crate::model::{AgentSocket, Name, Untrusted};

/// The offers as JSON.
#[must_use]
pub fn offers_json(offers: &[Offer]) -> String {
    document([("hosts", offers.iter().map(value).collect())])
}

fn value(offer: &Offer) -> Value {
    let (state, why) = match &offer.state {
        State::New => ("new", None),
        State::There => ("there", None),
        State::Refused(why) => ("refused", Some(why)),
        State::Imported => ("imported", None),
    };
    let edit = &offer.bastion;
    let bastion = edit.host.as_ref().map(|host| {
        let agent = edit.agent.as_ref().map(|agent| match agent {
            AgentSocket::Environment => json(&true),
            AgentSocket::Path(path) => json(&path.display().to_string()),
        });
        object!({"host": host, "port": edit.port.unwrap_or(22), "user": edit.user, "agent": agent,
            "identity_file": edit.identity_file.as_ref().map(|path| path.display().to_string())})
    });
    let tunnels: Vec<Value> = offer
        .tunnels
        .iter()
        .map(|(name, tunnel)| {
            object!({"name": name, "database": {"kind": tunnel.database, "host": tunnel.host, "port": port(tunnel)},
                "listen": tunnel.listen})
        })
        .collect();
    object!({"alias": offer.alias, "name": offer.name, "state": state, "why": why, "bastion": bastion,
        "tunnels": tunnels, "notes": offer.notes})
}

fn port(tunnel: &TunnelEdit) -> Option<u16> {
    tunnel.port.or_else(|| tunnel.database?.default_port().map(|port| port.get()))
}

/// The offers as text: a host with its tunnels below, then what is left out.
#[must_use]
pub fn offers_text(offers: &[Offer]) -> Vec<String> {
    offers.iter().flat_map(offer_text).collect()
}

fn offer_text(offer: &Offer) -> Vec<String> {
    let alias = Untrusted::new(offer.alias.as_str()).clean(80);
    let mut lines = vec![match &offer.state {
        State::Refused(why) => format!("{alias}: not possible, {why}"),
        State::There => format!("{alias}: is there already"),
        State::New => format!("{alias}: {}", bastion(offer.name.as_ref(), &offer.bastion)),
        State::Imported => format!("{alias}: imported, {}", bastion(offer.name.as_ref(), &offer.bastion)),
    }];
    for (name, tunnel) in &offer.tunnels {
        let listen = tunnel.listen.as_deref().unwrap_or("a free port");
        let host = tunnel.host.as_deref().unwrap_or_default();
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let kind = tunnel.database.map(|kind| format!(", {kind}")).unwrap_or_default();
        let port = port(tunnel).map(|port| format!(":{port}")).unwrap_or_default();
        lines.push(format!("  tunnel {name}: {listen} to {host}{port}{kind}"));
    }
    lines.extend(offer.notes.iter().map(|note| format!("  note: {note}")));
    lines
}

fn bastion(name: Option<&Name>, edit: &BastionEdit) -> String {
    let name = name.map(|name| format!("bastion {name}")).unwrap_or_default();
    let Some(host) = &edit.host else { return format!("{name}, which is there already") };
    let with = match (&edit.identity_file, &edit.agent) {
        (Some(file), _) => format!("the key {}", Untrusted::new(file.display().to_string()).clean(200)),
        (None, Some(AgentSocket::Path(path))) => format!("the agent at {}", path.display()),
        (None, _) => "your agent".to_owned(),
    };
    let user = edit.user.as_deref().unwrap_or_default();
    format!("{name}, {user}@{host} port {}, with {with}", edit.port.unwrap_or(22))
}
