//! A party's place at a barrier: given up when the party is gone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{Arrival, Barrier, BarrierWait};
use crate::error::Result;
use crate::object::Value;
use crate::runtime::{self, Runtime};

/// A place at a barrier. Dropped while its party waits, it breaks the barrier: the others would wait in vain.
pub(super) struct Place {
    barrier: Barrier,
    arrival: Arrival,
    /// What tells the store in that case; `None` once the party has left.
    reporter: Option<Reporter>,
}

/// Where and how something is done for a party that is gone.
#[derive(Clone)]
struct Reporter {
    runtime: Runtime,
    tokio: tokio::runtime::Handle,
}

impl Reporter {
    fn spawn(self, task: impl Future<Output = ()> + Send + 'static) {
        let Self { runtime, tokio } = self;
        tokio.spawn(async move { runtime.scope(task).await });
    }
}

impl Place {
    /// Comes to the barrier.
    pub(super) async fn take(barrier: &Barrier) -> Result<Self> {
        let reporter = Reporter {
            runtime: runtime::current()?,
            tokio: tokio::runtime::Handle::current(),
        };
        let (barrier, later) = (barrier.clone(), reporter.clone());
        let coming = Box::pin(async move {
            let arrival = barrier.arrive().await?;
            Ok(Self {
                barrier,
                arrival,
                reporter: Some(reporter),
            })
        });
        Coming {
            coming: Some(coming),
            begun: false,
            reporter: later,
        }
        .await
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
        self.reporter = None;
        self.arrival.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(reporter) = self.reporter.take() else {
            return;
        };
        if self.arrival.0.leader {
            return;
        }
        let (barrier, generation) = (self.barrier.clone(), self.arrival.0.generation);
        reporter.spawn(async move {
            if let Err(error) = barrier.break_generation(generation).await {
                tracing::warn!(%error, barrier = %barrier.key(), "a party is gone and the others could not be told");
            }
        });
    }
}

/// On the way to a place. Dropped before the answer has come, it goes on by itself: only the answer
/// tells which place there is to give up.
struct Coming {
    coming: Option<Pin<Box<dyn Future<Output = Result<Place>> + Send>>>,
    begun: bool,
    reporter: Reporter,
}

impl Future for Coming {
    type Output = Result<Place>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.begun = true;
        let Some(coming) = &mut self.coming else {
            return Poll::Pending;
        };
        let place = ready!(coming.as_mut().poll(cx));
        self.coming = None;
        Poll::Ready(place)
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        if let Some(coming) = self.coming.take().filter(|_| self.begun) {
            self.reporter
                .clone()
                .spawn(async move { drop(coming.await) });
        }
    }
}
