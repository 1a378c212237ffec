//! A party's place at a barrier: given up when the party is gone.

use tokio::sync::oneshot;

use super::{Arrival, Barrier, BarrierWait};
use crate::error::{Error, Result};
use crate::object::Value;
use crate::runtime::{self, Runtime};

/// A place at a barrier. Dropped while its party waits, it breaks the barrier: the others would wait in vain.
pub(super) struct Place {
    barrier: Barrier,
    arrival: Arrival,
    /// What tells the store in that case; `None` once the party has left.
    runtime: Option<(Runtime, tokio::runtime::Handle)>,
}

impl Place {
    /// Comes to the barrier. Where the party is gone before the answer has come, its place is given up then.
    pub(super) async fn take(barrier: &Barrier) -> Result<Self> {
        let runtime = runtime::current()?;
        let tokio = tokio::runtime::Handle::current();
        let (place, taken) = oneshot::channel();
        let barrier = barrier.clone();
        // A task of its own sees the answer even if this future is dropped.
        tokio.clone().spawn(async move {
            let arrived = runtime.scope(barrier.arrive()).await.map(|arrival| Self {
                barrier,
                arrival,
                runtime: Some((runtime, tokio)),
            });
            // Whoever does not take the place drops it.
            let _ = place.send(arrived);
        });
        taken.await.unwrap_or(Err(Error::NoRuntime))
    }

    pub(super) fn arrival(&self) -> Arrival {
        self.arrival
    }

    /// Breaks the barrier, unless all have come.
    pub(super) async fn give_up(&self) -> Result<Value> {
        self.barrier
            .break_generation(self.arrival.0.generation)
            .await
    }

    /// Leaves the place with nobody waiting for it.
    pub(super) fn leave(mut self) -> BarrierWait {
        self.runtime = None;
        self.arrival.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((runtime, tokio)) = self.runtime.take() else {
            return;
        };
        if self.arrival.0.leader {
            return;
        }
        let (barrier, generation) = (self.barrier.clone(), self.arrival.0.generation);
        tokio.spawn(async move {
            let given_up = runtime.scope(barrier.break_generation(generation)).await;
            if let Err(error) = given_up {
                tracing::warn!(%error, barrier = %barrier.key(), "a party is gone and the others could not be told");
            }
        });
    }
}
