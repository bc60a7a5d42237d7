//! Whether a host certificate holds, by the rules of OpenSSH (`sshkey_cert_check_host`). Whether its signer is trusted is
//! decided before, from the known_hosts lines.

use jiff::Timestamp;
use russh::keys::ssh_key::certificate::CertType;
use russh::keys::{Algorithm, Certificate, HashAlg};

/// The signature itself. OpenSSH breaks the key exchange off over a false one, so nothing else of it may count either.
pub(super) fn check_signature(certificate: &Certificate) -> Result<(), String> {
    let sha2 = match certificate.signature().algorithm() {
        // OpenSSH's CASignatureAlgorithms: no SHA-1, no DSA.
        Algorithm::Rsa { hash } => matches!(hash, Some(HashAlg::Sha256 | HashAlg::Sha512)),
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => true,
        _ => false,
    };
    if !sha2 {
        return Err("the certificate is signed with an algorithm that is not allowed".to_owned());
    }
    certificate.verify_signature().map_err(|_| "the certificate's signature is false".to_owned())
}

/// Everything else that a certificate must fulfil to stand for `host` at `now`.
pub(super) fn check(certificate: &Certificate, host: &str, now: Timestamp) -> Result<(), String> {
    if certificate.cert_type() != CertType::Host {
        return Err("the certificate is not a host's".to_owned());
    }
    let now = u64::try_from(now.as_second()).unwrap_or(0);
    if now < certificate.valid_after() {
        return Err("the certificate is not valid yet".to_owned());
    }
    if now >= certificate.valid_before() {
        return Err("the certificate has expired".to_owned());
    }
    // No principals means every host (PROTOCOL.certkeys).
    let principals = certificate.valid_principals();
    if !principals.is_empty() && !principals.iter().any(|name| name == host) {
        return Err(format!("the certificate is not for {host}"));
    }
    if !certificate.critical_options().is_empty() {
        return Err("the certificate has critical options, which host certificates do not know".to_owned());
    }
    Ok(())
}
