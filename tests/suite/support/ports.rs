//! Free loopback ports, each handed out once a run. It keeps none of them reserved.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ephemeral range of Linux and macOS, above the ports that adit chooses from.
const FIRST: u32 = 30_000;
const COUNT: u32 = 2_700;

/// A port that nothing on this machine holds now.
pub(crate) fn free() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed);
        // Two test processes at once begin at different places.
        let port = u16::try_from(FIRST + (std::process::id().wrapping_mul(97) + turn) % COUNT).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port from {FIRST} on");
}
