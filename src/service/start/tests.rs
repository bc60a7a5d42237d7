//! Storms of starts, with services in this process in the place of child processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use super::*;
use crate::service::inside::wires;
use crate::service::server;
use crate::service::socket::Claim;

/// A service without a hub: one snapshot, and `Done` to everything; `Stop` ends it.
async fn be_service(socket: &Path) -> Result<(), String> {
    let claim = Claim::take(socket).map_err(|error| error.to_string())?;
    let mut claim = claim.ok_or("another one runs")?;
    let listener = claim.listen().await.map_err(|error| error.to_string())?;
    let (door, mut desk) = wires();
    let closed = CancellationToken::new();
    let serving = tokio::spawn(server::serve(listener, door, closed.clone()));
    while let Some(asked) = desk.requests.recv().await {
        let over = matches!(asked.request, Request::Stop);
        // Whoever asked may have gone.
        let _ = asked.reply.send(Reply::Done);
        if over {
            break;
        }
    }
    claim.withdraw();
    closed.cancel();
    drop(desk);
    server::farewell(serving).await;
    Ok(())
}

fn starter(socket: &Path, started: &Arc<AtomicUsize>) -> impl Fn() -> io::Result<Ended> + use<> {
    let (socket, started) = (socket.to_owned(), Arc::clone(started));
    move || {
        let (socket, started) = (socket.clone(), Arc::clone(&started));
        let task = tokio::spawn(async move {
            started.fetch_add(1, Ordering::SeqCst);
            be_service(&socket).await
        });
        Ok(Box::pin(async move {
            match task.await {
                Ok(Ok(())) => "it ended".to_owned(),
                Ok(Err(reason)) => reason,
                Err(error) => error.to_string(),
            }
        }))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_starts_make_one_service() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("run/adit.sock");
    let started = Arc::new(AtomicUsize::new(0));
    let mut storm = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (socket, begin) = (socket.clone(), starter(&socket, &started));
        storm.spawn(async move { ensure_at(&socket, begin).await.map(|client| client.peer().pid) });
    }
    while let Some(outcome) = storm.join_next().await {
        assert_eq!(outcome.unwrap().unwrap(), std::process::id());
    }
    assert_eq!(started.load(Ordering::SeqCst), 1);
    stop_at(&socket).await.unwrap();
    assert!(!socket.exists());
    assert!(matches!(stop_at(&socket).await, Err(StopError::Attach(AttachError::NotRunning { .. }))));
    // The next one starts at once.
    ensure_at(&socket, starter(&socket, &started)).await.unwrap();
    assert_eq!(started.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_leftover_of_a_killed_service_is_no_hindrance() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("run/adit.sock");
    let started = Arc::new(AtomicUsize::new(0));
    let killed = Claim::take(&socket).unwrap().unwrap();
    drop(tokio::net::UnixListener::bind(&socket).unwrap());
    drop(killed);
    assert!(socket.exists());
    ensure_at(&socket, starter(&socket, &started)).await.unwrap();
    assert_eq!(started.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn why_it_did_not_start_is_told() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("run/adit.sock");
    let begin = || -> io::Result<Ended> { Ok(Box::pin(async { "the disk is full".to_owned() })) };
    let error = ensure_at(&socket, begin).await.unwrap_err();
    assert_eq!(error.to_string(), "the background service did not start: the disk is full");
    std::fs::create_dir(&socket).unwrap();
    let error = ensure_at(&socket, begin).await.unwrap_err();
    assert!(error.to_string().contains("is a folder, not a socket"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_service_on_its_way_out_is_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("run/adit.sock");
    let started = Arc::new(AtomicUsize::new(0));
    let leaving = Claim::take(&socket).unwrap().unwrap();
    let place = socket.clone();
    let begin = starter(&socket, &started);
    let next = tokio::spawn(async move { ensure_at(&place, begin).await });
    tokio::time::advance(Duration::from_secs(5)).await;
    assert!(!next.is_finished());
    drop(leaving);
    next.await.unwrap().unwrap();
    assert_eq!(started.load(Ordering::SeqCst), 1);
}
