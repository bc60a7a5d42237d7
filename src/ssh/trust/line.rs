//! One line of a known_hosts file, read as OpenSSH reads it (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT; `hostfile.c`). A line that
//! makes no sense is nothing here, never an error: it must not hide the lines around it.

use russh::keys::Algorithm;
use russh::keys::ssh_encoding::Decode;
use russh::keys::ssh_encoding::base64::{Base64, Encoding};
use russh::keys::ssh_key::public::KeyData;

/// What a line says about its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    /// The host's own key.
    Host,
    /// A key that signs host certificates.
    Authority,
    /// A key that must never be accepted.
    Revoked,
}

/// A line split into its fields; the key is not looked into before the host matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) marker: Marker,
    /// Names and patterns separated by commas, or one hashed name.
    pub(super) hosts: &'a [u8],
    /// Type, key in Base64, and perhaps a comment.
    pub(super) key: &'a [u8],
}

/// A key as a line gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LineKey {
    /// The plain key; of a certificate, the key inside.
    pub(super) data: KeyData,
    /// A certificate stands in the line: it equals no plain key, yet it counts as a key of that host.
    pub(super) certified: bool,
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| is_blank(b)).count();
    text.split_at(blanks).1
}

/// The text up to the first blank, and what follows it; absent without a blank.
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(is_blank)?;
    let (word, rest) = text.split_at(end);
    Some((word, skip_blanks(rest)))
}

/// Splits a line without its line feed. Absent for comments, blank lines and what OpenSSH skips.
pub(super) fn split(line: &[u8]) -> Option<Line<'_>> {
    // OpenSSH reads C strings: nothing after a NUL exists.
    let line = line.split(|b| *b == 0).next().unwrap_or_default();
    let text = skip_blanks(line);
    if matches!(text.first(), None | Some(b'#')) {
        return None;
    }
    let (marker, text) = if text.starts_with(b"@") { marker(text)? } else { (Marker::Host, text) };
    let (hosts, key) = word(text)?;
    if matches!(key.first(), None | Some(b'#')) {
        return None;
    }
    Some(Line { marker, hosts, key })
}

/// OpenSSH ends a marker at the line's first space, and at a tab only where the line has no space at all; a marker that it
/// cannot read so voids the line. One exception to being equal: `@revoked` and a tab is a revocation here in any case,
/// because to overlook one is worse than to heed one that OpenSSH overlooks.
fn marker(text: &[u8]) -> Option<(Marker, &[u8])> {
    let end = text.iter().position(|b| *b == b' ').or_else(|| text.iter().position(|b| *b == b'\t'))?;
    let (found, rest) = match text.split_at(end) {
        (b"@cert-authority", rest) => (Marker::Authority, rest),
        (b"@revoked", rest) => (Marker::Revoked, rest),
        _ => (Marker::Revoked, text.strip_prefix(b"@revoked").filter(|rest| rest.starts_with(b"\t"))?),
    };
    let rest = skip_blanks(rest);
    // Only one marker is allowed.
    if rest.starts_with(b"@") { None } else { Some((found, rest)) }
}

/// The key types that a line may begin its key with; others are skipped, as OpenSSH skips what it does not know.
const PLAIN: [&str; 10] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    // No server offers it any more, but a host known under it is known: another key is a change.
    "ssh-dss",
];

/// OpenSSH's least RSA modulus, `SSH_RSA_MINIMUM_MODULUS_SIZE`.
const LEAST_RSA_BITS: u32 = 1024;

/// Reads the key of a line; absent where the type is unknown, the Base64 is broken or the type is not the key's.
pub(super) fn key(text: &[u8]) -> Option<LineKey> {
    let (kind, rest) = word(text)?;
    let kind = std::str::from_utf8(kind).ok()?;
    let certified = kind.ends_with("-cert-v01@openssh.com");
    if !certified && !PLAIN.contains(&kind) {
        return None;
    }
    let blob = decode(rest.split(is_blank).next()?)?;
    // The decoder recurses into the key that signed a certificate; a true one nests once.
    if blob.windows(6).filter(|w| w == b"-cert-").count() > 1 {
        return None;
    }
    let mut reader = blob.as_slice();
    let data = KeyData::decode(&mut reader).ok()?;
    if !reader.is_empty() {
        return None;
    }
    let data = match data {
        KeyData::Certificate(certificate) => {
            let same = certified && certificate.algorithm().to_certificate_type() == kind;
            same.then(|| certificate.public_key().clone())?
        }
        plain => (!certified && is_kind(&plain, kind)).then_some(plain)?,
    };
    match &data {
        KeyData::Rsa(rsa) if rsa.key_size() < LEAST_RSA_BITS => None,
        KeyData::Other(_) => None,
        _ => Some(LineKey { data, certified }),
    }
}

/// The type that the line names is the key's; an RSA key may stand under the name of its signatures.
fn is_kind(key: &KeyData, kind: &str) -> bool {
    match key.algorithm() {
        Algorithm::Rsa { .. } => matches!(kind, "ssh-rsa" | "rsa-sha2-256" | "rsa-sha2-512"),
        other => other.as_str() == kind,
    }
}

/// Base64 as `b64_pton` takes it: padded, white space anywhere (a carriage return at the end of a line, most of all).
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let dense: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace() && *b != 0x0b).collect();
    Base64::decode_vec(std::str::from_utf8(&dense).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";

    fn parts(line: &str) -> Option<(Marker, String)> {
        split(line.as_bytes())
            .filter(|l| key(l.key).is_some())
            .map(|l| (l.marker, String::from_utf8_lossy(l.hosts).into_owned()))
    }

    #[test]
    fn lines_split_as_in_openssh() {
        let host = |name: &str| Some((Marker::Host, name.to_owned()));
        assert_eq!(parts(&format!("h {ED25519}")), host("h"));
        assert_eq!(parts(&format!("h {ED25519}\r")), host("h"));
        assert_eq!(parts(&format!(" \t h,i\t \t{} me@here\r", ED25519.replace(' ', "\t"))), host("h,i"));
        assert_eq!(parts(&format!("@revoked * {ED25519}")), Some((Marker::Revoked, "*".to_owned())));
        assert_eq!(
            parts(&format!("@cert-authority\t*\t{}", ED25519.replace(' ', "\t"))),
            Some((Marker::Authority, "*".to_owned()))
        );
        for nothing in [
            String::new(),
            "   ".to_owned(),
            "# h".to_owned(),
            "h".to_owned(),
            "h ".to_owned(),
            "h #".to_owned(),
            "h ssh-ed25519".to_owned(),
            format!("@unknown h {ED25519}"),
            format!("@revoked @cert-authority h {ED25519}"),
            format!("@cert-authority\th {ED25519}"),
            format!("h {}", ED25519.replace("ssh-ed25519", "ssh-rsa")),
            format!("h {}", ED25519.replace("ssh-ed25519", "ssh-future")),
            format!("h {ED25519}AAAA"),
            "h ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM".to_owned(),
            "h 1024 35 1234567".to_owned(),
        ] {
            assert_eq!(parts(&nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn a_revocation_is_heeded_also_after_a_tab() {
        assert_eq!(parts(&format!("@revoked\th {ED25519}")), Some((Marker::Revoked, "h".to_owned())));
    }

    proptest! {
        #[test]
        fn no_line_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(line) = split(&bytes) {
                let _ = key(line.key);
            }
        }

        #[test]
        fn no_key_panics(kind in 0..PLAIN.len(), blob in proptest::collection::vec(any::<u8>(), 0..200)) {
            let text = format!("{} {}", PLAIN[kind], Base64::encode_string(&blob));
            let _ = key(text.as_bytes());
        }
    }
}
