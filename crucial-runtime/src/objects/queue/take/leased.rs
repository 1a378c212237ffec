//! What consumers do who take on lease.

use std::time::Duration;

use crate::call::Call;
use crate::error::Result;
use crate::objects::queue::{Delivery, Queue};
use crate::thread::Portable;

impl<T: Portable> Queue<T> {
    /// Takes the first element for so long, by the time of the store; waits while there is none. What
    /// is not [acknowledged](Delivery::ack) by then goes back to where it stood. As many round trips as
    /// [`take`](Self::take).
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::default()).await?;
    /// jobs.put_many(["wash".to_owned(), "dry".to_owned()]).await?;
    ///
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert_eq!((job.as_str(), job.attempt()), ("wash", 1));
    /// job.release().await?; // somebody else shall do it
    ///
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert_eq!((job.as_str(), job.attempt()), ("wash", 2));
    /// job.ack().await?;
    /// assert_eq!(jobs.take().await?, "dry");
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let (lease, limit) = (Duration::from_secs(30), Duration::from_millis(5));
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![7], ..Default::default() }).await?;
    /// let job = jobs.take_leased(lease).timeout(limit).await?;
    /// let other = jobs.take_leased(lease).timeout(limit).await;
    /// assert!(matches!(other, Err(Error::TimedOut { .. }))); // the only one is out
    /// assert_eq!(job.ack().await?, 7);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`take`](Self::take); a delivery that is given back has been made all the same and counts.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take); [`Error::Refused`](crate::Error::Refused) for a lease of less than a millisecond.
    pub fn take_leased(&self, lease: Duration) -> Call<impl Future<Output = Result<Delivery<T>>>> {
        Call::new(async move {
            let lease = self.lease(lease)?;
            let taken = self.wait_to_take(1, Some(lease), "take_leased").await?;
            self.only(taken.deliveries(self)?)
        })
    }

    /// [`take_leased`](Self::take_leased) without waiting; `None` if there is no element, or if as many wait
    /// for one as there are. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let lease = Duration::from_secs(30);
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![7], ..Default::default() }).await?;
    /// if let Some(job) = jobs.try_take_leased(lease).await? {
    ///     assert!(jobs.try_take_leased(lease).await?.is_none());
    ///     assert_eq!(job.ack().await?, 7);
    /// }
    /// assert_eq!(jobs.leased().await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`take_leased`](Self::take_leased).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`](crate::Error::Closed) once nothing is left; [`Error::Refused`](crate::Error::Refused) for a
    /// lease of less than a millisecond.
    pub fn try_take_leased(
        &self,
        lease: Duration,
    ) -> Call<impl Future<Output = Result<Option<Delivery<T>>>>> {
        Call::new(async move {
            let lease = self.lease(lease)?;
            let taken = self.take_now(1, Some(lease)).await?;
            Ok(taken.deliveries(self)?.pop())
        })
    }

    /// Takes up to so many elements on lease, in their order; waits while there is none. As many round trips as
    /// [`take`](Self::take), however many elements there are.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// jobs.put_many(1..=3).await?;
    /// let mut sum = 0;
    /// for job in jobs.take_many_leased(10, Duration::from_secs(30)).await? {
    ///     sum += job.ack().await?; // what is not reached goes back
    /// }
    /// assert_eq!(sum, 6);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let (lease, limit) = (Duration::from_secs(30), Duration::from_millis(5));
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1, 2], ..Default::default() }).await?;
    /// jobs.close().await?;
    /// let batch = jobs.take_many_leased(10, lease).timeout(limit).await?;
    /// let rest = jobs.take_many_leased(10, lease).timeout(limit).await;
    /// assert!(matches!(rest, Err(Error::TimedOut { .. }))); // these two may come back
    /// assert_eq!(jobs.ack_many(batch).await?, 2);
    /// let rest = jobs.take_many_leased(10, lease).timeout(limit).await;
    /// assert!(matches!(rest, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`take_leased`](Self::take_leased), for each of the elements.
    ///
    /// # Errors
    ///
    /// As [`take_leased`](Self::take_leased).
    pub fn take_many_leased(
        &self,
        count: usize,
        lease: Duration,
    ) -> Call<impl Future<Output = Result<Vec<Delivery<T>>>>> {
        Call::new(async move {
            let lease = self.lease(lease)?;
            let taken = self
                .wait_to_take(count, Some(lease), "take_many_leased")
                .await?;
            taken.deliveries(self)
        })
    }
}
