//! How long to wait before the next attempt. It knows neither clock nor random source: both are arguments.

use std::time::Duration;

/// The longest pause.
pub(crate) const CAP: Duration = Duration::from_secs(30);

/// The pause after so many failures in a row: none after the first loss, then up to 1, 2, 4, 8 … 30 s with full jitter
/// (`roll` from 0 to 1), so that many clients of one bastion do not come back in step.
#[must_use]
pub(crate) fn pause(failures: u32, roll: f64) -> Duration {
    let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
    let ceiling = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(doublings.min(8))).min(CAP);
    ceiling.mul_f64(roll.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_a_cap_and_begins_at_once() {
        let ceilings: Vec<u64> = (0..9).map(|failures| pause(failures, 1.0).as_secs()).collect();
        assert_eq!(ceilings, [0, 1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(pause(u32::MAX, 1.0), CAP);
        assert_eq!(pause(5, 0.0), Duration::ZERO);
    }
}
