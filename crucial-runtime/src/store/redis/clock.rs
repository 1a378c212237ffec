//! The server's clock, as far as it can be told from here.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::object::now_ms;

/// After how long to look again: clocks drift apart, and one may be set.
const TRUSTED: Duration = Duration::from_secs(10);

/// The server's clock, as far as it can be told from here.
///
/// The server told the time after it was asked and before its reply was there. Each look so narrows down how far its
/// clock is ahead of the one here, and a look that was slow does no harm.
#[derive(Debug)]
pub(super) struct Clock {
    /// When the clock here shows nothing.
    origin: Instant,
    // Held to copy it.
    seen: Mutex<Option<Seen>>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    /// How many milliseconds it is ahead, at least and at the most.
    ahead: (i64, i64),
    /// When it was looked at; none where that counts no more.
    at: Option<Instant>,
}

impl Clock {
    /// Not yet looked at.
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            seen: Mutex::default(),
        }
    }

    /// Whether to look again.
    pub(super) fn is_due(&self) -> bool {
        let at = self.lock().and_then(|seen| seen.at);
        at.is_none_or(|at| at.elapsed() >= TRUSTED)
    }

    /// Has it looked at again soon: the process may be frozen from now on, and its own clock with it.
    pub(super) fn distrust(&self) {
        if let Some(seen) = &mut *self.lock() {
            seen.at = None;
        }
    }

    /// It told that time, in milliseconds since 1970, to a question asked then.
    pub(super) fn told(&self, asked: Instant, time_ms: u64) {
        let (asked, now) = (self.here(asked), self.here(Instant::now()));
        let time = i64::try_from(time_ms).unwrap_or(i64::MAX);
        // It may have been all but a millisecond later.
        let told = (time.saturating_sub(now), time.saturating_sub(asked) + 1);
        let mut seen = self.lock();
        let both = seen.map_or(told, |seen| {
            (seen.ahead.0.max(told.0), seen.ahead.1.min(told.1))
        });
        *seen = Some(Seen {
            // If they disagree, it was set, or it is another server's, or the one here stood still.
            ahead: if both.0 <= both.1 { both } else { told },
            at: Some(Instant::now()),
        });
    }

    /// What it shows now, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> u64 {
        let Some(Seen { ahead, .. }) = *self.lock() else {
            return now_ms();
        };
        let now = ahead.0.midpoint(ahead.1) + self.here(Instant::now());
        u64::try_from(now).unwrap_or_default()
    }

    /// What the clock here shows at a moment.
    fn here(&self, moment: Instant) -> i64 {
        let since = moment.saturating_duration_since(self.origin).as_millis();
        i64::try_from(since).unwrap_or(i64::MAX)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "../../../unit/store/redis/clock/tests.rs"]
mod tests;
