//! Whether methods are running for one object in this process, and since when.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::keeper::Keeper;
use crate::object::{Method, Moment};
use crate::store::redis::clock::Clock;
use crate::store::redis::fault::Fault;
use crate::store::redis::queue::Queue;

/// Whether methods are running for one object in this process, and since when.
///
/// Real time and no other: a method that runs holds up the clock of the runtime that it runs on.
pub(in crate::store::redis) struct Pulse {
    /// The calls of this process on the object.
    queue: Arc<Queue>,
    keeper: Keeper,
    clock: Arc<Clock>,
    began: Instant,
    /// Nanoseconds after `began`, plus one; 0 while nothing runs.
    batch: AtomicU64,
    call: AtomicU64,
    // Two words, held to copy them.
    method: Mutex<&'static str>,
    // Held to copy it.
    lease: Mutex<Option<Leased>>,
}

/// A lease that is to last while methods run.
#[derive(Debug, Clone)]
pub(super) struct Leased {
    pub(super) key: String,
    pub(super) token: Bytes,
    pub(super) lease_ms: u64,
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulse")
            .field("batch", &self.batch)
            .finish_non_exhaustive()
    }
}

impl Pulse {
    pub(super) fn new(queue: Arc<Queue>, keeper: Keeper, clock: Arc<Clock>) -> Self {
        Self {
            queue,
            keeper,
            clock,
            began: Instant::now(),
            batch: AtomicU64::new(0),
            call: AtomicU64::new(0),
            method: Mutex::new(""),
            lease: Mutex::new(None),
        }
    }

    /// A batch begins, at the moment that the server's clock shows; it ends when the guard is dropped.
    pub(super) fn batch(&self) -> Working<'_> {
        // The call first: a batch without one would seem to have run for ever.
        self.call.store(self.now(), Ordering::Relaxed);
        self.batch.store(self.now(), Ordering::SeqCst);
        self.keeper.wake();
        Working {
            pulse: self,
            _moment: Moment::at(self.clock.now_ms()),
        }
    }

    /// A call begins.
    pub(super) fn call(&self, method: &Method) {
        *self.method.lock().unwrap_or_else(PoisonError::into_inner) = method.name;
        self.call.store(self.now(), Ordering::Relaxed);
    }

    /// The process leads from now on.
    pub(super) fn lead(&self, leased: Leased) {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = Some(leased);
    }

    /// The process leads no longer.
    pub(super) fn let_go(&self) {
        *self.lease.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn lease(&self) -> Option<Leased> {
        self.lease
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// For how long a batch and its present call have been running.
    pub(super) fn working(&self) -> Option<(Duration, Duration)> {
        let since = |at: &AtomicU64| at.load(Ordering::Relaxed).checked_sub(1);
        let (batch, call) = (since(&self.batch)?, since(&self.call)?);
        let now = self.now();
        let elapsed = |at| Duration::from_nanos(now.saturating_sub(at));
        Some((elapsed(batch), elapsed(call)))
    }

    /// Tells the callers of this process that a method does not end.
    pub(super) fn stuck(&self, running: Duration) {
        let method = *self.method.lock().unwrap_or_else(PoisonError::into_inner);
        let told = |of_this_one: &str| {
            Fault::Poison(format!(
                "`{method}` has been running in this process for {running:?} and holds up all calls on the object; {of_this_one}"
            ))
        };
        self.queue.fail(
            &told("nobody knows whether this one will take effect"),
            &told("this one was not begun and has no effect"),
        );
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX - 1) + 1
    }
}

/// While this lives, a batch is running.
pub(super) struct Working<'a> {
    pulse: &'a Pulse,
    _moment: Moment,
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.pulse.batch.store(0, Ordering::Relaxed);
        self.pulse.call.store(0, Ordering::Relaxed);
    }
}
