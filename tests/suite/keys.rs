//! Keys: made once, private, readable by OpenSSH, and named with what is known of them.

mod importing;
mod keeping;
mod rotation;

use std::os::unix::fs::PermissionsExt;

use crate::support::{Adit, Sshd, Target, tool};

#[test]
fn every_type_is_what_openssh_says_it_is() {
    let adit = Adit::new();
    for (kind, bits, word) in [("ed25519", 256, "ED25519"), ("ecdsa", 256, "ECDSA"), ("rsa", 4096, "RSA")] {
        adit.ok(&["key", "new", kind, "--type", kind]);
        let private = adit.path(&format!("keys/{kind}"));
        assert_eq!(private.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let public = tool("ssh-keygen", &["-y", "-P", "", "-f", private.to_str().unwrap()]).expect(0).stdout;
        let shown = adit.ok(&["key", "show", kind]);
        assert_eq!(shown.lines().count(), 1, "one line: {shown}");
        assert_eq!(
            shown.split_whitespace().take(2).collect::<Vec<_>>(),
            public.split_whitespace().take(2).collect::<Vec<_>>()
        );
        assert!(shown.trim_end().ends_with(&format!(" adit:{kind}")), "{shown}");
        assert_eq!(std::fs::read_to_string(adit.path(&format!("keys/{kind}.pub"))).unwrap().trim(), shown.trim());
        let listed = tool("ssh-keygen", &["-lf", private.to_str().unwrap()]).expect(0).stdout;
        let fingerprint = adit.ok(&["key", "show", kind, "--fingerprint"]);
        assert!(listed.contains(fingerprint.trim()) && listed.contains(word), "{listed} {fingerprint}");
        let told = &adit.json(&["key", "show", kind])["key"];
        assert_eq!((&told["name"], &told["type"], &told["bits"]), (&kind.into(), &kind.into(), &bits.into()), "{told}");
        assert_eq!(told["fingerprint"], fingerprint.trim());
        assert_eq!(told["encrypted"], false);
        assert_eq!(told["public_key"], shown.trim());
        let head = std::fs::read_to_string(&private).unwrap();
        assert!(head.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    }
    let list = adit.json(&["key", "list"]);
    let names: Vec<_> = list["keys"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ecdsa", "ed25519", "rsa"], "sorted by name");
    assert_eq!(list["keys"][0]["used_by"], serde_json::json!([]));
    assert!(list["keys"][0]["created"].is_string());
}

#[test]
fn a_key_is_never_overwritten() {
    let adit = Adit::new();
    adit.ok(&["key", "new", "k", "--comment", "me at work"]);
    assert!(adit.ok(&["key", "show", "k"]).trim_end().ends_with(" me at work"));
    let before = std::fs::read(adit.path("keys/k")).unwrap();
    adit.run(&["key", "new", "k"]).expect(2);
    std::fs::remove_file(adit.path("keys/k.pub")).unwrap();
    adit.run(&["key", "new", "k"]).expect(2);
    assert_eq!(std::fs::read(adit.path("keys/k")).unwrap(), before);
    adit.run(&["key", "show", "other"]).expect(3);
    adit.run(&["key", "new", "x", "--type", "dsa"]).expect(2);
    adit.run(&["key", "new", "x", "--comment", "two\nlines"]).expect(2);
    assert!(!adit.path("keys/x").exists());
}

#[test]
fn a_passphrase_from_a_file_encrypts() {
    let adit = Adit::new();
    let file = adit.user_home().join("pass");
    std::fs::write(&file, "correct horse\n").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    adit.ok(&["key", "new", "k", "--passphrase-file", file.to_str().unwrap()]);
    let path = adit.path("keys/k");
    let path = path.to_str().unwrap();
    assert_ne!(tool("ssh-keygen", &["-y", "-P", "", "-f", path]).code, 0);
    tool("ssh-keygen", &["-y", "-P", "correct horse", "-f", path]).expect(0);
    assert_eq!(adit.json(&["key", "show", "k"])["key"]["encrypted"], true);
    adit.run(&["key", "new", "l", "--passphrase-file", "/nonexistent"]);
    assert!(!adit.path("keys/l").exists());
}

#[test]
fn each_type_logs_in_and_a_tunnel_may_have_its_own_key() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        adit.ok(&["key", "new", kind, "--type", kind]);
        sshd.authorize("restrict,port-forwarding", &adit.ok(&["key", "show", kind]));
    }
    adit.add_bastion("prod", &sshd, sshd.port, &["--key", "ed25519"]);
    adit.add_tunnel("a", "tcp", target.port);
    for kind in ["ecdsa", "rsa"] {
        adit.add_tunnel_with(kind, "tcp", target.port, &["--key", kind]);
    }
    adit.ok(&["up", "--all"]);
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let fingerprint = adit.ok(&["key", "show", kind, "--fingerprint"]);
        assert!(
            sshd.log().lines().any(|line| line.starts_with("Accepted publickey") && line.contains(fingerprint.trim())),
            "{kind}"
        );
    }
    assert_eq!(sshd.failed_logins(), 0);
    let used = adit.json(&["key", "show", "rsa"])["key"]["used_by"].to_string();
    assert!(used.contains("rsa"), "{used}");
}
