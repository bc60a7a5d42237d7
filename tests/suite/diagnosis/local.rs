//! What is wrong on this side: the port, the key, the agent.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use super::scene::{Condition, Scene, condition};
use crate::support::output::tool;

pub(super) fn all() -> Vec<Condition> {
    vec![
        condition("the local port is taken", "bind", &["port_in_use"], || {
            let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            let port = taken.local_addr().unwrap().port().to_string();
            Scene::real("", "")
                .after(|adit| {
                    adit.ok(&["tunnel", "edit", "t", "--listen", &port]);
                })
                .keeping(taken)
        }),
        condition("an address of another machine", "bind", &["address_not_local"], || {
            Scene::real("", "").after(|adit| {
                let config = adit.config();
                let listen = config.lines().find(|line| line.starts_with("listen")).unwrap();
                let other = "listen = \"192.0.2.1:15432\"\nallow_remote_clients = true";
                adit.write_config(&config.replace(listen, other));
            })
        }),
        key("the key's file is gone", &["key_missing"], |file| std::fs::remove_file(file).unwrap()),
        key("a key that others can read", &["key_permissions"], |file| {
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o644)).unwrap();
        }),
        key("garbage for a key", &["key_format"], |file| std::fs::write(file, "garbage\n").unwrap()),
        key("the public half for the private one", &["key_format"], |file| {
            std::fs::copy(file.with_extension("pub"), file).unwrap();
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
        }),
        key("a passphrase that nobody gave", &["passphrase_needed"], |file| {
            tool("ssh-keygen", &["-q", "-p", "-P", "", "-N", "secret", "-f", file.to_str().unwrap()]).expect(0);
        }),
        key("a folder for a key", &["key_unreadable", "key_format"], |file| {
            std::fs::remove_file(file).unwrap();
            std::fs::create_dir(file).unwrap();
        }),
        condition("no agent", "prove", &["agent_unavailable"], || Scene::real("", "").after(use_agent)),
        condition("an agent that is gone", "prove", &["agent_unavailable"], || {
            Scene::real("", "").after(use_agent).with_variable("SSH_AUTH_SOCK", "/nonexistent/agent".to_owned())
        }),
    ]
}

fn use_agent(adit: &crate::support::Adit) {
    adit.ok(&["bastion", "edit", "prod", "--agent"]);
}

/// A healthy way, but for the key's file.
fn key(name: &'static str, codes: &'static [&'static str], spoil: fn(&std::path::Path)) -> Condition {
    condition(name, "prove", codes, move || Scene::real("", "").after(|adit| spoil(&adit.path("keys/prod"))))
}
