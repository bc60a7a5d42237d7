//! Keys that people bring.

use std::fs;
use std::path::{Path, PathBuf};

use adit::ssh::keystore::load_private;
use proptest::prelude::*;
use russh::keys::ssh_encoding::base64::{Base64, Encoding};

use super::{done, secret, set_mode};

const PASSPHRASE: &str = "open sesame";

fn write(path: &Path, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
    set_mode(path, 0o600);
}

fn generate(folder: &Path, kind: &str, bits: &str, format: &str, passphrase: &str) -> PathBuf {
    let path = folder.join(format!("{kind}_{bits}_{format}_{}", passphrase.len()));
    let file = path.to_str().unwrap();
    done("ssh-keygen", &["-q", "-t", kind, "-b", bits, "-m", format, "-N", passphrase, "-C", "me", "-f", file]);
    path
}

/// The code and the first command of a refusal; nothing of the key may stand in it.
fn refused(path: &Path, passphrase: Option<&str>) -> (&'static str, String, Option<String>) {
    let fault = load_private(path, passphrase.map(secret).as_ref()).unwrap_err();
    let content = if path.is_file() { fs::read(path).unwrap() } else { Vec::new() };
    let content = String::from_utf8_lossy(&content);
    for line in content.lines().filter(|line| line.len() > 40) {
        assert!(!format!("{fault:?}").contains(line), "{fault:?}");
    }
    let command = fault.advice.iter().find_map(|advice| advice.command.clone());
    (fault.code.as_str(), fault.message, command)
}

#[test]
fn we_load_what_ssh_keygen_makes() {
    let folder = tempfile::tempdir().unwrap();
    let kinds =
        [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "2048"), ("rsa", "3072")];
    for (kind, bits) in kinds {
        for format in ["RFC4716", "PKCS8", "PEM"] {
            // ssh-keygen falls back to OpenSSH's format where the other has no room for the type.
            for passphrase in ["", PASSPHRASE] {
                let path = generate(folder.path(), kind, bits, format, passphrase);
                let what = format!("{kind} {bits} {format} {passphrase:?}");
                let public = fs::read_to_string(path.with_extension("pub"))
                    .unwrap_or_else(|_| fs::read_to_string(format!("{}.pub", path.display())).unwrap());
                if kind == "ecdsa" && format == "PEM" && !passphrase.is_empty() {
                    let (code, message, command) = refused(&path, Some(passphrase));
                    assert_eq!(code, "key_format", "{what}: {message}");
                    assert_eq!(command, Some(format!("ssh-keygen -p -f {}", path.display())));
                    // The advice holds.
                    done("ssh-keygen", &["-q", "-p", "-P", passphrase, "-N", passphrase, "-f", path.to_str().unwrap()]);
                }
                let given = Some(passphrase).filter(|text| !text.is_empty());
                let key = load_private(&path, given.map(secret).as_ref()).unwrap_or_else(|e| panic!("{what}: {e:?}"));
                let line = key.public_key().to_openssh().unwrap();
                assert_eq!(
                    line.split(' ').take(2).collect::<Vec<_>>(),
                    public.split(' ').take(2).collect::<Vec<_>>(),
                    "{what}"
                );
                if given.is_some() {
                    assert_eq!(refused(&path, None).0, "passphrase_needed", "{what}");
                    for wrong in ["", "open sesamE", "x"] {
                        assert_eq!(refused(&path, Some(wrong)).0, "passphrase_wrong", "{what} {wrong:?}");
                    }
                } else {
                    // One that is not needed is passed over.
                    assert!(load_private(&path, Some(&secret("unneeded"))).is_ok(), "{what}");
                }
            }
        }
    }
}

#[test]
fn every_cipher_of_openssh_opens() {
    let folder = tempfile::tempdir().unwrap();
    for cipher in [
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let path = folder.path().join(cipher);
        let file = path.to_str().unwrap();
        done("ssh-keygen", &["-q", "-t", "ed25519", "-Z", cipher, "-a", "4", "-N", PASSPHRASE, "-f", file]);
        assert!(load_private(&path, Some(&secret(PASSPHRASE))).is_ok(), "{cipher}");
        assert_eq!(refused(&path, Some("x")).0, "passphrase_wrong", "{cipher}");
    }
    let path = folder.path().join("3des");
    let file = path.to_str().unwrap();
    done("ssh-keygen", &["-q", "-t", "ed25519", "-Z", "3des-cbc", "-a", "4", "-N", PASSPHRASE, "-f", file]);
    let (code, message, command) = refused(&path, Some(PASSPHRASE));
    assert_eq!((code, command), ("key_format", Some(format!("ssh-keygen -p -f {file}"))), "{message}");
}

#[test]
fn a_passphrase_that_takes_forever_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    done("ssh-keygen", &["-q", "-t", "ed25519", "-a", "4", "-N", PASSPHRASE, "-f", path.to_str().unwrap()]);
    let text = fs::read_to_string(&path).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut blob = Base64::decode_vec(&body).unwrap();
    // The rounds stand behind the salt of 16 bytes (OpenSSH's PROTOCOL.key).
    let salt = blob.windows(4).position(|four| four == [0, 0, 0, 16]).unwrap();
    blob[salt + 20..salt + 24].copy_from_slice(&u32::MAX.to_be_bytes());
    let text = Base64::encode_string(&blob);
    write(&path, format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n"));
    let (code, message, _) = refused(&path, Some(PASSPHRASE));
    assert_eq!(code, "key_format", "{message}");
    assert!(message.contains("4294967295 rounds"), "{message}");
}

#[test]
fn openssls_files_open_or_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    let plain = generate(folder.path(), "rsa", "2048", "PEM", "");
    for (cipher, opens) in [("-aes128", true), ("-aes256", false), ("-des3", false)] {
        let path = file(cipher);
        done(
            "openssl",
            &["rsa", "-in", &text(&plain), cipher, "-traditional", "-passout", "pass:pw", "-out", &text(&path)],
        );
        set_mode(&path, 0o600);
        if opens {
            assert!(load_private(&path, Some(&secret("pw"))).is_ok(), "{cipher}");
            continue;
        }
        let (code, message, command) = refused(&path, Some("pw"));
        assert_eq!((code, command), ("key_format", Some(format!("ssh-keygen -p -f {}", path.display()))), "{message}");
        done("ssh-keygen", &["-q", "-p", "-P", "pw", "-N", "pw", "-f", &text(&path)]);
        assert!(load_private(&path, Some(&secret("pw"))).is_ok(), "{cipher}");
    }
    for (number, options) in [
        vec!["-v2", "aes-256-cbc"],
        vec!["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"],
        vec!["-v2", "des3"],
        vec!["-v1", "PBE-SHA1-3DES"],
        vec!["-scrypt"],
    ]
    .into_iter()
    .enumerate()
    {
        let path = file(&format!("pkcs8_{number}"));
        let (from, to) = (text(&plain), text(&path));
        let mut arguments = vec!["pkcs8", "-topk8", "-in", &from, "-passout", "pass:pw", "-out", &to];
        arguments.extend(&options);
        done("openssl", &arguments);
        set_mode(&path, 0o600);
        match load_private(&path, Some(&secret("pw"))) {
            Ok(_) => assert_eq!(refused(&path, Some("x")).0, "passphrase_wrong", "{options:?}"),
            Err(fault) => {
                assert_eq!(fault.code.as_str(), "key_format", "{options:?} {fault:?}");
                assert!(fault.advice.iter().any(|a| a.command == Some(format!("ssh-keygen -p -f {to}"))), "{fault:?}");
            }
        }
    }
    let parameters = file("ec");
    done("openssl", &["ecparam", "-name", "prime256v1", "-genkey", "-out", &text(&parameters)]);
    set_mode(&parameters, 0o600);
    assert!(load_private(&parameters, None).is_ok());
}

#[test]
fn puttys_files_open() {
    let folder = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys");
    for (name, passphrase) in [("ed25519.ppk", None), ("ed25519_encrypted.ppk", Some("123"))] {
        let path = folder.path().join(name);
        let content = fs::read_to_string(fixtures.join(name)).unwrap();
        for text in [content.clone(), content.replace('\n', "\r\n"), format!("\u{feff}{content}")] {
            write(&path, text);
            assert!(load_private(&path, passphrase.map(secret).as_ref()).is_ok(), "{name}");
        }
        if passphrase.is_some() {
            assert_eq!(refused(&path, None).0, "passphrase_needed");
            assert_eq!(refused(&path, Some("12")).0, "passphrase_wrong");
        }
        write(&path, content.replace("Argon2-Memory: 8192", "Argon2-Memory: 4294967295").replace("-3: ssh", "-9: ssh"));
        let (code, message, command) = refused(&path, passphrase);
        assert_eq!(code, "key_format", "{message}");
        assert!(command.unwrap().starts_with("puttygen "));
    }
}

#[test]
fn windows_endings_and_marks_are_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let utf16 = |text: &str| -> Vec<u8> {
        [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    for (kind, format) in [("ed25519", "RFC4716"), ("ecdsa", "PEM"), ("rsa", "PEM"), ("rsa", "PKCS8")] {
        let bits = if kind == "rsa" { "2048" } else { "256" };
        let text = fs::read_to_string(generate(folder.path(), kind, bits, format, "")).unwrap();
        for content in [
            text.replace('\n', "\r\n").into_bytes(),
            format!("\u{feff}{text}").into_bytes(),
            format!("\n\n  {}\n\n", text.replace('\n', " \n  ")).into_bytes(),
            text.trim_end().as_bytes().to_vec(),
            utf16(&text),
        ] {
            write(&path, content);
            assert!(load_private(&path, None).is_ok(), "{kind} {format}");
        }
    }
}

#[test]
fn what_is_no_private_key_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = generate(folder.path(), "ed25519", "256", "RFC4716", "");
    let public = PathBuf::from(format!("{}.pub", path.display()));
    // A public half is open to everybody by right; chmod would be the wrong advice.
    let fault = load_private(&public, None).unwrap_err();
    assert_eq!(fault.code.as_str(), "key_format");
    assert!(fault.message.contains("it is a public key"), "{}", fault.message);
    assert_eq!(fault.advice[0].text, format!("use {} instead", path.display()));
    let file = path.to_str().unwrap();
    done("ssh-keygen", &["-q", "-s", file, "-I", "id", "-n", "me", public.to_str().unwrap()]);
    let certificate = PathBuf::from(format!("{file}-cert.pub"));
    let fault = load_private(&certificate, None).unwrap_err();
    assert!(fault.message.contains("it is an OpenSSH certificate"), "{}", fault.message);
    assert_eq!(fault.advice[0].text, format!("use {} instead", path.display()));
    let other = folder.path().join("other");
    for (content, words) in [
        ("", "it is empty"),
        ("hello\n", "does not look like a private key"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "X.509"),
        ("-----BEGIN DSA PRIVATE KEY-----\nAAAA\n", "DSA"),
        ("SSH PRIVATE KEY FILE FORMAT 1.1\n\0", "protocol 1"),
        ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n", "ssh.com"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\n****\n-----END OPENSSH PRIVATE KEY-----\n", "damaged"),
        ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "damaged"),
        ("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "damaged"),
    ] {
        write(&other, content);
        let (code, message, _) = refused(&other, None);
        assert_eq!(code, "key_format", "{content:?} {message}");
        assert!(message.contains(words), "{content:?} {message}");
    }
}

#[test]
fn files_that_ssh_would_not_take_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = generate(folder.path(), "ed25519", "256", "RFC4716", "");
    for mode in [0o644, 0o640, 0o601, 0o620] {
        set_mode(&path, mode);
        let (code, message, command) = refused(&path, None);
        assert_eq!((code, command), ("key_permissions", Some(format!("chmod 600 {}", path.display()))), "{message}");
        assert!(message.contains(&format!("{mode:04o}")), "{message}");
    }
    for mode in [0o600, 0o400, 0o700] {
        set_mode(&path, mode);
        assert!(load_private(&path, None).is_ok(), "{mode:o}");
    }
    let (code, message, _) = refused(&folder.path().join("none"), None);
    assert_eq!(code, "key_missing", "{message}");
    let (code, message, _) = refused(folder.path(), None);
    assert_eq!(code, "key_unreadable", "{message}");
    let large = folder.path().join("large");
    write(&large, vec![b'x'; 2 << 20]);
    assert_eq!(refused(&large, None).0, "key_unreadable");
    let fifo = folder.path().join("a fifo");
    done("mkfifo", &["-m", "600", fifo.to_str().unwrap()]);
    assert_eq!(refused(&fifo, None).0, "key_unreadable");
    if std::os::unix::fs::chown(&path, Some(12345), None).is_ok() {
        set_mode(&path, 0o600);
        let (code, message, command) = refused(&path, None);
        assert_eq!(code, "key_permissions", "{message}");
        assert!(command.unwrap().starts_with("sudo chown "));
    }
}

#[test]
fn a_key_inside_a_security_key_needs_the_agent() {
    // ssh-keygen cannot make one without the device; the form is OpenSSH's PROTOCOL.u2f.
    let public = [field(b"sk-ssh-ed25519@openssh.com"), field(&[7; 32]), field(b"ssh:")].concat();
    let private = [&public[..], &[1], &field(b"handle"), &field(b"")].concat();
    let mut inner = [&[0; 8], &private[..], &field(b"me")].concat();
    inner.extend((1..).take((8 - inner.len() % 8) % 8));
    let head = [b"openssh-key-v1\0".as_slice(), &field(b"none"), &field(b"none"), &field(b""), &[0, 0, 0, 1]].concat();
    let blob = [head, field(&public), field(&inner)].concat();
    let text = Base64::encode_string(&blob);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sk");
    write(&path, format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n"));
    let (code, message, command) = refused(&path, None);
    assert_eq!((code, command), ("key_format", Some(format!("ssh-add {}", path.display()))), "{message}");
}

fn field(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_panics(kind in 0..4usize, at in 0..2000usize, byte in any::<u8>(), cut in 0..2000usize) {
        static FILES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
        let files = FILES.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            [("ed25519", "256", "RFC4716"), ("ecdsa", "256", "PEM"), ("rsa", "2048", "PEM"), ("rsa", "2048", "PKCS8")]
                .into_iter()
                .map(|(kind, bits, format)| fs::read(generate(folder.path(), kind, bits, format, "")).unwrap())
                .collect()
        });
        let mut content = files[kind].clone();
        let at = at % content.len();
        content[at] = byte;
        content.truncate(content.len().max(1) - cut.min(content.len() - 1) / 2);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, content);
        let _ = load_private(&path, None);
    }
}
