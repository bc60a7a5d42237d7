//! How fast bytes flow, from counters that come about once a second. It draws nothing.

use jiff::Timestamp;

use crate::model::TunnelStatus;

/// The bytes a tunnel has carried, sampled about once a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rates {
    last: Option<(Timestamp, u64, u64)>,
    /// Bytes a second, oldest first.
    pub(crate) from_database: Vec<f64>,
    pub(crate) to_database: Vec<f64>,
}

/// Samples kept per tunnel: two minutes.
const SAMPLES: usize = 120;
/// Counters come once a second while something flows; after this long without any, nothing does.
const QUIET_SECONDS: f64 = 2.5;

impl Rates {
    pub(super) fn note(&mut self, now: Timestamp, tunnel: &TunnelStatus) {
        let bytes = tunnel.bytes;
        if let Some((then, from, to)) = self.last {
            let seconds = now.duration_since(then).as_secs_f64();
            if (0.0..0.9).contains(&seconds) {
                return;
            }
            if seconds < 0.0 {
                // The clock was set back: count from here.
                self.last = Some((now, bytes.from_database, bytes.to_database));
                return;
            }
            // A restarted service counts from zero.
            let rate = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
            for (history, value) in [
                (&mut self.from_database, rate(bytes.from_database, from)),
                (&mut self.to_database, rate(bytes.to_database, to)),
            ] {
                // A line of seconds: what covers several of them stands there as often.
                let covered = (seconds.round() as usize).clamp(1, SAMPLES);
                history.extend(std::iter::repeat_n(value, covered));
                history.drain(..history.len().saturating_sub(SAMPLES));
            }
        }
        self.last = Some((now, bytes.from_database, bytes.to_database));
    }

    /// As `note`, where no newer counters came.
    pub(super) fn note_silence(&mut self, now: Timestamp, tunnel: &TunnelStatus) {
        if self.last.is_some_and(|(then, ..)| now.duration_since(then).as_secs_f64() >= QUIET_SECONDS) {
            self.note(now, tunnel);
        }
    }
}
