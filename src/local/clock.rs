//! The time now, and whether it jumped: the machine slept or this process was stopped. It sets no timers.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The time now, to the millisecond.
#[must_use]
pub fn now() -> Timestamp {
    let exact = Timestamp::now();
    Timestamp::from_millisecond(exact.as_millisecond()).unwrap_or(exact)
}

/// The clock that goes on while the machine sleeps. `Instant` is the one that does not (clock_gettime(2):
/// `CLOCK_MONOTONIC` on Linux, `CLOCK_UPTIME_RAW` on macOS).
#[cfg(target_os = "linux")]
const SLEEPLESS: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SLEEPLESS: ClockId = ClockId::Monotonic;

/// The two clocks may be read a scheduling delay apart; less than this is no sleep.
const SLEPT: Duration = Duration::from_secs(1);

/// Called once a second, a longer gap than this means that we were stopped.
const STOPPED: Duration = Duration::from_secs(5);

/// Notices that time passed without us. To be asked about once a second.
#[derive(Debug)]
pub struct Jumps {
    last: Reading,
}

#[derive(Debug, Clone, Copy)]
struct Reading {
    awake: Instant,
    sleepless: Duration,
}

impl Jumps {
    /// Starts watching.
    #[must_use]
    pub fn new() -> Self {
        Self { last: read() }
    }

    /// How long the machine slept, or this process was stopped, since the last call; `None` in ordinary times.
    pub fn check(&mut self) -> Option<Duration> {
        let now = read();
        let awake = now.awake.saturating_duration_since(self.last.awake);
        let passed = now.sleepless.saturating_sub(self.last.sleepless);
        self.last = now;
        judge(awake, passed)
    }
}

impl Default for Jumps {
    fn default() -> Self {
        Self::new()
    }
}

fn read() -> Reading {
    let time = clock_gettime(SLEEPLESS);
    let sleepless = Duration::try_from(time).unwrap_or_default();
    Reading { awake: Instant::now(), sleepless }
}

fn judge(awake: Duration, passed: Duration) -> Option<Duration> {
    let slept = passed.saturating_sub(awake);
    if slept > SLEPT {
        Some(slept)
    } else if awake > STOPPED {
        Some(awake)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn now_has_no_fraction_of_a_millisecond() {
        assert_eq!(now().subsec_nanosecond() % 1_000_000, 0);
    }

    #[test]
    fn only_sleep_and_standstill_are_jumps() {
        let s = Duration::from_secs;
        assert_eq!(judge(s(1), s(1)), None);
        assert_eq!(judge(s(1), Duration::from_millis(1900)), None);
        assert_eq!(judge(s(1), s(28_801)), Some(s(28_800)));
        assert_eq!(judge(s(300), s(300)), Some(s(300)));
        // A clock that went backwards is not a jump.
        assert_eq!(judge(s(1), s(0)), None);
    }

    #[test]
    fn two_calls_in_a_row_are_no_jump() {
        let mut jumps = Jumps::new();
        assert_eq!(jumps.check(), None);
        assert_eq!(jumps.check(), None);
    }
}
