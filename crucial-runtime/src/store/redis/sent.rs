//! What the server may know of calls already.

use std::time::Duration;

use tokio::time::Instant;

use super::answer::Answer;
use super::capabilities::Capabilities;
use super::clock::Clock;
use super::times::{RECORD_LIFE, RECORD_RENEWAL};

/// For how long after its first sending a call may be repeated: until then its record is there. The margin is for
/// clocks that run at different speeds.
const REPEATABLE: Duration = RECORD_LIFE
    .saturating_sub(RECORD_RENEWAL)
    .saturating_sub(Duration::from_secs(10));

/// Under which number calls are sent, and what has come of it.
///
/// It goes with the calls wherever they go: a repeat of them may be under way and yet succeed, and then they have run.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The sequence number of the calls.
    pub(super) seq: String,
    /// What the first of the calls gave in an attempt that was refused.
    pub(super) attempt: Option<Vec<Answer>>,
    pub(super) earlier: Earlier,
}

impl Sent {
    /// A number of which the server knows nothing.
    pub(super) fn under(seq: String) -> Self {
        Self {
            seq,
            ..Self::default()
        }
    }
}

/// When calls were first sent, and whether they may have run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Earlier {
    /// The first sending; none before that. However often the calls are sent after that, the server must not run them when
    /// their record may have ended.
    first: Option<First>,
    /// Whether the calls may run, or have run, though they are refused now.
    pub(super) doubt: bool,
}

impl Earlier {
    /// Notes that the calls are about to be sent, unless they have been sent before.
    pub(super) fn begin(&mut self, clock: &Clock) -> First {
        *self.first.get_or_insert_with(|| First {
            at: Instant::now(),
            server_ms: clock.now_ms(),
        })
    }

    /// When the calls were sent first, if they have been.
    pub(super) fn since(&self) -> Option<Instant> {
        self.first.map(|first| first.at)
    }
}

/// When something was sent first.
#[derive(Debug, Clone, Copy)]
pub(super) struct First {
    pub(super) at: Instant,
    /// The same by the server's clock, as far as that was known here, in milliseconds since 1970.
    server_ms: u64,
}

impl First {
    /// The time by that server's clock until which it may be repeated.
    ///
    /// The clock here may have stood still since with all of its machine, and the server may be another one with
    /// another time: what is earlier by either reckoning counts.
    pub(super) fn repeatable(&self, server: &Capabilities) -> u64 {
        let life = u64::try_from(REPEATABLE.as_millis()).unwrap_or(u64::MAX);
        let by_clock_here = server.time_of(self.at + REPEATABLE);
        by_clock_here.min(self.server_ms.saturating_add(life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE_MS: u64 = REPEATABLE.as_millis() as u64;

    #[tokio::test(start_paused = true)]
    async fn a_repeat_is_refused_in_time_whatever_clocks_do() {
        let first = First {
            at: Instant::now(),
            server_ms: 1_000_000,
        };
        let reached = |server_ms| Capabilities::at(Instant::now(), server_ms);
        assert_eq!(first.repeatable(&reached(1_000_000)), 1_000_000 + LIFE_MS);
        // This machine stood still for an hour: no time has passed for it, and its record has ended.
        assert_eq!(first.repeatable(&reached(4_600_000)), 1_000_000 + LIFE_MS);
        // The server is another one, whose clock is behind.
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(first.repeatable(&reached(500_000)), 499_000 + LIFE_MS);
    }
}
