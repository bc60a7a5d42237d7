//! A private key that a person brings, from a file or a paste, made one of adit's own. The file it came from is only read.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use russh::keys::PrivateKey;
use zeroize::Zeroizing;

use super::format::{self, Format};
use super::load::{self, Mend, Problem, quoted, shown, unusable};
use super::paste::{self, Mended};
use super::{KeyError, KeyInfo, Keystore, MAX_COMMENT, MAX_FILE, public_half, seal};
use crate::local::private_file::{self, Cause};
use crate::model::{Advice, Code, Fault, Name, Secret, Untrusted};

/// Where a key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file, which stays as it is.
    File(PathBuf),
    /// What a person pasted, or a program piped.
    Paste,
}

/// A private key's text that was read and set right, not opened yet.
pub struct Brought {
    source: Source,
    text: Zeroizing<String>,
    mended: Vec<Mended>,
    /// The mode of a file that others may read.
    open_to_others: Option<u32>,
}

/// What came of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The key as it is kept now.
    pub info: KeyInfo,
    /// Keys of other names that are the same key.
    pub same_as: Vec<Name>,
}

impl Brought {
    /// Reads a file (blocking). It is neither changed nor removed.
    ///
    /// # Errors
    /// What it is instead of a private key, or why it cannot be read; nothing of its content is in the words.
    pub fn file(path: &Path) -> Result<Self, Fault> {
        let bytes = match private_file::read(path, MAX_FILE) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(error) => {
                return Err(match error.cause {
                    Cause::TooLarge { .. } => too_large(&shown(path)),
                    Cause::NotRegular if !path.is_dir() => load::file_fault(path, &error)
                        .advise(Advice::words("pipe it in instead: … | adit key import NAME -")),
                    // Whoever brings a key has it somewhere: to make one is no advice.
                    Cause::Missing if !load::public_half(path) => Fault::new(
                        Code::KeyMissing,
                        format!("cannot {} the private key {}: {}", error.verb, shown(path), error.cause),
                    )
                    .advise(Advice::words("name the file of the key to import, by its whole path")),
                    _ => load::file_fault(path, &error),
                });
            }
        };
        let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode() & 0o7777);
        let open_to_others = Some(mode).filter(|mode| mode & 0o077 != 0);
        Self::new(Source::File(path.to_owned()), &bytes, open_to_others)
    }

    /// Takes what was pasted.
    ///
    /// # Errors
    /// What it is instead of a private key.
    pub fn paste(bytes: &[u8]) -> Result<Self, Fault> {
        Self::new(Source::Paste, bytes, None)
    }

    /// Takes what comes from a pipe, to its end (blocking), and no more than a key can be.
    ///
    /// # Errors
    /// What it is instead of a private key, or why it cannot be read.
    pub fn pipe(input: impl Read) -> Result<Self, Fault> {
        // Made at once: growing it would leave copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 << 10));
        let unreadable = |e| Fault::new(Code::KeyUnreadable, format!("cannot read standard input: {e}"));
        input.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Self::paste(&bytes)
    }

    fn new(source: Source, bytes: &[u8], open_to_others: Option<u32>) -> Result<Self, Fault> {
        if bytes.len() as u64 > MAX_FILE {
            return Err(too_large(&source.shown()));
        }
        let tidy = paste::mend(bytes);
        let refused = match tidy.keys {
            // The old DSA and SSH 1 formats are named with the rest.
            0 | 1 => judge(bytes, &tidy.text, &source),
            n => Some(unusable(format!("it holds {n} private keys; give one of them"), None)),
        };
        match refused {
            Some(problem) => Err(explain(&source, &problem)),
            None => Ok(Self { source, text: tidy.text, mended: tidy.mended, open_to_others }),
        }
    }

    /// What was wrong with the text around the key, and was set right; nothing of the file itself is changed.
    #[must_use]
    pub fn mended(&self) -> &[Mended] {
        &self.mended
    }

    /// The mode of a file that others on this machine may read, if so.
    #[must_use]
    pub fn open_to_others(&self) -> Option<u32> {
        self.open_to_others
    }

    /// Where it comes from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Whether a passphrase must be asked for.
    ///
    /// # Errors
    /// When the key cannot be used whatever the passphrase is, with the command that converts it.
    pub fn needs_passphrase(&self) -> Result<bool, Fault> {
        match load::decode(self.text.as_bytes(), None) {
            Ok(_) => Ok(false),
            Err(Problem::Needed) => Ok(true),
            Err(problem) => Err(explain(&self.source, &problem)),
        }
    }

    /// Opens it (blocking: the passphrase is stretched). The comment may stand in the public half beside the file.
    fn open(&self, passphrase: Option<&Secret>) -> Result<(PrivateKey, bool), Fault> {
        let (mut key, encrypted) = match load::decode(self.text.as_bytes(), None) {
            Ok(key) => (key, false),
            Err(Problem::Needed) => {
                let opened = load::decode(self.text.as_bytes(), passphrase);
                (opened.map_err(|problem| explain(&self.source, &problem))?, true)
            }
            Err(problem) => return Err(explain(&self.source, &problem)),
        };
        if key.comment().is_empty()
            && let Source::File(path) = &self.source
            && let Some(half) = public_half(&beside(path))
            && half.key_data() == key.public_key().key_data()
        {
            key.set_comment(half.comment().as_str_lossy().to_owned());
        }
        Ok((key, encrypted))
    }
}

impl Source {
    fn shown(&self) -> String {
        match self {
            Self::File(path) => shown(path),
            Self::Paste => "what was pasted".to_owned(),
        }
    }
}

impl Keystore {
    /// Whether a key of that name could be made.
    ///
    /// # Errors
    /// When one of its files is there already.
    pub fn vacant(&self, name: &Name) -> Result<(), KeyError> {
        // A second key that lost its first would be taken for this one's.
        for path in [self.path(name), self.public_path(name), self.next_dir().join(name.as_str())] {
            if fs::symlink_metadata(&path).is_ok() {
                return Err(KeyError::Exists { name: name.clone(), path });
            }
        }
        Ok(())
    }

    /// Writes a key that was brought as one of adit's own, encrypted with the passphrase that it came with (blocking). Never
    /// overwrites one.
    ///
    /// # Errors
    /// As [`Keystore::make`]; `Refused` where it does not open.
    pub fn import(&self, name: &Name, brought: &Brought, passphrase: Option<&Secret>) -> Result<Imported, KeyError> {
        self.vacant(name)?;
        let (mut key, encrypted) = brought.open(passphrase).map_err(|fault| KeyError::Refused(Box::new(fault)))?;
        let comment = Untrusted::new(key.comment().as_bytes()).clean(MAX_COMMENT);
        key.set_comment(if comment.is_empty() { format!("adit:{name}") } else { comment });
        let sealed = seal(key, passphrase.filter(|_| encrypted)).map_err(|e| KeyError::Make(e.to_string()))?;
        self.write(name, &sealed)?;
        let info = self.show(name)?;
        let others = self.list()?.keys.into_iter();
        let same = others.filter(|other| other.fingerprint == info.fingerprint && other.name != *name);
        Ok(Imported { same_as: same.map(|other| other.name).collect(), info })
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut public = path.as_os_str().to_owned();
    public.push(".pub");
    PathBuf::from(public)
}

fn too_large(what: &str) -> Fault {
    let message = format!("{what} is larger than {} KiB, and no private key is", MAX_FILE >> 10);
    Fault::new(Code::KeyFormat, message)
}

/// What a text is that holds no private key.
fn judge(bytes: &[u8], text: &str, source: &Source) -> Option<Problem> {
    let format = format::sniff(&format::text(text.as_bytes()));
    let words = text.trim();
    Some(match &format {
        Format::Public => public(words),
        Format::Unknown if bytes.starts_with(&[0x30]) && bytes.iter().any(|byte| *byte == 0 || *byte > 0x7f) => {
            let mend = matches!(source, Source::File(_)).then_some(Mend::Text);
            unusable("it is binary (DER or PKCS#12), and adit reads keys as text", mend)
        }
        Format::Unknown if words.contains("BEGIN PGP ") => {
            unusable("it is a PGP key, which SSH does not use", Some(Mend::Replace))
        }
        // The first bytes of OpenSSH's format and of a DER sequence, in base64.
        Format::Unknown if words.starts_with("b3BlbnNzaC1rZXktdjE") || words.starts_with("MII") => unusable(
            "its first line (-----BEGIN … PRIVATE KEY-----) is missing; copy it with its first and last line",
            None,
        ),
        Format::Unknown if words.starts_with("SHA256:") || words.contains(" SHA256:") => {
            unusable("it is a key's fingerprint, not the key", None)
        }
        Format::Unknown if !words.contains('\n') && words.starts_with(['/', '~']) => {
            unusable("it looks like the path of a file; give that as FILE instead of -", None)
        }
        Format::Unknown => unusable(
            "it does not look like a private key, which begins with -----BEGIN … PRIVATE KEY----- or PuTTY-User-Key-File",
            None,
        ),
        _ => return load::not_private(&format),
    })
}

/// Which kind of public half it is.
fn public(words: &str) -> Problem {
    let lines: Vec<&str> = words.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    let bare = |line: &&&str| ["ssh-", "ecdsa-", "sk-", "rsa-", "-"].iter().any(|kind| line.starts_with(kind));
    let why = if words.contains("BEGIN ") {
        "it is a public key; the private half stands in another file"
    } else if lines.len() > 1 {
        "it holds public keys, as an authorized_keys or known_hosts file does; the private half stands in another file"
    } else if lines.iter().any(|line| !bare(&line)) {
        "it is a line of an authorized_keys or known_hosts file, with a public key; the private half stands in another file"
    } else {
        "it is a public key; the private half stands in another file, usually of the same name without .pub"
    };
    unusable(why, None)
}

/// A problem as a fault, with what to do.
fn explain(source: &Source, problem: &Problem) -> Fault {
    let what = source.shown();
    match problem {
        Problem::Needed => Fault::new(Code::PassphraseNeeded, format!("{what} is encrypted, and needs its passphrase")),
        Problem::Wrong => {
            Fault::new(Code::PassphraseWrong, format!("the passphrase is wrong: it does not open {what}"))
        }
        Problem::Format { why, mend } => {
            let fault = Fault::new(Code::KeyFormat, format!("cannot import {what}: {why}"));
            match (mend, source) {
                (Some(mend), source) => fault.advise(advice(*mend, source)),
                (None, Source::File(path)) => match private_beside(path) {
                    Some(private) => fault.advise(Advice::words(format!("the private half is {}", shown(&private)))),
                    None => fault,
                },
                (None, Source::Paste) => fault,
            }
        }
    }
}

fn private_beside(path: &Path) -> Option<PathBuf> {
    let text = path.to_str()?;
    let private = text.strip_suffix("-cert.pub").or(text.strip_suffix(".pub"))?;
    Some(PathBuf::from(private)).filter(|private| private.is_file())
}

/// The command that converts, which leaves the file itself alone.
fn advice(mend: Mend, source: &Source) -> Advice {
    let (file, saved) = match source {
        Source::File(path) => (path.clone(), String::new()),
        // What was pasted is saved by pasting once more.
        Source::Paste => (PathBuf::from("pasted-key"), "(umask 077 && cat > pasted-key) && ".to_owned()),
    };
    let mut converted = file.as_os_str().to_owned();
    converted.push(".openssh");
    let (file, converted) = (quoted(&file), quoted(Path::new(&converted)));
    let convert = |words: &str, command: String| {
        let again = if saved.is_empty() { "" } else { "paste it once more (end with Ctrl-D) and " };
        Advice::command(format!("{again}{words}, then import {converted}"), format!("{saved}{command}"))
    };
    match mend {
        Mend::Rewrite => convert(
            "write a copy in OpenSSH's own format; its passphrase may stay the same",
            format!("install -m 600 {file} {converted} && ssh-keygen -p -f {converted}"),
        ),
        Mend::Import => convert("convert it", format!("(umask 077 && ssh-keygen -i -f {file} > {converted})")),
        Mend::Puttygen => convert("convert it", format!("puttygen {file} -O private-openssh-new -o {converted}")),
        Mend::Text => {
            convert("convert it", format!("(umask 077 && openssl pkey -inform DER -in {file} -out {converted})"))
        }
        Mend::Replace => {
            Advice::words("make a new one with adit key new, and hand its public half to the bastion's admin")
        }
        Mend::Agent => Advice::command(
            "give it to the SSH agent and let the bastion use the agent (adit bastion edit NAME --agent)",
            format!("ssh-add {file}"),
        ),
    }
}
