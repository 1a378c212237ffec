//! A barrier: parties wait for each other, again and again.

mod arrival;
pub(super) mod machine;
mod place;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/barrier/spec.rs"]
mod spec;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use self::machine::{BROKEN_BY_THIS, BarrierState, TRIPPED};
use self::place::Place;
use super::argument;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Value};

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
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let round = crucial::Barrier::create("round", 2).await?;
/// let (one, two) = tokio::try_join!(round.wait(), round.wait())?;
/// assert_eq!((one.generation(), two.generation()), (0, 0));
/// assert_eq!(one.place() + two.place(), 1); // which of them came first is open
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BarrierWait {
    generation: u64,
    place: u32,
    leader: bool,
}

impl BarrierWait {
    /// Whether this party is the one of its generation that came last.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let rounds = crucial::Atomic::create("rounds", 0).await?;
    /// let party = async || -> crucial::Result<()> {
    ///     if round.wait().await?.is_leader() {
    ///         rounds.fetch_add(1).await?; // what is to be done once a round
    ///     }
    ///     Ok(())
    /// };
    /// tokio::try_join!(party(), party())?;
    /// assert_eq!(rounds.load().await?, 1);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.leader
    }

    /// How many parties of its generation came before this one.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let start = crucial::Barrier::create("start", 3).await?;
    /// let (a, b, c) = tokio::try_join!(start.wait(), start.wait(), start.wait())?;
    /// let mut places = [a.place(), b.place(), c.place()];
    /// places.sort();
    /// assert_eq!(places, [0, 1, 2]); // a part of the work for each
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn place(&self) -> u32 {
        self.place
    }

    /// The number of its generation, from 0.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let alone = crucial::Barrier::create("alone", 1).await?;
    /// for round in 0..3 {
    ///     assert_eq!(alone.wait().await?.generation(), round);
    /// }
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// That a party has come to a [`Barrier`]; [`wait_for`](Barrier::wait_for) waits for the others.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Arrival, Barrier};
///
/// let round = Barrier::create("round", 2).await?;
/// let wait = crucial::cloud_closure!([round: Barrier] |arrival: Arrival| async move {
///     round.wait_for(arrival).await
/// });
/// let other = wait.spawn(round.arrive().await?); // another thread waits for the others
/// assert!(round.wait().await?.is_leader());
/// assert_eq!(other.await?.place(), 0);
/// # Ok(()) }
/// ```
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
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let sum = crucial::Atomic::create("sum", 0).await?;
    /// let party = async |part| {
    ///     sum.fetch_add(part).await?;
    ///     round.wait().await?;
    ///     sum.load().await // what both have added
    /// };
    /// assert_eq!(tokio::try_join!(party(1), party(2))?, (3, 3));
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Barrier, Error};
    ///
    /// let barrier = Barrier::create("round", 2).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(barrier.wait().timeout(limit).await, Err(Error::TimedOut { .. })));
    /// assert!(matches!(barrier.wait().timeout(limit).await, Err(Error::BrokenBarrier { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future breaks the barrier, unless all have come.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`]; [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit), which breaks the barrier; [`Error::Refused`] if
    /// the barrier has no parties.
    pub fn wait(&self) -> Call<impl Future<Output = Result<BarrierWait>>> {
        Call::new(async move {
            let place = Place::take(self).await?;
            match self.wait_for(place.arrival()).await {
                Err(timed_out @ Error::TimedOut { .. }) => match place.give_up().await? {
                    // All came at the last moment.
                    Value::Int(TRIPPED) => Ok(place.leave()),
                    Value::Int(BROKEN_BY_THIS) => {
                        place.leave();
                        Err(timed_out)
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
        })
    }

    /// How many parties a generation has. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 3).await?;
    /// round.arrive_and_drop().await?;
    /// assert_eq!(round.parties().await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn parties(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let (parties, ..) = self.status().await?;
            Ok(parties)
        })
    }

    /// How many parties of the generation that gathers now have come. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let _first = round.arrive().await?;
    /// assert_eq!(round.waiting().await?, 1);
    /// round.wait().await?; // the last one: the next generation gathers
    /// assert_eq!(round.waiting().await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn waiting(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let (_, waiting, _) = self.status().await?;
            Ok(waiting)
        })
    }

    /// Whether a party gave up or was lost since the last reset. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// assert!(!round.is_broken().await?);
    /// let gone = round.wait().timeout(std::time::Duration::from_millis(5)).await;
    /// assert!(gone.is_err() && round.is_broken().await?); // as one has given up
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_broken(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let (.., broken) = self.status().await?;
            Ok(broken)
        })
    }

    /// Makes the barrier whole again and begins a new generation. Parties that wait get
    /// [`Error::BrokenBarrier`]. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let early = round.arrive().await?;
    /// round.reset().await?;
    /// assert!(matches!(round.wait_for(early).await, Err(crucial::Error::BrokenBarrier { .. })));
    /// assert_eq!((round.waiting().await?, round.is_broken().await?), (0, false));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn reset(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            self.handle
                .call(&machine::RESET, vec![argument::now()])
                .await
                .map(drop)
        })
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
