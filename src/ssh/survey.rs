//! What a server shows of itself, held against known_hosts, for a person who decides whether to trust it. It never logs in.

use russh::keys::{HashAlg, PublicKey, PublicKeyOrCertificate};

use super::World;
use super::dial::host_keys;
use super::trust::{self, Judgement, KnownHosts, TrustError};
use crate::model::{Endpoint, Fault, Hop};

/// A host key that a server showed.
#[derive(Debug, Clone)]
pub struct ShownKey {
    /// As in known_hosts ("ssh-ed25519").
    pub key_type: String,
    /// `SHA256:…`
    pub fingerprint: String,
    /// What the known_hosts files say about it.
    pub judgement: Judgement,
    key: PublicKey,
}

/// Why nothing can be said about a server's keys.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The server was not reached, or showed no key.
    #[error("{}", .0.message)]
    Fault(Fault),
    /// The known_hosts files cannot be read.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

/// Asks a server for its host key of each type in turn, and judges each.
///
/// # Errors
/// When the server shows none, or the known_hosts files cannot be read.
pub async fn survey(hop: &Hop, world: &World) -> Result<Vec<ShownKey>, SurveyError> {
    let known = KnownHosts::load(&world.known_host_files())?;
    let keys = host_keys(hop).await.map_err(SurveyError::Fault)?;
    let judged = keys.into_iter().map(|key| ShownKey {
        key_type: key.algorithm().to_string(),
        fingerprint: key.fingerprint(HashAlg::Sha256).to_string(),
        judgement: known.judge(&hop.endpoint, &PublicKeyOrCertificate::PublicKey { key: key.clone(), hash_alg: None }),
        key,
    });
    Ok(judged.collect())
}

/// Writes shown keys into adit's own known_hosts.
///
/// # Errors
/// When the file cannot be written; it is then as it was.
pub fn pin_shown(world: &World, endpoint: &Endpoint, keys: &[&ShownKey]) -> Result<(), TrustError> {
    let keys: Vec<PublicKey> = keys.iter().map(|shown| shown.key.clone()).collect();
    trust::pin(&world.known_hosts, endpoint, &keys)
}
