//! Keys of our own making.

use std::fs;

use adit::model::KeyType;
use adit::ssh::keystore::{KeyError, Keystore, load_private};

use super::{done, mode, name, secret, set_mode};

#[test]
fn ssh_keygen_reads_what_we_make() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    for (kind, bits) in [(KeyType::Ed25519, 256), (KeyType::Ecdsa, 256), (KeyType::Rsa, 4096)] {
        for (suffix, passphrase) in [("open", None), ("locked", Some("correct horse"))] {
            if kind == KeyType::Rsa && passphrase.is_some() {
                continue;
            }
            let given = name(&format!("{}-{suffix}", kind.as_str()));
            let info = keys.make(&given, kind, None, passphrase.map(secret).as_ref()).unwrap();
            let path = keys.path(&given);
            let file = path.to_str().unwrap();
            assert_eq!((info.key_type.as_str(), info.bits), (kind.as_str(), bits));
            assert_eq!(info.comment, format!("adit:{given}"));
            assert_eq!(info.encrypted, passphrase.is_some());
            assert!(info.created.is_some());
            assert_eq!(mode(&path), 0o600);
            let public = path.with_extension("pub");
            assert_eq!(mode(&public), 0o644);
            assert_eq!(fs::read_to_string(&public).unwrap(), format!("{}\n", info.public_key));
            let derived = done("ssh-keygen", &["-y", "-P", passphrase.unwrap_or(""), "-f", file]);
            assert_eq!(derived, info.public_key);
            let listed = done("ssh-keygen", &["-l", "-f", file]);
            assert!(listed.starts_with(&format!("{bits} {} adit:{given} ", info.fingerprint)), "{listed}");
            assert!(fs::read_to_string(&path).unwrap().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
        }
    }
    assert_eq!(mode(&folder.path().join("keys")), 0o700);
    let listing = keys.list().unwrap();
    let names: Vec<&str> = listing.keys.iter().map(|key| key.name.as_str()).collect();
    assert_eq!(names, ["ecdsa-locked", "ecdsa-open", "ed25519-locked", "ed25519-open", "rsa-open"]);
    assert!(listing.broken.is_empty());
}

#[test]
fn our_own_passphrases_open_our_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    let info = keys.make(&name("k"), KeyType::Ed25519, Some("me at home"), Some(&secret("größe 1"))).unwrap();
    assert_eq!(info.comment, "me at home");
    let key = load_private(&keys.path(&name("k")), Some(&secret("größe 1"))).unwrap();
    assert_eq!(key.public_key().to_openssh().unwrap(), info.public_key);
    assert_eq!(key.comment().as_str_lossy(), "me at home");
    let refused = load_private(&keys.path(&name("k")), Some(&secret("grosse 1"))).unwrap_err();
    assert_eq!(refused.code.as_str(), "passphrase_wrong");
}

#[test]
fn no_half_is_ever_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    keys.make(&name("k"), KeyType::Ed25519, None, None).unwrap();
    let private = keys.path(&name("k"));
    let before = fs::read(&private).unwrap();
    let again = || keys.make(&name("k"), KeyType::Ecdsa, None, None).unwrap_err();
    assert!(matches!(again(), KeyError::Exists { .. }));
    fs::rename(private.with_extension("pub"), folder.path().join("aside")).unwrap();
    assert!(matches!(again(), KeyError::Exists { .. }));
    assert_eq!(fs::read(&private).unwrap(), before);
    fs::remove_file(&private).unwrap();
    fs::rename(folder.path().join("aside"), private.with_extension("pub")).unwrap();
    assert!(matches!(again(), KeyError::Exists { .. }));
    assert!(!private.exists());
    // Not even through a link that leads nowhere.
    std::os::unix::fs::symlink("/nowhere/at/all", keys.path(&name("l"))).unwrap();
    assert!(matches!(keys.make(&name("l"), KeyType::Ed25519, None, None).unwrap_err(), KeyError::Exists { .. }));
}

#[test]
fn of_many_makers_one_wins() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    let made = std::thread::scope(|scope| {
        let make = || keys.make(&name("k"), KeyType::Ed25519, None, None).is_ok();
        let makers: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
        makers.into_iter().map(|maker| maker.join().unwrap()).filter(|made| *made).count()
    });
    assert_eq!(made, 1);
    let private = load_private(&keys.path(&name("k")), None).unwrap();
    let public = fs::read_to_string(keys.path(&name("k")).with_extension("pub")).unwrap();
    assert_eq!(private.public_key().to_openssh().unwrap(), public.trim());
}

#[test]
fn what_would_break_the_line_or_protect_nothing_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    for comment in ["two\nlines", "esc\u{1b}[0m", "hidden\u{202e}", &"x".repeat(201)] {
        assert_eq!(keys.make(&name("k"), KeyType::Ed25519, Some(comment), None), Err(KeyError::Comment), "{comment:?}");
    }
    let empty = keys.make(&name("k"), KeyType::Ed25519, None, Some(&secret("")));
    assert_eq!(empty, Err(KeyError::EmptyPassphrase));
    assert!(keys.list().unwrap().keys.is_empty());
}

#[test]
fn a_key_is_shown_without_its_public_half_and_without_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    let open = keys.make(&name("open"), KeyType::Ecdsa, Some("hello"), None).unwrap();
    let locked = keys.make(&name("locked"), KeyType::Ed25519, Some("hello"), Some(&secret("p"))).unwrap();
    let public = |key: &str| keys.path(&name(key)).with_extension("pub");
    fs::remove_file(public("open")).unwrap();
    assert_eq!(keys.show(&name("open")).unwrap(), open);
    // Another key's public half says nothing about this one.
    fs::write(public("locked"), &open.public_key).unwrap();
    let shown = keys.show(&name("locked")).unwrap();
    assert_eq!((shown.fingerprint, shown.comment.as_str(), shown.encrypted), (locked.fingerprint, "", true));
}

#[test]
fn broken_files_do_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let keys = Keystore::new(folder.path().join("keys"));
    assert_eq!(keys.list().unwrap().keys.len(), 0);
    keys.make(&name("good"), KeyType::Ed25519, None, None).unwrap();
    let file = |name: &str| folder.path().join("keys").join(name);
    let text = fs::read_to_string(file("good")).unwrap();
    fs::write(file("cut"), &text[..text.len() / 2]).unwrap();
    fs::write(file("readme"), "about these keys\n").unwrap();
    fs::write(file("UPPER"), &text).unwrap();
    fs::write(file("lonely.pub"), "ssh-ed25519 AAAA\n").unwrap();
    fs::write(file("empty"), "").unwrap();
    fs::create_dir(file("folder")).unwrap();
    let listing = keys.list().unwrap();
    assert_eq!(listing.keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["good"]);
    let broken: Vec<(&str, &str)> = listing.broken.iter().map(|key| (key.name.as_str(), key.why.as_str())).collect();
    assert_eq!(broken, [("cut", "it is damaged: the text between its first and last line does not decode")]);
    assert!(matches!(keys.show(&name("cut")), Err(KeyError::Broken { .. })));
    assert_eq!(keys.show(&name("goood")).unwrap_err().to_string(), "there is no key named goood; did you mean good?");
    assert_eq!(keys.show(&name("zzz")).unwrap_err().to_string(), "there is no key named zzz");
}

#[test]
fn a_folder_that_others_can_see_into_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("keys");
    fs::create_dir(&place).unwrap();
    set_mode(&place, 0o755);
    let keys = Keystore::new(place);
    let error = keys.make(&name("k"), KeyType::Ed25519, None, None).unwrap_err().to_string();
    assert!(error.contains("chmod 700"), "{error}");
    assert!(keys.list().is_err());
}
