//! The state as this process last saw it stored: what reads get that need not be the newest.

use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::time::Instant;

use super::replica::Replica;
use crate::object::{Call, ObjectType, Refusal, State};
use crate::store::redis::answer::Answer;
use crate::store::redis::fault::Fault;

/// The state as this process last saw it stored.
///
/// It is told of a state before the callers who saw or made it are answered, and forgets it when nobody knows any more
/// what is stored: so a caller never reads what is older than what the process has answered before.
#[derive(Debug, Default)]
pub(in crate::store::redis) struct Published {
    // Held to take a state out or to put one back, never while a method runs on it.
    seen: Mutex<Option<Seen>>,
}

struct Seen {
    object: &'static ObjectType,
    version: u64,
    stored: Bytes,
    /// The same, decoded: as many as have been read from at one time.
    states: Vec<State>,
    /// It was the stored one at some time after this.
    confirmed: Instant,
}

impl std::fmt::Debug for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("version", &self.version)
            .field("confirmed", &self.confirmed)
            .finish_non_exhaustive()
    }
}

impl Published {
    /// Takes note of what is stored; `None` where nobody knows.
    pub(super) fn note(&self, object: &'static ObjectType, replica: Option<&Replica>) {
        let mut seen = self.lock();
        *seen = replica.map(|replica| Seen {
            object,
            version: replica.version,
            stored: replica.stored.clone(),
            states: seen
                .take()
                .filter(|seen| seen.version == replica.version)
                .map_or_else(Vec::new, |seen| seen.states),
            confirmed: replica.confirmed,
        });
    }

    /// Forgets the state.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    /// The answer to a reading call, if it may be answered from here.
    pub(in crate::store::redis) fn answer(&self, call: &Call) -> Option<Answer> {
        let max_age = call.method.stale?;
        let (object, version, stored, state) = {
            let mut seen = self.lock();
            let seen = seen.as_mut().filter(|seen| {
                seen.object.name == call.object.name && seen.confirmed.elapsed() <= max_age
            })?;
            let stored = seen.stored.clone();
            (seen.object, seen.version, stored, seen.states.pop())
        };
        let mut state = match state {
            Some(state) => state,
            // A state that does not decode is left to the call that fetches it: that one reports it.
            None => object.decode(&stored).ok()?,
        };
        let answer = object.apply(&mut state, call.method, &call.args);
        if !matches!(answer, Err(Refusal::Panicked(_)))
            && let Some(seen) = self.lock().as_mut()
            && seen.version == version
        {
            seen.states.push(state);
        }
        Some(answer.map_err(Fault::Refused))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
