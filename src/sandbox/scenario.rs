//! The demo's stage: five bastions, their databases, and tunnels that are whole or broken in one named way each. It offers
//! plain values; writing them into a home and running a service over it is the caller's.
//!
//! The caller makes a key for each of [`Scenario::keys`] and hands its public half in, writes each bastion's
//! [`StageBastion::known_hosts_line`], declares the tunnels, opens those that ask for it and, once a tunnel listens, calls
//! [`Scenario::drive`] with its address.
//!
//! | tunnel | through | what it shows |
//! |---|---|---|
//! | orders, billing, cache | prod | healthy, with live traffic: PostgreSQL, MariaDB, Redis |
//! | reports | eu | healthy, with a steady dump: SQL Server |
//! | archive | eu | stopped |
//! | events | branch | flaps: every 20 s its session is killed (`link_closed`), for 4 s nobody is let in (`closed_before_banner`) |
//! | payroll | prod | `key_refused` until the admin lets its key in |
//! | ledger | prod | `key_refused` |
//! | invoices | prod | `forward_prohibited`: `PermitOpen` lacks its database |
//! | inventory | prod | `target_refused`: the database's port is closed |
//! | customers | prod | `wrong_protocol`: MariaDB answers where PostgreSQL should (the forward itself opens) |
//! | warehouse | dc2 | `host_key_changed` |
//! | preview | staging | `host_key_unknown`, with a question to the person; healthy once it is answered |

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::{CancellationToken, DropGuard};

use super::bastion::{Bastion, Forwarding, Target};
use super::database::{Database, Speaks};
use super::error::SandboxError;
use super::traffic::{Profile, Traffic};
use crate::model::{Code, Database as Place, Endpoint, Kind, Name};

mod cast;

/// What a tunnel of the stage shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// It works.
    Healthy,
    /// It works and is not opened.
    Stopped,
    /// The bastion refuses its key.
    KeyRefused,
    /// The bastion will let its key in once the admin has added it.
    WaitsForAdmin,
    /// The bastion's `PermitOpen` does not name its database.
    ForwardProhibited,
    /// Nothing listens on its database's port.
    TargetRefused,
    /// Another kind of database answers on its database's port.
    WrongProtocol,
    /// Its bastion shows another host key than the known one.
    HostKeyChanged,
    /// Its bastion's host key is not known yet, so that a person is asked.
    HostKeyUnknown,
    /// Its bastion dies about three times a minute.
    Flaps,
}

impl Shows {
    /// The code that its fault has, now or from time to time.
    #[must_use]
    pub fn code(self) -> Option<Code> {
        match self {
            Self::Healthy | Self::Stopped => None,
            Self::KeyRefused | Self::WaitsForAdmin => Some(Code::KeyRefused),
            Self::ForwardProhibited => Some(Code::ForwardProhibited),
            Self::TargetRefused => Some(Code::TargetRefused),
            Self::WrongProtocol => Some(Code::WrongProtocol),
            Self::HostKeyChanged => Some(Code::HostKeyChanged),
            Self::HostKeyUnknown => Some(Code::HostKeyUnknown),
            Self::Flaps => Some(Code::LinkClosed),
        }
    }
}

/// When a bastion lets a key in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// As soon as it is handed in.
    AtOnce,
    /// When the stage is told so.
    WhenTold,
}

/// A bastion of the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageBastion {
    /// Its name.
    pub name: Name,
    /// Where to dial: a port of 127.0.0.1.
    pub endpoint: Endpoint,
    /// The account.
    pub user: String,
    /// The key of its tunnels that name none of their own.
    pub key: Name,
    /// The host key that it shows, in one line.
    pub host_key: String,
    /// The host key that the demo's known_hosts should hold; another one where it has "changed", none where it is not known.
    pub known_host_key: Option<String>,
}

impl StageBastion {
    /// The line for the demo's known_hosts (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
    #[must_use]
    pub fn known_hosts_line(&self) -> Option<String> {
        let key = self.known_host_key.as_ref()?;
        Some(format!("[{}]:{} {key}", self.endpoint.host, self.endpoint.port))
    }
}

/// A key that the caller makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageKey {
    /// Its name.
    pub name: Name,
    /// The bastion that it is for.
    pub bastion: Name,
    /// When it is let in.
    pub admission: Admission,
}

/// A tunnel of the stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageTunnel {
    /// Its name.
    pub name: Name,
    /// The bastion it goes through.
    pub bastion: Name,
    /// A key of its own.
    pub key: Option<Name>,
    /// The database as the bastion sees it.
    pub database: Place,
    /// The database user.
    pub user: String,
    /// The database's name.
    pub dbname: Option<String>,
    /// Words to select by.
    pub tags: Vec<Name>,
    /// Whether the demo opens it.
    pub opened: bool,
    /// What it shows.
    pub shows: Shows,
    /// Who asks its database, once it listens.
    pub traffic: Option<Profile>,
}

/// The running stage. Everything ends when it is dropped.
pub struct Scenario {
    bastions: Vec<StageBastion>,
    keys: Vec<StageKey>,
    tunnels: Vec<StageTunnel>,
    servers: BTreeMap<Name, Bastion>,
    /// One for each protocol; every tunnel's database is one of these.
    databases: Vec<(Speaks, Database)>,
    handed_in: Mutex<BTreeMap<Name, String>>,
    traffic: Mutex<BTreeMap<Name, Traffic>>,
    stop: CancellationToken,
    _life: DropGuard,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Scenario {
    /// Starts every server, each on a free port of 127.0.0.1. Inside a tokio runtime only, as everything here.
    ///
    /// # Errors
    /// When there are no ports, or no randomness for keys.
    pub async fn start() -> Result<Self, SandboxError> {
        let tunnels = cast::tunnels()?;
        let (mut bastions, mut keys, mut servers) = (Vec::new(), cast::keys()?, BTreeMap::new());
        for role in cast::bastions()? {
            let server = Bastion::start(cast::USER, role.switches).await?;
            let before = server.host_key();
            let host_key = if role.host_key_changed { server.change_host_key()? } else { before.clone() };
            bastions.push(StageBastion {
                name: role.name.clone(),
                endpoint: server.endpoint()?,
                user: cast::USER.to_owned(),
                key: role.name.clone(),
                host_key,
                known_host_key: role.host_key_known.then_some(before),
            });
            let (name, bastion) = (role.name.clone(), role.name.clone());
            keys.push(StageKey { name, bastion, admission: Admission::AtOnce });
            servers.insert(role.name, server);
        }
        let mut databases = Vec::new();
        for speaks in [Speaks::Postgres, Speaks::Mariadb, Speaks::Redis, Speaks::Sqlserver] {
            databases.push((speaks, Database::start(speaks).await?));
        }
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        let stop = CancellationToken::new();
        let stage = Self {
            bastions,
            keys,
            tunnels,
            servers,
            databases,
            handed_in: Mutex::default(),
            traffic: Mutex::default(),
            _life: stop.clone().drop_guard(),
            stop,
        };
        stage.set()?;
        Ok(stage)
    }

    /// Puts every tunnel's database, or what is in its place, where the bastion finds it.
    fn set(&self) -> Result<(), SandboxError> {
        for tunnel in &self.tunnels {
            let server = self.bastion(&tunnel.bastion)?;
            let target = tunnel.database.endpoint();
            match tunnel.shows {
                Shows::TargetRefused => server.place(&target, Target::Refused),
                // A server that speaks first, so that nothing has to be sent to know it.
                Shows::WrongProtocol => server.place(&target, Target::Loopback(self.database(Speaks::Mariadb)?.port())),
                _ => server.place(&target, Target::Loopback(self.behind(tunnel)?.port())),
            }
        }
        let prohibited = |name: &Name| {
            let fits = |t: &&StageTunnel| t.bastion == *name && t.shows == Shows::ForwardProhibited;
            self.tunnels.iter().any(|t| fits(&t))
        };
        for (name, server) in &self.servers {
            if prohibited(name) {
                let allowed = self.tunnels.iter().filter(|t| t.shows != Shows::ForwardProhibited);
                let allowed: BTreeSet<_> = allowed.map(|t| t.database.endpoint().to_string()).collect();
                server.switch(|switches| switches.forwarding = Forwarding::Only(allowed));
            }
        }
        Ok(())
    }

    /// The bastions, in the order to show them.
    #[must_use]
    pub fn bastions(&self) -> &[StageBastion] {
        &self.bastions
    }

    /// The keys to make, by name.
    #[must_use]
    pub fn keys(&self) -> &[StageKey] {
        &self.keys
    }

    /// The tunnels, in the order to show them.
    #[must_use]
    pub fn tunnels(&self) -> &[StageTunnel] {
        &self.tunnels
    }

    /// The server behind a bastion's name, with its switches.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn bastion(&self, name: &Name) -> Result<&Bastion, SandboxError> {
        self.servers.get(name).ok_or_else(|| SandboxError::Unknown { what: "bastion", name: name.clone() })
    }

    /// Takes the public half of a key: one that is let in at once is, any other waits for [`Self::authorise`].
    ///
    /// # Errors
    /// When the stage has no such key, or the line holds none.
    pub fn hand_in(&self, key: &Name, public_key: &str) -> Result<(), SandboxError> {
        let admission = self.key(key)?.admission;
        held(&self.handed_in).insert(key.clone(), public_key.to_owned());
        if admission == Admission::AtOnce { self.authorise(key) } else { Ok(()) }
    }

    /// Plays the admin: lets a key in that was handed in.
    ///
    /// # Errors
    /// When no such key was handed in, or its line holds none.
    pub fn authorise(&self, key: &Name) -> Result<(), SandboxError> {
        let line = held(&self.handed_in).get(key).cloned();
        let line = line.ok_or_else(|| SandboxError::Unknown { what: "key handed in", name: key.clone() })?;
        self.bastion(&self.key(key)?.bastion)?.authorise(&line)
    }

    /// Plays whoever must act: takes the cause of a tunnel's fault away. An unknown host key is the person's to accept.
    ///
    /// # Errors
    /// When there is no such tunnel, or its key was not handed in.
    pub fn mend(&self, tunnel: &Name) -> Result<(), SandboxError> {
        let tunnel = self.tunnel(tunnel)?;
        let server = self.bastion(&tunnel.bastion)?;
        let target = tunnel.database.endpoint();
        match tunnel.shows {
            Shows::Healthy | Shows::Stopped | Shows::HostKeyUnknown => {}
            Shows::KeyRefused | Shows::WaitsForAdmin => {
                self.authorise(tunnel.key.as_ref().unwrap_or(&tunnel.bastion))?;
            }
            Shows::ForwardProhibited => server.switch(|switches| {
                if let Forwarding::Only(allowed) = &mut switches.forwarding {
                    allowed.insert(target.to_string());
                }
            }),
            Shows::TargetRefused | Shows::WrongProtocol => {
                server.place(&target, Target::Loopback(self.behind(tunnel)?.port()));
            }
            Shows::HostKeyChanged => server.restore_host_key(),
            Shows::Flaps => server.switch(|switches| switches.flap = None),
        }
        Ok(())
    }

    /// Lets the tunnel's made-up clients loose on its local port; nothing for a tunnel without any. Called again, they start
    /// over at the new address.
    ///
    /// # Errors
    /// When there is no such tunnel.
    pub fn drive(&self, tunnel: &Name, listen: SocketAddr) -> Result<(), SandboxError> {
        let stage = self.tunnel(tunnel)?;
        let Some(profile) = stage.traffic else { return Ok(()) };
        let speaks = spoken(stage.database.kind)?;
        let seed = tunnel.as_str().bytes().fold(1_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
        let clients = Traffic::start(speaks, listen, profile, seed, &self.stop);
        held(&self.traffic).insert(tunnel.clone(), clients);
        Ok(())
    }

    /// Lets all made-up clients rest, or go on.
    pub fn pause(&self, paused: bool) {
        for clients in held(&self.traffic).values() {
            clients.pause(paused);
        }
    }

    /// How many questions the tunnel's made-up clients had answered.
    #[must_use]
    pub fn answers(&self, tunnel: &Name) -> u64 {
        held(&self.traffic).get(tunnel).map_or(0, Traffic::answers)
    }

    fn tunnel(&self, name: &Name) -> Result<&StageTunnel, SandboxError> {
        let found = self.tunnels.iter().find(|tunnel| tunnel.name == *name);
        found.ok_or_else(|| SandboxError::Unknown { what: "tunnel", name: name.clone() })
    }

    fn key(&self, name: &Name) -> Result<&StageKey, SandboxError> {
        let found = self.keys.iter().find(|key| key.name == *name);
        found.ok_or_else(|| SandboxError::Unknown { what: "key", name: name.clone() })
    }

    fn database(&self, speaks: Speaks) -> Result<&Database, SandboxError> {
        let found = self.databases.iter().find(|(other, _)| *other == speaks);
        found.map(|(_, database)| database).ok_or_else(|| SandboxError::Table { why: format!("no {speaks:?}") })
    }

    /// The right database for a tunnel.
    fn behind(&self, tunnel: &StageTunnel) -> Result<&Database, SandboxError> {
        self.database(spoken(tunnel.database.kind)?)
    }
}

fn spoken(kind: Kind) -> Result<Speaks, SandboxError> {
    match kind {
        Kind::Postgres | Kind::Redshift => Ok(Speaks::Postgres),
        Kind::Mysql | Kind::Mariadb => Ok(Speaks::Mariadb),
        Kind::Redis => Ok(Speaks::Redis),
        Kind::Sqlserver => Ok(Speaks::Sqlserver),
        Kind::Oracle | Kind::Mongodb | Kind::Clickhouse | Kind::Cassandra | Kind::Elasticsearch | Kind::Tcp => {
            Err(SandboxError::Table { why: format!("the sandbox has no {kind}") })
        }
    }
}
