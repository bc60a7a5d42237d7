//! Key exchange and host key.

use super::scene::{Condition, Scene, condition};
use crate::support::target::Target;
use crate::support::{Adit, Sshd};

pub(super) fn all() -> Vec<Condition> {
    vec![
        condition("an old key exchange only", "greet", &["no_common_algorithm"], || {
            Scene::unknown("KexAlgorithms diffie-hellman-group14-sha1")
        }),
        condition("an old cipher only", "greet", &["no_common_algorithm"], || Scene::unknown("Ciphers aes256-cbc")),
        condition("an old MAC only", "greet", &["no_common_algorithm"], || {
            Scene::unknown("MACs hmac-sha1\nCiphers aes128-ctr")
        }),
        condition("an old host key algorithm only", "greet", &["no_common_algorithm"], || {
            let sshd = Sshd::with("HostKeyAlgorithms ssh-rsa");
            sshd.make_host_key("rsa");
            sshd.drop_host_key("ed25519");
            restarted(sshd)
        }),
        condition("a FIPS-style server", "-", &["-"], || {
            Scene::real("KexAlgorithms ecdh-sha2-nistp256\nCiphers aes256-gcm@openssh.com", "")
        }),
        condition("a host key that nobody knows", "trust", &["host_key_unknown"], || Scene::unknown("")),
        condition("another host key", "trust", &["host_key_changed"], || {
            let mut sshd = Sshd::start();
            let adit = Adit::at(&sshd, "");
            sshd.make_host_key("ed25519");
            sshd.stop();
            sshd.resume();
            with_tunnel(adit).keeping(sshd)
        }),
        condition("a host key of another type", "trust", &["host_key_changed"], || {
            let mut sshd = Sshd::start();
            let adit = Adit::at(&sshd, "");
            sshd.make_host_key("ecdsa");
            sshd.drop_host_key("ed25519");
            sshd.stop();
            sshd.resume();
            with_tunnel(adit).keeping(sshd)
        }),
        condition("a revoked host key", "trust", &["host_key_revoked"], || {
            let sshd = Sshd::start();
            let adit = Adit::at(&sshd, "");
            let known = std::fs::read_to_string(adit.path("known_hosts")).unwrap();
            let revoked: String = known.lines().map(|line| format!("@revoked {line}\n")).collect();
            std::fs::write(adit.path("known_hosts"), revoked).unwrap();
            with_tunnel(adit).keeping(sshd)
        }),
    ]
}

fn with_tunnel(adit: Adit) -> Scene {
    adit.add_tunnel("t", "tcp", Target::start().port);
    Scene::new(adit)
}

fn restarted(mut sshd: Sshd) -> Scene {
    sshd.stop();
    sshd.resume();
    Scene::at_port(sshd.port).keeping(sshd)
}

impl Scene {
    /// A real sshd whose host key nobody has pinned.
    fn unknown(extra: &str) -> Self {
        let sshd = Sshd::with(extra);
        Self::at_port(sshd.port).keeping(sshd)
    }
}
