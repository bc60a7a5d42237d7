//! The hub with the real engine and real files, and bastions that are not there.

mod changes;
mod diagnosis;

use std::fs;
use std::net::TcpListener;

use tokio::time::timeout;

use super::*;
use crate::model::{Answer, Code, KeyType, Phase, Question, Secret, TunnelStatus};
use crate::service::Client;
use crate::ssh::keystore::Keystore;

struct Home {
    dir: tempfile::TempDir,
    paths: Paths,
}

/// A port that nobody listens on for the length of a test: it is bound and never accepts.
fn deaf_port() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// A free port, for a tunnel's own use.
fn free_port() -> u16 {
    deaf_port().1
}

impl Home {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::from(&|_| None, crate::local::process::own_uid(), Some(dir.path())).unwrap();
        paths.prepare().unwrap();
        let home = Self { dir, paths };
        home.write(config);
        home
    }

    fn write(&self, config: &str) {
        fs::write(self.dir.path().join("config.toml"), config).unwrap();
    }

    fn wanted(&self) -> String {
        fs::read_to_string(self.paths.state.join("wanted.json")).unwrap_or_default()
    }

    async fn start(&self) -> (Running, Client) {
        let running = start(&self.paths, None).await;
        let client = running.door().client().unwrap();
        (running, client)
    }
}

/// A bastion whose port is refused, and tunnels through it: a name and a port, or none to have one chosen.
fn config(tunnels: &[(&str, Option<u16>)]) -> String {
    let port = free_port();
    let mut text = format!("[bastions.b]\nhost = \"127.0.0.1\"\nport = {port}\nuser = \"u\"\nkey = \"k\"\n");
    for (name, listen) in tunnels {
        let listen = listen.map(|port| format!("listen = \"127.0.0.1:{port}\"\n")).unwrap_or_default();
        text += &format!("[tunnels.{name}]\nbastion = \"b\"\ndatabase = \"tcp\"\nhost = \"db\"\nport = 5\n{listen}");
    }
    text
}

fn names(words: &[&str]) -> Vec<Name> {
    words.iter().map(|word| word.parse().unwrap()).collect()
}

fn tunnel(snapshot: &Snapshot, name: &str) -> TunnelStatus {
    snapshot.tunnels.iter().find(|tunnel| tunnel.name.as_str() == name).unwrap().clone()
}

async fn until(client: &Client, what: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
    let mut snapshots = client.snapshots();
    // A key behind a passphrase takes seconds of work where many tests share the machine.
    let found = timeout(Duration::from_secs(90), snapshots.wait_for(|snapshot| what(snapshot))).await;
    match found {
        Ok(found) => Arc::clone(&found.unwrap()),
        Err(_) => panic!("not in time: {:#?}", client.latest()),
    }
}

async fn done(client: &Client, request: Request) {
    assert_eq!(client.request(request).await.unwrap(), Reply::Done);
}

async fn refused(client: &Client, request: Request) -> (u8, String) {
    match client.request(request).await.unwrap() {
        Reply::Refused { code, message } => (code, message),
        other => panic!("{other:?}"),
    }
}

async fn end(mut running: Running) {
    running.stop().cancel();
    assert!(running.ended().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn up_shows_an_effect_and_down_frees_the_port() {
    let port = free_port();
    let home = Home::new(&config(&[("orders", Some(port))]));
    let (running, client) = home.start().await;
    assert_eq!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    assert_ne!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    let failed = |s: &Snapshot| tunnel(s, "orders").fault.is_some_and(|fault| fault.retry_in_s.is_none());
    let snapshot = until(&client, failed).await;
    assert_eq!(tunnel(&snapshot, "orders").fault.unwrap().code, Code::KeyMissing);
    assert!(home.wanted().contains("orders"));
    assert!(TcpListener::bind(("127.0.0.1", port)).is_err());
    done(&client, Request::Down { names: names(&["orders"]), now: false }).await;
    assert_eq!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    assert!(TcpListener::bind(("127.0.0.1", port)).is_ok());
    assert!(!home.wanted().contains("orders"));
    // A second time changes nothing and is no mistake.
    done(&client, Request::Down { names: names(&["orders"]), now: true }).await;
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_is_chosen_once_and_written() {
    let home = Home::new(&config(&[("orders", None), ("cache", None)]));
    let (running, client) = home.start().await;
    assert!(tunnel(&client.latest(), "orders").listen.is_none());
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    let listen = tunnel(&client.latest(), "orders").listen.unwrap();
    assert!((15_000..30_000).contains(&listen.port().unwrap()));
    assert!(fs::read_to_string(&home.paths.config).unwrap().contains(&listen.to_string()));
    assert!(tunnel(&client.latest(), "cache").listen.is_none());
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wanted_comes_back_with_what_starts_by_itself() {
    let ports = [free_port(), free_port(), free_port()];
    let text = config(&[("orders", Some(ports[0])), ("cache", Some(ports[1])), ("auto", Some(ports[2]))]);
    let home = Home::new(&(text + "autostart = true\n"));
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    end(running).await;
    assert!(client.request(Request::Status).await.is_err());
    let (running, client) = home.start().await;
    let runs = |s: &Snapshot, name: &str| tunnel(s, name).phase != Phase::Stopped;
    let snapshot = until(&client, |s| runs(s, "orders") && runs(s, "auto")).await;
    assert!(!runs(&snapshot, "cache"));
    // Wanted is what a person brought up, not what starts by itself.
    assert!(!home.wanted().contains("auto"));
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_configuration_stops_nothing_and_says_so() {
    let text = config(&[("orders", Some(free_port()))]);
    let home = Home::new(&text);
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    home.write("[tunnels.orders]\nbastoin = 1\n");
    let (code, message) = refused(&client, Request::Reload).await;
    assert_eq!(code, 2);
    assert!(message.contains("config.toml:2"), "{message}");
    assert!(client.latest().config_error.is_some());
    assert_ne!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    let (code, message) = refused(&client, Request::Up { names: names(&["other"]) }).await;
    assert!(code == 2 && message.contains("does not load"), "{code} {message}");
    home.write(&text);
    done(&client, Request::Reload).await;
    assert_eq!(client.latest().config_error, None);
    fs::remove_file(&home.paths.config).unwrap();
    let (_, message) = refused(&client, Request::Reload).await;
    assert!(message.contains("is gone"), "{message}");
    assert_ne!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_starts_with_a_broken_configuration_forgets_nothing() {
    let text = config(&[("orders", Some(free_port()))]);
    let home = Home::new(&text);
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    end(running).await;
    home.write("nonsense");
    let (running, client) = home.start().await;
    assert!(client.latest().config_error.is_some());
    home.write(&text);
    // Noticed without being told.
    until(&client, |s| s.tunnels.iter().any(|tunnel| tunnel.phase != Phase::Stopped)).await;
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_tunnel_is_closed_and_wanted_no_longer() {
    let port = free_port();
    let home = Home::new(&config(&[("orders", Some(port)), ("cache", Some(free_port()))]));
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders", "cache"]) }).await;
    let only = config(&[("cache", Some(free_port()))]);
    home.write(&only);
    until(&client, |s| s.tunnels.len() == 1).await;
    assert!(!home.wanted().contains("orders") && home.wanted().contains("cache"));
    timeout(Duration::from_secs(10), async {
        while TcpListener::bind(("127.0.0.1", port)).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("the port is free");
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_are_not_there_stop_the_whole_request() {
    let home = Home::new(&config(&[("orders", Some(free_port()))]));
    let (running, client) = home.start().await;
    for request in [
        Request::Up { names: names(&["orders", "order"]) },
        Request::Down { names: names(&["order"]), now: false },
        Request::Restart { names: names(&["order"]) },
    ] {
        let (code, message) = refused(&client, request).await;
        assert_eq!(code, 3);
        assert!(message.contains("did you mean orders"), "{message}");
    }
    assert_eq!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    assert_eq!(home.wanted(), "");
    let trust = Answer::Trust { fingerprint: "SHA256:x".to_owned() };
    assert_eq!(refused(&client, Request::Answer { id: 7, answer: trust }).await.0, 1);
    end(running).await;
}

fn question(snapshot: &Snapshot) -> Option<(u64, bool, usize)> {
    let pending = snapshot.questions.first()?;
    let Question::Passphrase { again, .. } = pending.question else { return None };
    Some((pending.id, again, pending.tunnels.len()))
}

async fn say(client: &Client, id: u64, passphrase: &str) {
    let answer = Answer::Passphrase { passphrase: Secret::new(passphrase.to_owned()) };
    done(client, Request::Answer { id, answer }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_passphrase_serves_all_who_asked() {
    let home = Home::new(&config(&[("orders", Some(free_port())), ("cache", Some(free_port()))]));
    let secret = Secret::new("canary-passphrase".to_owned());
    let name: Name = "k".parse().unwrap();
    let keys = Keystore::new(home.paths.keys.clone());
    tokio::task::spawn_blocking(move || keys.make(&name, KeyType::Ed25519, None, Some(&secret)).map(|_| ()))
        .await
        .unwrap()
        .unwrap();
    let (running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders", "cache"]) }).await;
    let snapshot = until(&client, |s| question(s).is_some_and(|(.., tunnels)| tunnels == 2)).await;
    let (first, again, _) = question(&snapshot).unwrap();
    assert!(!again && snapshot.questions.len() == 1);
    assert_eq!(tunnel(&snapshot, "orders").question, Some(first));
    let trust = Answer::Trust { fingerprint: "SHA256:x".to_owned() };
    assert_eq!(refused(&client, Request::Answer { id: first, answer: trust }).await.0, 2);
    say(&client, first, "wrong").await;
    let snapshot = until(&client, |s| question(s).is_some_and(|(_, again, _)| again)).await;
    let (second, ..) = question(&snapshot).unwrap();
    assert_ne!(first, second);
    say(&client, second, "canary-passphrase").await;
    let refused = |s: &Snapshot, name| tunnel(s, name).fault.is_some_and(|fault| fault.code == Code::TcpRefused);
    until(&client, |s| refused(s, "orders") && refused(s, "cache")).await;
    let Reply::Journal { entries, .. } = client.request(Request::Journal).await.unwrap() else { panic!() };
    assert!(entries.iter().any(|entry| entry.event == "opened"));
    assert!(!format!("{entries:?} {:?}", client.latest()).contains("canary"));
    end(running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_can_end_it_and_watch_it_end() {
    let home = Home::new(&config(&[("orders", Some(free_port()))]));
    let (mut running, client) = home.start().await;
    done(&client, Request::Up { names: names(&["orders"]) }).await;
    done(&client, Request::Stop).await;
    assert!(running.stop().is_cancelled());
    assert!(running.ended().await);
    assert_eq!(tunnel(&client.latest(), "orders").phase, Phase::Stopped);
    assert!(client.request(Request::Status).await.is_err());
    assert!(home.wanted().contains("orders"), "the next service brings it back");
}

mod drafts;
