//! When the records of this process were last made new.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::clock::Clock;
use super::engine::{SLOTS, Slot};
use super::times::RECORD_RENEWAL;

/// When a record of this process was last made new, by the clock here and by the server's, slot by slot.
#[derive(Debug, Default)]
pub(super) struct Records([Mutex<Option<Made>>; SLOTS]);

/// A moment, by both clocks. The one here may stand still with all of its machine, while the server's goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made(Instant, u64);

impl Made {
    pub(super) fn now(clock: &Clock) -> Self {
        Self(Instant::now(), clock.now_ms())
    }
}

impl Records {
    /// Whether the next call is to make the record new. Doing so at each would cost as much as half a command.
    pub(super) fn are_due(&self, slot: Slot, now: Made) -> bool {
        let last = *self.lock(slot);
        last.is_none_or(|last| {
            let there = Duration::from_millis(now.1.abs_diff(last.1));
            now.0 - last.0 >= RECORD_RENEWAL || there >= RECORD_RENEWAL
        })
    }

    /// It was made new after that moment.
    pub(super) fn renewed(&self, slot: Slot, at: Made) {
        *self.lock(slot) = Some(at);
    }

    fn lock(&self, slot: Slot) -> std::sync::MutexGuard<'_, Option<Made>> {
        // Held to copy it.
        self.0[slot].lock().unwrap_or_else(PoisonError::into_inner)
    }
}
