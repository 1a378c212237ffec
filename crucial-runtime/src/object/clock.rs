//! The time by which leases of embedded objects end.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

#[cfg(feature = "test-util")]
thread_local! {
    static STANDS_STILL: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Runs `run` at one moment: a history is checked by methods that ran at other times.
#[cfg(feature = "test-util")]
pub(crate) fn standing_still<R>(run: impl FnOnce() -> R) -> R {
    let before = STANDS_STILL.replace(true);
    let result = run();
    STANDS_STILL.set(before);
    result
}

/// Milliseconds since 1970, as a server would tell; it never goes back, and it stands still where tokio's clock does.
pub(crate) fn now_ms() -> u64 {
    #[cfg(feature = "test-util")]
    if STANDS_STILL.get() {
        return 1 << 40;
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
