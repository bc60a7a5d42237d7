//! Each rung against servers that stop halfway. The clock is paused, so a deadline of seconds passes at once.

use std::future::Future;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::*;
use crate::model::{Identity, Port};
use crate::ssh::reach::reach;

fn hop(port: u16) -> Hop {
    Hop {
        bastion: "b".parse().unwrap(),
        endpoint: Endpoint::new("127.0.0.1".parse().unwrap(), Port::new(port).unwrap()),
        user: "nobody".to_owned(),
        identity: Identity::Key("k".parse().unwrap()),
        keepalive: Duration::from_secs(3),
        legacy_algorithms: false,
    }
}

/// Climbs to the key exchange against a server that does what `server` does with its one connection.
async fn climb<F: Future<Output = ()> + Send + 'static>(
    server: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (Fault, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hop = hop(listener.local_addr().unwrap().port());
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        server(stream).await;
    });
    let stream = TcpStream::connect((hop.endpoint.host.as_str(), hop.endpoint.port.get())).await.unwrap();
    let shaken = shake(&hop, Transport::Tcp(stream), Verifier::LookOnly, host_key_types(), false, "here").await;
    (shaken.err().unwrap().fault, served)
}

#[tokio::test(start_paused = true)]
async fn a_silent_port_is_named_after_its_deadline() {
    let begun = Instant::now();
    let (fault, _) = climb(async |_stream| std::future::pending().await).await;
    assert_eq!(fault.code, Code::BannerTimeout);
    assert_eq!(begun.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_times_out_leaves_nothing() {
    let (fault, served) = climb(async |mut stream: TcpStream| {
        stream.write_all(b"SSH-2.0-Silent_1\r\n").await.unwrap();
        // The end of our stream is the proof that the connection was closed.
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard).await;
        assert!(heard.starts_with(b"SSH-2.0-adit_"));
    })
    .await;
    assert_eq!(fault.code, Code::KexTimeout);
    assert!(fault.message.contains("SSH-2.0-Silent_1"), "{}", fault.message);
    served.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_tarpit_does_not_hold_us() {
    let (fault, _) = climb(async |mut stream: TcpStream| while stream.write_all(b"x\r\n").await.is_ok() {}).await;
    assert_eq!(fault.code, Code::NotSsh);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_the_banner_is_read() {
    let (fault, _) = climb(async |mut stream: TcpStream| {
        stream.write_all(b"Not allowed at this time\r\n").await.unwrap();
    })
    .await;
    assert_eq!(fault.code, Code::RefusedForNow);
    let (fault, _) = climb(async |stream: TcpStream| drop(stream)).await;
    assert_eq!(fault.code, Code::ClosedBeforeBanner);
}

#[tokio::test(start_paused = true)]
async fn escape_sequences_in_a_banner_are_shown_harmless() {
    let (fault, _) = climb(async |mut stream: TcpStream| {
        stream.write_all(b"SSH-2.0-\x1b]0;owned\x07\xe9\r\n").await.unwrap();
    })
    .await;
    assert!(!fault.message.contains(['\x1b', '\x07']), "{}", fault.message);
}

#[tokio::test]
async fn a_closed_port_and_an_unknown_name_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let endpoint = hop(address.port()).endpoint;
    assert_eq!(reach(&endpoint, &[address]).await.err().unwrap().code, Code::TcpRefused);
    let unknown = Endpoint::new("no-such-host.invalid".parse().unwrap(), endpoint.port);
    let fault = resolve(&unknown).await.err().unwrap();
    // Without a name server the answer is that there is none.
    assert!(matches!(fault.code, Code::NameUnknown | Code::DnsUnavailable), "{fault:?}");
}

#[tokio::test]
async fn a_dead_address_does_not_hide_a_living_one() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let living = listener.local_addr().unwrap();
    let dead = {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
        gone.local_addr().unwrap()
    };
    assert!(reach(&hop(living.port()).endpoint, &[dead, living]).await.is_ok());
}

#[test]
fn known_types_are_asked_for_first() {
    let order = in_known_order(&[Algorithm::Rsa { hash: None }]);
    assert_eq!(order.first(), Some(&Algorithm::Rsa { hash: Some(HashAlg::Sha512) }));
    assert_eq!(order.get(2), Some(&Algorithm::Ed25519));
    assert_eq!(order.len(), host_key_types().len());
}
