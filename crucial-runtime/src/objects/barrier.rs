//! A barrier: parties wait for each other, again and again.

pub(super) mod machine;
mod place;
#[cfg(test)]
#[cfg(feature = "redis")]
mod spec;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use self::machine::{BROKEN, BROKEN_BY_THIS, BarrierState, NOBODY, TRIPPED};
use self::place::Place;
use super::argument;
use super::proxy::proxy;
use crate::error::{Error, Result};
use crate::object::{Concern, Handle, Value};
use crate::runtime;

/// A shared barrier, as `std::sync::Barrier` or `java.util.concurrent.CyclicBarrier`: it holds every
/// party until all have come, lets them all go, and gathers the next generation.
///
/// A party that gives up, because its time is over or because its future is dropped (its thread was
/// cancelled), breaks the barrier: the others, and whoever comes later, get
/// [`Error::BrokenBarrier`] until somebody [`reset`](Self::reset)s it. Any number of parties of a
/// process come and wait at the price of one.
///
/// # Leases
///
/// A process that has come to a barrier stays a member of it, on a [lease](crate::Builder::lease) that
/// it renews, until its thread or its program has ended in good order. If it dies, or is frozen or cut
/// off from the store for longer than its lease, the barrier breaks for everyone, be it while its
/// parties wait or on their way to the next generation; one that has let a whole generation pass
/// without it is not missed. Renewing costs a process one call each third of the lease, or three seconds.
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

    /// Waits until all parties have come. One round trip for the last party; for the others one, then an
    /// announcement and up to four more for all parties of a process together, three from the second
    /// generation on.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit), which breaks the barrier; [`Error::Refused`] if
    /// the barrier has no parties.
    ///
    /// # Cancellation
    ///
    /// To drop the future breaks the barrier, unless all have come.
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
    /// # Cancellation
    ///
    /// To drop the future does not take the call back once it is on its way: the party may have come and
    /// counts. But who has come so is no reason for its process to renew its lease: unless another of its parties
    /// is, the barrier breaks when the lease ends.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::Refused`] if the barrier has no parties.
    pub async fn arrive(&self) -> Result<Arrival> {
        let runtime = runtime::current()?;
        let leases = runtime.leases();
        let member = leases.tenant(
            &runtime,
            &self.handle,
            &machine::RENEW,
            Some(&machine::LEAVE),
        );
        let arguments = vec![
            leases.session(),
            leases.length_ms(),
            argument::number(1),
            argument::now(),
        ];
        let sent = Instant::now();
        let reply = self.handle.call(&machine::ARRIVE, arguments).await?;
        match &reply {
            Value::Nil => Err(self.broken()),
            Value::Int(0) => Err(self.no_parties("wait")),
            Value::List(parts) => {
                let [generation, place, parties, Value::Int(left)] = &parts[..] else {
                    return Err(self.handle.unexpected("the arrival", &reply));
                };
                member.confirmed(sent, 0, *left);
                member.stay();
                let place: u32 = self.handle.number(place)?;
                let parties: u32 = self.handle.number(parties)?;
                Ok(Arrival(BarrierWait {
                    generation: self.handle.number(generation)?,
                    place,
                    leader: place + 1 == parties,
                }))
            }
            _ => Err(self.handle.unexpected("the arrival", &reply)),
        }
    }

    /// Comes to the barrier for the last time and does not wait: this generation and all later ones have
    /// one party less, and gives how many they have. If nobody else is missing, the others go on,
    /// without a [leader](BarrierWait::is_leader). One round trip.
    ///
    /// To drop the future does not take the call back once it is on its way.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let barrier = crucial::Barrier::create("round", 2).await?;
    /// let mine = barrier.arrive().await?;
    /// assert_eq!(barrier.arrive_and_drop().await?, 1);
    /// barrier.wait_for(mine).await?;
    /// assert!(barrier.wait().await?.is_leader()); // alone from now on
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::Refused`] if the barrier has no parties.
    pub async fn arrive_and_drop(&self) -> Result<u32> {
        let now = vec![argument::now()];
        match self.handle.call(&machine::ARRIVE_AND_DROP, now).await? {
            Value::Nil => Err(self.broken()),
            Value::Int(NOBODY) => Err(self.no_parties("arrive_and_drop")),
            parties => self.handle.number(&parties),
        }
    }

    /// Waits until all parties of that arrival's generation have come. One round trip if they have, and none
    /// for the last party; otherwise an announcement and up to four, for all parties of a process together.
    ///
    /// # Cancellation
    ///
    /// To drop the future breaks nothing: the party has come and counts.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`], and [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit), which breaks nothing here.
    pub async fn wait_for(&self, arrival: Arrival) -> Result<BarrierWait> {
        let limit = runtime::current()?.wait_limit();
        self.wait_for_timeout(arrival, limit).await
    }

    /// [`wait_for`](Self::wait_for), at most for so long. It costs the same.
    ///
    /// # Errors
    ///
    /// As [`wait_for`](Self::wait_for).
    pub async fn wait_for_timeout(&self, arrival: Arrival, limit: Duration) -> Result<BarrierWait> {
        let wait = arrival.0;
        if wait.leader {
            return Ok(wait);
        }
        let generation = argument::number(wait.generation);
        let (arguments, concern) = (vec![generation.clone()], Concern::Number(generation));
        let end = self
            .handle
            .wait_for(&machine::PASSED, arguments, concern, Some(limit))
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

    /// Whether a party gave up or was lost since the last reset. One round trip.
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
            .call(&machine::RESET, vec![argument::now()])
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
        let arguments = vec![argument::number(generation), argument::now()];
        self.handle.call(&machine::GIVE_UP, arguments).await
    }

    async fn status(&self) -> Result<(u32, u32, bool)> {
        let reply = self
            .handle
            .call(&machine::STATUS, vec![argument::now()])
            .await?;
        match self.handle.list(&reply)? {
            [parties, waiting, broken, _] => Ok((
                self.handle.number(parties)?,
                self.handle.number(waiting)?,
                self.handle.flag(broken)?,
            )),
            _ => Err(self.handle.unexpected("the status", &reply)),
        }
    }

    fn no_parties(&self, method: &str) -> Error {
        Error::Refused {
            key: self.handle.key().clone(),
            method: method.to_owned(),
            reason: "it has no number of parties; give it one where it is created: `Barrier::create(name, parties)`, or the field of that name in a shared struct's `…Init`".to_owned(),
        }
    }

    fn broken(&self) -> Error {
        Error::BrokenBarrier {
            key: self.handle.key().clone(),
        }
    }
}
