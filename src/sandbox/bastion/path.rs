//! The path to the bastion: carries bytes with a delay, at a limited rate, or not at all. It reads nothing of what it carries.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::switches::Switches;

/// Read at once.
const PIECE: usize = 32 * 1024;
/// Pieces under way in one direction; more wait where they come from.
const UNDER_WAY: usize = 64;

/// Carries both directions until one of them fails or both have ended.
pub(super) async fn carry(
    near: impl AsyncRead + AsyncWrite + Unpin,
    far: impl AsyncRead + AsyncWrite + Unpin,
    switches: &watch::Receiver<Switches>,
) {
    let (near_read, near_write) = tokio::io::split(near);
    let (far_read, far_write) = tokio::io::split(far);
    // An end by error leaves the other direction nothing to carry either.
    let _ = tokio::try_join!(
        one_way(near_read, far_write, switches.clone()),
        one_way(far_read, near_write, switches.clone())
    );
}

async fn one_way(
    from: impl AsyncRead + Unpin,
    to: impl AsyncWrite + Unpin,
    switches: watch::Receiver<Switches>,
) -> std::io::Result<()> {
    let (sender, receiver) = mpsc::channel(UNDER_WAY);
    tokio::try_join!(take_up(from, sender), set_down(to, receiver, switches)).map(|_| ())
}

async fn take_up(mut from: impl AsyncRead + Unpin, pieces: mpsc::Sender<(Instant, Bytes)>) -> std::io::Result<()> {
    let mut buffer = BytesMut::new();
    loop {
        buffer.reserve(PIECE);
        if from.read_buf(&mut buffer).await? == 0 {
            return Ok(());
        }
        if pieces.send((Instant::now(), buffer.split().freeze())).await.is_err() {
            return Ok(());
        }
    }
}

async fn set_down(
    mut to: impl AsyncWrite + Unpin,
    mut pieces: mpsc::Receiver<(Instant, Bytes)>,
    mut switches: watch::Receiver<Switches>,
) -> std::io::Result<()> {
    while let Some((taken, piece)) = pieces.recv().await {
        let (latency, rate) = {
            let now = switches.borrow();
            (now.latency, now.bytes_per_second)
        };
        if !latency.is_zero() {
            sleep_until(taken + latency).await;
        }
        thaw(&mut switches).await;
        to.write_all(&piece).await?;
        to.flush().await?;
        if let Some(rate) = rate {
            let seconds = piece.len() as f64 / f64::from(rate.max(1));
            sleep(Duration::from_secs_f64(seconds)).await;
        }
    }
    // The end travels the same frozen path.
    thaw(&mut switches).await;
    to.shutdown().await
}

async fn thaw(switches: &mut watch::Receiver<Switches>) {
    if switches.wait_for(|switches| !switches.frozen).await.is_err() {
        // Nobody is left who could thaw it; the caller ends with the sandbox.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn bytes_arrive_in_order_and_late() {
        let switches = watch::Sender::new(Switches { latency: Duration::from_millis(5), ..Switches::default() });
        let (mut client, near) = tokio::io::duplex(1024);
        let (far, mut server) = tokio::io::duplex(1024);
        let receiver = switches.subscribe();
        let carried = tokio::spawn(async move { carry(near, far, &receiver).await });
        let start = Instant::now();
        client.write_all(b"ping").await.unwrap();
        let mut heard = [0; 4];
        server.read_exact(&mut heard).await.unwrap();
        server.write_all(&heard).await.unwrap();
        client.read_exact(&mut heard).await.unwrap();
        assert_eq!((&heard, start.elapsed().as_millis()), (b"ping", 10));
        drop((client, server));
        carried.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_frozen_path_keeps_what_it_holds() {
        let switches = watch::Sender::new(Switches { frozen: true, ..Switches::default() });
        let (mut client, near) = tokio::io::duplex(1024);
        let (far, mut server) = tokio::io::duplex(1024);
        let receiver = switches.subscribe();
        tokio::spawn(async move { carry(near, far, &receiver).await });
        client.write_all(b"x").await.unwrap();
        let waited = tokio::time::timeout(Duration::from_secs(60), server.read_u8()).await;
        assert!(waited.is_err());
        switches.send_modify(|switches| switches.frozen = false);
        assert_eq!(server.read_u8().await.unwrap(), b'x');
    }
}
