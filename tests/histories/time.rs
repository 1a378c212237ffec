//! The time of the machine, which the test and its clients share.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The clock that never goes back.
#[must_use]
pub fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or(0);
    Duration::from_secs(part(time.tv_sec)) + Duration::from_nanos(part(time.tv_nsec))
}
