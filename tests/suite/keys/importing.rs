//! Keys that people bring: every type in every format, what happens to keys on their way, and what is no key.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::support::output::{Output, finish};
use crate::support::target::Echo;
use crate::support::{Adit, Sshd, Target, tool};

const PASSPHRASE: &str = "open sesame";

/// A private key of this type and format, as ssh-keygen makes it; its comment is "me at work".
pub(super) fn generate(adit: &Adit, name: &str, options: &[&str], passphrase: &str) -> PathBuf {
    let path = adit.user_home().join(name);
    let words = ["-q", "-N", passphrase, "-C", "me at work", "-f", path.to_str().unwrap()];
    tool("ssh-keygen", &[&words[..], options].concat()).expect(0);
    path
}

pub(super) fn private_file(adit: &Adit, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = adit.user_home().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path
}

/// `adit key import` with its input.
pub(super) fn import(adit: &Adit, words: &[&str], input: &str) -> Output {
    let words = [&["key", "import"][..], words].concat();
    finish(adit.command(&words), input)
}

pub(super) fn fingerprint(file: &Path) -> String {
    let line = tool("ssh-keygen", &["-lf", file.to_str().unwrap()]).expect(0).stdout;
    line.split_whitespace().nth(1).unwrap().to_owned()
}

/// No line of a private key stands in what the program said or wrote.
pub(super) fn assert_silent(adit: &Adit, outputs: &[&Output], secret: &str) {
    let said: String = outputs.iter().map(|output| format!("{}{}", output.stdout, output.stderr)).collect();
    let said = said + &adit.log();
    // Some lines of a private key are of its public half, which may be said.
    let said: String = said.split_whitespace().filter(|word| !word.contains("AAAA")).collect();
    for line in secret.lines().filter(|line| line.len() > 40 && !line.contains("-----")) {
        assert!(!said.contains(line), "{said}");
    }
    assert!(!said.contains(&PASSPHRASE.replace(' ', "")), "{said}");
}

#[test]
fn every_type_in_every_format_keeps_its_fingerprint() {
    let adit = Adit::new();
    let pass = private_file(&adit, "pass", format!("{PASSPHRASE}\n"));
    let kinds: [(&str, &[&str]); 5] = [
        ("ed25519", &["-t", "ed25519"]),
        ("ecdsa256", &["-t", "ecdsa", "-b", "256"]),
        ("ecdsa384", &["-t", "ecdsa", "-b", "384"]),
        ("ecdsa521", &["-t", "ecdsa", "-b", "521"]),
        ("rsa2048", &["-t", "rsa", "-b", "2048"]),
    ];
    for (kind, options) in kinds {
        for format in ["RFC4716", "PKCS8", "PEM"] {
            for passphrase in ["", PASSPHRASE] {
                let locked = !passphrase.is_empty();
                if locked && format == "PEM" && kind.starts_with("ecdsa") {
                    // Named with its conversion, below.
                    continue;
                }
                let name = format!("{kind}-{}-{}", format.to_lowercase(), passphrase.len());
                let file = generate(&adit, &name, &[options, &["-m", format]].concat(), passphrase);
                let (before, mode) = (fs::read(&file).unwrap(), file.metadata().unwrap().permissions().mode());
                let mut words = vec![name.as_str(), file.to_str().unwrap()];
                if locked {
                    words.extend(["--passphrase-file", pass.to_str().unwrap()]);
                }
                let output = import(&adit, &words, "").expect(0);
                assert_silent(&adit, &[&output], &String::from_utf8_lossy(&before));
                let kept = adit.path(&format!("keys/{name}"));
                assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o7777, 0o600, "{name}");
                assert_eq!(fingerprint(&kept), fingerprint(&file), "{name}");
                assert_eq!(adit.ok(&["key", "show", &name, "--fingerprint"]).trim(), fingerprint(&file));
                let derived = tool("ssh-keygen", &["-y", "-P", passphrase, "-f", kept.to_str().unwrap()]).expect(0);
                assert_eq!(derived.stdout, output.stdout, "{name}: comment and all");
                assert!(output.stdout.trim_end().ends_with(" me at work"), "{name}: {}", output.stdout);
                assert_eq!(adit.json(&["key", "show", &name])["key"]["encrypted"], locked, "{name}");
                assert!(fs::read_to_string(&kept).unwrap().starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n"));
                // The file that was brought is as it was, and the person knows where it is.
                assert_eq!((fs::read(&file).unwrap(), file.metadata().unwrap().permissions().mode()), (before, mode));
                assert!(output.stderr.contains(&format!("{} still lies there", file.display())), "{}", output.stderr);
            }
        }
    }
    assert_eq!(adit.json(&["key", "list"])["keys"].as_array().unwrap().len(), 5 * 6 - 3);
}

#[test]
fn what_openssl_makes_needs_no_mending() {
    let adit = Adit::new();
    let pass = private_file(&adit, "pass", PASSPHRASE);
    let secret = format!("pass:{PASSPHRASE}");
    let cases: [(&str, &[&str], &str); 5] = [
        ("ed25519", &["genpkey", "-algorithm", "ed25519"], ""),
        ("rsa", &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"], ""),
        ("old-rsa", &["genrsa", "-traditional", "2048"], ""),
        ("ec", &["ecparam", "-name", "secp384r1", "-genkey", "-noout"], ""),
        ("locked", &["genpkey", "-algorithm", "ed25519", "-aes-256-cbc", "-pass", &secret], PASSPHRASE),
    ];
    for (name, words, passphrase) in cases {
        let file = private_file(&adit, name, tool("openssl", words).expect(0).stdout);
        let output =
            import(&adit, &[name, file.to_str().unwrap(), "--passphrase-file", pass.to_str().unwrap()], "").expect(0);
        assert!(!output.stderr.contains("mended"), "{name}: {}", output.stderr);
        assert!(output.stdout.trim_end().ends_with(&format!(" adit:{name}")), "it had no comment: {}", output.stdout);
        let kept = adit.path(&format!("keys/{name}"));
        let derived = tool("ssh-keygen", &["-y", "-P", passphrase, "-f", kept.to_str().unwrap()]).expect(0);
        assert_eq!(derived.stdout, output.stdout);
    }
    // ecparam puts the curve's parameters in front.
    let file =
        private_file(&adit, "p", tool("openssl", &["ecparam", "-name", "prime256v1", "-genkey"]).expect(0).stdout);
    let output = import(&adit, &["parameters", file.to_str().unwrap()], "").expect(0);
    assert!(output.stderr.contains("text around it"), "{}", output.stderr);
}

#[test]
fn puttys_files_of_both_versions() {
    let adit = Adit::new();
    let pass = private_file(&adit, "pass", PASSPHRASE);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys/putty");
    for kind in ["ed25519", "ecdsa256", "ecdsa384", "ecdsa521", "rsa2048"] {
        let public = fs::read_to_string(fixtures.join(format!("{kind}.pub"))).unwrap();
        for version in ["v2", "v3"] {
            for suffix in ["", ".encrypted"] {
                let content = fs::read_to_string(fixtures.join(format!("{kind}.{version}{suffix}.ppk"))).unwrap();
                let file = private_file(&adit, "putty.ppk", content.replace('\n', "\r\n"));
                let name = format!("{kind}-{version}{}", suffix.replace('.', "-"));
                let mut words = vec![name.as_str(), file.to_str().unwrap()];
                if !suffix.is_empty() {
                    words.extend(["--passphrase-file", pass.to_str().unwrap()]);
                }
                let output = import(&adit, &words, "").expect(0);
                assert_eq!(output.stdout, public, "{name}");
                assert_silent(&adit, &[&output], content.split("Private-Lines").nth(1).unwrap());
                let kept = adit.path(&format!("keys/{name}"));
                assert_eq!(fingerprint(&kept), fingerprint(&fixtures.join(format!("{kind}.pub"))));
                let passphrase = if suffix.is_empty() { "" } else { PASSPHRASE };
                tool("ssh-keygen", &["-y", "-P", passphrase, "-f", kept.to_str().unwrap()]).expect(0);
            }
        }
    }
}

#[test]
fn imported_keys_of_each_type_log_in() {
    let (sshd, target) = (Sshd::start(), Target::start());
    let adit = Adit::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys/putty");
    let rsa = generate(&adit, "rsa", &["-t", "rsa", "-b", "2048", "-m", "PEM"], "");
    let ecdsa = generate(&adit, "ecdsa", &["-t", "ecdsa", "-m", "PKCS8"], "");
    let files = [("ed25519", fixtures.join("ed25519.v3.ppk")), ("ecdsa", ecdsa), ("rsa", rsa)];
    for (name, file) in &files {
        let output = import(&adit, &[name, file.to_str().unwrap()], "").expect(0);
        sshd.authorize("restrict,port-forwarding", &output.stdout);
    }
    adit.add_bastion("prod", &sshd, sshd.port, &["--key", "ed25519"]);
    for (name, _) in &files {
        let port = adit.add_tunnel_with(name, "tcp", target.port, &["--key", name]);
        adit.ok(&["up", name]);
        Echo::open(port).unwrap();
    }
    assert_eq!(sshd.failed_logins(), 0);
}

#[test]
fn what_happens_to_keys_on_their_way_is_mended_and_said() {
    let adit = Adit::new();
    let file = generate(&adit, "id", &["-t", "ed25519"], "");
    let text = fs::read_to_string(&file).unwrap();
    let wide: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let written_out = text.trim_end().replace('\n', "\\n");
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("crlf", text.replace('\n', "\r\n").into(), "CRLF"),
        ("bom", format!("\u{feff}{text}").into(), "byte order mark"),
        ("utf16", wide, "UTF-16"),
        ("cut", text.trim_end().into(), "end of its last line"),
        ("literal", written_out.clone().into(), "\\n written out"),
        ("json", format!("\"{written_out}\",\n").into(), "quotation marks"),
        ("indent", text.lines().map(|line| format!("      {line}\n")).collect::<String>().into(), "blanks"),
        ("mail", text.lines().map(|line| format!("> {line}\n")).collect::<String>().into(), "> in front"),
        ("line", text.replace('\n', " ").into(), "in one line"),
        ("dashes", text.replace("-----", "—").into(), "dashes"),
        ("letter", format!("Hi!\n\n{text}\nBye\n").into(), "text around it"),
        ("headless", text.replace("-----END OPENSSH PRIVATE KEY-----\n", "").into(), "missing last line"),
    ];
    for (name, content, words) in cases {
        let broken = private_file(&adit, name, &content);
        let output = import(&adit, &[name, broken.to_str().unwrap()], "").expect(0);
        assert!(
            output.stderr.contains("mended in adit's copy: ") && output.stderr.contains(words),
            "{name}: {output:?}"
        );
        assert_eq!(fingerprint(&adit.path(&format!("keys/{name}"))), fingerprint(&file), "{name}");
        assert_eq!(fs::read(&broken).unwrap(), content, "{name}: left as it was");
        assert_silent(&adit, &[&output], &text);
        assert!(output.stderr.contains("the same key as") || name == "crlf", "{}", output.stderr);
    }
    // Piped in, and nothing to mend.
    let output = import(&adit, &["piped", "-"], &text).expect(0);
    assert!(!output.stderr.contains("mended") && !output.stderr.contains("still lies"), "{}", output.stderr);
    let output = import(&adit, &["piped2", "-"], &written_out).expect(0);
    assert!(output.stderr.contains("\\n written out"), "{}", output.stderr);
    // A file that others can read is taken, and the person is told.
    fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let output = import(&adit, &["open", file.to_str().unwrap()], "").expect(0);
    assert!(output.stderr.contains("others on this machine may read it (mode 0644)"), "{}", output.stderr);
}

#[test]
fn what_is_no_private_key_is_told_by_name() {
    let adit = Adit::new();
    let file = generate(&adit, "id", &["-t", "ed25519"], "");
    let (text, public) = (fs::read_to_string(&file).unwrap(), fs::read_to_string(file.with_extension("pub")).unwrap());
    let path = |name: &str| adit.user_home().join(name).to_str().unwrap().to_owned();
    tool("ssh-keygen", &["-q", "-s", &path("id"), "-I", "id", "-n", "me", &path("id.pub")]).expect(0);
    let certificate = fs::read_to_string(path("id-cert.pub")).unwrap();
    let spki = tool("ssh-keygen", &["-e", "-m", "PKCS8", "-f", &path("id.pub")]).stdout;
    let large = "x".repeat(10 << 20);
    let cases: [(&str, &str, &str); 18] = [
        ("public", &public, "it is a public key"),
        ("authorized", &format!("restrict,port-forwarding {public}"), "a line of an authorized_keys"),
        ("several", &format!("{public}{public}"), "it holds public keys"),
        ("spki", if spki.is_empty() { "-----BEGIN PUBLIC KEY-----\n" } else { &spki }, "it is a public key"),
        ("certificate", &certificate, "it is an OpenSSH certificate"),
        ("x509", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "X.509"),
        ("garbage", "hello, is this a key?\n", "does not look like a private key"),
        ("empty", "", "it is empty"),
        ("blank", " \r\n\t\n", "it is empty"),
        ("two", &format!("{text}{text}"), "it holds 2 private keys"),
        ("large", &large, "larger than 1024 KiB"),
        ("half", &text[..text.len() / 2], "it is damaged"),
        ("middle", text.lines().nth(1).unwrap(), "its first line (-----BEGIN … PRIVATE KEY-----) is missing"),
        (
            "fingerprint",
            "256 SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me (ED25519)\n",
            "it is a key's fingerprint",
        ),
        ("path", "~/.ssh/id_ed25519\n", "it looks like the path of a file"),
        ("dsa", "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n", "DSA"),
        ("pgp", "-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----\n", "a PGP key"),
        ("binary", "0\u{82}\u{4}\0\u{2}\u{1}\0", "it is binary"),
    ];
    for (name, content, words) in cases {
        let piped = import(&adit, &[name, "-"], content).expect(2);
        assert!(piped.stderr.contains(words) && piped.stdout.is_empty(), "{name}: {piped:?}");
        let brought = private_file(&adit, name, content);
        let output = import(&adit, &[name, brought.to_str().unwrap()], "").expect(2);
        assert!(output.stderr.contains(words) && output.stdout.is_empty(), "{name}: {output:?}");
        assert_silent(&adit, &[&piped, &output], &text);
        assert!(!adit.path(&format!("keys/{name}")).exists() && !adit.path(&format!("keys/{name}.pub")).exists());
    }
    // A public half whose private one is at hand.
    let output = import(&adit, &["k", &path("id.pub")], "").expect(2);
    assert!(output.stderr.contains(&format!("the private half is {}", path("id"))), "{}", output.stderr);
    let missing = import(&adit, &["k", &path("nowhere")], "").expect(2);
    assert!(missing.stderr.contains("it does not exist"), "{}", missing.stderr);
    tool("mkfifo", &[&path("fifo")]).expect(0);
    let fifo = import(&adit, &["k", &path("fifo")], "").expect(2);
    assert!(fifo.stderr.contains("| adit key import"), "{}", fifo.stderr);
    import(&adit, &["k", adit.user_home().to_str().unwrap()], "").expect(2);
    import(&adit, &["Not a name", &path("id")], "").expect(2);
    assert!(!adit.path("keys").exists(), "nothing was made");
    // A name that is taken is refused before anything is read, and nothing changes.
    adit.ok(&["key", "new", "taken"]);
    let before = fs::read(adit.path("keys/taken")).unwrap();
    import(&adit, &["taken", &path("id")], "").expect(2);
    assert_eq!(fs::read(adit.path("keys/taken")).unwrap(), before);
}

#[test]
fn what_cannot_be_read_is_named_with_the_line_that_converts_it() {
    let adit = Adit::new();
    let pass = private_file(&adit, "pass", PASSPHRASE);
    let ec = generate(&adit, "ec", &["-t", "ecdsa", "-m", "PEM"], PASSPHRASE);
    let refused =
        import(&adit, &["k", ec.to_str().unwrap(), "--passphrase-file", pass.to_str().unwrap()], "").expect(2);
    let converted = format!("{}.openssh", ec.display());
    let line = format!("install -m 600 {} {converted} && ssh-keygen -p -f {converted}", ec.display());
    assert!(refused.stderr.contains(&line), "{}", refused.stderr);
    // The line holds; only the person's typing is done for them.
    let typed = format!("{line} -P '{PASSPHRASE}' -N '{PASSPHRASE}'");
    tool("sh", &["-c", &typed]).expect(0);
    import(&adit, &["k", &converted, "--passphrase-file", pass.to_str().unwrap()], "").expect(0);
    assert_eq!(fingerprint(&adit.path("keys/k")), fingerprint(&ec));
    // Binary keys are for openssl.
    let plain = generate(&adit, "plain", &["-t", "rsa", "-b", "2048", "-m", "PEM"], "");
    let der = adit.user_home().join("key.der");
    tool("openssl", &["pkey", "-in", plain.to_str().unwrap(), "-outform", "DER", "-out", der.to_str().unwrap()])
        .expect(0);
    let refused = import(&adit, &["d", der.to_str().unwrap()], "").expect(2);
    let line = refused.stderr.split_once("(umask").map(|(_, line)| format!("(umask{line}")).unwrap();
    tool("sh", &["-c", line.trim()]).expect(0);
    import(&adit, &["d", &format!("{}.openssh", der.display())], "").expect(0);
    assert_eq!(fingerprint(&adit.path("keys/d")), fingerprint(&plain));
    // PuTTY's format of tomorrow, and ssh.com's.
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/keys/putty");
    let putty = fs::read_to_string(fixtures.join("ed25519.v3.ppk")).unwrap().replace("File-3", "File-9");
    let file = private_file(&adit, "new.ppk", putty);
    let refused = import(&adit, &["p", file.to_str().unwrap()], "").expect(2);
    assert!(refused.stderr.contains(&format!("puttygen {} -O private-openssh-new -o", file.display())), "{refused:?}");
    let refused = import(&adit, &["s", "-"], "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nAAAA\n").expect(2);
    assert!(refused.stderr.contains("ssh-keygen -i -f pasted-key"), "{refused:?}");
}

#[test]
fn a_passphrase_is_needed_right_and_kept() {
    let adit = Adit::new();
    let file = generate(&adit, "id", &["-t", "ed25519"], PASSPHRASE);
    let path = file.to_str().unwrap();
    let needed = import(&adit, &["k", path], "").expect(4);
    assert!(needed.stderr.contains("--passphrase-file FILE"), "{}", needed.stderr);
    let wrong = private_file(&adit, "wrong", "open says me\n");
    let output = import(&adit, &["k", path, "--passphrase-file", wrong.to_str().unwrap()], "").expect(2);
    assert!(output.stderr.contains("the passphrase is wrong"), "{}", output.stderr);
    assert!(!output.stderr.contains("open says me"));
    assert!(!adit.path("keys/k").exists());
    let right = private_file(&adit, "right", format!("{PASSPHRASE}\r\n"));
    import(&adit, &["k", path, "--passphrase-file", right.to_str().unwrap()], "").expect(0);
    let kept = adit.path("keys/k");
    tool("ssh-keygen", &["-y", "-P", PASSPHRASE, "-f", kept.to_str().unwrap()]).expect(0);
    assert_ne!(tool("ssh-keygen", &["-y", "-P", "", "-f", kept.to_str().unwrap()]).code, 0);
    // One that is not needed is not used, and said.
    let plain = generate(&adit, "plain", &["-t", "ed25519"], "");
    let words = ["p", plain.to_str().unwrap(), "--passphrase-file", right.to_str().unwrap()];
    let output = import(&adit, &words, "").expect(0);
    assert!(output.stderr.contains("is not used"), "{}", output.stderr);
    assert_eq!(adit.json(&["key", "show", "p"])["key"]["encrypted"], false);
    // A passphrase file that others can read is none.
    fs::set_permissions(&right, PermissionsExt::from_mode(0o644)).unwrap();
    import(&adit, &["l", path, "--passphrase-file", right.to_str().unwrap()], "").expect(2);
}
