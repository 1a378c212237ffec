//! A rate limiter: so many permits a time, for all threads together.

pub(super) mod machine;
mod rate;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/rate_limiter/spec.rs"]
mod spec;

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep_until};

use self::machine::RateLimiterState;
use super::argument;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Errand, Handle, Limit, Value};

pub use rate::Rate;

/// A shared rate limiter: all threads together get so many permits a time, and no more than a burst
/// of them at once.
///
/// It is a token bucket, exact to the millisecond of the store's clock: the bucket holds at most
/// [`burst`](Rate::burst) permits, is full at first, and fills evenly with [`permits`](Rate::permits)
/// each [`per`](Rate::per). That is the Generic Cell Rate Algorithm of ITU-T I.371 in its form as a
/// "continuous-state leaky bucket", turned around.
///
/// Whoever waits for permits *reserves* them: the bucket goes below empty, and the store says how long it takes
/// until it will have been filled that far. So callers are served in the order of their reservations,
/// each sleeps once, and nobody asks again. Each method is one round trip; they fail with
/// [`Error::NotFound`] where the limiter does not exist, and with the errors of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::time::Duration;
/// use crucial::{Rate, RateLimiter};
///
/// // Twenty requests a second for all threads, five of them at once.
/// let rate = Rate { permits: 20, per: Duration::from_secs(1), burst: 5 };
/// let requests = RateLimiter::create("requests", rate).await?;
/// for _ in 0..5 {
///     assert!(requests.try_acquire_many(1).await?);
/// }
/// assert!(!requests.try_acquire_many(5).await?);
/// requests.acquire_many(1).await?; // waits for a twentieth of a second at the most
/// # Ok(()) }
/// ```
pub struct RateLimiter {
    handle: Handle<RateLimiterState>,
}

proxy!(RateLimiter, machine: RateLimiterState, init: Rate);

impl RateLimiter {
    fn arguments(handle: &Handle<RateLimiterState>, rate: Rate) -> Result<Vec<Bytes>> {
        if let Some(fault) = rate.fault() {
            return Err(Error::Refused {
                key: handle.key().clone(),
                method: "create".to_owned(),
                reason: fault.to_owned(),
            });
        }
        Ok(vec![
            argument::number(rate.permits),
            argument::number(rate.per.as_millis()),
            argument::number(rate.burst),
            argument::now(),
        ])
    }

    async fn read(&self) -> Result<Rate> {
        let (rate, _) = self.status().await?;
        Ok(rate)
    }

    /// Takes a permit if there is one now; otherwise gives `false`.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Rate, RateLimiter};
    ///
    /// let mails = RateLimiter::create("mails", Rate::per_second(1)).await?;
    /// assert!(mails.try_acquire().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn try_acquire(&self) -> Call<impl Future<Output = Result<bool>>> {
        self.try_acquire_many(1)
    }

    /// Takes a permit; waits as long as the store says that it takes until there is one. Callers are served in the order
    /// of their coming.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::{Duration, Instant};
    /// use crucial::{Rate, RateLimiter};
    ///
    /// let rate = Rate { permits: 100, per: Duration::from_secs(1), burst: 1 };
    /// let calls = RateLimiter::create("calls", rate).await?;
    /// let began = Instant::now();
    /// for _ in 0..3 {
    ///     calls.acquire().await?; // the first at once, then one each hundredth of a second
    /// }
    /// assert!(began.elapsed() > Duration::from_millis(15));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`acquire_many`](Self::acquire_many).
    ///
    /// # Errors
    ///
    /// As [`acquire_many`](Self::acquire_many).
    pub fn acquire(&self) -> Call<impl Future<Output = Result<()>>> {
        self.acquire_many(1)
    }

    /// Takes so many permits if there are as many now; otherwise takes none and gives `false`.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Rate, RateLimiter};
    ///
    /// let rate = Rate { permits: 1, per: std::time::Duration::from_secs(3600), burst: 5 };
    /// let mails = RateLimiter::create("mails", rate).await?;
    /// assert!(mails.try_acquire_many(3).await?);
    /// assert!(!mails.try_acquire_many(3).await?); // two are left, and stay
    /// assert!(mails.try_acquire_many(2).await?);
    /// assert!(mails.try_acquire_many(6).await.is_err()); // never in one burst
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for more permits than a burst has, or for none.
    pub fn try_acquire_many(&self, permits: u32) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let errand = Errand::here()?;
            let reserved = self.reserve(&errand, permits, Duration::ZERO).await?;
            match reserved {
                Ok(reservation) => {
                    reservation.keep();
                    Ok(true)
                }
                Err(_) => Ok(false),
            }
        })
    }

    /// Takes so many permits; waits as long as the store says that it takes until there are as many.
    /// Callers are served in the order of their coming.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::{Duration, Instant};
    /// use crucial::{Rate, RateLimiter};
    ///
    /// let rate = Rate { permits: 100, per: Duration::from_secs(1), burst: 1 };
    /// let calls = RateLimiter::create("calls", rate).await?;
    /// let began = Instant::now();
    /// for _ in 0..5 {
    ///     calls.acquire_many(1).await?; // the first at once, then one each hundredth of a second
    /// }
    /// assert!(began.elapsed() > Duration::from_millis(30));
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use std::time::Duration;
    /// use crucial::{Error, Rate, RateLimiter};
    ///
    /// let rate = Rate { permits: 1, per: Duration::from_secs(3600), burst: 1 };
    /// let reports = RateLimiter::create("reports", rate).await?;
    /// reports.acquire_many(1).await?;
    /// match reports.acquire_many(1).timeout(Duration::from_secs(1)).await {
    ///     Err(Error::RateLimited { wait, .. }) => assert!(wait > Duration::from_secs(3500)),
    ///     other => panic!("{other:?}"),
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A future that is dropped while it waits gives its reservation back if it is the last one; those
    /// behind it have been told their time, which stays as it is, so otherwise the permits are gone.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`], at once, if it would take longer than the runtime's
    /// [wait limit](crate::Builder::wait_limit); [`Error::Refused`] for more permits than a burst has, or for none.
    pub fn acquire_many(&self, permits: u32) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let (errand, limit) = (Errand::here()?, Limit::here()?);
            match self.reserve(&errand, permits, limit.left()).await? {
                Ok(reservation) => {
                    sleep_until(reservation.due).await;
                    reservation.keep();
                    Ok(())
                }
                Err(wait) => Err(Error::RateLimited {
                    key: self.handle.key().clone(),
                    wait,
                }),
            }
        })
    }

    /// How many permits could be taken now.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Rate, RateLimiter};
    ///
    /// let rate = Rate { permits: 1, per: std::time::Duration::from_secs(3600), burst: 5 };
    /// let mails = RateLimiter::create("mails", rate).await?;
    /// mails.acquire_many(2).await?;
    /// assert_eq!(mails.available().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn available(&self) -> Call<impl Future<Output = Result<u32>>> {
        Call::new(async move {
            let (_, available) = self.status().await?;
            Ok(available)
        })
    }

    /// Reserves permits that come within `limit`; otherwise, how long they would take.
    async fn reserve(
        &self,
        errand: &Errand,
        permits: u32,
        limit: Duration,
    ) -> Result<Result<Reservation, Duration>> {
        if permits == 0 {
            return Err(self.refused("0 permits are none; ask for one at least".to_owned()));
        }
        let arguments = vec![
            argument::number(permits),
            argument::duration(limit),
            argument::now(),
        ];
        let (limiter, later) = (self.clone(), errand.clone());
        let reserving = async move {
            let reply = limiter.handle.call(&machine::RESERVE, arguments).await?;
            match limiter.handle.list(&reply)? {
                [Value::Int(1), number, wait] => {
                    let number = limiter.handle.number(number)?;
                    let wait = Duration::from_millis(limiter.handle.number(wait)?);
                    Ok(Ok(Reservation {
                        due: Instant::now() + wait,
                        permits,
                        number,
                        later: Some((limiter, later)),
                    }))
                }
                [Value::Int(0), wait] => {
                    Ok(Err(Duration::from_millis(limiter.handle.number(wait)?)))
                }
                [burst] => {
                    let burst: u32 = limiter.handle.number(burst)?;
                    Err(limiter.refused(format!(
                        "{permits} permits never come at once, only {burst} do; ask for fewer, or create it with a larger burst"
                    )))
                }
                _ => Err(limiter.handle.unexpected("the reply", &reply)),
            }
        };
        errand.finish(reserving).await
    }

    fn refused(&self, reason: String) -> Error {
        Error::Refused {
            key: self.handle.key().clone(),
            method: "acquire".to_owned(),
            reason,
        }
    }

    async fn status(&self) -> Result<(Rate, u32)> {
        let arguments = vec![argument::now()];
        let reply = self.handle.call(&machine::STATUS, arguments).await?;
        match &reply {
            Value::Nil => Err(self.handle.not_found()),
            Value::List(parts) => {
                let [permits, per, burst, available] = &parts[..] else {
                    return Err(self.handle.unexpected("the status", &reply));
                };
                let rate = Rate {
                    permits: self.handle.number(permits)?,
                    per: Duration::from_millis(self.handle.number(per)?),
                    burst: self.handle.number(burst)?,
                };
                Ok((rate, self.handle.number(available)?))
            }
            _ => Err(self.handle.unexpected("the status", &reply)),
        }
    }
}

/// Permits that will come. Dropped before that, it is given back.
struct Reservation {
    due: Instant,
    permits: u32,
    number: u64,
    /// Where and how it is given back; `None` once it is not to be.
    later: Option<(RateLimiter, Errand)>,
}

impl Reservation {
    fn keep(mut self) {
        self.later = None;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let Some((limiter, errand)) = self.later.take() else {
            return;
        };
        let arguments = vec![
            argument::number(self.number),
            argument::number(self.permits),
            argument::now(),
        ];
        errand.spawn(async move {
            match limiter.handle.call(&machine::GIVE_BACK, arguments).await {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, limiter = %limiter.key(), "a reservation could not be given back");
                }
            }
        });
    }
}
