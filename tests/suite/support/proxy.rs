//! A path that can be broken: a relay to a TCP server that freezes without a word, or cuts. It does not read what it carries.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Pass,
    Frozen,
}

#[derive(Default)]
struct Shared {
    mode: Mutex<Option<Mode>>,
    changed: Condvar,
    streams: Mutex<Vec<TcpStream>>,
}

/// A relay on a loopback port of its own.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

impl Proxy {
    /// Relays to a loopback port.
    pub(crate) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared::default());
        let inside = Arc::clone(&shared);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let shared = Arc::clone(&inside);
                    std::thread::spawn(move || relay(&from, &to, &shared));
                }
                inside.streams.lock().unwrap().extend([near, far]);
            }
        });
        Self { port: own, shared }
    }

    /// Nothing passes in either direction, and nobody is told; new connections are accepted and carry nothing.
    pub(crate) fn freeze(&self) {
        self.set(Mode::Frozen);
    }

    pub(crate) fn thaw(&self) {
        self.set(Mode::Pass);
    }

    /// Every connection that is there now ends.
    pub(crate) fn cut(&self) {
        for stream in self.shared.streams.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            let _gone = stream.shutdown(Shutdown::Both);
        }
    }

    fn set(&self, mode: Mode) {
        *self.shared.mode.lock().unwrap_or_else(PoisonError::into_inner) = Some(mode);
        self.shared.changed.notify_all();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.thaw();
        self.cut();
    }
}

fn relay(mut from: &TcpStream, mut to: &TcpStream, shared: &Shared) {
    let mut buffer = vec![0; 65536];
    while let Ok(n) = from.read(&mut buffer) {
        // What was read before the path froze waits here, and so does the news of an end.
        let mut mode = shared.mode.lock().unwrap();
        while *mode == Some(Mode::Frozen) {
            mode = shared.changed.wait(mode).unwrap();
        }
        drop(mode);
        if n == 0 || to.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    let _gone = to.shutdown(Shutdown::Write);
}
