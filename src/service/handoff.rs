//! A hand-off from what is configured: which login, which key, which databases, seen from where. It writes no text of it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::config::{Paths, Settings};
use crate::guide::{PublicKey, Served, Setup};
use crate::model::{Advice, Bastion, Draft, Hop, Identity, Name, Subject, Tunnel};
use crate::ssh::{KeyError, Keystore, Sources, prepare};

use super::drafts::with_draft;

/// What was asked for beside the subject.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wish {
    /// The addresses that the bastion sees us come from; where there are none, those of the configuration.
    pub from: Vec<IpAddr>,
    /// Those that it saw us come from in a session; they stand beside the ones of the configuration, not beside given ones.
    pub seen: Vec<IpAddr>,
    /// The day from which on the key is no longer taken.
    pub expires: Option<Date>,
}

/// The facts of a hand-off; nothing where the configuration does not know the subject. `agent` is asked for its key where the
/// login goes through it; nothing is asked of a person.
pub async fn handoff(
    settings: &Settings,
    paths: &Paths,
    subject: &Subject,
    wish: &Wish,
    agent: Option<PathBuf>,
) -> Option<Setup> {
    handoff_for(settings, paths, subject, None, wish, agent).await
}

/// The facts of a hand-off for a draft, as far as it is answered; nothing before its bastion is.
pub async fn draft_handoff(
    settings: &Settings,
    paths: &Paths,
    draft: &Draft,
    wish: &Wish,
    agent: Option<PathBuf>,
) -> Option<Setup> {
    let would_be = with_draft(settings, draft);
    let subject = Subject::Draft(draft.name.clone());
    handoff_for(&would_be, paths, &subject, draft.bastion_name(), wish, agent).await
}

async fn handoff_for(
    settings: &Settings,
    paths: &Paths,
    subject: &Subject,
    bastion_of_draft: Option<&Name>,
    wish: &Wish,
    agent: Option<PathBuf>,
) -> Option<Setup> {
    let (bastion, own) = match subject {
        Subject::Bastion(name) => (settings.bastions.get(name)?, None),
        Subject::Tunnel(name) | Subject::Draft(name) => match settings.tunnels.get(name) {
            Some(tunnel) => (settings.bastions.get(&tunnel.bastion)?, tunnel.identity.as_ref()),
            None => (settings.bastions.get(bastion_of_draft?)?, None),
        },
    };
    let hop = Hop::through(bastion, own);
    let (with, without): (Vec<&Tunnel>, Vec<&Tunnel>) =
        settings.tunnels_through(&bastion.name).partition(|tunnel| identity(tunnel, bastion) == &hop.identity);
    let served = |tunnel: &&Tunnel| Served { tunnel: tunnel.name.clone(), database: tunnel.database.clone() };
    let (key, key_unknown) = match public_key(&hop, paths, agent).await {
        Ok(key) => (Some(key), None),
        Err(why) => (None, Some(why)),
    };
    Some(Setup {
        subject: subject.clone(),
        bastion: bastion.name.clone(),
        address: bastion.endpoint.clone(),
        user: bastion.user.clone(),
        key,
        key_unknown,
        databases: with.iter().map(served).collect(),
        others: without.iter().map(|tunnel| tunnel.name.clone()).collect(),
        from: if wish.from.is_empty() { settings.preferences.leaves_from.clone() } else { wish.from.clone() },
        seen: if wish.from.is_empty() { wish.seen.clone() } else { Vec::new() },
        expires: wish.expires,
    })
}

fn identity<'a>(tunnel: &'a Tunnel, bastion: &'a Bastion) -> &'a Identity {
    tunnel.identity.as_ref().unwrap_or(&bastion.identity)
}

/// The public half, without opening a private one where that can be helped; or a sentence.
async fn public_key(hop: &Hop, paths: &Paths, agent: Option<PathBuf>) -> Result<PublicKey, String> {
    let known = match &hop.identity {
        Identity::Key(name) => Some(show(paths.keys.clone(), name.clone()).await),
        Identity::File(path) => match (path.parent(), name_of(path)) {
            // The same two files, in a folder that is not ours.
            (Some(folder), Some(name)) => Some(show(folder.to_owned(), name).await).filter(Result::is_ok),
            _ => None,
        },
        Identity::Agent(_) => None,
    };
    if let Some(found) = known {
        return found;
    }
    let sources = Sources { keys: paths.keys.clone(), agent, passphrase: None };
    match prepare(hop, sources).await {
        Ok(credential) => Ok(PublicKey { line: credential.public_key(), fingerprint: credential.fingerprint() }),
        Err(trouble) => Err(sentence(&trouble.fault.message, &trouble.fault.advice)),
    }
}

fn name_of(path: &Path) -> Option<Name> {
    path.file_name()?.to_str()?.parse().ok()
}

async fn show(folder: PathBuf, name: Name) -> Result<PublicKey, String> {
    let shown = tokio::task::spawn_blocking(move || Keystore::new(folder).show(&name)).await;
    match shown {
        Ok(Ok(info)) => Ok(PublicKey { line: info.public_key, fingerprint: info.fingerprint }),
        Ok(Err(error @ KeyError::Unknown { .. })) => Err(format!("{error}; adit key new makes one")),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the key could not be read".to_owned()),
    }
}

fn sentence(message: &str, advice: &[Advice]) -> String {
    let first = advice.first();
    let cure = first.map(|advice| match &advice.command {
        Some(command) => format!("; {}: {command}", advice.text),
        None => format!("; {}", advice.text),
    });
    format!("{message}{}", cure.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"
[preferences]
leaves_from = ["203.0.113.7"]
[bastions.prod]
host = "bastion.example.com"
user = "adit"
key = "prod"
[tunnels.orders]
bastion = "prod"
database = "postgres"
host = "10.0.1.12"
[tunnels.cache]
bastion = "prod"
database = "redis"
host = "10.0.1.13"
[tunnels.ledger]
bastion = "prod"
key = "ledger"
database = "mariadb"
host = "10.0.1.14"
"#;

    fn place() -> (tempfile::TempDir, Paths, Settings) {
        let home = tempfile::tempdir().unwrap();
        let paths = Paths::from(&|_| None, crate::local::process::own_uid(), Some(home.path())).unwrap();
        std::fs::write(&paths.config, CONFIG).unwrap();
        let settings = crate::config::load(&paths).unwrap();
        (home, paths, settings)
    }

    #[tokio::test]
    async fn each_login_brings_the_databases_of_its_own_key() {
        let (_home, paths, settings) = place();
        let made = Keystore::new(paths.keys.clone())
            .make(&"prod".parse().unwrap(), crate::model::KeyType::Ed25519, None, None)
            .unwrap();
        let subject = Subject::Tunnel("orders".parse().unwrap());
        let found = handoff(&settings, &paths, &subject, &Wish::default(), None).await.unwrap();
        assert_eq!(found.key.as_ref().map(|key| key.line.as_str()), Some(made.public_key.as_str()));
        assert_eq!(
            found.targets().iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["10.0.1.12:5432", "10.0.1.13:6379"]
        );
        assert_eq!(found.others, ["ledger".parse().unwrap()]);
        assert_eq!(found.from, ["203.0.113.7".parse::<IpAddr>().unwrap()]);
        let wish = Wish { from: vec!["198.51.100.9".parse().unwrap()], ..Wish::default() };
        let found = handoff(&settings, &paths, &Subject::Tunnel("ledger".parse().unwrap()), &wish, None).await.unwrap();
        assert!(found.key.is_none() && found.key_unknown.as_ref().unwrap().contains("adit key new"), "{found:?}");
        assert_eq!((found.databases.len(), found.from), (1, wish.from));
        assert!(
            handoff(&settings, &paths, &Subject::Bastion("edge".parse().unwrap()), &Wish::default(), None)
                .await
                .is_none()
        );
    }
}
