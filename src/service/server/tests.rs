//! Clients of every kind against the server, with a script in the hub's place.

use std::path::PathBuf;

use tokio::io::AsyncReadExt;
use tokio::sync::oneshot;

use super::*;
use crate::service::attach::{AttachError, attach_at};
use crate::service::inside::{Desk, wires};
use crate::service::protocol::Request;

struct Stage {
    _home: tempfile::TempDir,
    socket: PathBuf,
    desk: Desk,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

fn stage() -> Stage {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("s");
    let (door, desk) = wires();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(serve(UnixListener::bind(&socket).unwrap(), door, stop.clone()));
    Stage { _home: home, socket, desk, stop, serving }
}

impl Stage {
    fn publish(&self, text: &str) {
        self.desk.snapshots.send_modify(|s| Arc::make_mut(s).config_error = Some(text.to_owned()));
    }

    /// The next request that is not the agent's socket, which every client hands over.
    async fn asked(&mut self) -> (Request, oneshot::Sender<Reply>) {
        loop {
            let asked = self.desk.requests.recv().await.unwrap();
            if !matches!(asked.request, Request::Agent { .. }) {
                return (asked.request, asked.reply);
            }
        }
    }

    /// A connection that has said Hello by hand, and the decoder of what comes back.
    async fn by_hand(&self, hello: &Hello) -> (UnixStream, Decoder) {
        let mut stream = UnixStream::connect(&self.socket).await.unwrap();
        let mut decoder = Decoder::new(frame::FROM_SERVICE);
        let theirs: Hello = decoder.read(&mut stream).await.unwrap().unwrap();
        assert_eq!(theirs, Hello::ours());
        stream.write_all(&frame::encode(hello, frame::FROM_CLIENT).unwrap()).await.unwrap();
        (stream, decoder)
    }
}

#[tokio::test]
async fn a_reply_never_overtakes_its_snapshot() {
    let mut stage = stage();
    let client = attach_at(&stage.socket).await.unwrap();
    for round in 0..200 {
        let asking = client.clone();
        let asking = tokio::spawn(async move { asking.request(Request::Reload).await });
        let (_, reply) = stage.asked().await;
        stage.publish(&round.to_string());
        reply.send(Reply::Done).unwrap();
        assert_eq!(asking.await.unwrap(), Ok(Reply::Done));
        assert_eq!(client.latest().config_error, Some(round.to_string()));
    }
}

#[tokio::test]
async fn replies_find_their_requests_in_any_order() {
    let mut stage = stage();
    let client = attach_at(&stage.socket).await.unwrap();
    let first = client.send(Request::Status).await.unwrap();
    let second = client.send(Request::Journal).await.unwrap();
    let (request, late) = stage.asked().await;
    assert!(matches!(request, Request::Status));
    let (request, soon) = stage.asked().await;
    assert!(matches!(request, Request::Journal));
    soon.send(Reply::Journal { entries: Vec::new(), missed: 7 }).unwrap();
    assert_eq!(second.await.unwrap(), Reply::Journal { entries: Vec::new(), missed: 7 });
    late.send(Reply::Done).unwrap();
    assert_eq!(first.await.unwrap(), Reply::Done);
}

#[tokio::test]
async fn another_version_is_told_ours_and_let_go() {
    let stage = stage();
    let (mut stream, mut decoder) = stage.by_hand(&Hello { protocol: PROTOCOL + 1, ..Hello::ours() }).await;
    assert!(decoder.read::<Update>(&mut stream).await.unwrap().is_none());
}

#[tokio::test]
async fn a_client_meets_a_service_of_another_version() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("s");
    let listener = UnixListener::bind(&socket).unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let hello = Hello { protocol: 99, version: "9\x1b[2J".to_owned(), pid: 4711 };
        stream.write_all(&frame::encode(&hello, frame::FROM_SERVICE).unwrap()).await.unwrap();
    });
    let error = attach_at(&socket).await.unwrap_err();
    assert!(matches!(error, AttachError::OtherVersion { theirs: 99, ours: PROTOCOL, pid: 4711, .. }));
    assert!(error.to_string().contains("kill 4711") && !error.to_string().contains('\x1b'));
}

#[tokio::test]
async fn garbage_giants_and_halves_end_only_their_own_connection() {
    let mut stage = stage();
    let client = attach_at(&stage.socket).await.unwrap();
    let half = 100_u32.to_be_bytes();
    for bytes in [&b"\xff\xff\xff\xff"[..], b"\0\0\0\x03{]}", b"GET / HTTP/1.1\r\n\r\n", &half[..]] {
        let (mut stream, _) = stage.by_hand(&Hello::ours()).await;
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        // Ended or reset: either way it is over.
        let _ = stream.read_to_end(&mut rest).await;
    }
    let asking = tokio::spawn(async move { client.request(Request::Reload).await });
    stage.asked().await.1.send(Reply::Done).unwrap();
    assert_eq!(asking.await.unwrap(), Ok(Reply::Done));
}

#[tokio::test]
async fn what_a_vanished_client_asked_is_still_done() {
    let mut stage = stage();
    let (mut stream, _) = stage.by_hand(&Hello::ours()).await;
    let call = Call { id: 1, request: Request::Stop };
    stream.write_all(&frame::encode(&call, frame::FROM_CLIENT).unwrap()).await.unwrap();
    drop(stream);
    assert!(matches!(stage.asked().await.0, Request::Stop));
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_let_go() {
    let stage = stage();
    let mut stream = UnixStream::connect(&stage.socket).await.unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    assert!(!all.is_empty(), "our Hello comes first");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_let_go_and_others_do_not_notice() {
    let mut stage = stage();
    let (mut deaf, _) = stage.by_hand(&Hello::ours()).await;
    let client = attach_at(&stage.socket).await.unwrap();
    let long = "x".repeat(600 << 10);
    for id in 0..2 {
        let call = Call { id, request: Request::Reload };
        deaf.write_all(&frame::encode(&call, frame::FROM_CLIENT).unwrap()).await.unwrap();
        stage.asked().await.1.send(Reply::Refused { code: 1, message: long.clone() }).unwrap();
    }
    let asking = tokio::spawn(async move { client.request(Request::Reload).await });
    stage.asked().await.1.send(Reply::Done).unwrap();
    assert_eq!(asking.await.unwrap(), Ok(Reply::Done));
    // What the kernel had taken can be read; then the connection is over.
    tokio::time::advance(PATIENCE * 2).await;
    let mut rest = Vec::new();
    let _ = deaf.read_to_end(&mut rest).await;
    assert!(rest.len() < 2 * long.len());
}

#[tokio::test]
async fn a_thirty_third_client_waits_until_one_leaves() {
    let stage = stage();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(attach_at(&stage.socket).await.unwrap());
    }
    let socket = stage.socket.clone();
    let mut waiting = tokio::spawn(async move { attach_at(&socket).await });
    assert!(timeout(Duration::from_millis(200), &mut waiting).await.is_err());
    clients.pop();
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test]
async fn clients_watch_to_the_end_and_learn_of_it() {
    let stage = stage();
    let client = attach_at(&stage.socket).await.unwrap();
    let mut snapshots = client.snapshots();
    stage.stop.cancel();
    stage.publish("closing");
    snapshots.changed().await.unwrap();
    assert_eq!(snapshots.borrow_and_update().config_error.as_deref(), Some("closing"));
    drop(stage.desk);
    assert!(snapshots.changed().await.is_err());
    assert!(client.request(Request::Status).await.is_err());
    farewell(stage.serving).await;
}

#[tokio::test]
async fn nobody_is_home() {
    let home = tempfile::tempdir().unwrap();
    let socket = home.path().join("s");
    assert!(matches!(attach_at(&socket).await, Err(AttachError::NotRunning { .. })));
    drop(UnixListener::bind(&socket).unwrap());
    assert!(matches!(attach_at(&socket).await, Err(AttachError::NotRunning { .. })));
}
