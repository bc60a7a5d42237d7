//! Our own client side, with a key and a known_hosts file of its own, against a sandbox's bastion.

use std::time::Duration;

use adit::engine::{Engine, Plan};
use adit::model::{
    Database, Endpoint, Fault, Hop, Identity, KeyType, Kind, Listen, Name, Phase, Port, Proof, Route, Sharing, Tunnel,
};
use adit::sandbox::Bastion;
use adit::ssh::{Keystore, Lane, Pool, World};
use tempfile::TempDir;

use crate::support::wait::soon;
use crate::support::{output::tool, ports};

pub(super) struct Lab {
    folder: TempDir,
    pub(super) pool: Pool,
}

pub(super) fn endpoint(text: &str) -> Endpoint {
    let (host, port) = text.rsplit_once(':').unwrap();
    Endpoint::new(host.parse().unwrap(), port.parse().unwrap())
}

pub(super) async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.unwrap()
}

/// Whether the lane has, or gets, a session. Not for async code.
pub(super) fn connects(lane: &Lane) -> bool {
    tokio::runtime::Handle::current().block_on(lane.connect(&|_| {})).is_ok()
}

impl Lab {
    pub(super) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        tool("chmod", &["700", keys.to_str().unwrap()]).expect(0);
        Keystore::new(keys.clone()).make(&"k".parse().unwrap(), KeyType::Ed25519, None, None).unwrap();
        let known_hosts = folder.path().join("known_hosts");
        let pool = Pool::new(World { keys, known_hosts, more_known_hosts: Vec::new() });
        Self { folder, pool }
    }

    pub(super) fn public_key(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("keys/k.pub")).unwrap()
    }

    pub(super) fn hop(&self, bastion: &Bastion) -> Hop {
        Hop {
            bastion: "prod".parse().unwrap(),
            endpoint: bastion.endpoint().unwrap(),
            user: bastion.user().to_owned(),
            identity: Identity::Key("k".parse().unwrap()),
            keepalive: Duration::from_secs(1),
            legacy_algorithms: false,
        }
    }

    /// Knows the host key that the bastion shows now.
    pub(super) fn trust(&self, bastion: &Bastion) {
        let line = format!("[127.0.0.1]:{} {}\n", bastion.address().port(), bastion.host_key());
        std::fs::write(self.folder.path().join("known_hosts"), line).unwrap();
    }

    pub(super) fn lane(&self, bastion: &Bastion) -> Lane {
        self.trust(bastion);
        self.lane_as_known(bastion)
    }

    pub(super) fn lane_as_known(&self, bastion: &Bastion) -> Lane {
        self.pool.lane(&Route::direct(self.hop(bastion)), Sharing::Auto)
    }

    pub(super) async fn fault(&self, bastion: &Bastion) -> Fault {
        self.lane(bastion).connect(&|_| {}).await.unwrap_err().fault
    }

    /// Opens one forward and closes it.
    pub(super) async fn open(&self, bastion: &Bastion, target: &Endpoint) -> Result<(), Fault> {
        let lane = self.lane(bastion);
        lane.connect(&|_| {}).await.map_err(|trouble| trouble.fault)?;
        lane.open(target, None).await.map(drop).map_err(|error| error.into_fault(target))
    }

    /// The arguments with which `ssh` does as we do.
    pub(super) fn ssh(&self, bastion: &Bastion) -> Vec<String> {
        let here = self.folder.path().display();
        let options = [
            "BatchMode=yes".to_owned(),
            "IdentitiesOnly=yes".to_owned(),
            "IdentityAgent=none".to_owned(),
            "GlobalKnownHostsFile=/dev/null".to_owned(),
            format!("UserKnownHostsFile={here}/known_hosts"),
        ];
        let mut arguments = vec!["-F".to_owned(), "/dev/null".to_owned(), "-i".to_owned(), format!("{here}/keys/k")];
        arguments.extend(options.into_iter().flat_map(|option| ["-o".to_owned(), option]));
        arguments.extend(["-p".to_owned(), bastion.address().port().to_string()]);
        arguments
    }

    /// An engine with one tunnel that is up, and its port.
    pub(super) async fn tunnel(&self, bastion: &Bastion, target: &Endpoint) -> (Engine, u16) {
        self.trust(bastion);
        let engine = self.engine();
        let port = ports::free();
        let listen = Listen::loopback(Port::new(port).unwrap());
        let name: Name = "orders".parse().unwrap();
        let tunnel = Tunnel {
            name: name.clone(),
            bastion: "prod".parse().unwrap(),
            identity: None,
            database: Database { kind: Kind::Tcp, host: target.host.clone(), port: target.port },
            listen: Some(listen.clone()),
            user: None,
            dbname: None,
            autostart: false,
            allow_remote_clients: false,
            tags: Vec::new(),
        };
        let route = Route::direct(self.hop(bastion));
        engine.declare(vec![Plan { tunnel, listen, route, sharing: Sharing::Auto }]);
        engine.open(&[name], true);
        let mut changes = engine.changes();
        let up = async {
            loop {
                changes.borrow_and_update();
                let status = engine.statuses().remove(0).tunnel;
                if status.phase == Phase::Up && status.proof == Some(Proof::Forward) {
                    return;
                }
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(soon(), up).await.expect("the tunnel comes up");
        (engine, port)
    }

    pub(super) fn engine(&self) -> Engine {
        let (notices, mut told) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move { while told.recv().await.is_some() {} });
        Engine::start(self.pool.clone(), notices)
    }
}
