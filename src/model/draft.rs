//! A tunnel in the making: what a person has answered so far, and how far they are. It may wait for days until somebody else
//! has done their part. It holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bastion::{Bastion, DEFAULT_KEEPALIVE, Sharing};
use super::database::Database;
use super::endpoint::{Endpoint, Listen};
use super::identity::{AgentSocket, Identity, KeyType};
use super::name::Name;
use super::tunnel::Tunnel;

/// Where a person is in the wizard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// Which bastion.
    #[default]
    Bastion,
    /// Which key.
    Access,
    /// Which database.
    Database,
    /// Name, local port.
    Local,
    /// What the admin must do.
    HandOff,
    /// The ladder.
    Climb,
}

/// The bastion that a draft goes through.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBastion {
    /// Not answered yet.
    #[default]
    Open,
    /// One of the configuration.
    Known(Name),
    /// One to be added.
    New {
        /// Its name to be.
        name: Name,
        /// Its address.
        endpoint: Endpoint,
        /// The login.
        user: String,
    },
}

/// What a draft's login will show.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Not answered yet.
    #[default]
    Open,
    /// The bastion's own identity; only where the bastion is configured already.
    Bastions,
    /// A key that is made for it.
    NewKey {
        /// Its name.
        name: Name,
        /// Its type.
        kind: KeyType,
    },
    /// A key that exists, a file or an agent.
    Identity(Identity),
}

/// A tunnel in the making.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The tunnel's name to be; drafts are told apart by it.
    pub name: Name,
    /// Where the person is.
    #[serde(default)]
    pub page: Page,
    /// Through what.
    #[serde(default)]
    pub bastion: ChosenBastion,
    /// With what.
    #[serde(default)]
    pub access: Access,
    /// To what, as the bastion sees it.
    #[serde(default)]
    pub database: Option<Database>,
    /// Where clients will connect; absent for a port that is chosen at first use.
    #[serde(default)]
    pub listen: Option<Listen>,
    /// The database user, for connection strings.
    #[serde(default)]
    pub user: Option<String>,
    /// The database's name, for connection strings.
    #[serde(default)]
    pub dbname: Option<String>,
    /// Open it when the service starts.
    #[serde(default)]
    pub autostart: bool,
    /// Words to select by.
    #[serde(default)]
    pub tags: Vec<Name>,
    /// What stands in the fields of the pages, as it was typed and by the field's name: also what is not whole yet.
    #[serde(default)]
    pub typed: BTreeMap<String, String>,
}

impl Draft {
    /// A draft in which nothing is answered yet.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self {
            name,
            page: Page::default(),
            bastion: ChosenBastion::default(),
            access: Access::default(),
            database: None,
            listen: None,
            user: None,
            dbname: None,
            autostart: false,
            tags: Vec::new(),
            typed: BTreeMap::new(),
        }
    }

    /// The identity that the login will show; absent while that is not answered, or left to a configured bastion.
    #[must_use]
    pub fn identity(&self) -> Option<Identity> {
        match &self.access {
            Access::Open | Access::Bastions => None,
            Access::NewKey { name, .. } => Some(Identity::Key(name.clone())),
            Access::Identity(identity) => Some(identity.clone()),
        }
    }

    /// The key of this name was made for it.
    #[must_use]
    pub fn has_key(&self, key: &Name) -> bool {
        self.page >= Page::HandOff && matches!(&self.access, Access::NewKey { name, .. } if name == key)
    }

    /// The name of the bastion, once it is chosen.
    #[must_use]
    pub fn bastion_name(&self) -> Option<&Name> {
        match &self.bastion {
            ChosenBastion::Open => None,
            ChosenBastion::Known(name) | ChosenBastion::New { name, .. } => Some(name),
        }
    }

    /// The bastion to be added, once it and its identity are known.
    #[must_use]
    pub fn new_bastion(&self) -> Option<Bastion> {
        let ChosenBastion::New { name, endpoint, user } = &self.bastion else { return None };
        Some(Bastion {
            name: name.clone(),
            endpoint: endpoint.clone(),
            user: user.clone(),
            identity: self.identity().unwrap_or(Identity::Agent(AgentSocket::Environment)),
            keepalive: DEFAULT_KEEPALIVE,
            sharing: Sharing::default(),
            legacy_algorithms: false,
        })
    }

    /// The tunnel to be added, once its database is known.
    #[must_use]
    pub fn tunnel(&self) -> Option<Tunnel> {
        Some(Tunnel {
            name: self.name.clone(),
            bastion: self.bastion_name()?.clone(),
            // A new bastion takes the identity itself.
            identity: if matches!(self.bastion, ChosenBastion::Known(_)) { self.identity() } else { None },
            database: self.database.clone()?,
            listen: self.listen.clone(),
            user: self.user.clone(),
            dbname: self.dbname.clone(),
            autostart: self.autostart,
            allow_remote_clients: false,
            tags: self.tags.clone(),
        })
    }

    /// What is not answered yet and must be.
    #[must_use]
    pub fn open_questions(&self) -> Vec<Page> {
        let mut open = Vec::new();
        if self.bastion == ChosenBastion::Open {
            open.push(Page::Bastion);
        }
        let without_identity = match self.access {
            Access::Open => true,
            Access::Bastions => !matches!(self.bastion, ChosenBastion::Known(_)),
            Access::NewKey { .. } | Access::Identity(_) => false,
        };
        if without_identity {
            open.push(Page::Access);
        }
        if self.database.is_none() {
            open.push(Page::Database);
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_draft_becomes_a_bastion_and_a_tunnel() {
        let mut draft = Draft::new("orders".parse().unwrap());
        assert_eq!(draft.open_questions(), [Page::Bastion, Page::Access, Page::Database]);
        assert!(draft.tunnel().is_none() && draft.new_bastion().is_none());
        draft.bastion = ChosenBastion::New {
            name: "prod".parse().unwrap(),
            endpoint: Endpoint::new("b.example".parse().unwrap(), 22.try_into().unwrap()),
            user: "adit".to_owned(),
        };
        draft.access = Access::NewKey { name: "orders".parse().unwrap(), kind: KeyType::Ed25519 };
        draft.database =
            Some(Database { kind: Kind::Postgres, host: "10.0.1.12".parse().unwrap(), port: 5432.try_into().unwrap() });
        assert!(draft.open_questions().is_empty());
        assert_eq!(draft.new_bastion().unwrap().identity, Identity::Key("orders".parse().unwrap()));
        assert_eq!(draft.tunnel().unwrap().identity, None);
        draft.bastion = ChosenBastion::Known("edge".parse().unwrap());
        assert_eq!(draft.tunnel().unwrap().identity, Some(Identity::Key("orders".parse().unwrap())));
        draft.access = Access::Bastions;
        assert!(draft.open_questions().is_empty() && draft.tunnel().unwrap().identity.is_none());
    }

    #[test]
    fn drafts_of_older_versions_are_read() {
        let draft: Draft = serde_json::from_str(r#"{"name":"orders"}"#).unwrap();
        assert_eq!(draft, Draft::new("orders".parse().unwrap()));
    }
}
