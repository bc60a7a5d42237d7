//! The door: what happens to a connection before SSH is spoken, and how sessions end. Logins are judged elsewhere.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use russh::keys::PrivateKey;
use russh::server::{Config, run_stream};
use russh::{MethodKind, MethodSet, Preferred, SshId, kex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::callbacks::Callbacks;
use super::switches::{Door, Login, Switches};
use super::{Shared, held, path};

/// What it calls itself (RFC 4253 section 4.2).
const BANNER: &str = concat!("SSH-2.0-adit_sandbox_", env!("CARGO_PKG_VERSION"));
/// Connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 256;
/// Between the SSH library and the path.
const BUFFER: usize = 256 * 1024;
/// What the last bytes of a session may take.
const PARTING: Duration = Duration::from_secs(2);
/// The pause before the port is asked for again.
const AGAIN: Duration = Duration::from_millis(200);

/// Accepts connections until the bastion ends; without a listener it begins shut.
pub(super) async fn keep(shared: Arc<Shared>, listener: Option<TcpListener>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut switches = shared.switches.subscribe();
    let mut open = listener;
    loop {
        let is_shut = switches.borrow_and_update().door == Door::Shut;
        let listener = match (open.take(), is_shut) {
            (listener, true) => {
                drop(listener);
                // A socket that is bound and does not listen refuses, and keeps the port.
                let holder = bind(&shared);
                tokio::select! {
                    () = shared.stop.cancelled() => return,
                    _ = switches.wait_for(|switches| switches.door != Door::Shut) => {}
                }
                open = holder.and_then(|socket| socket.listen(128).ok());
                continue;
            }
            (Some(listener), false) => listener,
            (None, false) => {
                open = bind(&shared).and_then(|socket| socket.listen(128).ok());
                if open.is_none() {
                    sleep(AGAIN).await;
                }
                continue;
            }
        };
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (permit, listener.accept().await)
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = switches.changed() => {}
            (permit, accepted) = accepted => match accepted {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    tokio::spawn(async move {
                        receive(shared, stream).await;
                        drop(permit);
                    });
                }
                // Out of descriptors, or a client that left again.
                Err(_) => sleep(AGAIN).await,
            }
        }
        open = Some(listener);
    }
}

fn bind(shared: &Shared) -> Option<TcpSocket> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.set_reuseaddr(true).ok()?;
    socket.bind(shared.address).ok()?;
    Some(socket)
}

/// Lets a flapping bastion die and come back.
pub(super) async fn flap(shared: Arc<Shared>) {
    let mut switches = shared.switches.subscribe();
    loop {
        let flap = switches.borrow_and_update().flap;
        let life = async {
            match flap {
                Some(flap) => sleep(flap.up).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.stop.cancelled() => return,
            _ = switches.changed() => continue,
            () = life => {}
        }
        shared.resting.store(true, Ordering::Relaxed);
        shared.kill_sessions();
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = sleep(flap.map(|flap| flap.down).unwrap_or_default()) => {}
        }
        shared.resting.store(false, Ordering::Relaxed);
    }
}

async fn receive(shared: Arc<Shared>, stream: TcpStream) {
    // Only delays small packets where it cannot be had.
    let _ = stream.set_nodelay(true);
    let cut = held(&shared.sessions).child_token();
    let door = if shared.resting.load(Ordering::Relaxed) { Door::Drop } else { shared.switches.borrow().door.clone() };
    let life = cut.clone();
    let conversation = async {
        match door {
            Door::Open => speak(shared, stream, cut).await,
            Door::Drop | Door::Shut => drop(stream),
            Door::TurnAway(line) => turn_away(stream, &line).await,
            Door::Silent => endure(stream, "").await,
            Door::BannerOnly => endure(stream, &format!("{BANNER}\r\n")).await,
        }
    };
    tokio::select! {
        () = life.cancelled() => {}
        () = conversation => {}
    }
}

async fn turn_away(mut stream: TcpStream, line: &str) {
    if stream.write_all(format!("{line}\r\n").as_bytes()).await.is_ok() && stream.shutdown().await.is_ok() {
        // Closing with unread bytes would be a reset, which may overtake the line.
        let _ = timeout(Duration::from_secs(1), drain(&mut stream)).await;
    }
}

async fn endure(mut stream: TcpStream, words: &str) {
    if stream.write_all(words.as_bytes()).await.is_ok() {
        drain(&mut stream).await;
    }
}

async fn drain(stream: &mut TcpStream) {
    let mut sink = [0; 1024];
    while stream.read(&mut sink).await.is_ok_and(|count| count > 0) {}
}

async fn speak(shared: Arc<Shared>, stream: TcpStream, cut: CancellationToken) {
    // Whatever ends this ends the forwards too.
    let _over = cut.clone().drop_guard();
    let switches = shared.switches.subscribe();
    let config = Arc::new(config(&switches.borrow(), held(&shared.host_key).clone()));
    let (inner, outer) = tokio::io::duplex(BUFFER);
    let handle = watch::Sender::new(None);
    let callbacks = Callbacks { shared, handle: handle.subscribe(), login: switches.borrow().login, cut: cut.clone() };
    let session = async {
        if let Ok(session) = run_stream(config, inner, callbacks).await {
            handle.send_replace(Some(session.handle()));
            // How a session ends is the client's to judge.
            let _ = session.await;
        }
    };
    let mut carried = std::pin::pin!(path::carry(stream, outer, &switches));
    tokio::select! {
        () = session => {
            // What is still under way; a client that stays after it is cut off.
            let _ = timeout(PARTING, &mut carried).await;
        }
        // The session sees the end of its stream.
        () = &mut carried => {}
    }
}

fn config(switches: &Switches, host_key: PrivateKey) -> Config {
    let mut methods = MethodSet::empty();
    methods.push(match switches.login {
        Login::PasswordsOnly => MethodKind::Password,
        _ => MethodKind::PublicKey,
    });
    let mut preferred = Preferred::DEFAULT;
    if switches.only_old_algorithms {
        preferred.kex = Cow::Borrowed(&[kex::DH_G1_SHA1]);
    }
    Config {
        server_id: SshId::Standard(Cow::Borrowed(BANNER)),
        methods,
        // Nothing here is worth guessing at.
        auth_rejection_time: Duration::ZERO,
        keys: vec![host_key],
        preferred,
        inactivity_timeout: None,
        ..Config::default()
    }
}
