//! When a line of `authorized_keys` ends (`expiry-time`). It knows no clock and no time zone but UTC.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// A point in time as the option writes it: with a `Z` in UTC, without in the bastion's own time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The wall clock's reading.
    pub time: DateTime,
    /// It is UTC's wall clock.
    pub utc: bool,
}

impl Expiry {
    /// `YYYYMMDD[HHMM[SS]]`, with `Z` or `UTC` behind it for UTC (`parse_absolute_time`).
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        let bare = upper.strip_suffix("UTC").or_else(|| upper.strip_suffix('Z'));
        let digits = bare.unwrap_or(&upper);
        if !matches!(digits.len(), 8 | 12 | 14) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| digits.get(from..to).map_or(Some(0), |part| part.parse::<i8>().ok());
        let year = digits.get(..4)?.parse::<i16>().ok()?;
        let time = DateTime::new(year, part(4, 6)?, part(6, 8)?, part(8, 10)?, part(10, 12)?, part(12, 14)?.min(59), 0)
            .ok()?;
        // sshd takes no time before its own epoch.
        (year >= 1970).then_some(Self { time, utc: bare.is_some() })
    }

    /// The instant, where the bastion's offset from UTC is known or not needed.
    #[must_use]
    pub fn instant(&self, offset_minutes: Option<i32>) -> Option<Timestamp> {
        let utc = Offset::UTC.to_timestamp(self.time).ok()?;
        if self.utc {
            return Some(utc);
        }
        utc.checked_sub(SignedDuration::from_mins(i64::from(offset_minutes?))).ok()
    }
}

impl std::fmt::Display for Expiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let zone = if self.utc { "UTC" } else { "by the bastion's clock" };
        write!(f, "{} {zone}", self.time.strftime("%Y-%m-%d %H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_sshd_does() {
        let at = |text: &str, offset| Expiry::read(text).unwrap().instant(offset).map(|time| time.to_string());
        assert_eq!(at("20261120", Some(0)).as_deref(), Some("2026-11-20T00:00:00Z"));
        assert_eq!(at("202611201230", Some(60)).as_deref(), Some("2026-11-20T11:30:00Z"));
        assert_eq!(at("20261120123015Z", None).as_deref(), Some("2026-11-20T12:30:15Z"));
        assert_eq!(at("202611201230utc", Some(60)).as_deref(), Some("2026-11-20T12:30:00Z"));
        assert_eq!(at("20261120", None), None);
        for bad in [
            "",
            "Z",
            "2026",
            "20261320",
            "20260230",
            "202611202460",
            "2026-11-20",
            "20261120+0100",
            "19690101",
            "２０２６",
        ] {
            assert_eq!(Expiry::read(bad), None, "{bad}");
        }
    }
}
