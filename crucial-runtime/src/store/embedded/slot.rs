//! The place of one object: whose turn it is, and who watches.

use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::kept::Kept;
use crate::error::{Error, Result};
use crate::object::Key;
use crate::store::Changes;

/// The place of one object, which outlasts the object for whoever watches it.
#[derive(Debug, Default)]
pub(super) struct Slot {
    // Held while a method runs: that is what makes methods atomic. Not held across an await, but waited for by one: a
    // method that never ends keeps the thread of its caller, and no other.
    kept: tokio::sync::Mutex<Option<Kept>>,
    // Held to note whose turn it is.
    running: Mutex<Option<Running>>,
    pub(super) changes: Changes,
}

/// A method that runs now.
#[derive(Debug, Clone, Copy)]
struct Running {
    method: &'static str,
    began: Instant,
}

/// The turn of one caller.
pub(super) struct Turn<'a> {
    slot: &'a Slot,
    kept: tokio::sync::MutexGuard<'a, Option<Kept>>,
}

impl Slot {
    /// Waits for the turn of a caller of that method. One that is before it may take so long.
    pub(super) async fn turn(
        &self,
        key: &Key,
        method: &'static str,
        limit: Duration,
    ) -> Result<Turn<'_>> {
        let kept = match self.kept.try_lock() {
            Ok(kept) => kept,
            Err(_) => self.queue(key, method, limit).await?,
        };
        let began = Instant::now();
        *self.running() = Some(Running { method, began });
        let mut turn = Turn { slot: self, kept };
        let ended = |kept: &Kept| kept.expires.is_some_and(|expires| expires <= began);
        if turn.as_ref().is_some_and(ended) {
            *turn = None;
        }
        Ok(turn)
    }

    /// Whether there is an object; one that is busy is.
    pub(super) fn is_taken(&self) -> bool {
        let now = Instant::now();
        let lives = |kept: &Kept| kept.expires.is_none_or(|expires| expires > now);
        self.kept
            .try_lock()
            .map_or(true, |kept| kept.as_ref().is_some_and(lives))
    }

    async fn queue(
        &self,
        key: &Key,
        method: &str,
        limit: Duration,
    ) -> Result<tokio::sync::MutexGuard<'_, Option<Kept>>> {
        let mut kept = pin!(self.kept.lock());
        loop {
            let running = *self.running();
            let left = running.map_or(limit, |running| {
                limit.saturating_sub(running.began.elapsed())
            });
            match (timeout(left, &mut kept).await, running) {
                (Ok(kept), _) => return Ok(kept),
                (Err(_), Some(running)) if self.is_still(running) => {
                    return Err(Error::Poison {
                        key: key.clone(),
                        method: method.to_owned(),
                        reason: format!(
                            "`{}` has been running for {:?}, over the limit of {limit:?} (`Builder::method_limit`), and no other call can run before it ends",
                            running.method,
                            running.began.elapsed()
                        ),
                    });
                }
                // Others had their turns meanwhile.
                (Err(_), _) => {}
            }
        }
    }

    fn is_still(&self, running: Running) -> bool {
        self.running()
            .is_some_and(|now| now.began == running.began && now.method == running.method)
    }

    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deref for Turn<'_> {
    type Target = Option<Kept>;

    fn deref(&self) -> &Option<Kept> {
        &self.kept
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut Option<Kept> {
        &mut self.kept
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.slot.running() = None;
    }
}
