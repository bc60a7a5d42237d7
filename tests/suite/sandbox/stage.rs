//! The demo's stage as the demo uses it: keys made, host keys known, all tunnels declared in one engine.

use std::time::Duration;

use adit::engine::{Engine, Plan};
use adit::model::{Code, Hop, Identity, KeyType, Listen, Name, Phase, Port, Proof, Route, Sharing, Tunnel};
use adit::sandbox::{Scenario, Shows, StageTunnel};
use adit::ssh::{Keystore, Pool, World};
use tempfile::TempDir;

use super::lab::blocking;
use crate::support::output::tool;
use crate::support::ports;
use crate::support::wait::{soon, wait_until};

/// The stage, an engine over it, and the folder with its keys.
struct Show {
    stage: Scenario,
    engine: Engine,
    pool: Pool,
    _folder: TempDir,
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

impl Show {
    async fn start() -> Self {
        let stage = Scenario::start().await.unwrap();
        let folder = TempDir::new().unwrap();
        let (keys, known_hosts) = (folder.path().join("keys"), folder.path().join("known_hosts"));
        std::fs::create_dir(&keys).unwrap();
        tool("chmod", &["700", keys.to_str().unwrap()]).expect(0);
        let store = Keystore::new(keys.clone());
        for key in stage.keys() {
            let made = store.make(&key.name, KeyType::Ed25519, None, None).unwrap();
            stage.hand_in(&key.name, &made.public_key).unwrap();
        }
        let lines: Vec<_> = stage.bastions().iter().filter_map(|bastion| bastion.known_hosts_line()).collect();
        std::fs::write(&known_hosts, lines.join("\n") + "\n").unwrap();
        let pool = Pool::new(World { keys, known_hosts, more_known_hosts: Vec::new() });
        let (notices, mut told) = tokio::sync::mpsc::channel(64);
        tokio::spawn(async move { while told.recv().await.is_some() {} });
        let engine = Engine::start(pool.clone(), notices);
        engine.declare(stage.tunnels().iter().map(|tunnel| plan(&stage, tunnel)).collect());
        let opened: Vec<_> = stage.tunnels().iter().filter(|t| t.opened).map(|t| t.name.clone()).collect();
        engine.open(&opened, true);
        Self { stage, engine, pool, _folder: folder }
    }

    fn status(&self, tunnel: &Name) -> adit::model::TunnelStatus {
        self.engine.statuses().into_iter().map(|status| status.tunnel).find(|status| status.name == *tunnel).unwrap()
    }

    /// Waits for a tunnel to be up without fault.
    async fn heals(self, tunnel: Name) -> Self {
        blocking(move || {
            let whole = |status: &adit::model::TunnelStatus| status.phase == Phase::Up && status.fault.is_none();
            assert!(wait_until(soon(), || whole(&self.status(&tunnel))), "{:?}", self.status(&tunnel));
            self
        })
        .await
    }
}

fn plan(stage: &Scenario, stage_tunnel: &StageTunnel) -> Plan {
    let bastion = stage.bastions().iter().find(|bastion| bastion.name == stage_tunnel.bastion).unwrap();
    let listen = Listen::loopback(Port::new(ports::free()).unwrap());
    let key = stage_tunnel.key.as_ref().unwrap_or(&bastion.key).clone();
    let hop = Hop {
        bastion: bastion.name.clone(),
        endpoint: bastion.endpoint.clone(),
        user: bastion.user.clone(),
        identity: Identity::Key(key),
        keepalive: Duration::from_secs(3),
        legacy_algorithms: false,
    };
    let tunnel = Tunnel {
        name: stage_tunnel.name.clone(),
        bastion: stage_tunnel.bastion.clone(),
        identity: None,
        database: stage_tunnel.database.clone(),
        listen: Some(listen.clone()),
        user: Some(stage_tunnel.user.clone()),
        dbname: stage_tunnel.dbname.clone(),
        autostart: false,
        allow_remote_clients: false,
        tags: stage_tunnel.tags.clone(),
    };
    Plan { tunnel, listen, route: Route::direct(hop), sharing: Sharing::Auto }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tunnel_shows_what_it_is_there_for() {
    let show = Show::start().await;
    assert!(show.stage.tunnels().len() >= 9);
    let show = blocking(move || {
        for tunnel in show.stage.tunnels() {
            let shown = || {
                let status = show.status(&tunnel.name);
                let code = status.fault.as_ref().map(|fault| fault.code);
                match tunnel.shows {
                    Shows::Healthy => code.is_none() && status.proof == Some(Proof::Forward),
                    Shows::Stopped => status.phase == Phase::Stopped,
                    // The flapping one begins well.
                    Shows::Flaps => status.phase == Phase::Up && code.is_none(),
                    _ => code == tunnel.shows.code(),
                }
            };
            assert!(wait_until(soon(), shown), "{:?}: {:?}", tunnel.shows, show.status(&tunnel.name));
        }
        show
    })
    .await;
    let asked = show.engine.statuses().into_iter().find(|status| status.question.is_some()).unwrap();
    assert_eq!(asked.tunnel.name, name("preview"));

    // Traffic flows through each healthy tunnel and counts.
    for tunnel in show.stage.tunnels() {
        let address = show.status(&tunnel.name).listen.unwrap().client_address().unwrap();
        show.stage.drive(&tunnel.name, address).unwrap();
    }
    let show = blocking(move || {
        for tunnel in show.stage.tunnels().iter().filter(|tunnel| tunnel.shows == Shows::Healthy) {
            assert!(wait_until(soon(), || show.stage.answers(&tunnel.name) >= 5), "{}", tunnel.name);
            let status = show.status(&tunnel.name);
            assert!(status.bytes.from_database > 1000 && status.connections.open > 0, "{status:?}");
            assert!(status.rtt_ms.is_some_and(|ms| (5.0..150.0).contains(&ms)), "{status:?}");
        }
        show
    })
    .await;
    show.engine.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_can_be_mended() {
    let mut show = Show::start().await;
    let broken: Vec<_> = show.stage.tunnels().iter().filter(|t| t.shows.code().is_some()).cloned().collect();
    for tunnel in broken.iter().filter(|tunnel| tunnel.shows != Shows::HostKeyUnknown) {
        show.stage.mend(&tunnel.name).unwrap();
        show.pool.forgive();
        show.engine.restart(std::slice::from_ref(&tunnel.name));
        show = show.heals(tunnel.name.clone()).await;
    }
    show.engine.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_lets_a_waiting_key_in() {
    let show = Show::start().await;
    let payroll = name("payroll");
    let (waiting, show) = {
        let payroll = payroll.clone();
        blocking(move || {
            let refused = || show.status(&payroll).fault.map(|fault| fault.code) == Some(Code::KeyRefused);
            (wait_until(soon(), refused), show)
        })
        .await
    };
    assert!(waiting, "{:?}", show.status(&payroll));
    assert!(show.stage.authorise(&name("nobody")).is_err());
    show.stage.authorise(&payroll).unwrap();
    show.pool.forgive();
    show.engine.restart(std::slice::from_ref(&payroll));
    let show = show.heals(payroll).await;
    assert_eq!(show.status(&name("ledger")).fault.map(|fault| fault.code), Some(Code::KeyRefused));
    show.engine.shutdown(Duration::from_secs(1)).await;
}
