//! The probe that asks the real world: one connection to each bastion, one login, one look at the database. It judges nothing
//! and tries nothing twice.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use super::plan::Plan;
use super::probe::{
    Bound, Eyes, Greeted, Holding, Inside, Login, Look, Methods, Named, Offered, Opened, Probe, Reached, Seen, Trusted,
};
use super::speak::{self, Spoken};
use crate::local::port_owner;
use crate::model::{Admin, AgentSocket, Code, Endpoint, Fault, Hop, Identity, Listen, Secret, account};
use crate::ssh::{self, Credential, Session, Sources, World};

/// The time for a login, an agent's consent included.
const LOGIN_DEADLINE: Duration = Duration::from_secs(8);
/// The time for the look on the bastion.
const INSIDE_DEADLINE: Duration = Duration::from_secs(8);
/// The time for a name of a database; it is of use only if it is known at once.
const NAME_DEADLINE: Duration = Duration::from_secs(1);

/// Finds a passphrase that a person gave already.
pub type Passphrases = Box<dyn Fn(&Identity) -> Option<Secret> + Send + Sync>;

/// What of this machine the probe may use.
pub struct Means {
    /// Keys and known_hosts.
    pub world: World,
    /// The person's agent.
    pub agent: Option<PathBuf>,
    /// The person's home folder, where an admin's own keys are.
    pub home: Option<PathBuf>,
    /// Passphrases given before.
    pub passphrases: Passphrases,
}

/// How far the connection to a hop has come.
enum Stage {
    None,
    Addresses(Vec<SocketAddr>),
    Reached(ssh::Reached),
    /// It accepted and hung up before it was listened to.
    HungUp(Fault),
    Greeted(ssh::Greeted),
    Trusted(Box<ssh::Trusted>),
    In(Session),
}

/// The real world.
pub struct Live<'a> {
    plan: &'a Plan,
    means: Means,
    hops: Vec<Hop>,
    stage: Stage,
    credential: Option<Credential>,
    channel: Option<ssh::Channel>,
}

impl<'a> Live<'a> {
    /// Nothing is asked yet.
    #[must_use]
    pub fn new(plan: &'a Plan, means: Means) -> Self {
        let hops = plan.route.hops().cloned().collect();
        Self { plan, means, hops, stage: Stage::None, credential: None, channel: None }
    }

    /// Hangs up in order.
    pub async fn close(mut self) {
        if let Some(channel) = self.channel.take() {
            // The session goes with it.
            let _ = channel.close().await;
        }
        if let Stage::In(session) = &self.stage {
            session.close().await;
        }
    }

    fn hop(&self, index: usize) -> Hop {
        self.hops.get(index).unwrap_or(&self.plan.route.last).clone()
    }

    fn take(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::None)
    }

    async fn admin_session(&self, admin: &Admin) -> Result<Session, String> {
        let hop = Hop {
            endpoint: admin.endpoint.clone(),
            user: admin.user.clone(),
            identity: Identity::Agent(AgentSocket::Environment),
            ..self.plan.route.last.clone()
        };
        let words = |fault: Fault| fault.message;
        let addresses = ssh::resolve(&hop.endpoint).await.map_err(words)?;
        let reached = ssh::Reached::direct(&hop, &addresses).await.map_err(words)?;
        let greeted = reached.greet(&hop).await.map_err(words)?;
        let trusted = greeted.trust(&self.means.world, &hop).await.map_err(|trouble| trouble.fault.message)?;
        let keys = ssh::admin_credentials(&hop, self.means.agent.as_deref(), self.means.home.as_deref()).await;
        if keys.is_empty() {
            return Err(
                "your agent holds no key and ~/.ssh has none that can be used without a passphrase: ssh-add".into()
            );
        }
        let login = timeout(LOGIN_DEADLINE, trusted.login_any(&hop, &keys)).await;
        match login {
            Ok(Ok(session)) => Ok(session),
            Ok(Err(fault)) => Err(fault.map_or_else(|| "the login was refused".to_owned(), words)),
            Err(_) => Err(format!("the login did not finish within {} s", LOGIN_DEADLINE.as_secs())),
        }
    }

    async fn ask_inside(&self, eyes: &Eyes) -> Result<String, String> {
        let user = self.plan.route.last.user.as_str();
        let public = self.credential.as_ref().map(Credential::public_key);
        let questions = account::look_input(user, public.as_deref())
            .ok_or_else(|| format!("{user:?} is no name that an account can have"))?;
        let borrowed;
        let session = match (eyes, &self.plan.admin, &self.stage) {
            (Eyes::Admin(_), Some(admin), _) => {
                borrowed = self.admin_session(admin).await?;
                &borrowed
            }
            (Eyes::Own, _, Stage::In(session)) => session,
            _ => return Err("there is no login to look with".to_owned()),
        };
        let answer = session.exec(account::LOOK_COMMAND, questions.as_bytes(), INSIDE_DEADLINE).await;
        if matches!(eyes, Eyes::Admin(_)) {
            session.close().await;
        }
        answer.map(|answer| String::from_utf8_lossy(&answer.stdout).into_owned()).map_err(|error| error.to_string())
    }
}

/// Looks, with the time it took.
async fn timed<T>(look: impl Future<Output = Result<T, Fault>>) -> Look<T> {
    let begun = Instant::now();
    let seen = match look.await {
        Ok(fact) => Seen::Fact(fact),
        Err(fault) => Seen::Fault(fault),
    };
    Look { seen, ms: since(begun) }
}

/// Milliseconds, to the microsecond.
fn since(begun: Instant) -> f64 {
    (begun.elapsed().as_secs_f64() * 1e6).round() / 1e3
}

/// A question asked out of order; the run never does.
fn too_early(code: Code) -> Fault {
    Fault::new(code, "the rung below was not climbed")
}

impl Probe for Live<'_> {
    async fn bind(&mut self) -> Look<Bound> {
        let aim = self.plan.aim.clone();
        timed(async move {
            let listen = aim.as_ref().and_then(|aim| aim.listen.clone());
            let held = aim.is_some_and(|aim| aim.held);
            let place = listen.clone();
            let look = tokio::task::spawn_blocking(move || holding(place.as_ref(), held)).await;
            let holding = look.unwrap_or(Holding::Failed { why: "the look at the port ended".to_owned() });
            Ok(Bound { listen, holding })
        })
        .await
    }

    async fn resolve(&mut self, hop: usize) -> Look<Named> {
        let hop = self.hop(hop);
        timed(async {
            let addresses = ssh::resolve(&hop.endpoint).await?;
            let named = Named {
                addresses: addresses.iter().map(SocketAddr::ip).collect(),
                literal: hop.endpoint.host.as_ip().is_some(),
            };
            self.stage = Stage::Addresses(addresses);
            Ok(named)
        })
        .await
    }

    async fn addresses(&mut self, target: &Endpoint) -> Vec<IpAddr> {
        match timeout(NAME_DEADLINE, ssh::resolve(target)).await {
            Ok(Ok(found)) => found.iter().map(SocketAddr::ip).collect(),
            Ok(Err(_)) | Err(_) => Vec::new(),
        }
    }

    async fn reach(&mut self, hop: usize) -> Look<Reached> {
        let hop = self.hop(hop);
        timed(async {
            let reached = match self.take() {
                Stage::Addresses(addresses) => ssh::Reached::direct(&hop, &addresses).await,
                Stage::In(session) => ssh::Reached::through(&session, &hop).await,
                _ => return Err(too_early(Code::NoRoute)),
            };
            let reached = match reached {
                Err(fault) if fault.code == Code::ClosedBeforeBanner => {
                    self.stage = Stage::HungUp(fault);
                    return Ok(Reached { address: hop.endpoint.to_string(), local: None });
                }
                other => other?,
            };
            let fact = Reached { address: reached.address().to_owned(), local: reached.local() };
            self.stage = Stage::Reached(reached);
            Ok(fact)
        })
        .await
    }

    async fn greet(&mut self, hop: usize) -> Look<Greeted> {
        let hop = self.hop(hop);
        timed(async {
            let reached = match self.take() {
                Stage::Reached(reached) => reached,
                Stage::HungUp(fault) => return Err(fault),
                _ => return Err(too_early(Code::BannerTimeout)),
            };
            let greeted = reached.greet(&hop).await?;
            let fact = Greeted { version: greeted.version().to_owned() };
            self.stage = Stage::Greeted(greeted);
            Ok(fact)
        })
        .await
    }

    async fn trust(&mut self, hop: usize) -> Look<Trusted> {
        let hop = self.hop(hop);
        timed(async {
            let Stage::Greeted(greeted) = self.take() else { return Err(too_early(Code::KexTimeout)) };
            let trusted = greeted.trust(&self.means.world, &hop).await.map_err(|trouble| trouble.fault)?;
            let key = trusted.host_key();
            let fact = Trusted {
                algorithms: trusted.agreed().map(|agreed| (agreed.kex, agreed.cipher)),
                key_type: key.as_ref().map(|key| key.key_type.clone()).unwrap_or_default(),
                fingerprint: key.as_ref().map(|key| key.fingerprint.clone()).unwrap_or_default(),
                known_at: key.map(|key| format!("{}:{}", key.path.display(), key.line)).unwrap_or_default(),
            };
            self.stage = Stage::Trusted(Box::new(trusted));
            Ok(fact)
        })
        .await
    }

    async fn identity(&mut self, hop: usize) -> Look<Offered> {
        let hop = self.hop(hop);
        timed(async {
            let sources = Sources {
                keys: self.means.world.keys.clone(),
                agent: self.means.agent.clone(),
                passphrase: (self.means.passphrases)(&hop.identity),
            };
            let credential = ssh::prepare(&hop, sources).await.map_err(|trouble| trouble.fault)?;
            let fact = Offered {
                words: credential.words().to_owned(),
                fingerprint: credential.fingerprint(),
                public_key: credential.public_key(),
            };
            self.credential = Some(credential);
            Ok(fact)
        })
        .await
    }

    async fn methods(&mut self, hop: usize) -> Look<Methods> {
        let hop = self.hop(hop);
        timed(async {
            let Stage::Trusted(trusted) = &mut self.stage else { return Err(too_early(Code::LoginDropped)) };
            match timeout(LOGIN_DEADLINE, trusted.methods(&hop)).await {
                Ok(Ok(methods)) => Ok(Methods { names: methods.names, open_to_all: methods.open_to_all }),
                Ok(Err(fault)) => Err(fault),
                Err(_) => Err(slow(&hop)),
            }
        })
        .await
    }

    async fn login(&mut self, hop: usize) -> Look<Login> {
        let hop = self.hop(hop);
        timed(async {
            let (Stage::Trusted(trusted), Some(credential)) = (self.take(), &self.credential) else {
                return Err(too_early(Code::LoginDropped));
            };
            match timeout(LOGIN_DEADLINE, trusted.login(&hop, credential)).await {
                Ok(Ok(session)) => {
                    let banner = session.banner();
                    self.stage = Stage::In(session);
                    Ok(Login::Done { banner })
                }
                Ok(Err(refused)) => {
                    let ssh::Refused { fault, key_accepted, banner } = *refused;
                    Ok(Login::Refused { fault, key_accepted, banner })
                }
                Err(_) => Err(slow(&hop)),
            }
        })
        .await
    }

    async fn inside(&mut self, eyes: &Eyes) -> Look<Inside> {
        let begun = Instant::now();
        let printed = self.ask_inside(eyes).await;
        Look { seen: Seen::Fact(Inside { printed }), ms: since(begun) }
    }

    async fn open(&mut self, target: &Endpoint) -> Look<Opened> {
        timed(async {
            let Stage::In(session) = &self.stage else { return Err(too_early(Code::OpenTimeout)) };
            let channel = session.open(target, None).await.map_err(|error| error.into_fault(target))?;
            self.channel = Some(channel);
            Ok(Opened { target: target.clone() })
        })
        .await
    }

    async fn speak(&mut self) -> Option<Spoken> {
        let database = &self.plan.aim.as_ref()?.database;
        let mut stream = self.channel.take()?.into_stream();
        Some(speak::look(&mut stream, database).await)
    }
}

fn slow(hop: &Hop) -> Fault {
    let seconds = LOGIN_DEADLINE.as_secs();
    let text = format!("{} did not finish the login of {} within {seconds} s", hop.endpoint, hop.user);
    Fault::new(Code::LoginTimeout, text)
}

/// Who has a place to listen on; binds it for a moment, unless our own service holds it. Blocking, and quick.
#[must_use]
pub fn holding(listen: Option<&Listen>, held: bool) -> Holding {
    let address = match listen {
        None => return Holding::Unchosen,
        Some(_) if held => return Holding::Ours,
        Some(Listen::Unix(path)) => return unix_holding(path),
        Some(Listen::Tcp(address)) => *address,
    };
    match std::net::TcpListener::bind(address) {
        Ok(_) => Holding::Free,
        Err(error) => match error.kind() {
            io::ErrorKind::AddrInUse => Holding::Taken {
                holder: port_owner::holder(address).map(|holder| (holder.pid, holder.program)),
                free: port_owner::free_port(port_owner::TUNNEL_PORTS, &BTreeSet::new()).map(std::num::NonZero::get),
            },
            io::ErrorKind::PermissionDenied => Holding::Forbidden,
            io::ErrorKind::AddrNotAvailable => Holding::NotLocal,
            _ => Holding::Failed { why: error.to_string() },
        },
    }
}

fn unix_holding(path: &std::path::Path) -> Holding {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => Holding::Taken { holder: None, free: None },
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound if path.parent().is_some_and(std::path::Path::is_dir) => Holding::Free,
            io::ErrorKind::NotFound => Holding::Failed { why: "its folder does not exist".to_owned() },
            io::ErrorKind::ConnectionRefused => Holding::Free,
            io::ErrorKind::PermissionDenied => Holding::Forbidden,
            _ => Holding::Failed { why: error.to_string() },
        },
    }
}
