//! adit's own keys, and private keys from any file. A key is made once and never overwritten; the private half leaves its
//! file only to sign.

mod change;
mod format;
mod import;
mod load;
mod paste;
mod rotate;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use russh::keys::ssh_key::private::{KeypairData, RsaKeypair};
use russh::keys::ssh_key::public::KeyData;
use russh::keys::ssh_key::{Cipher, EcdsaCurve, Kdf, LineEnding};
use russh::keys::{Algorithm, HashAlg, PrivateKey, PublicKey};
use zeroize::Zeroizing;

use crate::local::private_file::{self, Cause, FileError};
use crate::model::{Fault, KeyType, Name, Secret, Untrusted};

use format::Format;
pub use import::{Brought, Imported, Source};
use load::Problem;
pub use load::load_private;
pub use paste::Mended;
pub use rotate::Swapped;

/// No key file is larger, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// Rounds of bcrypt over a passphrase. ssh-keygen takes 24; more makes guessing dearer and still opens within a second.
const BCRYPT_ROUNDS: u32 = 64;

/// The size of an RSA key that adit makes.
const RSA_BITS: usize = 4096;

/// How long another process may be changing keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// A comment has its limit in what people can read.
const MAX_COMMENT: usize = 200;

/// What may be known of a key without its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its name.
    pub name: Name,
    /// "ed25519", "ecdsa" or "rsa".
    pub key_type: String,
    /// The size in bits.
    pub bits: u32,
    /// `SHA256:…` as `ssh-keygen -lf` prints it.
    pub fingerprint: String,
    /// The comment, cleaned; of an encrypted key it is read from the public half, where there is one.
    pub comment: String,
    /// True when a passphrase is needed.
    pub encrypted: bool,
    /// When its file was made, as far as the file system tells.
    pub created: Option<Timestamp>,
    /// The public half in one line, as `authorized_keys` takes it.
    pub public_key: String,
}

/// A file in the folder that should be a key and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenKey {
    /// The name it would have.
    pub name: Name,
    /// What is wrong, as a sentence.
    pub why: String,
}

/// What the folder holds, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The keys.
    pub keys: Vec<KeyInfo>,
    /// Files that should be keys; they do not hide the others.
    pub broken: Vec<BrokenKey>,
}

/// Why a key could not be made or shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A half of that name is there already.
    #[error("a key named {name} exists already ({}); keys are never overwritten", .path.display())]
    Exists {
        /// The name asked for.
        name: Name,
        /// The file that is in the way.
        path: PathBuf,
    },
    /// No key has that name.
    #[error("there is no key named {name}{}", .nearest.as_ref().map(|n| format!("; did you mean {n}?")).unwrap_or_default())]
    Unknown {
        /// The name asked for.
        name: Name,
        /// The most similar name that exists.
        nearest: Option<Name>,
    },
    /// The key's file is there and cannot be understood.
    #[error("the key {name} cannot be used: {why}")]
    Broken {
        /// Its name.
        name: Name,
        /// What is wrong.
        why: String,
    },
    /// The comment would break the one line that a public key is.
    #[error("a key's comment is one line of at most {MAX_COMMENT} printable characters")]
    Comment,
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty; leave it out to make a key without one")]
    EmptyPassphrase,
    /// A private key's text or file gives no key: what it is instead, or its passphrase.
    #[error("{}", .0.message)]
    Refused(Box<Fault>),
    /// No second key was made.
    #[error("no rotation of the key {name} is under way; adit key rotate {name} begins one")]
    NoRotation {
        /// The name asked for.
        name: Name,
    },
    /// There is a second key.
    #[error(
        "a rotation of the key {name} is under way; finish it (adit key rotate {name} --finish) or give it up (--abort) first"
    )]
    Rotating {
        /// The name asked for.
        name: Name,
    },
    /// Somebody else made another second key meanwhile.
    #[error("the second key of {name} is another one than the one that was tried; nothing was changed")]
    Changed {
        /// The name asked for.
        name: Name,
    },
    /// A file or the folder cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The key could not be computed or written down.
    #[error("cannot make the key: {0}")]
    Make(String),
}

/// The folder of adit's own keys: the private half in `NAME`, the public one in `NAME.pub`.
#[derive(Debug, Clone)]
pub struct Keystore {
    dir: PathBuf,
}

impl Keystore {
    /// The keys of a folder, which is made when the first key is.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self { dir }
    }

    /// Where a key's private half is, or would be.
    #[must_use]
    pub fn path(&self, name: &Name) -> PathBuf {
        self.dir.join(name.as_str())
    }

    fn public_path(&self, name: &Name) -> PathBuf {
        self.dir.join(format!("{name}.pub"))
    }

    /// Makes a key and writes both halves (blocking, for RSA and with a passphrase for seconds). Neither half is ever
    /// overwritten; where the second cannot be written, the first is taken back.
    pub fn make(
        &self,
        name: &Name,
        kind: KeyType,
        comment: Option<&str>,
        passphrase: Option<&Secret>,
    ) -> Result<KeyInfo, KeyError> {
        let comment = comment.map_or_else(|| format!("adit:{name}"), |text| text.trim().to_owned());
        if comment.chars().count() > MAX_COMMENT || Untrusted::new(comment.as_bytes()).clean(MAX_COMMENT) != comment {
            return Err(KeyError::Comment);
        }
        if passphrase.is_some_and(|secret| secret.reveal().is_empty()) {
            return Err(KeyError::EmptyPassphrase);
        }
        self.vacant(name)?;
        let failed = |e: russh::keys::ssh_key::Error| KeyError::Make(e.to_string());
        let sealed = seal(generate(kind, &comment).map_err(failed)?, passphrase).map_err(failed)?;
        self.write(name, &sealed)?;
        self.show(name)
    }

    /// Writes both halves; where the second cannot be written, the first is taken back.
    fn write(&self, name: &Name, sealed: &Sealed) -> Result<(), KeyError> {
        private_file::make_private_dir(&self.dir)?;
        let (private_path, public_path) = (self.path(name), self.public_path(name));
        let refuse = |error: FileError| match error.cause {
            Cause::Exists => KeyError::Exists { name: name.clone(), path: error.path },
            _ => KeyError::File(error),
        };
        self.vacant(name)?;
        private_file::create_new(&private_path, sealed.private.as_bytes(), 0o600).map_err(refuse)?;
        if let Err(error) = private_file::create_new(&public_path, format!("{}\n", sealed.public).as_bytes(), 0o644) {
            // Made a moment ago and known to nobody.
            let _ = fs::remove_file(&private_path);
            return Err(refuse(error));
        }
        Ok(())
    }

    /// All keys, and the files that should be keys. Files with other names, and files that are no keys, are passed over. A
    /// missing folder holds none.
    pub fn list(&self) -> Result<Listing, KeyError> {
        let mut listing = Listing::default();
        for name in self.names()? {
            match self.describe(&name) {
                Ok(Some(info)) => listing.keys.push(info),
                Ok(None) => {}
                Err(why) => listing.broken.push(BrokenKey { name, why }),
            }
        }
        Ok(listing)
    }

    /// One key.
    pub fn show(&self, name: &Name) -> Result<KeyInfo, KeyError> {
        let broken = |why| KeyError::Broken { name: name.clone(), why };
        match self.describe(name) {
            Ok(Some(info)) => Ok(info),
            Ok(None) if self.path(name).is_file() => {
                Err(broken("its file does not look like a private key".to_owned()))
            }
            Ok(None) => {
                let names = self.names()?;
                let nearest = names.into_iter().max_by(|a, b| likeness(a, name).total_cmp(&likeness(b, name)));
                let nearest = nearest.filter(|near| likeness(near, name) > 0.75);
                Err(KeyError::Unknown { name: name.clone(), nearest })
            }
            Err(why) => Err(broken(why)),
        }
    }

    /// The names of files that could be keys, sorted.
    fn names(&self) -> Result<Vec<Name>, KeyError> {
        if !self.dir.exists() {
            return Ok(Vec::new());
        }
        private_file::make_private_dir(&self.dir)?;
        let unreadable =
            |error: std::io::Error| FileError { path: self.dir.clone(), verb: "read", cause: Cause::from(&error) };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(unreadable)? {
            let file_name = entry.map_err(unreadable)?.file_name();
            names.extend(file_name.to_str().and_then(|text| text.parse::<Name>().ok()));
        }
        names.sort();
        Ok(names)
    }

    /// What a key's files say; nothing for a file that is no key; the reason for a key that is broken.
    fn describe(&self, name: &Name) -> Result<Option<KeyInfo>, String> {
        let path = self.path(name);
        let bytes = match private_file::read(&path, MAX_FILE) {
            Ok(bytes) => Zeroizing::new(bytes),
            Err(FileError { cause: Cause::Missing | Cause::NotRegular, .. }) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let beside = public_half(&self.public_path(name));
        let text = format::text(&bytes);
        let format = format::sniff(&text);
        if !format.is_private() && beside.is_none() {
            return Ok(None);
        }
        let (public, encrypted) = match format {
            Format::OpenSsh => {
                let sealed = load::openssh_sealed(&text).map_err(|problem| words(&problem))?;
                (sealed.public_key().clone(), sealed.is_encrypted())
            }
            _ => match load::decode(&bytes, None) {
                Ok(key) => (key.public_key().clone(), false),
                Err(Problem::Needed) => {
                    let missing =
                        || format!("it is encrypted, and its public half {name}.pub is missing or unreadable");
                    (beside.clone().ok_or_else(missing)?, true)
                }
                Err(problem) => return Err(words(&problem)),
            },
        };
        // The comment of an encrypted key is encrypted with it; the public half has it in clear, if it is this key's.
        let same = beside.filter(|half| half.key_data() == public.key_data());
        let comment = if public.comment().is_empty() { same.as_ref().unwrap_or(&public) } else { &public }.comment();
        let comment = Untrusted::new(comment.as_bytes()).clean(MAX_COMMENT);
        info(name, &public, comment, encrypted, created(&path)).map(Some)
    }
}

fn likeness(a: &Name, b: &Name) -> f64 {
    strsim::jaro_winkler(a.as_str(), b.as_str())
}

fn public_half(path: &Path) -> Option<PublicKey> {
    let bytes = private_file::read(path, MAX_FILE).ok()?;
    PublicKey::from_openssh(String::from_utf8_lossy(&bytes).trim()).ok()
}

fn info(
    name: &Name,
    public: &PublicKey,
    comment: String,
    encrypted: bool,
    created: Option<Timestamp>,
) -> Result<KeyInfo, String> {
    let (key_type, bits) = match public.key_data() {
        KeyData::Ed25519(_) => ("ed25519", 256),
        KeyData::Ecdsa(key) => match key.curve() {
            EcdsaCurve::NistP256 => ("ecdsa", 256),
            EcdsaCurve::NistP384 => ("ecdsa", 384),
            EcdsaCurve::NistP521 => ("ecdsa", 521),
        },
        KeyData::Rsa(key) => ("rsa", key.key_size()),
        _ => return Err(format!("its type, {}, cannot be used from a file", public.algorithm())),
    };
    let line = PublicKey::new(public.key_data().clone(), comment.as_str());
    Ok(KeyInfo {
        name: name.clone(),
        key_type: key_type.to_owned(),
        bits,
        fingerprint: public.fingerprint(HashAlg::Sha256).to_string(),
        public_key: line.to_openssh().map_err(|e| e.to_string())?.trim_end().to_owned(),
        comment,
        encrypted,
        created,
    })
}

/// The earlier of birth and last change: copies keep the second, a rewrite with another passphrase keeps neither.
fn created(path: &Path) -> Option<Timestamp> {
    let found = fs::metadata(path).ok()?;
    let times = [found.created().ok(), found.modified().ok()];
    let earliest = times.into_iter().flatten().min()?;
    Timestamp::from_second(Timestamp::try_from(earliest).ok()?.as_second()).ok()
}

fn words(problem: &Problem) -> String {
    match problem {
        Problem::Needed => "it is encrypted".to_owned(),
        Problem::Wrong => "its passphrase is another".to_owned(),
        Problem::Format { why, .. } => why.clone(),
    }
}

fn generate(kind: KeyType, comment: &str) -> Result<PrivateKey, russh::keys::ssh_key::Error> {
    let mut rng = rand::rng();
    let mut key = match kind {
        KeyType::Ed25519 => PrivateKey::random(&mut rng, Algorithm::Ed25519)?,
        KeyType::Ecdsa => PrivateKey::random(&mut rng, Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 })?,
        KeyType::Rsa => PrivateKey::try_from(KeypairData::Rsa(RsaKeypair::random(&mut rng, RSA_BITS)?))?,
    };
    key.set_comment(comment);
    Ok(key)
}

/// A key as its two files hold it.
struct Sealed {
    /// The private half in OpenSSH's format.
    private: Zeroizing<String>,
    /// The public half in one line.
    public: String,
}

/// Puts a key into OpenSSH's format, encrypted where there is a passphrase (which takes its time).
fn seal(key: PrivateKey, passphrase: Option<&Secret>) -> Result<Sealed, russh::keys::ssh_key::Error> {
    let public = key.public_key().to_openssh()?.trim_end().to_owned();
    let sealed = match passphrase {
        None => key,
        Some(secret) => {
            let mut rng = rand::rng();
            let kdf = Kdf::Bcrypt { salt: rng.random::<[u8; 16]>().to_vec(), rounds: BCRYPT_ROUNDS };
            key.encrypt_with(Cipher::Aes256Ctr, kdf, rng.random(), secret.reveal())?
        }
    };
    Ok(Sealed { private: sealed.to_openssh(LineEnding::LF)?, public })
}
