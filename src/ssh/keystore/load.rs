//! A private key from a file, in every format that people bring, or the reason why not in words that help. Key bytes stay out
//! of every message.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use russh::keys::ssh_key::private::KeypairData;
use russh::keys::ssh_key::{Algorithm, Cipher, Kdf};
use russh::keys::{PrivateKey, decode_secret_key};
use zeroize::Zeroizing;

use super::MAX_FILE;
use super::format::{self, Format};
use crate::local::private_file::{self, Cause, FileError};
use crate::model::{Advice, Code, Fault, Secret, Untrusted};

/// Why a file gives no private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is encrypted and no passphrase was given.
    Needed,
    /// The passphrase does not open it.
    Wrong,
    /// It is no private key that can be used here: why, and the command that mends it.
    Format { why: String, mend: Option<Mend> },
}

/// A way to a file that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mend {
    /// `ssh-keygen -p` writes OpenSSH's own format.
    Rewrite,
    /// `ssh-keygen -i` imports it.
    Import,
    /// `puttygen` exports it.
    Puttygen,
    /// A new key is needed.
    Replace,
    /// The agent can sign with it.
    Agent,
    /// `openssl` writes the same as text.
    Text,
}

pub(super) fn unusable(why: impl Into<String>, mend: Option<Mend>) -> Problem {
    Problem::Format { why: why.into(), mend }
}

/// Loads a private key (blocking: the passphrase is stretched). The file must be ours or root's and closed to others, as
/// `ssh` wants it. The codes are `key_missing`, `key_unreadable`, `key_permissions`, `key_format`, `passphrase_needed` and
/// `passphrase_wrong`.
pub fn load_private(path: &Path, passphrase: Option<&Secret>) -> Result<PrivateKey, Fault> {
    let bytes = read(path)?;
    decode(&bytes, passphrase).map_err(|problem| explain(path, &problem))
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match private_file::read_private(path, MAX_FILE) {
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        // A public half is open to others by right, and closing it would not make it a private one.
        Err(error) if matches!(error.cause, Cause::OpenToOthers { .. } | Cause::ForeignOwner { .. }) => {
            let found = private_file::read(path, MAX_FILE).map(|bytes| format::sniff(&format::text(&bytes)));
            match found.ok().as_ref().and_then(not_private) {
                Some(problem) => Err(explain(path, &problem)),
                None => Err(file_fault(path, &error)),
            }
        }
        Err(error) => Err(file_fault(path, &error)),
    }
}

/// Decodes a file's content.
pub(super) fn decode(bytes: &[u8], passphrase: Option<&Secret>) -> Result<PrivateKey, Problem> {
    let text = format::text(bytes);
    let format = format::sniff(&text);
    if let Some(problem) = not_private(&format) {
        return Err(problem);
    }
    let key = match &format {
        Format::OpenSsh => openssh(&text, passphrase)?,
        Format::Pkcs1 { cipher: Some(cipher) } if cipher != "AES-128-CBC" => {
            let why = format!("it is encrypted with {cipher} in OpenSSL's old format, which adit cannot open");
            return Err(unusable(why, Some(Mend::Rewrite)));
        }
        Format::Sec1 { cipher: Some(_) } => {
            let why = "it is an encrypted ECDSA key in OpenSSL's old format, which adit cannot open";
            return Err(unusable(why, Some(Mend::Rewrite)));
        }
        Format::Pkcs1 { cipher: None } | Format::Sec1 { .. } | Format::Pkcs8 { encrypted: false } => clear(&text)?,
        Format::Pkcs1 { cipher: Some(_) } => locked(&text, false, passphrase)?,
        Format::Pkcs8 { encrypted: true } => locked(&text, true, passphrase)?,
        Format::Ppk { encrypted } => putty(&text, *encrypted, passphrase)?,
        // Named above.
        Format::Dsa | Format::Ssh1 | Format::SshCom | Format::Public | Format::Certificate => return Err(damaged()),
        Format::X509 | Format::Empty | Format::Unknown => return Err(damaged()),
    };
    usable(&key)?;
    Ok(key)
}

/// What a file is that holds no private key of any use.
pub(super) fn not_private(format: &Format) -> Option<Problem> {
    Some(match format {
        Format::Public => unusable("it is a public key; the private half stands in another file", None),
        Format::Certificate => unusable("it is an OpenSSH certificate; the private key stands in another file", None),
        Format::X509 => unusable("it is an X.509 certificate, and SSH needs a private key", None),
        Format::Empty => unusable("it is empty", None),
        Format::Unknown => unusable("it does not look like a private key", None),
        Format::Dsa => unusable("it is a DSA key, which SSH servers no longer accept", Some(Mend::Replace)),
        Format::Ssh1 => unusable("it is a key of SSH protocol 1, which no server speaks any more", Some(Mend::Replace)),
        Format::SshCom => unusable("it is in the format of ssh.com", Some(Mend::Import)),
        Format::OpenSsh | Format::Pkcs1 { .. } | Format::Sec1 { .. } | Format::Pkcs8 { .. } | Format::Ppk { .. } => {
            return None;
        }
    })
}

fn damaged() -> Problem {
    unusable("it is damaged: the text between its first and last line does not decode", None)
}

/// The file in OpenSSH's own format, still encrypted if it is.
pub(super) fn openssh_sealed(text: &str) -> Result<PrivateKey, Problem> {
    let body = text.lines().skip_while(|line| !line.starts_with("-----BEGIN ")).skip(1);
    let mut packed = Zeroizing::new(String::with_capacity(text.len()));
    for line in body.take_while(|line| !line.starts_with("-----END ")) {
        packed.push_str(line);
    }
    let blob = Zeroizing::new(Base64::decode_vec(&packed).map_err(|_| damaged())?);
    PrivateKey::from_bytes(&blob).map_err(|_| damaged())
}

/// More rounds over a passphrase than this would keep a dial waiting for minutes.
const MOST_BCRYPT_ROUNDS: u32 = 1 << 14;

fn openssh(text: &str, passphrase: Option<&Secret>) -> Result<PrivateKey, Problem> {
    let sealed = openssh_sealed(text)?;
    if !sealed.is_encrypted() {
        return Ok(sealed);
    }
    if sealed.cipher() == Cipher::TdesCbc {
        return Err(unusable("it is encrypted with 3des-cbc, which adit cannot open", Some(Mend::Rewrite)));
    }
    if let Kdf::Bcrypt { rounds, .. } = sealed.kdf()
        && *rounds > MOST_BCRYPT_ROUNDS
    {
        return Err(unusable(format!("opening it would take {rounds} rounds of bcrypt"), Some(Mend::Rewrite)));
    }
    let passphrase = passphrase.ok_or(Problem::Needed)?;
    // The file itself decoded, so that what fails here is the passphrase.
    sealed.decrypt(passphrase.reveal()).map_err(|_| Problem::Wrong)
}

/// A PEM file that is not encrypted. A passphrase would make the decoder look for one that is.
fn clear(text: &str) -> Result<PrivateKey, Problem> {
    decode_secret_key(text, None).map_err(|error| match error {
        russh::keys::Error::UnknownAlgorithm(_) | russh::keys::Error::UnsupportedKeyType { .. } => {
            unusable("it is a key of a type that SSH does not use", Some(Mend::Replace))
        }
        _ => damaged(),
    })
}

/// A PEM file that is encrypted. A wrong passphrase shows as a false padding, or, once in 256 times, as noise behind a
/// padding that happens to be right.
fn locked(text: &str, pkcs8: bool, passphrase: Option<&Secret>) -> Result<PrivateKey, Problem> {
    use russh::keys::Error;
    let passphrase = passphrase.ok_or(Problem::Needed)?;
    let unsupported = || unusable("it is encrypted in a way that adit cannot open", Some(Mend::Rewrite));
    decode_secret_key(text, Some(passphrase.reveal())).map_err(|error| match error {
        // The inner types are not ours to name, only their words: a derivation that the decoder does not know …
        Error::Pkcs8(inner) if inner.to_string().contains("unsupported") => unsupported(),
        // … and a cipher that it does not know. PKCS#8 names both before anything is decrypted.
        Error::Der(inner) if pkcs8 && names_a_scheme(&inner.to_string()) => unsupported(),
        Error::Der(_) if pkcs8 => damaged(),
        Error::Decode(_) => damaged(),
        _ => Problem::Wrong,
    })
}

fn names_a_scheme(words: &str) -> bool {
    words.contains("OID") || words.contains("OBJECT IDENTIFIER")
}

/// More memory than this for the stretching of a passphrase (in KiB) is a trap, not a key.
const MOST_ARGON2_KIB: u64 = 1 << 20;

/// More passes or lanes than this, likewise.
const MOST_ARGON2_WORK: u64 = 1 << 12;

fn putty(text: &str, encrypted: bool, passphrase: Option<&Secret>) -> Result<PrivateKey, Problem> {
    let number = |field: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or("0");
        value.trim().parse::<u64>().unwrap_or(u64::MAX)
    };
    let work = number("Argon2-Passes: ").max(number("Argon2-Parallelism: "));
    if number("Argon2-Memory: ") > MOST_ARGON2_KIB || work > MOST_ARGON2_WORK {
        return Err(unusable("opening it would take more memory or time than any key should", Some(Mend::Puttygen)));
    }
    let unreadable = || unusable("it is a PuTTY key that adit cannot read", Some(Mend::Puttygen));
    if !encrypted {
        return PrivateKey::from_ppk(text, None).map_err(|_| unreadable());
    }
    let passphrase = passphrase.ok_or(Problem::Needed)?;
    PrivateKey::from_ppk(text, Some(passphrase.reveal().to_owned())).map_err(|error| match error.to_string() {
        words if words.contains("incorrect MAC") || words.contains("cryptographic") => Problem::Wrong,
        _ => unreadable(),
    })
}

/// Whether we can sign with it.
fn usable(key: &PrivateKey) -> Result<(), Problem> {
    match key.key_data() {
        KeypairData::Ed25519(_) | KeypairData::Ecdsa(_) | KeypairData::Rsa(_) => Ok(()),
        KeypairData::SkEd25519(_) | KeypairData::SkEcdsaSha2NistP256(_) => Err(unusable(
            "its private half is inside a security key, which only the SSH agent can use",
            Some(Mend::Agent),
        )),
        _ if key.algorithm() == Algorithm::Dsa => {
            Err(unusable("it is a DSA key, which SSH servers no longer accept", Some(Mend::Replace)))
        }
        _ => Err(unusable("it is a key of a type that adit does not know", Some(Mend::Replace))),
    }
}

pub(super) fn file_fault(path: &Path, error: &FileError) -> Fault {
    let code = match error.cause {
        Cause::Missing => Code::KeyMissing,
        Cause::OpenToOthers { .. } | Cause::WritableByOthers { .. } | Cause::ForeignOwner { .. } => {
            Code::KeyPermissions
        }
        _ => Code::KeyUnreadable,
    };
    let shown = shown(path);
    let fault = Fault::new(code, format!("cannot {} the private key {shown}: {}", error.verb, error.cause));
    match &error.cause {
        Cause::Missing if public_half(path) => {
            fault.advise(Advice::words(format!("only the public half is here ({shown}.pub); bring the private one")))
        }
        Cause::Missing => fault.advise(Advice::words("make the key, or name the file where it is")),
        Cause::ForeignOwner { .. } => fault.advise(Advice::command(
            "make the file yours, or use a copy of your own",
            format!("sudo chown \"$(id -un)\" {}", quoted(path)),
        )),
        Cause::OpenToOthers { .. } => fault.advise(Advice::command(
            "close the file to everybody else; if others could read it on this machine, consider a new key",
            format!("chmod 600 {}", quoted(path)),
        )),
        Cause::Denied => fault.advise(Advice::command("see who may read it", format!("ls -ld {}", quoted(path)))),
        _ => fault,
    }
}

pub(super) fn public_half(path: &Path) -> bool {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    Path::new(&public).is_file()
}

/// A problem as a fault, with the file's name and the command that mends it.
fn explain(path: &Path, problem: &Problem) -> Fault {
    let (shown, word) = (shown(path), quoted(path));
    match problem {
        Problem::Needed => Fault::new(Code::PassphraseNeeded, format!("the private key {shown} is encrypted")),
        Problem::Wrong => {
            Fault::new(Code::PassphraseWrong, format!("the passphrase does not open the private key {shown}")).advise(
                Advice::command("try the passphrase; it prints the public half", format!("ssh-keygen -y -f {word}")),
            )
        }
        Problem::Format { why, mend } => {
            let fault = Fault::new(Code::KeyFormat, format!("cannot use the private key {shown}: {why}"));
            let private = path.to_str().and_then(|path| path.strip_suffix("-cert.pub").or(path.strip_suffix(".pub")));
            match (mend, private.map(Path::new).filter(|private| private.is_file())) {
                (Some(mend), _) => fault.advise(advice(*mend, path, &word)),
                (None, Some(private)) => fault.advise(Advice::words(format!("use {} instead", private.display()))),
                (None, None) => fault.advise(Advice::command("see what it is", format!("ssh-keygen -l -f {word}"))),
            }
        }
    }
}

fn advice(mend: Mend, path: &Path, word: &str) -> Advice {
    let mut converted = path.as_os_str().to_owned();
    converted.push(".openssh");
    let converted = quoted(Path::new(&converted));
    match mend {
        Mend::Rewrite => Advice::command(
            "write it anew in OpenSSH's own format; the passphrase may stay the same",
            format!("ssh-keygen -p -f {word}"),
        ),
        Mend::Import => Advice::command(
            "convert it and use the new file",
            format!("(umask 077 && ssh-keygen -i -f {word} > {converted})"),
        ),
        Mend::Puttygen => Advice::command(
            "convert it and use the new file",
            format!("puttygen {word} -O private-openssh-new -o {converted}"),
        ),
        Mend::Text => Advice::command(
            "convert it and use the new file",
            format!("(umask 077 && openssl pkey -inform DER -in {word} -out {converted})"),
        ),
        Mend::Replace => Advice::words("make a new key and hand its public half to the bastion's admin"),
        Mend::Agent => {
            Advice::command("give it to the SSH agent and let the bastion use the agent", format!("ssh-add {word}"))
        }
    }
}

/// A path in a message.
pub(super) fn shown(path: &Path) -> String {
    Untrusted::new(path.as_os_str().as_bytes()).clean(400)
}

/// A path as one word of a POSIX shell.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-+,@:".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
