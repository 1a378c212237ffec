//! The calls of this process on one object: a batch or two under way at a time, the rest waiting for the next.
//!
//! That is what makes exactly-once cheap (the server remembers one batch a slot) and what makes many callers fast
//! (they share a script call, or a commit). With two slots the server works on one batch while this process makes the
//! next. A caller that finds a slot free sends its call itself, without the detour over another task.

mod taken;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use self::taken::{Taken, received};

use super::acquaintance::Acquaintance;
use super::answer::Answer;
use super::combine::{Attempt, Combining, Published, Site};
use super::core::Core;
use super::fault::Fault;
use super::names::Names;
use super::native;
use super::operation::Operation;
use super::scripted::{self, Remembered};
use super::slots::{BATCH_BYTES, BATCH_CALLS, SLOTS, Slot};
use crate::object::Call;

/// What a caller that waits hears: the answer, or its operation back, to see to it itself.
type Heard = Result<Answer, Operation>;

/// The calls of this process on one object.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) names: Names,
    // Held to put a call into the queue or to take a batch out, never across an await.
    state: Mutex<State>,
    /// What the server is known to remember of a scripted object.
    remembered: Remembered,
    /// What is known of the state of a user's object. Held by whoever sends the lane's batch, so by one at a time.
    combining: tokio::sync::Mutex<Combining>,
    pub(super) published: Published,
    pub(super) acquaintance: Acquaintance,
    /// Told when a slot has become free.
    landed: Notify,
    this: Weak<Lane>,
}

#[derive(Debug, Default)]
struct State {
    busy: [bool; SLOTS],
    waiting: Vec<Waiting>,
    /// Whom the batch under way is to be answered to, where methods run here.
    flying: Vec<oneshot::Sender<Heard>>,
    /// What callers are told while a method does not end: those whose calls have not begun.
    stuck: Option<Fault>,
}

#[derive(Debug)]
struct Waiting {
    operation: Operation,
    /// What it gave before, when it could not be done alone.
    attempt: Option<Attempt>,
    answer: oneshot::Sender<Heard>,
}

/// What becomes of an operation at first.
enum Entry {
    Refused(Fault),
    /// It waits.
    Waits(oneshot::Receiver<Heard>),
    /// A slot was free, and is the caller's now.
    Goes(Taken, Operation),
}

impl Lane {
    pub(super) fn new(names: Names) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            names,
            state: Mutex::default(),
            remembered: Remembered::default(),
            combining: tokio::sync::Mutex::default(),
            published: Published::default(),
            acquaintance: Acquaintance::default(),
            landed: Notify::new(),
            this: Weak::clone(this),
        })
    }

    /// Whether nothing is under way, so that the lane may be forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().busy == [false; SLOTS]
    }

    /// Waits until nothing is under way for once.
    pub(super) async fn idle(&self) {
        loop {
            let mut landed = pin!(self.landed.notified());
            landed.as_mut().enable();
            if self.is_idle() {
                return;
            }
            landed.await;
        }
    }

    /// Whether calls wait for the next batch.
    pub(super) fn has_waiting(&self) -> bool {
        !self.lock().waiting.is_empty()
    }

    /// Whether this process leads the object, and so has something to do though nobody here waits.
    fn leads(&self) -> bool {
        self.combining.try_lock().is_ok_and(|known| known.leads())
    }

    /// Itself, for those who are not to keep it.
    pub(super) fn this(&self) -> Weak<Self> {
        Weak::clone(&self.this)
    }

    /// The answer to a call that may read what is not the newest, if it is known here.
    pub(super) fn answer(&self, call: &Call) -> Option<Answer> {
        self.published.answer(call)
    }

    /// Fails all calls until the batch under way has landed: those of the batch with a fault of their own, as they may
    /// take effect.
    pub(super) fn fail(&self, begun: &Fault, fault: &Fault) {
        let (flying, waiting) = {
            let mut state = self.lock();
            if !state.busy[0] {
                // It has landed just now.
                return;
            }
            state.stuck = Some(fault.clone());
            (
                std::mem::take(&mut state.flying),
                std::mem::take(&mut state.waiting),
            )
        };
        // A caller that has gone away needs no answer.
        for caller in flying {
            let _ = caller.send(Ok(Err(begun.clone())));
        }
        for Waiting {
            attempt, answer, ..
        } in waiting
        {
            let fault = attempt.map_or(fault, |_| begun);
            let _ = answer.send(Ok(Err(fault.clone())));
        }
    }

    /// Does one operation, exactly once. Dropping the future does not stop what has been sent.
    pub(super) async fn run(self: Arc<Self>, core: &Arc<Core>, operation: Operation) -> Answer {
        let mut operation = operation;
        loop {
            operation = match self.enter(operation) {
                Entry::Refused(fault) => return Err(fault),
                Entry::Goes(taken, operation) => {
                    return taken.lead(Arc::clone(core), operation).await;
                }
                Entry::Waits(answer) => match received(answer).await {
                    Ok(answer) => return answer,
                    Err(back) => back,
                },
            };
        }
    }

    /// Puts the operation into the queue, or gives it back with a slot that was free.
    fn enter(self: &Arc<Self>, operation: Operation) -> Entry {
        let mut state = self.lock();
        if let Some(fault) = &state.stuck {
            return Entry::Refused(fault.clone());
        }
        if let Some(slot) = (0..operation.slots()).find(|slot| !state.busy[*slot]) {
            state.busy[slot] = true;
            return Entry::Goes(Taken::of(Arc::clone(self), slot), operation);
        }
        let (sender, answer) = oneshot::channel();
        state.waiting.push(Waiting {
            operation,
            attempt: None,
            answer: sender,
        });
        Entry::Waits(answer)
    }

    /// The next batch. Frees the slot if there is none.
    fn next_batch(&self, slot: Slot, leads: bool) -> Option<Batch> {
        let mut state = self.lock();
        let count = fitting(&state.waiting);
        if count == 0 && !leads {
            state.stuck = None;
            state.busy[slot] = false;
            return None;
        }
        // Only the first to go may have been attempted, by whoever had the slot before.
        let attempt = state
            .waiting
            .first_mut()
            .and_then(|first| first.attempt.take());
        let (operations, answers): (Vec<_>, Vec<_>) = state
            .waiting
            .drain(..count)
            .map(|waiting| (waiting.operation, waiting.answer))
            .unzip();
        let answers = if slot == 0 && operations.first().is_none_or(Operation::is_combined) {
            state.flying = answers;
            None
        } else {
            Some(answers)
        };
        Some(Batch {
            operations,
            attempt,
            answers,
        })
    }

    /// Sends one batch and gives an answer for each of its operations.
    async fn fly(
        &self,
        core: &Core,
        slot: Slot,
        operations: &[Operation],
        attempt: Option<Attempt>,
    ) -> Vec<Answer> {
        if operations.first().is_none_or(Operation::is_combined) {
            let mut combining = self.combining.lock().await;
            return combining.fly(&self.site(core), operations, attempt).await;
        }
        self.fly_scripted(core, slot, operations).await
    }

    /// Sends one batch of what the server runs.
    async fn fly_scripted(&self, core: &Core, slot: Slot, operations: &[Operation]) -> Vec<Answer> {
        if operations.first().is_some_and(Operation::is_native) {
            return native::fly(core, &self.names, operations).await;
        }
        if matches!(operations, [Operation::Destroy]) {
            self.combining.lock().await.forget(&self.published);
        }
        scripted::fly(core, &self.names, slot, &self.remembered, operations).await
    }

    fn site<'a>(&'a self, core: &'a Core) -> Site<'a> {
        Site {
            core,
            names: &self.names,
            lane: self,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Operations that go together.
struct Batch {
    operations: Vec<Operation>,
    /// What the first of them gave before.
    attempt: Option<Attempt>,
    /// Whom they are to be answered to, unless those are noted as flying.
    answers: Option<Vec<oneshot::Sender<Heard>>>,
}

/// How many of those who wait go into the next batch.
fn fitting(waiting: &[Waiting]) -> usize {
    let bytes_of = |call: &Call| call.args.iter().map(Bytes::len).sum::<usize>();
    let [first, others @ ..] = waiting else {
        return 0;
    };
    let limit = match first.operation.is_combined() {
        true => usize::MAX,
        false => BATCH_BYTES,
    };
    let Operation::Call(first) = &first.operation else {
        return 1;
    };
    let mut bytes = bytes_of(first);
    let fit = others.iter().take(BATCH_CALLS - 1).take_while(|next| {
        let Operation::Call(call) = &next.operation else {
            return false;
        };
        bytes += bytes_of(call);
        bytes <= limit && call.object.name == first.object.name
    });
    1 + fit.count()
}

#[cfg(test)]
#[path = "../../../unit/store/redis/lane/tests.rs"]
mod tests;
