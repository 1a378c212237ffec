//! The time by which leases end of objects whose methods run here.

#[cfg(any(feature = "redis", feature = "test-util"))]
use std::cell::Cell;
#[cfg(any(feature = "redis", feature = "test-util"))]
use std::marker::PhantomData;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

#[cfg(any(feature = "redis", feature = "test-util"))]
thread_local! {
    static TOLD: Cell<Option<u64>> = const { Cell::new(None) };
}

/// While this lives, all that this thread runs runs at one moment.
#[cfg(any(feature = "redis", feature = "test-util"))]
#[derive(Debug)]
pub(crate) struct Moment {
    before: Option<u64>,
    /// It stays on its thread.
    here: PhantomData<*const ()>,
}

#[cfg(any(feature = "redis", feature = "test-util"))]
impl Moment {
    /// The moment that somebody else's clock has told, in milliseconds since 1970.
    pub(crate) fn at(told: u64) -> Self {
        Self {
            before: TOLD.replace(Some(told)),
            here: PhantomData,
        }
    }
}

#[cfg(any(feature = "redis", feature = "test-util"))]
impl Drop for Moment {
    fn drop(&mut self) {
        TOLD.set(self.before);
    }
}

/// Milliseconds since 1970: the moment that was told, or what the clock here shows, which never goes back, and stands
/// still where tokio's does.
pub(crate) fn now_ms() -> u64 {
    #[cfg(any(feature = "redis", feature = "test-util"))]
    if let Some(told) = TOLD.get() {
        return told;
    }
    static BEGAN: OnceLock<(Instant, u64)> = OnceLock::new();
    let (began, since_1970) = BEGAN.get_or_init(|| {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        (Instant::now(), millis(since_1970.unwrap_or_default()))
    });
    since_1970.saturating_add(millis(Instant::now().saturating_duration_since(*began)))
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
