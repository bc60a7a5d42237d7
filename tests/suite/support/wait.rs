//! The one place of the tests where time passes, always with a deadline. It knows no server and no program.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Between two looks at a condition.
const GLANCE: Duration = Duration::from_millis(10);

/// What an idle machine does in a blink may take this long on a busy one.
pub(crate) fn soon() -> Duration {
    Duration::from_secs(30)
}

/// Looks until `condition` holds; says whether it came to hold before the deadline.
pub(crate) fn wait_until(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    wait_for(patience, || condition().then_some(())).is_some()
}

/// Looks until there is something to return.
pub(crate) fn wait_for<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() >= end {
            return None;
        }
        sleep(GLANCE);
    }
}

/// The beat of a client that tries again and again, or of a fault that strikes at intervals.
pub(crate) fn pace(beat: Duration) {
    sleep(beat);
}
