//! How often the screen is drawn: by where it is shown, and by how fast the line takes a frame. It waits for nothing itself.

use std::time::Duration;

/// How often the screen may change by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Data ten times a second, ages once a second.
    AtHand,
    /// Over SSH: data twice a second, ages once in five.
    FarAway,
}

impl Pace {
    fn data(self) -> Duration {
        Duration::from_millis(match self {
            Self::AtHand => 100,
            Self::FarAway => 500,
        })
    }

    fn idle(self) -> Duration {
        Duration::from_secs(match self {
            Self::AtHand => 1,
            Self::FarAway => 5,
        })
    }
}

/// A frame that takes longer to write halves the rate.
const SLOW: Duration = Duration::from_millis(100);
/// So many frames in a row that do not double it again.
const QUICK: u32 = 5;
/// The rate is halved this often at most: one frame in ten seconds.
const MOST: u32 = 5;
/// However slow the line is, the screen is not older than this.
const LONGEST: Duration = Duration::from_secs(10);

/// The rate in force.
#[derive(Debug)]
pub(super) struct Rhythm {
    pace: Pace,
    halved: u32,
    quick: u32,
    took: Duration,
}

impl Rhythm {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, halved: 0, quick: 0, took: Duration::ZERO }
    }

    /// From one frame to the next where something changed.
    pub(super) fn data(&self) -> Duration {
        self.pace.data().saturating_mul(1 << self.halved).min(LONGEST)
    }

    /// From one frame to the next where nothing did.
    pub(super) fn idle(&self) -> Duration {
        self.pace.idle().max(self.data())
    }

    /// From one frame to the next that answers a key: at once, but on a slow line keys go before frames.
    pub(super) fn answer(&self) -> Duration {
        if self.halved == 0 { Duration::ZERO } else { self.took.min(self.data()) }
    }

    /// A frame was written, and that took so long.
    pub(super) fn wrote(&mut self, took: Duration) {
        self.took = took;
        if took > SLOW {
            self.halved = (self.halved + 1).min(MOST);
            self.quick = 0;
        } else if self.halved > 0 {
            self.quick += 1;
            if self.quick >= QUICK {
                (self.halved, self.quick) = (self.halved - 1, 0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_slow_frame_halves_the_rate_and_quick_ones_bring_it_back() {
        let mut rhythm = Rhythm::new(Pace::AtHand);
        assert_eq!((rhythm.data(), rhythm.idle(), rhythm.answer()), (ms(100), ms(1000), ms(0)));
        rhythm.wrote(ms(100));
        assert_eq!(rhythm.data(), ms(100), "as long as that is no trouble");
        rhythm.wrote(ms(101));
        assert_eq!((rhythm.data(), rhythm.answer()), (ms(200), ms(101)));
        for _ in 0..40 {
            rhythm.wrote(ms(60_000));
        }
        assert_eq!((rhythm.data(), rhythm.idle(), rhythm.answer()), (ms(3200), ms(3200), ms(3200)));
        for _ in 0..QUICK * MOST {
            rhythm.wrote(ms(3));
        }
        assert_eq!((rhythm.data(), rhythm.idle(), rhythm.answer()), (ms(100), ms(1000), ms(0)));
        let mut far = Rhythm::new(Pace::FarAway);
        (0..9).for_each(|_| far.wrote(ms(500)));
        assert_eq!((far.data(), far.idle()), (LONGEST, LONGEST));
    }
}
