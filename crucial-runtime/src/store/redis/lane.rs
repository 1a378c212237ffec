//! The calls of this process on one object: a batch or two under way at a time, the rest waiting for the next.
//!
//! That is what makes exactly-once cheap (the server remembers one batch a slot) and what makes many callers fast
//! (they share a script call, or a commit). With two slots the server works on one batch while this process makes the
//! next. A caller that finds a slot free sends its call itself, without the detour over another task.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::combine::{Attempt, Combining, Published, Site};
use super::core::Core;
use super::fault::Fault;
use super::names::Names;
use super::native;
use super::operation::Operation;
use super::scripted::{self, Remembered};
use crate::object::{Call, Value};

/// How many calls, and how many bytes of arguments, travel together at the most. Where methods run here, bytes don't travel.
pub(super) const BATCH_CALLS: usize = 512;
const BATCH_BYTES: usize = 512 * 1024;

/// How many batches for a scripted object may be under way. Commits of a user's object come one after the other.
pub(super) const SLOTS: Slot = 2;

/// A place for one batch under way, with a record of its own on the server.
pub(super) type Slot = usize;

/// What comes back for one operation.
pub(super) type Answer = Result<Poll<Value>, Fault>;

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
    /// Told when a slot has become free.
    landed: Notify,
    this: Weak<Lane>,
}

#[derive(Debug, Default)]
struct State {
    busy: [bool; SLOTS],
    waiting: Vec<Waiting>,
    /// Whom the batch under way is to be answered to, where methods run here.
    flying: Vec<oneshot::Sender<Answer>>,
    /// What callers are told while a method does not end: those whose calls have not begun.
    stuck: Option<Fault>,
}

#[derive(Debug)]
struct Waiting {
    operation: Operation,
    /// What it gave before, when it could not be done alone.
    attempt: Option<Attempt>,
    answer: oneshot::Sender<Answer>,
}

/// What becomes of an operation at first.
enum Entry {
    Refused(Fault),
    /// It waits.
    Waits(oneshot::Receiver<Answer>),
    /// A slot was free, and is the caller's now.
    Goes(Taken, Operation),
}

/// A slot that is taken. It has to be freed; where it is dropped instead, the runtime is being shut down that its
/// batches were driven by.
struct Taken {
    lane: Arc<Lane>,
    slot: Slot,
    freed: bool,
}

impl Lane {
    pub(super) fn new(names: Names) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            names,
            state: Mutex::default(),
            remembered: Remembered::default(),
            combining: tokio::sync::Mutex::default(),
            published: Published::default(),
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
            let _ = caller.send(Err(begun.clone()));
        }
        for Waiting {
            attempt, answer, ..
        } in waiting
        {
            let fault = attempt.map_or(fault, |_| begun);
            let _ = answer.send(Err(fault.clone()));
        }
    }

    /// Does one operation, exactly once. Dropping the future does not stop what has been sent.
    pub(super) async fn run(self: Arc<Self>, core: &Arc<Core>, operation: Operation) -> Answer {
        match self.enter(operation) {
            Entry::Refused(fault) => Err(fault),
            Entry::Waits(answer) => received(answer).await,
            Entry::Goes(taken, operation) => taken.lead(Arc::clone(core), operation).await,
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
            let taken = Taken {
                lane: Arc::clone(self),
                slot,
                freed: false,
            };
            return Entry::Goes(taken, operation);
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
        let native = |operation: &Operation| operation.call().method.native.is_some();
        if operations.first().is_some_and(native) {
            return native::fly(core, &self.names, operations).await;
        }
        if matches!(operations, [Operation::Destroy(_)]) {
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

impl Taken {
    /// Does one operation in the slot.
    fn lead(self, core: Arc<Core>, operation: Operation) -> Flight {
        Flight(Some(Box::pin(async move {
            let lane = &self.lane;
            let answer = if operation.is_combined() {
                let mut combining = lane.combining.lock().await;
                let done = combining.alone(&lane.site(&core), &operation).await;
                drop(combining);
                match done {
                    Ok(answer) => Some(answer),
                    Err(attempt) => {
                        return received(self.follow(core, operation, attempt)).await;
                    }
                }
            } else {
                lane.fly(&core, self.slot, std::slice::from_ref(&operation), None)
                    .await
                    .pop()
            };
            self.land(core);
            answer.unwrap_or_else(|| Err(Fault::Server("it gave no reply".to_owned())))
        })))
    }

    /// Leaves the slot, with an operation that goes first, to a task of its own: with others about there may be more
    /// to do here than for this caller, and what is run here may be somebody else's.
    fn follow(
        self,
        core: Arc<Core>,
        operation: Operation,
        attempt: Option<Attempt>,
    ) -> oneshot::Receiver<Answer> {
        let (sender, answer) = oneshot::channel();
        let first = Waiting {
            operation,
            attempt,
            answer: sender,
        };
        self.lane.lock().waiting.insert(0, first);
        tokio::spawn(self.drive(core));
        answer
    }

    /// Frees the slot, or sees to those who came meanwhile.
    fn land(mut self, core: Arc<Core>) {
        let more = {
            let mut state = self.lane.lock();
            state.stuck = None;
            state.busy[self.slot] = !state.waiting.is_empty();
            state.busy[self.slot]
        };
        if more {
            tokio::spawn(self.drive(core));
        } else {
            self.freed = true;
            self.lane.landed.notify_waiters();
        }
    }

    /// Sends one batch after the other until nobody waits.
    async fn drive(mut self, core: Arc<Core>) {
        let lane = Arc::clone(&self.lane);
        loop {
            let leads = lane.combining.try_lock().is_ok_and(|known| known.leads());
            let Some(batch) = lane.next_batch(self.slot, leads) else {
                self.freed = true;
                lane.landed.notify_waiters();
                return;
            };
            let Batch {
                operations,
                attempt,
                answers,
            } = batch;
            let landed = lane.fly(&core, self.slot, &operations, attempt).await;
            let answers = match answers {
                Some(answers) => answers,
                None => {
                    let mut state = lane.lock();
                    state.stuck = None;
                    std::mem::take(&mut state.flying)
                }
            };
            for (answer, sender) in landed.into_iter().zip(answers) {
                // A caller that has gone away needs no answer.
                let _ = sender.send(answer);
            }
            // What they ask next travels in the next batch.
            let_them_run().await;
        }
    }
}

impl Drop for Taken {
    /// Whoever was under way is told by the loss of the sender, whoever waits for a batch that nobody makes here.
    fn drop(&mut self) {
        if self.freed {
            return;
        }
        let (flying, waiting) = {
            let mut state = self.lane.lock();
            state.busy[self.slot] = false;
            state.stuck = None;
            let flying = match self.slot {
                0 => std::mem::take(&mut state.flying),
                _ => Vec::new(),
            };
            let waiting = match state.busy {
                [false, false] => std::mem::take(&mut state.waiting),
                // The other's driver sees to them.
                _ => Vec::new(),
            };
            (flying, waiting)
        };
        drop(flying);
        for Waiting {
            attempt, answer, ..
        } in waiting
        {
            if attempt.is_none() {
                let reason = "the tokio runtime that sent the calls of this process was shut down; this one was not begun";
                let _ = answer.send(Err(Fault::Server(reason.to_owned())));
            }
        }
        self.lane.landed.notify_waiters();
    }
}

/// Lets the tasks run that have just been awakened.
///
/// Not `yield_now`, which would wait for the whole queue of this worker thread, out of reach for the others: this goes
/// to the end of the queue, from where another thread takes it if one of the tasks before it computes for long.
async fn let_them_run() {
    let mut awakened = false;
    poll_fn(|cx| {
        if awakened {
            return Poll::Ready(());
        }
        awakened = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Operations that go together.
struct Batch {
    operations: Vec<Operation>,
    /// What the first of them gave before.
    attempt: Option<Attempt>,
    /// Whom they are to be answered to, unless those are noted as flying.
    answers: Option<Vec<oneshot::Sender<Answer>>>,
}

async fn received(answer: oneshot::Receiver<Answer>) -> Answer {
    let asked = Instant::now();
    // Whoever was to answer was dropped with its runtime; the call may have been sent.
    let lost = |_| Err(Fault::InDoubt(asked.elapsed()));
    answer.await.unwrap_or_else(lost)
}

/// How many of those who wait go into the next batch.
fn fitting(waiting: &[Waiting]) -> usize {
    let mut bytes = 0;
    let mut count = 0;
    for next in waiting.iter().take(BATCH_CALLS) {
        let alone = !matches!(next.operation, Operation::Call(_));
        bytes += next
            .operation
            .call()
            .args
            .iter()
            .map(|arg| arg.len())
            .sum::<usize>();
        if count > 0
            && (alone
                || (bytes > BATCH_BYTES && !next.operation.is_combined())
                || next.operation.call().object.name != waiting[0].operation.call().object.name)
        {
            break;
        }
        count += 1;
        if alone {
            break;
        }
    }
    count
}

/// A batch under way. Dropped by its caller, it flies on by itself: others wait for the lane.
struct Flight(Option<Pin<Box<dyn Future<Output = Answer> + Send>>>);

impl Future for Flight {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let Some(flight) = &mut self.0 else {
            return Poll::Pending;
        };
        let answer = std::task::ready!(flight.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(answer)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(flight) = self.0.take()
            && let Ok(tokio) = tokio::runtime::Handle::try_current()
        {
            tokio.spawn(flight);
        }
    }
}

#[cfg(test)]
mod tests;
