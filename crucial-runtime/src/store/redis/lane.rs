//! The calls of this process on one object: a batch or two under way at a time, the rest waiting for the next.
//!
//! That is what makes exactly-once cheap (the server remembers one batch a slot) and what makes many callers fast
//! (they share a script call, or a commit). With two slots the server works on one batch while this process makes the
//! next. A caller that finds a slot free sends its call itself, without the detour over another task.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::sync::oneshot;

use super::combine::{Combining, Published};
use super::core::Core;
use super::fault::Fault;
use super::names::Names;
use super::native;
use super::scripted::{self, Remembered};
use crate::object::{Call, MethodKind, Value};
use crate::store::Description;

/// How many calls, and how many bytes of arguments, travel together at the most.
const BATCH_CALLS: usize = 512;
const BATCH_BYTES: usize = 512 * 1024;

/// How many batches for a scripted object may be under way. Commits of a user's object come one after the other.
pub(super) const SLOTS: Slot = 2;

/// A place for one batch under way, with a record of its own on the server.
pub(super) type Slot = usize;

/// What comes back for one operation.
pub(super) type Answer = Result<Poll<Value>, Fault>;

/// What may be asked of an object.
#[derive(Debug)]
pub(super) enum Operation {
    /// A method call.
    Call(Call),
    /// To come into being; the answer is 1, or 0 where the key is taken.
    Create(Call, Description),
    /// To be removed; the answer is 1, or 0 where there was none.
    Destroy(Call),
}

impl Operation {
    pub(super) fn call(&self) -> &Call {
        match self {
            Self::Call(call) | Self::Create(call, _) | Self::Destroy(call) => call,
        }
    }

    pub(super) fn is_read(&self) -> bool {
        matches!(self, Self::Call(call) if call.method.kind == MethodKind::Read)
    }

    fn slots(&self) -> Slot {
        if self.call().object.script.is_some() {
            SLOTS
        } else {
            1
        }
    }
}

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
    published: Published,
}

#[derive(Debug, Default)]
struct State {
    busy: [bool; SLOTS],
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    operation: Operation,
    answer: oneshot::Sender<Answer>,
}

impl Lane {
    pub(super) fn new(names: Names) -> Arc<Self> {
        Arc::new(Self {
            names,
            state: Mutex::default(),
            remembered: Remembered::default(),
            combining: tokio::sync::Mutex::default(),
            published: Published::default(),
        })
    }

    /// Whether nothing is under way, so that the lane may be forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().busy == [false; SLOTS]
    }

    /// The answer to a call that may read what is not the newest, if it is known here.
    pub(super) fn answer(&self, call: &Call) -> Option<Answer> {
        self.published.answer(call)
    }

    /// Does one operation, exactly once. Dropping the future does not stop what has been sent.
    pub(super) async fn run(self: Arc<Self>, core: &Arc<Core>, operation: Operation) -> Answer {
        match self.enqueue(operation) {
            Ok(answer) => answer
                .await
                .unwrap_or_else(|_| Err(Fault::Server("the runtime was shut down".to_owned()))),
            Err((slot, operation)) => self.lead(Arc::clone(core), slot, operation).await,
        }
    }

    /// Puts the operation into the queue, or gives it back with a slot that was free and is now the caller's.
    fn enqueue(
        &self,
        operation: Operation,
    ) -> Result<oneshot::Receiver<Answer>, (Slot, Operation)> {
        let mut state = self.lock();
        if let Some(slot) = (0..operation.slots()).find(|slot| !state.busy[*slot]) {
            state.busy[slot] = true;
            return Err((slot, operation));
        }
        let (sender, answer) = oneshot::channel();
        state.waiting.push(Waiting {
            operation,
            answer: sender,
        });
        Ok(answer)
    }

    /// Does one operation in a slot.
    fn lead(self: Arc<Self>, core: Arc<Core>, slot: Slot, operation: Operation) -> Flight {
        Flight(Some(Box::pin(async move {
            let answer = self
                .fly(&core, slot, std::slice::from_ref(&operation))
                .await
                .pop();
            self.land(core, slot);
            answer.unwrap_or_else(|| Err(Fault::Server("it gave no reply".to_owned())))
        })))
    }

    /// Frees the slot, or sees to those who came meanwhile.
    fn land(self: Arc<Self>, core: Arc<Core>, slot: Slot) {
        let more = {
            let mut state = self.lock();
            state.busy[slot] = !state.waiting.is_empty();
            state.busy[slot]
        };
        if more {
            tokio::spawn(async move { self.drive(&core, slot).await });
        }
    }

    /// Sends one batch after the other until nobody waits.
    async fn drive(&self, core: &Arc<Core>, slot: Slot) {
        loop {
            let (operations, answers): (Vec<_>, Vec<_>) = {
                let mut state = self.lock();
                let count = fitting(&state.waiting);
                if count == 0 {
                    state.busy[slot] = false;
                    return;
                }
                let batch = state.waiting.drain(..count);
                batch
                    .map(|waiting| (waiting.operation, waiting.answer))
                    .unzip()
            };
            let landed = self.fly(core, slot, &operations).await;
            for (answer, sender) in landed.into_iter().zip(answers) {
                // A caller that has gone away needs no answer.
                let _ = sender.send(answer);
            }
            // What they ask next travels in the next batch.
            let_them_run().await;
        }
    }

    /// Sends one batch and gives an answer for each of its operations.
    async fn fly(&self, core: &Core, slot: Slot, operations: &[Operation]) -> Vec<Answer> {
        let Some(first) = operations.first() else {
            return Vec::new();
        };
        if first.call().method.native.is_some() {
            return native::fly(core, &self.names, operations).await;
        }
        let destroys = matches!(first, Operation::Destroy(_));
        if destroys {
            self.combining.lock().await.forget(&self.published);
        }
        if first.call().object.script.is_some() || destroys {
            scripted::fly(core, &self.names, slot, &self.remembered, operations).await
        } else {
            let mut combining = self.combining.lock().await;
            combining
                .fly(core, &self.names, &self.published, operations)
                .await
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
                || bytes > BATCH_BYTES
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
