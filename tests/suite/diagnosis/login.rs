//! The login: what the server says by itself, and what an admin's eyes see in its stead.

use std::os::unix::fs::PermissionsExt;

use super::scene::{Condition, Scene, condition, slow};
use crate::support::output::tool;
use crate::support::target::Target;
use crate::support::{Adit, Sshd};

const REFUSED: &[&str] = &["key_refused"];

pub(super) fn all() -> Vec<Condition> {
    [by_itself(), with_an_admin(), scripted()].into_iter().flatten().collect()
}

fn by_itself() -> Vec<Condition> {
    vec![
        condition("a key that is not listed", "prove", REFUSED, || strangers_key("")),
        condition("no such user", "prove", REFUSED, || {
            Scene::real("", "").after(|adit| {
                adit.ok(&["bastion", "edit", "prod", "--user", "no-such-user-here"]);
            })
        }),
        condition("keys switched off", "prove", &["publickey_disabled"], || {
            Scene::real("PubkeyAuthentication no\nPasswordAuthentication yes", "")
        }),
        condition("the user is denied", "prove", REFUSED, || Scene::real("DenyUsers *", "")),
        condition("others are allowed", "prove", REFUSED, || Scene::real("AllowUsers somebody-else", "")),
        condition("another type of key is asked for", "prove", REFUSED, || {
            Scene::real("PubkeyAcceptedAlgorithms rsa-sha2-512", "")
        }),
        condition("a second factor", "prove", &["person_needed"], || {
            Scene::real("AuthenticationMethods publickey,password\nPasswordAuthentication yes", "")
        }),
        condition("one try only", "prove", &["too_many_failures"], || strangers_key("MaxAuthTries 1")),
        condition("a banner in Latin-1", "prove", &["banner_unreadable"], || {
            let text = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(text.path(), b"Willkommen in M\xfcnchen\n").unwrap();
            Scene::real(&format!("Banner {}", text.path().display()), "").keeping(text)
        }),
        condition("a banner with escapes", "-", &["-"], || {
            let text = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(text.path(), b"\x1b]0;owned\x07 staff only\n").unwrap();
            Scene::real(&format!("Banner {}", text.path().display()), "").keeping(text)
        }),
        condition("a line from elsewhere", "prove", REFUSED, || Scene::real("", "from=\"192.0.2.1\"")),
        condition("a line that has ended", "prove", REFUSED, || Scene::real("", "expiry-time=\"20200101\"")),
        condition("an option that sshd does not know", "prove", REFUSED, || Scene::real("", "no-such-option")),
        condition("a key over two lines", "prove", REFUSED, split_key),
        condition("a file that others can write", "prove", REFUSED, || {
            let sshd = Sshd::with("StrictModes yes");
            let adit = Adit::at(&sshd, "");
            let file = sshd.path("authorized_keys");
            std::fs::set_permissions(file, PermissionsExt::from_mode(0o666)).unwrap();
            adit.add_tunnel("t", "tcp", Target::start().port);
            Scene::new(adit).keeping(sshd)
        }),
    ]
}

/// The same refusals, looked at through a login of the person's own.
fn with_an_admin() -> Vec<Condition> {
    vec![
        condition("not listed, by an admin", "prove", &["key_absent"], || strangers_key("").with_admin()),
        condition("from elsewhere, by an admin", "prove", &["from_mismatch"], || {
            Scene::real("", "from=\"192.0.2.1\"").with_admin()
        }),
        condition("ended, by an admin", "prove", &["key_expired"], || {
            Scene::real("", "expiry-time=\"20200101\"").with_admin()
        }),
        condition("an unknown option, by an admin", "prove", &["key_options"], || {
            Scene::real("", "no-such-option").with_admin()
        }),
        condition("over two lines, by an admin", "prove", &["key_split"], || split_key().with_admin()),
    ]
}

fn scripted() -> Vec<Condition> {
    use adit::sandbox::Login;
    vec![
        condition("an account whose time is over", "prove", &["account_refused"], || {
            Scene::sandbox(Login::AccountExpired)
        }),
        condition("closed during the login", "prove", &["login_dropped"], || Scene::sandbox(Login::Drop)),
        condition("a banner of 200 kB with escapes, then a refusal", "prove", &["publickey_disabled"], || {
            let banner = Some("\x1b]52;c;eHg=\x07\u{202e}staff\r\n".repeat(10_000));
            Scene::sandbox_with(
                adit::sandbox::Switches { login: Login::PasswordsOnly, banner, ..Default::default() },
                None,
            )
        }),
        slow("a login that is never answered", "prove", &["login_timeout"], || Scene::sandbox(Login::Hang)),
        condition("no proof asked for", "-", &["-"], || {
            Scene::sandbox_with(
                adit::sandbox::Switches { login: Login::OpenToAll, ..Default::default() },
                Some(adit::sandbox::Target::Loopback(Target::start().port.try_into().unwrap())),
            )
        }),
        condition("passwords only", "prove", &["publickey_disabled"], || Scene::sandbox(Login::PasswordsOnly)),
        condition("a code after the key", "prove", &["person_needed"], || Scene::sandbox(Login::SecondFactor)),
    ]
}

/// A home whose key the server does not list.
fn strangers_key(extra: &str) -> Scene {
    let scene = Scene::real(extra, "");
    let other = tempfile::tempdir().unwrap();
    let file = other.path().join("k");
    tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()]).expect(0);
    scene
        .after(|adit| {
            adit.ok(&["bastion", "edit", "prod", "--identity-file", file.to_str().unwrap()]);
        })
        .keeping(other)
}

/// A server whose file holds the key broken over two lines, as a mail program leaves it.
fn split_key() -> Scene {
    let sshd = Sshd::start();
    let adit = Adit::at(&sshd, "");
    let line = std::fs::read_to_string(sshd.path("authorized_keys")).unwrap();
    let (first, second) = line.split_at(line.len() / 2);
    std::fs::write(sshd.path("authorized_keys"), format!("{first}\n{second}")).unwrap();
    adit.add_tunnel("t", "tcp", Target::start().port);
    Scene::new(adit).keeping(sshd)
}
