//! What a party does that comes to a barrier and waits later, or not at all.

use tokio::time::Instant;

use super::machine::{self, BROKEN, NOBODY, TRIPPED};
use super::{Arrival, Barrier, BarrierWait};
use crate::call::Call;
use crate::error::Result;
use crate::object::Limit;
use crate::object::{Concern, Value};
use crate::objects::argument;
use crate::runtime;

impl Barrier {
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
    /// [`Error::BrokenBarrier`](crate::Error::BrokenBarrier); [`Error::Refused`](crate::Error::Refused) if the barrier
    /// has no parties.
    pub fn arrive(&self) -> Call<impl Future<Output = Result<Arrival>>> {
        Call::new(async move {
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
        })
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
    /// [`Error::BrokenBarrier`](crate::Error::BrokenBarrier); [`Error::Refused`](crate::Error::Refused) if the barrier
    /// has no parties.
    pub fn arrive_and_drop(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let now = vec![argument::now()];
            match self.handle.call(&machine::ARRIVE_AND_DROP, now).await? {
                Value::Nil => Err(self.broken()),
                Value::Int(NOBODY) => Err(self.no_parties("arrive_and_drop")),
                parties => self.handle.number(&parties),
            }
        })
    }

    /// Waits until all parties of that arrival's generation have come. One round trip if they have, and none
    /// for the last party; otherwise an announcement and up to four, for all parties of a process together.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let mine = round.arrive().await?;
    /// let (passed, last) = tokio::try_join!(round.wait_for(mine), round.wait())?;
    /// assert_eq!((passed.place(), last.place()), (0, 1));
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let round = crucial::Barrier::create("round", 2).await?;
    /// let mine = round.arrive().await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(round.wait_for(mine).timeout(limit).await, Err(crucial::Error::TimedOut { .. })));
    /// round.wait().await?; // nothing was broken
    /// assert_eq!(round.wait_for(mine).timeout(limit).await?.place(), 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future breaks nothing: the party has come and counts.
    ///
    /// # Errors
    ///
    /// [`Error::BrokenBarrier`](crate::Error::BrokenBarrier), and [`Error::TimedOut`](crate::Error::TimedOut) after the
    /// runtime's [wait limit](crate::Builder::wait_limit), which breaks nothing here.
    pub fn wait_for(&self, arrival: Arrival) -> Call<impl Future<Output = Result<BarrierWait>>> {
        Call::new(async move {
            let wait = arrival.0;
            if wait.leader {
                return Ok(wait);
            }
            let generation = argument::number(wait.generation);
            let (arguments, concern) = (vec![generation.clone()], Concern::Number(generation));
            let end = self
                .handle
                .wait_for(&machine::PASSED, arguments, concern, Limit::here()?)
                .await?;
            match end {
                Value::Int(TRIPPED) => Ok(wait),
                Value::Int(BROKEN) => Err(self.broken()),
                Value::Nil => Err(self.handle.not_found()),
                other => Err(self.handle.unexpected("the generation", &other)),
            }
        })
    }
}
