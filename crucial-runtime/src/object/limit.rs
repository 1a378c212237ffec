//! Durations as callers give them: how long they wait, and how long something is to last.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::{Key, MethodKind};
use crate::error::{Error, Result};
use crate::runtime::{self, Runtime};

/// The longest time that anything is asked to last: 2^42 milliseconds, about 139 years.
///
/// The time since 1970 plus any such time is a whole number that servers, their scripts and their commands take exactly.
pub(crate) const LONGEST: Duration = Duration::from_millis(1 << 42);

/// How much longer than its limit a caller waits for the answer to a question that it has asked in time.
const GRACE: Duration = Duration::from_secs(5);

/// A duration as servers and objects are told it: whole milliseconds, at most [`LONGEST`]. A part of a millisecond counts
/// as a whole one, so that nothing ends before its time.
///
/// Every duration that leaves this process goes through here.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    let milliseconds = duration.min(LONGEST).as_nanos().div_ceil(1_000_000);
    u64::try_from(milliseconds).unwrap_or(u64::MAX)
}

tokio::task_local! {
    /// What [`Call::timeout`](crate::Call::timeout) was told, while the call is polled.
    static ASKED: Limit;
}

/// How long a caller waits for an object, from when this was made.
///
/// The limit is one on waiting. The caller always asks once, however short its limit is, and what is ready then is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    length: Duration,
    end: Option<Instant>,
}

impl Limit {
    /// From now on, at most for so long.
    pub(crate) fn new(length: Duration) -> Self {
        Self {
            length,
            // A limit beyond the clock's range is no limit.
            end: Instant::now().checked_add(length),
        }
    }

    /// The limit of the call that is being made: what its caller asked for, or the runtime's wait limit from now on.
    pub(crate) fn here() -> Result<Self> {
        Ok(Self::here_of(&runtime::current()?))
    }

    /// The same for a caller that has found its runtime.
    pub(crate) fn here_of(runtime: &Runtime) -> Self {
        Self::asked().unwrap_or_else(|| Self::new(runtime.wait_limit()))
    }

    /// The limit that the caller of the call that is being made asked for.
    pub(crate) fn asked() -> Option<Self> {
        ASKED.try_with(|limit| *limit).ok()
    }

    /// Runs a step of a call for whose caller this is the limit.
    pub(crate) fn during<R>(self, step: impl FnOnce() -> R) -> R {
        ASKED.sync_scope(self, step)
    }

    pub(crate) fn length(&self) -> Duration {
        self.length
    }

    /// Whether nothing is to be waited for at all.
    pub(crate) fn is_zero(&self) -> bool {
        self.length.is_zero()
    }

    /// How much of the time is left.
    pub(crate) fn left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| {
            end.saturating_duration_since(Instant::now())
        })
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// What the future gives, if it does in time.
    pub(crate) async fn waiting<F: Future>(&self, future: F) -> Option<F::Output> {
        match self.end {
            Some(end) => timeout_at(end, future).await.ok(),
            None => Some(future.await),
        }
    }

    /// The answer to a question that is asked in time. It may come later than the time is over, as the way there and
    /// back is not waiting; `None` where none comes for [`GRACE`] longer.
    pub(crate) async fn answer<F: Future>(&self, question: F) -> Option<F::Output> {
        match self.left().checked_add(GRACE) {
            Some(left) => timeout(left, question).await.ok(),
            None => Some(question.await),
        }
    }

    /// The [`answer`](Self::answer) to a question that changes nothing where its answer is not taken.
    pub(crate) async fn asking<T>(
        &self,
        key: &Key,
        method: &'static str,
        question: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let answer = self.answer(question).await;
        answer.unwrap_or_else(|| Err(self.error(key, method)))
    }

    /// The answer to a question that waits for nobody, within the limit that its caller asked for.
    pub(crate) async fn bounding<T>(
        key: &Key,
        method: &str,
        kind: MethodKind,
        question: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let Some(limit) = Self::asked() else {
            return question.await;
        };
        let answer = limit.answer(question).await;
        answer.unwrap_or_else(|| Err(limit.unanswered(key, method, kind)))
    }

    /// That no [`answer`](Self::answer) came.
    pub(crate) fn unanswered(&self, key: &Key, method: &str, kind: MethodKind) -> Error {
        let (key, method) = (key.clone(), method.to_owned());
        let waited = self.length.saturating_add(GRACE);
        let reason = "the store has been silent since the time for it was over".to_owned();
        match kind {
            MethodKind::Read => Error::Unanswered {
                key,
                method,
                waited,
                reason,
            },
            _ => Error::InDoubt {
                key,
                method,
                waited,
                reason,
            },
        }
    }

    /// That the time is over.
    pub(crate) fn error(&self, key: &Key, method: &'static str) -> Error {
        Error::TimedOut {
            key: key.clone(),
            method,
            waited: self.length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_bounded_and_rounded_up() {
        let ms = Duration::from_millis;
        for (duration, told) in [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (ms(1), 1),
            (ms(1) + Duration::from_nanos(1), 2),
            (LONGEST, 1 << 42),
            (LONGEST + ms(1), 1 << 42),
            (ms(u64::MAX), 1 << 42),
            (Duration::MAX, 1 << 42),
        ] {
            assert_eq!(milliseconds(duration), told, "{duration:?}");
        }
    }
}
