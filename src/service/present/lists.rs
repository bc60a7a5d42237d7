//! Bastions, tunnels and keys as lists, as one of them, and what a server showed: text and the contract's JSON.

use std::time::Duration;

use serde_json::{Value, json as object};

use super::{Table, document, json};
use crate::model::{AgentSocket, Bastion, Endpoint, Identity, Name, Sharing, Tunnel};
use crate::service::keys::{RotationView, Trial};
use crate::ssh::KeyInfo;

/// A host key by type and fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HostKeyView {
    /// As in known_hosts ("ssh-ed25519").
    #[serde(rename = "type")]
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
}

/// A bastion with what else is known of it.
#[derive(Debug, Clone)]
pub struct BastionView<'a> {
    /// The bastion as configured.
    pub bastion: &'a Bastion,
    /// The first key that known_hosts files hold for it.
    pub host_key: Option<HostKeyView>,
    /// The tunnels that go through it.
    pub tunnels: Vec<&'a Name>,
}

/// A tunnel as configured.
#[derive(Debug, Clone, Copy)]
pub struct TunnelView<'a>(pub &'a Tunnel);

/// A key with whom it serves.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// The key.
    pub info: KeyInfo,
    /// The bastions and tunnels that name it.
    pub used_by: Vec<Name>,
    /// The second key, while a rotation is under way.
    pub rotating: Option<KeyInfo>,
}

/// What a server showed and what became of it.
#[derive(Debug, Clone)]
pub struct TrustView<'a> {
    /// The bastion's name.
    pub bastion: &'a Name,
    /// Its address.
    pub endpoint: &'a Endpoint,
    /// The keys it showed.
    pub keys: Vec<HostKeyView>,
    /// `pinned`, `already_trusted`, `unknown`, `changed` or `revoked`.
    pub state: &'static str,
}

/// The fields that name an identity; one of them is not null.
fn identity_fields(identity: Option<&Identity>) -> [(&'static str, Value); 3] {
    let (key, file, agent) = match identity {
        Some(Identity::Key(name)) => (json(name), Value::Null, Value::Null),
        Some(Identity::File(path)) => (Value::Null, path.display().to_string().into(), Value::Null),
        Some(Identity::Agent(AgentSocket::Environment)) => (Value::Null, Value::Null, true.into()),
        Some(Identity::Agent(AgentSocket::Path(path))) => (Value::Null, Value::Null, path.display().to_string().into()),
        None => (Value::Null, Value::Null, Value::Null),
    };
    [("key", key), ("identity_file", file), ("agent", agent)]
}

/// A duration as the configuration writes it.
fn duration(value: Duration) -> String {
    if value.subsec_millis() == 0 { format!("{}s", value.as_secs()) } else { format!("{}ms", value.as_millis()) }
}

fn sharing(value: Sharing) -> &'static str {
    match value {
        Sharing::Auto => "auto",
        Sharing::Shared => "shared",
    }
}

fn names(list: &[impl ToString]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// `NAME  VALUE` lines; what is empty is left out.
fn fields<const N: usize>(rows: [(&str, String); N]) -> Vec<String> {
    let shown: Vec<_> = rows.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = shown.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    shown.into_iter().map(|(name, value)| format!("{name:<width$}  {value}")).collect()
}

fn bastion_value(view: &BastionView<'_>) -> Value {
    let bastion = view.bastion;
    let mut out = object!({
        "name": bastion.name, "host": bastion.endpoint.host, "port": bastion.endpoint.port, "user": bastion.user,
        "via": [], "host_key": view.host_key, "tunnels": view.tunnels, "keepalive": duration(bastion.keepalive),
        "sessions": sharing(bastion.sharing), "legacy_algorithms": bastion.legacy_algorithms,
    });
    for (name, value) in identity_fields(Some(&bastion.identity)) {
        if let Some(map) = out.as_object_mut() {
            map.insert(name.to_owned(), value);
        }
    }
    out
}

/// All bastions.
#[must_use]
pub fn bastions_json(views: &[BastionView<'_>]) -> String {
    document([("bastions", bastion_values(views))])
}

/// Bastions as values.
#[must_use]
pub fn bastion_values(views: &[BastionView<'_>]) -> Value {
    views.iter().map(bastion_value).collect()
}

/// Tunnels as values.
#[must_use]
pub fn tunnel_values(views: &[TunnelView<'_>]) -> Value {
    views.iter().copied().map(tunnel_value).collect()
}

/// One bastion.
#[must_use]
pub fn bastion_json(view: &BastionView<'_>) -> String {
    document([("bastion", bastion_value(view))])
}

/// All bastions as a table.
#[must_use]
pub fn bastions_text(views: &[BastionView<'_>]) -> Vec<String> {
    let mut table = Table::new(&["NAME", "ADDRESS", "USER", "IDENTITY", "HOST KEY", "TUNNELS"]);
    for view in views {
        let bastion = view.bastion;
        table.row([
            bastion.name.to_string(),
            bastion.endpoint.to_string(),
            bastion.user.clone(),
            bastion.identity.to_string(),
            view.host_key.as_ref().map_or_else(|| "unknown".to_owned(), |key| key.fingerprint.clone()),
            names(&view.tunnels),
        ]);
    }
    table.lines()
}

/// One bastion, a line a field.
#[must_use]
pub fn bastion_text(view: &BastionView<'_>) -> Vec<String> {
    let bastion = view.bastion;
    let key = |key: &HostKeyView| format!("{} {}", key.key_type, key.fingerprint);
    let legacy = if bastion.legacy_algorithms { "allowed: they are no longer safe" } else { "" };
    fields([
        ("name", bastion.name.to_string()),
        ("address", bastion.endpoint.to_string()),
        ("user", bastion.user.clone()),
        ("identity", bastion.identity.to_string()),
        ("host key", view.host_key.as_ref().map_or_else(|| "unknown".to_owned(), key)),
        ("keepalive", duration(bastion.keepalive)),
        ("sessions", sharing(bastion.sharing).to_owned()),
        ("legacy algorithms", legacy.to_owned()),
        ("tunnels", names(&view.tunnels)),
    ])
}

fn tunnel_value(view: TunnelView<'_>) -> Value {
    let tunnel = view.0;
    let mut out = object!({
        "name": tunnel.name, "bastion": tunnel.bastion, "database": tunnel.database, "listen": tunnel.listen,
        "user": tunnel.user, "dbname": tunnel.dbname, "autostart": tunnel.autostart, "tags": tunnel.tags,
        "allow_remote_clients": tunnel.allow_remote_clients,
    });
    for (name, value) in identity_fields(tunnel.identity.as_ref()) {
        if let Some(map) = out.as_object_mut() {
            map.insert(name.to_owned(), value);
        }
    }
    out
}

/// All tunnels.
#[must_use]
pub fn tunnels_json(views: &[TunnelView<'_>]) -> String {
    document([("tunnels", tunnel_values(views))])
}

/// One tunnel.
#[must_use]
pub fn tunnel_json(view: TunnelView<'_>) -> String {
    document([("tunnel", tunnel_value(view))])
}

/// All tunnels as a table.
#[must_use]
pub fn tunnels_text(views: &[TunnelView<'_>]) -> Vec<String> {
    let mut table = Table::new(&["NAME", "LISTEN", "BASTION", "DATABASE", "AUTOSTART", "TAGS"]);
    for TunnelView(tunnel) in views {
        table.row([
            tunnel.name.to_string(),
            tunnel.listen.as_ref().map_or_else(|| "at first use".to_owned(), ToString::to_string),
            tunnel.bastion.to_string(),
            format!("{} {}", tunnel.database.kind, tunnel.database.endpoint()),
            if tunnel.autostart { "yes" } else { "no" }.to_owned(),
            names(&tunnel.tags),
        ]);
    }
    table.lines()
}

/// One tunnel, a line a field.
#[must_use]
pub fn tunnel_text(view: TunnelView<'_>) -> Vec<String> {
    let tunnel = view.0;
    let listen =
        tunnel.listen.as_ref().map_or_else(|| "a free port, chosen at first use".to_owned(), ToString::to_string);
    fields([
        ("name", tunnel.name.to_string()),
        ("listen", listen),
        ("bastion", tunnel.bastion.to_string()),
        ("database", format!("{} {}", tunnel.database.kind, tunnel.database.endpoint())),
        ("identity", tunnel.identity.as_ref().map_or_else(|| "the bastion's".to_owned(), ToString::to_string)),
        ("user", tunnel.user.clone().unwrap_or_default()),
        ("dbname", tunnel.dbname.clone().unwrap_or_default()),
        ("autostart", if tunnel.autostart { "yes" } else { "no" }.to_owned()),
        ("remote clients", if tunnel.allow_remote_clients { "allowed" } else { "" }.to_owned()),
        ("tags", names(&tunnel.tags)),
    ])
}

fn key_value(view: &KeyView) -> Value {
    let info = &view.info;
    object!({
        "name": info.name, "type": info.key_type, "bits": info.bits, "fingerprint": info.fingerprint,
        "comment": info.comment, "encrypted": info.encrypted, "created": info.created,
        "public_key": info.public_key, "used_by": view.used_by,
        "rotating": view.rotating.as_ref().map(second_key),
    })
}

fn second_key(info: &KeyInfo) -> Value {
    object!({
        "type": info.key_type, "bits": info.bits, "fingerprint": info.fingerprint, "created": info.created,
        "public_key": info.public_key,
    })
}

/// All keys.
#[must_use]
pub fn keys_json(views: &[KeyView]) -> String {
    document([("keys", views.iter().map(key_value).collect())])
}

/// One key.
#[must_use]
pub fn key_json(view: &KeyView) -> String {
    document([("key", key_value(view))])
}

/// All keys as a table.
#[must_use]
pub fn keys_text(views: &[KeyView]) -> Vec<String> {
    let mut table = Table::new(&["NAME", "TYPE", "BITS", "FINGERPRINT", "ENCRYPTED", "CREATED", "USED BY"]);
    for view in views {
        let info = &view.info;
        table.row([
            info.name.to_string(),
            info.key_type.clone(),
            info.bits.to_string(),
            info.fingerprint.clone(),
            if info.encrypted { "yes" } else { "no" }.to_owned(),
            info.created.map(|at| at.to_string()).unwrap_or_default(),
            names(&view.used_by),
        ]);
    }
    table.lines()
}

/// A key as its one public line.
#[must_use]
pub fn key_text(view: &KeyView) -> String {
    view.info.public_key.clone()
}

/// A rotation: both keys with their lines, how far it is (`under_way`, `refused`, `finished`), and what the bastions said.
#[must_use]
pub fn rotation_json(view: &RotationView, state: &str, trials: &[Trial]) -> String {
    let side = |info: &KeyInfo, line: &str| {
        let mut value = second_key(info);
        if let Value::Object(fields) = &mut value {
            fields.insert("authorized_key".to_owned(), line.into());
        }
        value
    };
    let trial = |trial: &Trial| {
        object!({
            "name": trial.bastion, "host": trial.endpoint.host, "port": trial.endpoint.port, "user": trial.user,
            "accepted": trial.fault.is_none(), "code": trial.fault.as_ref().map(|fault| fault.code),
            "message": trial.fault.as_ref().map(|fault| &fault.message),
        })
    };
    document([
        ("key", view.old.name.as_str().into()),
        ("state", state.into()),
        ("old", side(&view.old, &view.old_line)),
        ("new", side(&view.new, &view.new_line)),
        ("bastions", trials.iter().map(trial).collect()),
    ])
}

/// What each bastion said to a second key.
#[must_use]
pub fn trials_text(trials: &[Trial]) -> Vec<String> {
    let line = |trial: &Trial| match &trial.fault {
        None => format!("{} ({}) accepts the second key for {}", trial.bastion, trial.endpoint, trial.user),
        Some(fault) => format!("{}: {} ({})", trial.bastion, fault.message, fault.code),
    };
    trials.iter().map(line).collect()
}

/// What a server showed.
#[must_use]
pub fn trust_json(view: &TrustView<'_>) -> String {
    document([
        ("bastion", json(view.bastion)),
        ("host", json(&view.endpoint.host)),
        ("port", json(&view.endpoint.port)),
        ("keys", json(&view.keys)),
        ("state", view.state.into()),
    ])
}

/// What a server showed, a line a key.
#[must_use]
pub fn trust_text(view: &TrustView<'_>) -> Vec<String> {
    view.keys.iter().map(|key| format!("{}\t{}", key.key_type, key.fingerprint)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Database, Kind};

    fn bastion(identity: Identity) -> Bastion {
        Bastion {
            name: "prod".parse().unwrap(),
            endpoint: Endpoint::new("bastion.example.com".parse().unwrap(), 22.try_into().unwrap()),
            user: "adit".to_owned(),
            identity,
            keepalive: Duration::from_secs(3),
            sharing: Sharing::Auto,
            legacy_algorithms: false,
        }
    }

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_bastion_has_every_field_of_the_contract() {
        let bastion = bastion(Identity::Key("prod".parse().unwrap()));
        let name = "orders".parse().unwrap();
        let view = BastionView { bastion: &bastion, host_key: None, tunnels: vec![&name] };
        let shown = &value(&bastion_json(&view))["bastion"];
        let fields = ["name", "host", "port", "user", "key", "identity_file", "agent", "via", "host_key", "tunnels"];
        for field in fields {
            assert!(shown.as_object().unwrap().contains_key(field), "{field}");
        }
        assert_eq!((&shown["key"], &shown["port"]), (&Value::from("prod"), &Value::from(22)));
        assert_eq!(shown["tunnels"], object!(["orders"]));
        assert!(shown["host_key"].is_null() && shown["agent"].is_null());
        assert_eq!(value(&bastions_json(&[view]))["bastions"][0]["name"], "prod");
        assert_eq!(value(&bastions_json(&[]))["bastions"], object!([]));
    }

    #[test]
    fn an_agent_is_true_or_a_path() {
        let rows = [
            (AgentSocket::Environment, Value::from(true)),
            (AgentSocket::Path("/run/agent".into()), Value::from("/run/agent")),
        ];
        for (socket, expected) in rows {
            let bastion = bastion(Identity::Agent(socket));
            let host_key = HostKeyView { key_type: "ssh-ed25519".to_owned(), fingerprint: "SHA256:x".to_owned() };
            let view = BastionView { bastion: &bastion, host_key: Some(host_key), tunnels: Vec::new() };
            let shown = value(&bastion_json(&view));
            assert_eq!(shown["bastion"]["agent"], expected);
            assert_eq!(shown["bastion"]["host_key"], object!({"type": "ssh-ed25519", "fingerprint": "SHA256:x"}));
        }
    }

    #[test]
    fn a_tunnel_has_every_field_of_the_contract() {
        let tunnel = Tunnel {
            name: "orders".parse().unwrap(),
            bastion: "prod".parse().unwrap(),
            identity: None,
            database: Database {
                kind: Kind::Postgres,
                host: "10.0.1.12".parse().unwrap(),
                port: 5432.try_into().unwrap(),
            },
            listen: None,
            user: Some("app".to_owned()),
            dbname: None,
            autostart: true,
            allow_remote_clients: false,
            tags: vec!["eu".parse().unwrap()],
        };
        let shown = value(&tunnel_json(TunnelView(&tunnel)));
        for field in ["name", "bastion", "key", "database", "listen", "user", "dbname", "autostart", "tags"] {
            assert!(shown["tunnel"].as_object().unwrap().contains_key(field), "{field}");
        }
        assert_eq!(shown["tunnel"]["database"]["kind"], "postgres");
        let text = tunnel_text(TunnelView(&tunnel)).join("\n");
        assert!(text.contains("identity   the bastion's"), "{text}");
        assert!(!text.contains("dbname"), "{text}");
        assert!(tunnels_text(&[TunnelView(&tunnel)]).join("\n").contains("postgres 10.0.1.12:5432"));
    }

    #[test]
    fn a_key_has_every_field_of_the_contract() {
        let info = KeyInfo {
            name: "prod".parse().unwrap(),
            key_type: "ed25519".to_owned(),
            bits: 256,
            fingerprint: "SHA256:x".to_owned(),
            comment: "adit:prod".to_owned(),
            encrypted: false,
            created: None,
            public_key: "ssh-ed25519 AAAA adit:prod".to_owned(),
        };
        let second = KeyInfo { fingerprint: "SHA256:y".to_owned(), ..info.clone() };
        let view = KeyView { info, used_by: vec!["prod".parse().unwrap()], rotating: None };
        let shown = value(&keys_json(std::slice::from_ref(&view)));
        let fields =
            ["name", "type", "bits", "fingerprint", "comment", "encrypted", "created", "public_key", "used_by"];
        for field in fields {
            assert!(shown["keys"][0].as_object().unwrap().contains_key(field), "{field}");
        }
        assert_eq!(value(&key_json(&view))["key"]["used_by"], object!(["prod"]));
        assert_eq!(key_text(&view), "ssh-ed25519 AAAA adit:prod");
        assert_eq!(value(&key_json(&view))["key"]["rotating"], Value::Null);
        let rotating = KeyView { rotating: Some(second), ..view };
        assert_eq!(value(&key_json(&rotating))["key"]["rotating"]["fingerprint"], "SHA256:y");
    }

    #[test]
    fn trust_has_every_field_of_the_contract() {
        let name = "prod".parse().unwrap();
        let endpoint = Endpoint::new("h".parse().unwrap(), 2222.try_into().unwrap());
        let keys = vec![HostKeyView { key_type: "ssh-ed25519".to_owned(), fingerprint: "SHA256:x".to_owned() }];
        let view = TrustView { bastion: &name, endpoint: &endpoint, keys, state: "unknown" };
        assert_eq!(
            value(&trust_json(&view)),
            object!({"version": 1, "bastion": "prod", "host": "h", "port": 2222, "state": "unknown",
                     "keys": [{"type": "ssh-ed25519", "fingerprint": "SHA256:x"}]})
        );
        assert_eq!(trust_text(&view), ["ssh-ed25519\tSHA256:x"]);
    }
}
