//! A barrier: parties wait for each other, again and again.

mod machine;
mod place;
#[cfg(test)]
#[cfg(feature = "redis")]
mod spec;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use self::machine::{BROKEN, BROKEN_BY_THIS, BarrierState, TRIPPED};
use self::place::Place;
use super::argument;
use super::proxy::proxy;
use crate::error::{Error, Result};
use crate::object::{Handle, Value};
use crate::runtime;

/// A shared barrier, as `std::sync::Barrier` or `java.util.concurrent.CyclicBarrier`: it holds every
/// party until all have come, lets them all go, and gathers the next generation.
///
/// A party that gives up, because its time is over or because its future is dropped (its thread was
/// cancelled), breaks the barrier: the others, and whoever comes later, get
/// [`Error::BrokenBarrier`] until somebody [`reset`](Self::reset)s it. Any number of parties of a
/// process wait at the price of one.
///
/// Methods fail with the errors of the store as well, and where they change it with
/// [`Error::NotFound`] if the barrier does not exist.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::Barrier;
///
/// let barrier = Barrier::create("round", 3).await?;
/// let parties: Vec<_> = (0..3)
///     .map(|_| {
///         let barrier = barrier.clone();
///         tokio::spawn(async move { barrier.wait().await })
///     })
///     .collect();
/// let mut leaders = 0;
/// for party in parties {
///     leaders += u32::from(party.await.unwrap()?.is_leader());
/// }
/// assert_eq!(leaders, 1);
/// # Ok(()) }
/// ```
pub struct Barrier {
    handle: Handle<BarrierState>,
}

proxy!(Barrier, machine: BarrierState, init: u32);

/// What a party knows once it is through a [`Barrier`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BarrierWait {
    generation: u64,
    place: u32,
    leader: bool,
}

impl BarrierWait {
    /// Whether this party is the one of its generation that came last.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader
    }

    /// How many parties of its generation came before this one.
    #[must_use]
    pub fn place(&self) -> u32 {
        self.place
    }

    /// The number of its generation, from 0.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// That a party has come to a [`Barrier`]; [`wait_for`](Barrier::wait_for) waits for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[must_use = "`Barrier::wait_for` waits for the others"]
pub struct Arrival(BarrierWait);

impl Barrier {
    fn arguments(_: &Handle<BarrierState>, parties: u32) -> Result<Vec<Bytes>> {
        Ok(vec![argument::number(parties)])
    }

    async fn read(&self) -> Result<u32> {
        self.parties().await
    }

    /// Waits until all parties have come. Two round trips, and one announcement with one more for
    /// all parties of a process together; the last party needs one round trip.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit), which breaks the barrier; [`Error::Refused`] if
    /// the barrier was created for no parties.
    pub async fn wait(&self) -> Result<BarrierWait> {
        self.wait_at_most(runtime::current()?.wait_limit()).await
    }

    /// [`wait`](Self::wait), at most for so long; whoever gives up breaks the barrier.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Barrier, Error};
    ///
    /// let barrier = Barrier::create("round", 2).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(barrier.wait_timeout(limit).await, Err(Error::TimedOut { .. })));
    /// assert!(matches!(barrier.wait_timeout(limit).await, Err(Error::BrokenBarrier { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait).
    pub async fn wait_timeout(&self, limit: Duration) -> Result<BarrierWait> {
        self.wait_at_most(limit).await
    }

    /// Comes to the barrier without waiting. One round trip.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let barrier = crucial::Barrier::create("round", 2).await?;
    /// let mine = barrier.arrive().await?;
    /// // Something useful, and then:
    /// let other = barrier.arrive().await?;
    /// assert!(!barrier.wait_for(mine).await?.is_leader());
    /// assert!(barrier.wait_for(other).await?.is_leader());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::Refused`] if the barrier was created for no parties.
    pub async fn arrive(&self) -> Result<Arrival> {
        let reply = self.handle.call(&machine::ARRIVE, Vec::new()).await?;
        let unexpected = || self.handle.unexpected("the arrival", &reply);
        match &reply {
            Value::Nil => Err(self.broken()),
            Value::Int(0) => Err(Error::Refused {
                key: self.handle.key().clone(),
                method: "wait".to_owned(),
                reason: "it has no number of parties; give it one where it is created: `Barrier::create(name, parties)`, or the field of that name in a shared struct's `…Init`".to_owned(),
            }),
            Value::List(parts) => {
                let [generation, place, complete] = &parts[..] else {
                    return Err(unexpected());
                };
                Ok(Arrival(BarrierWait {
                    generation: self.handle.number(generation)?,
                    place: self.handle.number(place)?,
                    leader: self.handle.flag(complete)?,
                }))
            }
            _ => Err(unexpected()),
        }
    }

    /// Waits until all parties of that arrival's generation have come. To drop the future breaks
    /// nothing: the party has come and counts.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`], and [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit), which breaks nothing here.
    pub async fn wait_for(&self, arrival: Arrival) -> Result<BarrierWait> {
        let limit = runtime::current()?.wait_limit();
        self.wait_for_timeout(arrival, limit).await
    }

    /// [`wait_for`](Self::wait_for), at most for so long.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_for_timeout(&self, arrival: Arrival, limit: Duration) -> Result<BarrierWait> {
        let wait = arrival.0;
        if wait.leader {
            return Ok(wait);
        }
        let arguments = vec![argument::number(wait.generation)];
        let end = self
            .handle
            .wait(&machine::PASSED, arguments, Some(limit))
            .await?;
        match end {
            Value::Int(TRIPPED) => Ok(wait),
            Value::Int(BROKEN) => Err(self.broken()),
            Value::Nil => Err(self.handle.not_found()),
            other => Err(self.handle.unexpected("the generation", &other)),
        }
    }

    /// How many parties a generation has. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn parties(&self) -> Result<u32> {
        let (parties, ..) = self.status().await?;
        Ok(parties)
    }

    /// How many parties of the generation that gathers now have come. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn waiting(&self) -> Result<u32> {
        let (_, waiting, _) = self.status().await?;
        Ok(waiting)
    }

    /// Whether a party gave up since the last reset. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn is_broken(&self) -> Result<bool> {
        let (.., broken) = self.status().await?;
        Ok(broken)
    }

    /// Makes the barrier whole again and begins a new generation. Parties that wait get
    /// [`Error::BrokenBarrier`]. One round trip.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn reset(&self) -> Result<()> {
        self.handle
            .call(&machine::RESET, Vec::new())
            .await
            .map(drop)
    }

    async fn wait_at_most(&self, limit: Duration) -> Result<BarrierWait> {
        let began = Instant::now();
        let place = Place::take(self).await?;
        let left = limit.saturating_sub(began.elapsed());
        match self.wait_for_timeout(place.arrival(), left).await {
            Err(Error::TimedOut { key, method, .. }) => match place.give_up().await? {
                // All came at the last moment.
                Value::Int(TRIPPED) => Ok(place.leave()),
                Value::Int(BROKEN_BY_THIS) => {
                    place.leave();
                    Err(Error::TimedOut {
                        key,
                        method,
                        waited: limit,
                    })
                }
                _ => {
                    place.leave();
                    Err(self.broken())
                }
            },
            Err(error @ Error::BrokenBarrier { .. }) => {
                place.leave();
                Err(error)
            }
            Ok(_) => Ok(place.leave()),
            Err(error) => Err(error),
        }
    }

    /// Breaks the barrier, unless that generation has ended.
    async fn break_generation(&self, generation: u64) -> Result<Value> {
        let arguments = vec![argument::number(generation)];
        self.handle.call(&machine::GIVE_UP, arguments).await
    }

    async fn status(&self) -> Result<(u32, u32, bool)> {
        let reply = self.handle.call(&machine::STATUS, Vec::new()).await?;
        match self.handle.list(&reply)? {
            [parties, waiting, broken, _] => Ok((
                self.handle.number(parties)?,
                self.handle.number(waiting)?,
                self.handle.flag(broken)?,
            )),
            _ => Err(self.handle.unexpected("the status", &reply)),
        }
    }

    fn broken(&self) -> Error {
        Error::BrokenBarrier {
            key: self.handle.key().clone(),
        }
    }
}
