//! Which algorithms are offered, in which order, and the session settings that russh's defaults get wrong for forwarding.

use std::borrow::Cow;
use std::time::Duration;

use russh::keys::{Algorithm, EcdsaCurve, HashAlg};
use russh::{Preferred, SshId, cipher, client, compression, kex, mac};

/// The receive window of a channel: on a path of 50 ms, 2 MiB give half of what `ssh` gives, 8 MiB twice as much.
const WINDOW: u32 = 8 * 1024 * 1024;

/// Host-key types from the most to the least preferred. SHA-1 signatures (`ssh-rsa`) are not among them (RFC 8332).
pub(crate) fn host_key_types() -> Vec<Algorithm> {
    vec![
        Algorithm::Ed25519,
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
        Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
        Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
        Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
    ]
}

/// True where two algorithm names belong to the same key type: RSA keys sign with several hashes.
pub(crate) fn same_key_type(a: &Algorithm, b: &Algorithm) -> bool {
    matches!((a, b), (Algorithm::Rsa { .. }, Algorithm::Rsa { .. })) || a == b
}

/// The session settings for one hop. `types` are the host-key algorithms in the order to ask for, `certificates` whether a
/// host certificate is worth asking for.
pub(crate) fn config(keepalive: Duration, legacy: bool, types: Vec<Algorithm>, certificates: bool) -> client::Config {
    let mut key = types;
    let mut kex = vec![
        kex::MLKEM768X25519_SHA256,
        kex::CURVE25519,
        kex::CURVE25519_PRE_RFC_8731,
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
        kex::DH_G16_SHA512,
        kex::DH_G18_SHA512,
        kex::DH_GEX_SHA256,
        kex::DH_G14_SHA256,
    ];
    // With AES in hardware, GCM costs half of what ChaCha20 costs; CTR is the last resort.
    let mut cipher = vec![
        cipher::AES_128_GCM,
        cipher::AES_256_GCM,
        cipher::CHACHA20_POLY1305,
        cipher::AES_256_CTR,
        cipher::AES_192_CTR,
        cipher::AES_128_CTR,
    ];
    let mut mac = vec![mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];
    if legacy {
        kex.extend([kex::DH_G14_SHA1, kex::DH_GEX_SHA1, kex::DH_G1_SHA1]);
        cipher.extend([cipher::AES_256_CBC, cipher::AES_192_CBC, cipher::AES_128_CBC]);
        mac.extend([mac::HMAC_SHA1_ETM, mac::HMAC_SHA1]);
        key.push(Algorithm::Rsa { hash: None });
    }
    kex.extend([kex::EXTENSION_SUPPORT_AS_CLIENT, kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT]);
    let certificate_types = if certificates { host_key_types() } else { Vec::new() };
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed(concat!("SSH-2.0-adit_", env!("CARGO_PKG_VERSION")))),
        preferred: Preferred {
            kex: Cow::Owned(kex),
            key: Cow::Owned(key),
            host_key_certificates: Cow::Owned(certificate_types),
            cipher: Cow::Owned(cipher),
            mac: Cow::Owned(mac),
            compression: Cow::Owned(vec![compression::NONE]),
        },
        // A rekey of our own kills busy sessions (russh counts inbound bytes of all channels against one window while it
        // waits), so the server leads; the constructor refuses these values, the fields do not.
        limits: russh::Limits {
            rekey_write_limit: 1 << 35,
            rekey_read_limit: 1 << 35,
            rekey_time_limit: Duration::from_secs(10 * 365 * 24 * 3600),
        },
        window_size: WINDOW,
        maximum_packet_size: 32 * 1024,
        channel_buffer_size: 100,
        // Off: after our own client stopped reading for a while, an expired timer would end the session the moment it
        // resumes. The session's watch and TCP_USER_TIMEOUT bound a stalled write.
        inactivity_timeout: None,
        keepalive_interval: Some(keepalive),
        // russh gives up when more than this many are unanswered at the next interval: the third miss is the end.
        keepalive_max: 2,
        anonymous: false,
        gex: client::GexParams::default(),
        nodelay: true,
    }
}
