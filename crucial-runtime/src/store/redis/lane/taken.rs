//! A slot that is taken: sending one batch after the other.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::Lane;
use super::flight::Flight;
use crate::store::redis::engine::Slot;
use crate::store::redis::operation::Operation;
use crate::store::redis::process::Process;
use crate::store::redis::queue::{Batch, received};

/// A slot that is taken. `land` and `drive` free it. Dropping it unfreed means that the tokio runtime that drove its batches
/// is shutting down.
pub(super) struct Taken {
    lane: Arc<Lane>,
    slot: Slot,
    freed: bool,
}

impl Taken {
    /// A slot that the queue has just marked as taken.
    pub(super) fn of(lane: Arc<Lane>, slot: Slot) -> Self {
        Self {
            lane,
            slot,
            freed: false,
        }
    }

    /// Does one operation in the slot.
    pub(super) fn lead(self, process: Arc<Process>, operation: Operation) -> Flight {
        Flight::of(async move {
            let lane = Arc::clone(&self.lane);
            match lane.alone(&process, self.slot, &operation).await {
                Ok(answer) => {
                    self.land(process);
                    answer
                }
                Err(sent) => {
                    // With others about there may be more to do here than for this caller, and what is run here may be
                    // the call of another: a task of its own does it, this operation first.
                    let answer = lane.queue.enter_first(operation, sent);
                    tokio::spawn(self.drive(Arc::clone(&process)));
                    match received(answer).await {
                        Ok(answer) => answer,
                        Err(back) => lane.run(&process, back).await,
                    }
                }
            }
        })
    }

    /// Frees the slot, or sees to those who came meanwhile.
    fn land(mut self, process: Arc<Process>) {
        // The lead may have been left by a driver whose runtime was shut down.
        if self.lane.queue.land(self.slot, self.lane.leads()) {
            tokio::spawn(self.drive(process));
        } else {
            self.freed = true;
        }
    }

    /// Sends one batch after the other until nobody waits.
    async fn drive(mut self, process: Arc<Process>) {
        let lane = Arc::clone(&self.lane);
        while let Some(batch) = lane.queue.next(self.slot, lane.leads()) {
            let Batch { operations, sent } = batch;
            let answers = lane.fly(&process, self.slot, &operations, sent).await;
            lane.queue.answer(self.slot, answers);
            // What they ask next travels in the next batch.
            let_them_run().await;
        }
        self.freed = true;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.freed {
            self.lane.queue.leave(self.slot);
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
