//! One private Redis server for the whole run. It keeps nothing on disk.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::output::{Output, tool};
use super::wait::{soon, wait_until};
use super::{ports, reaper};

pub(crate) struct Redis {
    pub(crate) port: u16,
}

impl Redis {
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(|| {
            let port = ports::free();
            let mut serve = Command::new("redis-server");
            serve.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string()]);
            serve.stdin(Stdio::null()).stdout(Stdio::null());
            reaper::start_for_all(serve);
            assert!(wait_until(soon(), || redis_cli(port, &["PING"]).stdout.trim() == "PONG"), "Redis does not start");
            Self { port }
        })
    }
}

/// One command through a port.
#[track_caller]
pub(crate) fn redis_cli(port: u16, words: &[&str]) -> Output {
    let port = port.to_string();
    let all: Vec<&str> = ["-h", "127.0.0.1", "-p", &port].into_iter().chain(words.iter().copied()).collect();
    tool("redis-cli", &all)
}
