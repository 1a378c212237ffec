//! The calls of this process in one lane: those under way, and those that wait for the next batch.

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::answer::Answer;
use super::engine::{BATCH_CALLS, Engine, Slot};
use super::fault::Fault;
use super::operation::Operation;
use super::sent::Sent;
use crate::object::Call;

/// What a caller that waits hears: the answer, or its operation back, to see to it itself.
pub(super) type Heard = Result<Answer, Operation>;

type Callers = Vec<oneshot::Sender<Heard>>;

/// The calls of this process in one lane.
#[derive(Debug)]
pub(super) struct Queue {
    engine: Engine,
    // Held to put a call in or to take a batch out, never across an await.
    state: Mutex<State>,
    /// Told when a slot has become free.
    landed: Notify,
}

#[derive(Debug)]
struct State {
    /// The callers of the batch under way in each slot, but for a caller that sends its call itself; none where the slot
    /// is free.
    slots: Vec<Option<Callers>>,
    waiting: Vec<Waiting>,
    /// What callers are told while a method does not end: those whose calls have not begun.
    stuck: Option<Fault>,
}

#[derive(Debug)]
struct Waiting {
    operation: Operation,
    /// What came of it before, when it could not be done alone.
    sent: Option<Sent>,
    answer: oneshot::Sender<Heard>,
}

/// What becomes of an operation at first.
pub(super) enum Entry {
    Refused(Fault),
    /// It waits.
    Waits(oneshot::Receiver<Heard>),
    /// A slot was free, and is the caller's now.
    Goes(Slot, Operation),
}

/// Operations that go together: calls on objects of one type, or one other operation.
pub(super) struct Batch {
    pub(super) operations: Vec<Operation>,
    /// What came of the first of them before.
    pub(super) sent: Option<Sent>,
}

impl Queue {
    pub(super) fn new(engine: Engine) -> Self {
        let slots = (0..engine.slots()).map(|_| None).collect();
        Self {
            engine,
            state: Mutex::new(State {
                slots,
                waiting: Vec::new(),
                stuck: None,
            }),
            landed: Notify::new(),
        }
    }

    /// Whether nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_idle()
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

    /// Puts the operation in, or gives it back with a slot that was free.
    pub(super) fn enter(&self, operation: Operation) -> Entry {
        let mut state = self.lock();
        if let Some(fault) = &state.stuck {
            return Entry::Refused(fault.clone());
        }
        if let Some(slot) = state.slots.iter().position(Option::is_none) {
            state.slots[slot] = Some(Vec::new());
            return Entry::Goes(slot, operation);
        }
        let (answer, heard) = oneshot::channel();
        state.waiting.push(Waiting {
            operation,
            sent: None,
            answer,
        });
        Entry::Waits(heard)
    }

    /// Puts in an operation that goes first.
    pub(super) fn enter_first(
        &self,
        operation: Operation,
        sent: Option<Sent>,
    ) -> oneshot::Receiver<Heard> {
        let (answer, heard) = oneshot::channel();
        let first = Waiting {
            operation,
            sent,
            answer,
        };
        self.lock().waiting.insert(0, first);
        heard
    }

    /// The next batch for the slot: an empty one where this process `leads` and nobody waits. Frees the slot if there is
    /// none.
    pub(super) fn next(&self, slot: Slot, leads: bool) -> Option<Batch> {
        let mut state = self.lock();
        let count = self.fitting(&state.waiting);
        if count == 0 && !leads {
            state.free(slot);
            drop(state);
            self.landed.notify_waiters();
            return None;
        }
        // Only the first to go may have been attempted, by the caller that had the slot before.
        let first = state.waiting.first_mut();
        let sent = first.and_then(|first| first.sent.take());
        let (operations, callers) = state
            .waiting
            .drain(..count)
            .map(|waiting| (waiting.operation, waiting.answer))
            .unzip();
        state.slots[slot] = Some(callers);
        Some(Batch { operations, sent })
    }

    /// Answers the batch under way in the slot.
    pub(super) fn answer(&self, slot: Slot, answers: Vec<Answer>) {
        let callers = {
            let mut state = self.lock();
            state.stuck = None;
            state.slots[slot].replace(Vec::new())
        };
        for (caller, answer) in callers.into_iter().flatten().zip(answers) {
            // A caller that has gone away needs no answer.
            let _ = caller.send(Ok(answer));
        }
    }

    /// Frees the slot of a caller that has its answer, unless there is more to do in it; whether there is.
    pub(super) fn land(&self, slot: Slot, leads: bool) -> bool {
        let mut state = self.lock();
        state.stuck = None;
        if leads || !state.waiting.is_empty() {
            return true;
        }
        state.free(slot);
        drop(state);
        self.landed.notify_waiters();
        false
    }

    /// Frees the slot of a driver that was dropped. The loss of the sender tells the callers of the batch under way; those
    /// that wait get their operations back.
    pub(super) fn leave(&self, slot: Slot) {
        let (flying, waiting) = {
            let mut state = self.lock();
            let flying = state.free(slot);
            let waiting = if state.is_idle() {
                std::mem::take(&mut state.waiting)
            } else {
                // The driver of another slot sees to them.
                Vec::new()
            };
            (flying, waiting)
        };
        drop(flying);
        for waiting in waiting {
            // What was attempted may yet take effect.
            if waiting.sent.is_none() {
                let _ = waiting.answer.send(Err(waiting.operation));
            }
        }
        self.landed.notify_waiters();
    }

    /// Fails all calls until the batch under way has landed: those of the batch with a fault of their own, as they may
    /// take effect.
    pub(super) fn fail(&self, begun: &Fault, fault: &Fault) {
        let (flying, waiting) = {
            let mut state = self.lock();
            if state.is_idle() {
                // It has landed just now.
                return;
            }
            state.stuck = Some(fault.clone());
            let under_way = state.slots.iter_mut().flatten();
            let flying: Callers = under_way.flat_map(std::mem::take).collect();
            (flying, std::mem::take(&mut state.waiting))
        };
        // A caller that has gone away needs no answer.
        for caller in flying {
            let _ = caller.send(Ok(Err(begun.clone())));
        }
        for waiting in waiting {
            let fault = waiting.sent.map_or(fault, |_| begun);
            let _ = waiting.answer.send(Ok(Err(fault.clone())));
        }
    }

    /// How many of those who wait go into the next batch.
    fn fitting(&self, waiting: &[Waiting]) -> usize {
        let bytes_of = |call: &Call| call.args.iter().map(Bytes::len).sum::<usize>();
        let [first, others @ ..] = waiting else {
            return 0;
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
            bytes <= self.engine.batch_bytes() && call.object.name == first.object.name
        });
        1 + fit.count()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.slots.iter().all(Option::is_none)
    }

    /// Frees a slot, and gives the callers of its batch.
    fn free(&mut self, slot: Slot) -> Option<Callers> {
        self.stuck = None;
        self.slots[slot].take()
    }
}

/// What the driver of the lane has to say about the call.
pub(super) async fn received(answer: oneshot::Receiver<Heard>) -> Heard {
    let asked = Instant::now();
    // The driver was dropped with its runtime; the call may have been sent.
    let lost = |_| Ok(Err(Fault::InDoubt(asked.elapsed())));
    answer.await.unwrap_or_else(lost)
}
