//! What the library's dial says about a real sshd that refuses in one way or another, and what it leaves behind.

use std::io::Read;
use std::net::TcpListener;
use std::time::Duration;

use adit::engine::{Engine, Plan};
use adit::model::{
    Code, Database, Endpoint, Fault, Hop, Host, Identity, KeyType, Kind, Listen, Name, Phase, Port, Proof, Route,
    Sharing, Tunnel,
};
use adit::ssh::{Keystore, Pool, World, host_keys};
use tempfile::TempDir;

use crate::support::sshd::Sshd;
use crate::support::target::{Echo, End, Target, download};
use crate::support::wait::{soon, wait_until};
use crate::support::{output::tool, ports};

/// Keys and known hosts of its own.
struct Lab {
    folder: TempDir,
    pool: Pool,
    key: Name,
}

impl Lab {
    fn new() -> Self {
        Self::with(KeyType::Ed25519)
    }

    fn with(kind: KeyType) -> Self {
        let folder = TempDir::new().unwrap();
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        tool("chmod", &["700", keys.to_str().unwrap()]).expect(0);
        let key: Name = "k".parse().unwrap();
        Keystore::new(keys.clone()).make(&key, kind, None, None).unwrap();
        let known_hosts = folder.path().join("known_hosts");
        let pool = Pool::new(World { keys, known_hosts, more_known_hosts: Vec::new() });
        Self { folder, pool, key }
    }

    fn public_key(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("keys/k.pub")).unwrap()
    }

    fn hop(&self, sshd: &Sshd) -> Hop {
        Hop {
            bastion: "prod".parse().unwrap(),
            endpoint: endpoint(sshd.port),
            user: sshd.user.clone(),
            identity: Identity::Key(self.key.clone()),
            keepalive: Duration::from_secs(1),
            legacy_algorithms: false,
        }
    }

    async fn trust(&self, hop: &Hop) {
        let keys = host_keys(hop).await.unwrap();
        adit::ssh::pin(&self.folder.path().join("known_hosts"), &hop.endpoint, &keys).unwrap();
    }

    /// The fault of a dial to this server with a trusted host key.
    async fn fault(&self, sshd: &Sshd) -> Fault {
        let hop = self.hop(sshd);
        self.trust(&hop).await;
        let lane = self.pool.lane(&Route::direct(hop), Sharing::Auto);
        lane.connect(&|_| {}).await.unwrap_err().fault
    }

    /// An engine with one open tunnel, and its port.
    async fn tunnel(&self, route: Route, target: u16, sharing: Sharing) -> (Engine, u16) {
        let (notices, mut told) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move { while told.recv().await.is_some() {} });
        let engine = Engine::start(self.pool.clone(), notices);
        let port = ports::free();
        let listen = Listen::loopback(Port::new(port).unwrap());
        let name: Name = "orders".parse().unwrap();
        let host: Host = "127.0.0.1".parse().unwrap();
        let tunnel = Tunnel {
            name: name.clone(),
            bastion: route.last.bastion.clone(),
            identity: None,
            database: Database { kind: Kind::Tcp, host, port: Port::new(target).unwrap() },
            listen: Some(listen.clone()),
            user: None,
            dbname: None,
            autostart: false,
            allow_remote_clients: false,
            tags: Vec::new(),
        };
        engine.declare(vec![Plan { tunnel, listen, route, sharing }]);
        engine.open(&[name], true);
        wait_proof(&engine, Proof::Forward).await;
        (engine, port)
    }
}

fn endpoint(port: u16) -> Endpoint {
    Endpoint::new("127.0.0.1".parse().unwrap(), Port::new(port).unwrap())
}

async fn wait_proof(engine: &Engine, proof: Proof) {
    let mut changes = engine.changes();
    let reached = async {
        loop {
            changes.borrow_and_update();
            let status = engine.statuses().remove(0).tunnel;
            if status.phase == Phase::Up && status.proof == Some(proof) {
                return;
            }
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(soon(), reached).await.expect("the tunnel comes up");
}

async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(act).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_login_are_named() {
    let lab = Lab::new();
    let cases = [
        ("", Code::KeyRefused),
        ("PubkeyAuthentication no\nPasswordAuthentication yes", Code::PublickeyDisabled),
        ("PubkeyAcceptedAlgorithms rsa-sha2-512", Code::KeyRefused),
    ];
    for (extra, code) in cases {
        let sshd = Sshd::with(extra);
        let fault = lab.fault(&sshd).await;
        assert_eq!(fault.code, code, "{extra}: {fault:?}");
        assert!(fault.is_final());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_needs_a_person() {
    let lab = Lab::new();
    let sshd = Sshd::with("AuthenticationMethods publickey,password\nPasswordAuthentication yes");
    sshd.authorize("", &lab.public_key());
    let fault = lab.fault(&sshd).await;
    assert_eq!(fault.code, Code::PersonNeeded, "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_are_read_from_the_servers_last_words() {
    let lab = Lab::new();
    let sshd = Sshd::with("MaxAuthTries 1");
    let fault = lab.fault(&sshd).await;
    assert_eq!(fault.code, Code::TooManyFailures, "{fault:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_banner_is_harmless_or_named() {
    let lab = Lab::new();
    let text = tempfile::NamedTempFile::new().unwrap();
    let sshd = Sshd::with(&format!("Banner {}", text.path().display()));
    sshd.authorize("", &lab.public_key());
    std::fs::write(text.path(), b"Willkommen in M\xfcnchen\n").unwrap();
    let fault = lab.fault(&sshd).await;
    assert_eq!(fault.code, Code::BannerUnreadable, "{fault:?}");
    std::fs::write(text.path(), b"\x1b]0;owned\x07 only for staff\n").unwrap();
    lab.pool.forgive();
    let lane = lab.pool.lane(&Route::direct(lab.hop(&sshd)), Sharing::Auto);
    lane.connect(&|_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn old_algorithms_are_offered_only_on_request() {
    let lab = Lab::new();
    for extra in
        ["KexAlgorithms diffie-hellman-group14-sha1", "Ciphers aes256-cbc", "MACs hmac-sha1\nCiphers aes128-ctr"]
    {
        let sshd = Sshd::with(extra);
        sshd.authorize("", &lab.public_key());
        let mut hop = lab.hop(&sshd);
        let fault = host_keys(&hop).await.unwrap_err();
        assert_eq!(fault.code, Code::NoCommonAlgorithm, "{extra}: {fault:?}");
        hop.legacy_algorithms = true;
        lab.trust(&hop).await;
        lab.pool.lane(&Route::direct(hop), Sharing::Auto).connect(&|_| {}).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fips_style_server_is_no_obstacle() {
    let lab = Lab::with(KeyType::Ecdsa);
    let sshd = Sshd::with("KexAlgorithms ecdh-sha2-nistp256\nCiphers aes256-gcm@openssh.com");
    sshd.authorize("", &lab.public_key());
    let hop = lab.hop(&sshd);
    lab.trust(&hop).await;
    lab.pool.lane(&Route::direct(hop), Sharing::Auto).connect(&|_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_rsa_key_signs_with_sha2() {
    let lab = Lab::with(KeyType::Rsa);
    let sshd = Sshd::with("PubkeyAcceptedAlgorithms rsa-sha2-256,rsa-sha2-512");
    sshd.authorize("", &lab.public_key());
    let hop = lab.hop(&sshd);
    lab.trust(&hop).await;
    lab.pool.lane(&Route::direct(hop), Sharing::Auto).connect(&|_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_open_is_closed_on_the_far_side() {
    let lab = Lab::new();
    let sshd = Sshd::start();
    sshd.authorize("", &lab.public_key());
    let hop = lab.hop(&sshd);
    lab.trust(&hop).await;
    let lane = lab.pool.lane(&Route::direct(hop), Sharing::Auto);
    lane.connect(&|_| {}).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = endpoint(listener.local_addr().unwrap().port());
    {
        // Long enough to send the request, given up before the answer.
        let mut opening = std::pin::pin!(lane.open(&target, None));
        for _ in 0..3 {
            tokio::select! { biased; _ = &mut opening => panic!("too quick to abandon"), () = tokio::task::yield_now() => {} }
        }
    }
    let end = blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(soon())).unwrap();
        stream.read(&mut [0])
    });
    assert_eq!(end.await.unwrap(), 0, "the bastion's connection to the database is closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rekeys_led_by_the_server_are_invisible() {
    let lab = Lab::new();
    let sshd = Sshd::with("RekeyLimit 1M");
    sshd.authorize("", &lab.public_key());
    let hop = lab.hop(&sshd);
    lab.trust(&hop).await;
    let target = Target::start();
    let (engine, port) = lab.tunnel(Route::direct(hop), target.port, Sharing::Shared).await;
    let streams: Vec<_> = (0..4).map(|seed| blocking(move || download(port, 24 << 20, seed))).collect();
    for stream in streams {
        assert_eq!(stream.await, End::Right);
    }
    assert_eq!(engine.statuses().remove(0).tunnel.reconnects, 0);
    engine.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_hangs_is_replaced() {
    let lab = Lab::new();
    let sshd = Sshd::start();
    sshd.authorize("", &lab.public_key());
    let hop = lab.hop(&sshd);
    lab.trust(&hop).await;
    let target = Target::start();
    let (engine, port) = lab.tunnel(Route::direct(hop), target.port, Sharing::Auto).await;
    let mut echo = blocking(move || Echo::open(port).unwrap()).await;
    sshd.freeze_sessions(true);
    // Keepalive 1 s: noticed within four seconds, and the client is told by a reset.
    let end = blocking(move || echo.end()).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    // The client may hear of the end before the status tells it.
    let mut changes = engine.changes();
    let replaced = async {
        while engine.statuses().remove(0).tunnel.reconnects == 0 {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(soon(), replaced).await.expect("a new session");
    wait_proof(&engine, Proof::Forward).await;
    assert_eq!(engine.statuses().remove(0).tunnel.fault, None);
    sshd.freeze_sessions(false);
    engine.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_may_have_two_hops() {
    let lab = Lab::new();
    let (edge, inner) = (Sshd::start(), Sshd::start());
    edge.authorize(&format!("restrict,port-forwarding,permitopen=\"127.0.0.1:{}\"", inner.port), &lab.public_key());
    inner.authorize("restrict,port-forwarding", &lab.public_key());
    let (first, last) = (lab.hop(&edge), lab.hop(&inner));
    lab.trust(&first).await;
    lab.trust(&last).await;
    let target = Target::start();
    let route = Route { via: vec![first], last };
    let (engine, port) = lab.tunnel(route, target.port, Sharing::Auto).await;
    assert_eq!(blocking(move || download(port, 8 << 20, 7)).await, End::Right);
    edge.kill_sessions();
    assert!(blocking(move || wait_until(soon(), || download(port, 1 << 20, 8) == End::Right)).await);
    engine.shutdown(Duration::from_secs(1)).await;
}
