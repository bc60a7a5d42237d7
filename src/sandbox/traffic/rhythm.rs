//! What a made-up client asks next and how long it then thinks. It knows neither clock nor network; the dice are an argument.

use std::time::Duration;

use rand::{Rng, RngExt};

/// How a client asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rhythm {
    /// An application: some questions in a row, then nothing for a while.
    Bursts,
    /// A dump: about a megabyte a second without a pause.
    Steady,
    /// A cache: many small questions.
    Chatter,
    /// A person: a small question now and then.
    Rare,
}

/// One question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// Rows of about 150 bytes.
    Read(u32),
    /// Bytes to be kept.
    Write(usize),
}

/// Where a client is in its rhythm.
pub(super) struct Beat {
    rhythm: Rhythm,
    left: u32,
}

impl Beat {
    pub(super) fn new(rhythm: Rhythm) -> Self {
        Self { rhythm, left: 0 }
    }

    /// The next question, and the pause after its answer.
    pub(super) fn next(&mut self, random: &mut impl Rng) -> (Ask, Duration) {
        let writes = random.random_ratio(1, 5);
        let (ask, ms) = match self.rhythm {
            Rhythm::Bursts => {
                if self.left == 0 {
                    self.left = random.random_range(4..=16);
                }
                self.left -= 1;
                let ask = if writes {
                    Ask::Write(random.random_range(200..=4000))
                } else {
                    Ask::Read(random.random_range(10..=900))
                };
                (ask, if self.left == 0 { random.random_range(600..=4000) } else { random.random_range(20..=140) })
            }
            Rhythm::Steady => (Ask::Read(random.random_range(500..=700)), 90),
            Rhythm::Chatter => {
                let ask = if writes {
                    Ask::Write(random.random_range(40..=2000))
                } else {
                    Ask::Read(random.random_range(1..=60))
                };
                (ask, random.random_range(15..=120))
            }
            Rhythm::Rare => (Ask::Read(random.random_range(1..=40)), random.random_range(800..=3500)),
        };
        (ask, Duration::from_millis(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn score(rhythm: Rhythm, seed: u64) -> Vec<(Ask, Duration)> {
        let (mut beat, mut random) = (Beat::new(rhythm), StdRng::seed_from_u64(seed));
        (0..500).map(|_| beat.next(&mut random)).collect()
    }

    #[test]
    fn a_seed_repeats_and_nothing_is_without_bounds() {
        for rhythm in [Rhythm::Bursts, Rhythm::Steady, Rhythm::Chatter, Rhythm::Rare] {
            assert_eq!(score(rhythm, 7), score(rhythm, 7));
            for (ask, pause) in score(rhythm, 7) {
                assert!(matches!(ask, Ask::Read(1..=900) | Ask::Write(40..=4000)), "{ask:?}");
                assert!((15..=4000).contains(&pause.as_millis()), "{pause:?}");
            }
        }
        assert_ne!(score(Rhythm::Bursts, 7), score(Rhythm::Bursts, 8));
    }
}
