//! A party's place at a barrier: given up when the party is gone.

use super::{Arrival, Barrier, BarrierWait};
use crate::error::{Error, Result};
use crate::object::{Errand, Value};

/// A place at a barrier. Dropped while its party waits, it breaks the barrier: the others would wait in vain.
pub(super) struct Place {
    barrier: Barrier,
    arrival: Arrival,
    /// Who tells the store in that case; nobody once the party has left.
    errand: Option<Errand>,
}

impl Place {
    /// Comes to the barrier. If the future is dropped on the way, the party comes and is gone at once.
    pub(super) async fn take(barrier: &Barrier) -> Result<Self> {
        let errand = Errand::here()?;
        let (barrier, own) = (barrier.clone(), errand.clone());
        let coming = async move {
            let arrival = barrier.arrive().await?;
            Ok(Self {
                barrier,
                arrival,
                errand: Some(own),
            })
        };
        errand.finish(coming).await
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
        self.errand = None;
        self.arrival.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(errand) = self.errand.take() else {
            return;
        };
        if self.arrival.0.leader {
            return;
        }
        let (barrier, generation) = (self.barrier.clone(), self.arrival.0.generation);
        errand.spawn(async move {
            match barrier.break_generation(generation).await {
                // Nobody waits at a barrier that is no more.
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, barrier = %barrier.key(), "a party is gone and the others could not be told");
                }
            }
        });
    }
}
