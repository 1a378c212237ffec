//! Connections that end while a call is under way: which of the two is the cause.

use std::time::Duration;

use redis::RedisError;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use super::wire::RESPONSE_LIMIT;

/// How many connections may end with a call before it gets one of its own.
const SHARED: u32 = 2;
/// How many of its own may end, and no other, before it is not sent again.
const ALONE: u32 = 3;

/// Why no reply has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// The connection ended.
    Ended,
    /// The connection ended on which nothing else was, and those of others did not.
    EndedAlone,
    /// The server said nothing for too long.
    Silent,
}

impl Loss {
    pub(super) fn of(error: &RedisError) -> Self {
        match error.is_timeout() {
            true => Self::Silent,
            false => Self::Ended,
        }
    }
}

/// What has been lost with one call.
///
/// A server ends a connection for which too much waits, and all calls on it are lost together. One of them asks for too
/// much, and nobody knows which. So each of them goes on by a connection of its own, where the others get their
/// replies; if that one too is ended again and again, and no other is, its reply can't come.
#[derive(Debug, Default)]
pub(super) struct Losses {
    ended: u32,
    alone: u32,
    silent: u32,
}

impl Losses {
    pub(super) fn note(&mut self, loss: Loss) {
        match loss {
            Loss::Ended => self.ended += 1,
            Loss::EndedAlone => self.alone += 1,
            Loss::Silent => self.silent += 1,
        }
    }

    /// Whether the call may be the reason.
    pub(super) fn are_suspicious(&self) -> bool {
        self.ended >= SHARED || self.alone > 0 || self.silent > 0
    }

    /// Whether the call is the reason.
    pub(super) fn are_final(&self) -> bool {
        self.alone >= ALONE
    }

    /// How long to wait for a reply by a connection of its own: twice as long after each silence. A large reply on a slow
    /// line needs its time, and one that was lost must be asked for again.
    pub(super) fn patience(&self) -> Duration {
        RESPONSE_LIMIT * 2_u32.pow(self.silent.min(4))
    }

    /// A turn to have a connection of its own, if it is to have one.
    pub(super) async fn alone<'a>(
        &self,
        turns: &'a Semaphore,
        deadline: Instant,
    ) -> Option<SemaphorePermit<'a>> {
        if self.ended < SHARED && self.alone == 0 {
            // A large reply on a slow line, or a server that stands still, and all calls with it.
            return turns.try_acquire().ok();
        }
        timeout_at(deadline, turns.acquire()).await.ok()?.ok()
    }
}
