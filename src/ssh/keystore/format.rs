//! What kind of key file this is, by its first lines. It decodes no key: the decoders' own errors name the wrong thing.

use zeroize::Zeroizing;

/// The kinds of file that people give as a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    /// OpenSSH's own.
    OpenSsh,
    /// OpenSSL's traditional form of an RSA key (PKCS#1), with the cipher's name when encrypted.
    Pkcs1 { cipher: Option<String> },
    /// OpenSSL's traditional form of an ECDSA key (SEC1), with the cipher's name when encrypted.
    Sec1 { cipher: Option<String> },
    /// PKCS#8.
    Pkcs8 { encrypted: bool },
    /// PuTTY's.
    Ppk { encrypted: bool },
    /// A DSA key in any form.
    Dsa,
    /// SSH protocol 1.
    Ssh1,
    /// The form of ssh.com (RFC 4716's private sibling).
    SshCom,
    /// The public half.
    Public,
    /// An OpenSSH certificate, which is the public half with a signature.
    Certificate,
    /// An X.509 certificate or request, or a certificate bundle.
    X509,
    /// Nothing at all.
    Empty,
    /// None of these.
    Unknown,
}

impl Format {
    /// A file of somebody who meant a key, as against any other file.
    pub(super) fn is_private(&self) -> bool {
        !matches!(self, Self::Public | Self::Certificate | Self::X509 | Self::Empty | Self::Unknown)
    }
}

/// The file's text: without byte order mark, from UTF-16 where PowerShell wrote it, with line feeds only.
pub(super) fn text(bytes: &[u8]) -> Zeroizing<String> {
    let raw = Zeroizing::new(match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        plain => String::from_utf8_lossy(plain).into_owned(),
    });
    let mut tidy = Zeroizing::new(String::with_capacity(raw.len() + 1));
    let ppk = raw.trim_start().starts_with(PPK);
    for line in raw.trim_start().lines() {
        // A PPK line may end in a blank that means something (an empty comment).
        tidy.push_str(if ppk { line.trim_end_matches('\r') } else { line.trim() });
        tidy.push('\n');
    }
    tidy
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

const PPK: &str = "PuTTY-User-Key-File-";

/// The kind of a file, from its tidy text.
pub(super) fn sniff(text: &str) -> Format {
    if text.trim().is_empty() {
        return Format::Empty;
    }
    if text.starts_with(PPK) {
        let clear = text.lines().any(|line| line.trim_end() == "Encryption: none");
        let dsa = text.lines().next().is_some_and(|line| line.ends_with(": ssh-dss"));
        return if dsa { Format::Dsa } else { Format::Ppk { encrypted: !clear } };
    }
    if text.starts_with("SSH PRIVATE KEY FILE FORMAT 1.1") {
        return Format::Ssh1;
    }
    let labels = || text.lines().filter_map(|line| line.trim_start_matches('-').trim_start().strip_prefix("BEGIN "));
    let labelled =
        |wanted: &str| text.contains("---") && labels().any(|label| label.trim_end_matches('-').trim_end() == wanted);
    match () {
        () if labelled("OPENSSH PRIVATE KEY") => Format::OpenSsh,
        () if labelled("RSA PRIVATE KEY") => Format::Pkcs1 { cipher: cipher(text) },
        () if labelled("EC PRIVATE KEY") => Format::Sec1 { cipher: cipher(text) },
        () if labelled("DSA PRIVATE KEY") => Format::Dsa,
        () if labelled("ENCRYPTED PRIVATE KEY") => Format::Pkcs8 { encrypted: true },
        () if labelled("PRIVATE KEY") => Format::Pkcs8 { encrypted: false },
        () if labels().any(|label| label.starts_with("SSH2 ENCRYPTED PRIVATE KEY")) => Format::SshCom,
        () if labels().any(|label| label.contains("PUBLIC KEY")) => Format::Public,
        () if labels().any(|label| label.contains("CERTIFICATE")) => Format::X509,
        () => public_line(text),
    }
}

/// The cipher of a traditional PEM file (RFC 1421 headers).
fn cipher(text: &str) -> Option<String> {
    let encrypted = text.lines().any(|line| line.starts_with("Proc-Type:") && line.contains("ENCRYPTED"));
    let name = text.lines().find_map(|line| line.strip_prefix("DEK-Info:")).and_then(|rest| rest.split(',').next());
    encrypted.then(|| name.map_or_else(|| "an unnamed cipher".to_owned(), |name| name.trim().to_owned()))
}

/// A line as in an `id_….pub` or `authorized_keys` file.
fn public_line(text: &str) -> Format {
    let mut words = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let kinds = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-", "rsa-sha2-"];
    let Some(kind) = words.find(|word| kinds.iter().any(|kind| word.starts_with(kind))) else {
        return Format::Unknown;
    };
    match words.next() {
        Some(blob) if blob.starts_with("AAAA") && kind.contains("-cert-v01@") => Format::Certificate,
        Some(blob) if blob.starts_with("AAAA") => Format::Public,
        _ => Format::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8]) -> Format {
        sniff(&text(bytes))
    }

    #[test]
    fn files_are_named_by_their_first_lines() {
        let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n";
        assert_eq!(of(openssh.as_bytes()), Format::OpenSsh);
        assert_eq!(of(openssh.replace('\n', "\r\n").as_bytes()), Format::OpenSsh);
        assert_eq!(of(format!("\u{feff}\n  {openssh}").as_bytes()), Format::OpenSsh);
        let wide: Vec<u8> = [0xfeff].into_iter().chain(openssh.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        assert_eq!(of(&wide), Format::OpenSsh);
        let pem = |label: &str, head: &str| of(format!("-----BEGIN {label}-----\n{head}AAAA\n").as_bytes());
        let head = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n";
        assert_eq!(pem("RSA PRIVATE KEY", ""), Format::Pkcs1 { cipher: None });
        assert_eq!(pem("RSA PRIVATE KEY", head), Format::Pkcs1 { cipher: Some("AES-256-CBC".to_owned()) });
        assert_eq!(pem("EC PRIVATE KEY", head), Format::Sec1 { cipher: Some("AES-256-CBC".to_owned()) });
        assert_eq!(pem("DSA PRIVATE KEY", ""), Format::Dsa);
        assert_eq!(pem("PRIVATE KEY", ""), Format::Pkcs8 { encrypted: false });
        assert_eq!(pem("ENCRYPTED PRIVATE KEY", ""), Format::Pkcs8 { encrypted: true });
        assert_eq!(pem("CERTIFICATE", ""), Format::X509);
        assert_eq!(pem("RSA PUBLIC KEY", ""), Format::Public);
        assert_eq!(of(b"---- BEGIN SSH2 PUBLIC KEY ----\n"), Format::Public);
        assert_eq!(of(b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n"), Format::SshCom);
        assert_eq!(of(b"PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n"), Format::Ppk { encrypted: false });
        assert_eq!(of(b"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: aes256-cbc\n"), Format::Ppk { encrypted: true });
        assert_eq!(of(b"ssh-ed25519 AAAAC3Nz me@here\n"), Format::Public);
        assert_eq!(of(b"restrict ssh-ed25519 AAAAC3Nz me@here\n"), Format::Public);
        assert_eq!(of(b"ssh-ed25519-cert-v01@openssh.com AAAAIHNz\n"), Format::Certificate);
        assert_eq!(of(b" \n"), Format::Empty);
        assert_eq!(of(b"# read me\nssh-keygen made these\n"), Format::Unknown);
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = of(&bytes);
        }
    }
}
