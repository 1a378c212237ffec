//! A slot that is taken: sending one batch after the other.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Batch, Heard, Lane, Waiting};
use crate::store::redis::answer::Answer;
use crate::store::redis::combine::Attempt;
use crate::store::redis::core::Core;
use crate::store::redis::fault::Fault;
use crate::store::redis::operation::Operation;
use crate::store::redis::slots::{SLOTS, Slot};

/// A slot that is taken. It has to be freed; where it is dropped instead, the runtime is being shut down that its
/// batches were driven by.
pub(super) struct Taken {
    lane: Arc<Lane>,
    slot: Slot,
    freed: bool,
}

impl Taken {
    /// A slot that the lane has just marked as busy.
    pub(super) fn of(lane: Arc<Lane>, slot: Slot) -> Self {
        Self {
            lane,
            slot,
            freed: false,
        }
    }

    /// Does one operation in the slot.
    pub(super) fn lead(self, core: Arc<Core>, operation: Operation) -> Flight {
        // Two futures: the one is several times as large as the other.
        Flight(Some(if operation.is_combined() {
            Box::pin(self.lead_combined(core, operation))
        } else {
            Box::pin(self.lead_scripted(core, operation))
        }))
    }

    /// Does one operation that runs here.
    async fn lead_combined(self, core: Arc<Core>, operation: Operation) -> Answer {
        let lane = &self.lane;
        let mut combining = lane.combining.lock().await;
        let done = combining.alone(&lane.site(&core), &operation).await;
        drop(combining);
        match done {
            Ok(answer) => {
                self.land(core);
                answer
            }
            Err(attempt) => {
                let lane = Arc::clone(lane);
                let answer = self.follow(Arc::clone(&core), operation, attempt);
                match received(answer).await {
                    Ok(answer) => answer,
                    Err(back) => lane.run(&core, back).await,
                }
            }
        }
    }

    /// Does one operation that the server runs.
    async fn lead_scripted(self, core: Arc<Core>, operation: Operation) -> Answer {
        let operations = std::slice::from_ref(&operation);
        let answer = self.lane.fly_scripted(&core, self.slot, operations).await;
        self.land(core);
        let none = || Err(Fault::Server("it gave no reply".to_owned()));
        answer.into_iter().next().unwrap_or_else(none)
    }

    /// Leaves the slot, with an operation that goes first, to a task of its own: with others about there may be more
    /// to do here than for this caller, and what is run here may be somebody else's.
    fn follow(
        self,
        core: Arc<Core>,
        operation: Operation,
        attempt: Option<Attempt>,
    ) -> oneshot::Receiver<Heard> {
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
        // It may have been left by a driver whose runtime was shut down.
        let leads = self.lane.leads();
        let more = {
            let mut state = self.lane.lock();
            state.stuck = None;
            state.busy[self.slot] = leads || !state.waiting.is_empty();
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
            let Some(batch) = lane.next_batch(self.slot, lane.leads()) else {
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
                let _ = sender.send(Ok(answer));
            }
            // What they ask next travels in the next batch.
            let_them_run().await;
        }
    }
}

impl Drop for Taken {
    /// Whoever was under way is told by the loss of the sender; whoever waits gets its operation back.
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
            let waiting = if state.busy == [false; SLOTS] {
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
            if waiting.attempt.is_none() {
                let _ = waiting.answer.send(Err(waiting.operation));
            }
        }
        self.lane.landed.notify_waiters();
    }
}

/// A batch under way. Dropped by its caller, it flies on by itself: others wait for the lane.
pub(super) struct Flight(Option<Pin<Box<dyn Future<Output = Answer> + Send>>>);

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

/// What somebody else has to say about the call.
pub(super) async fn received(answer: oneshot::Receiver<Heard>) -> Heard {
    let asked = Instant::now();
    // Whoever was to answer was dropped with its runtime; the call may have been sent.
    let lost = |_| Ok(Err(Fault::InDoubt(asked.elapsed())));
    answer.await.unwrap_or_else(lost)
}
