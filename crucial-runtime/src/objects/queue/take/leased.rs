//! What consumers do who take on lease.

use std::time::Duration;

use crate::error::Result;
use crate::objects::queue::{Delivery, Queue};
use crate::runtime;
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
    /// jobs.put_all(["wash".to_owned(), "dry".to_owned()]).await?;
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
    /// # Cancellation
    ///
    /// As [`take`](Self::take); a delivery that is given back has been made all the same and counts.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take); [`Error::Refused`](crate::Error::Refused) for a lease of less than a millisecond.
    pub async fn take_leased(&self, lease: Duration) -> Result<Delivery<T>> {
        let limit = runtime::current()?.wait_limit();
        self.take_leased_timeout(lease, limit).await
    }

    /// [`take_leased`](Self::take_leased), waiting for at most `limit`.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let (lease, limit) = (Duration::from_secs(30), Duration::from_millis(5));
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![7], ..Default::default() }).await?;
    /// let job = jobs.take_leased_timeout(lease, limit).await?;
    /// let other = jobs.take_leased_timeout(lease, limit).await;
    /// assert!(matches!(other, Err(Error::TimedOut { .. }))); // the only one is out
    /// assert_eq!(job.ack().await?, 7);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`take_leased`](Self::take_leased).
    pub async fn take_leased_timeout(
        &self,
        lease: Duration,
        limit: Duration,
    ) -> Result<Delivery<T>> {
        let lease = self.lease(lease)?;
        let taken = self
            .wait_to_take(1, Some(lease), limit, "take_leased")
            .await?;
        self.only(taken.deliveries(self)?)
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
    pub async fn try_take_leased(&self, lease: Duration) -> Result<Option<Delivery<T>>> {
        let lease = self.lease(lease)?;
        let taken = self.take_now(1, Some(lease)).await?;
        Ok(taken.deliveries(self)?.pop())
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
    /// jobs.put_all(1..=3).await?;
    /// let mut sum = 0;
    /// for job in jobs.take_many_leased(10, Duration::from_secs(30)).await? {
    ///     sum += job.ack().await?; // what is not reached goes back
    /// }
    /// assert_eq!(sum, 6);
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
    pub async fn take_many_leased(
        &self,
        count: usize,
        lease: Duration,
    ) -> Result<Vec<Delivery<T>>> {
        let limit = runtime::current()?.wait_limit();
        self.take_many_leased_timeout(count, lease, limit).await
    }

    /// [`take_many_leased`](Self::take_many_leased), waiting for at most `limit`. It costs the same, and ends in the
    /// same way when it is dropped.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let (lease, limit) = (Duration::from_secs(30), Duration::from_millis(5));
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1, 2], ..Default::default() }).await?;
    /// jobs.close().await?;
    /// let batch = jobs.take_many_leased_timeout(10, lease, limit).await?;
    /// let rest = jobs.take_many_leased_timeout(10, lease, limit).await;
    /// assert!(matches!(rest, Err(Error::TimedOut { .. }))); // these two may come back
    /// assert_eq!(jobs.ack_all(batch).await?, 2);
    /// let rest = jobs.take_many_leased_timeout(10, lease, limit).await;
    /// assert!(matches!(rest, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`take_leased`](Self::take_leased).
    pub async fn take_many_leased_timeout(
        &self,
        count: usize,
        lease: Duration,
        limit: Duration,
    ) -> Result<Vec<Delivery<T>>> {
        let lease = self.lease(lease)?;
        let taken = self
            .wait_to_take(count, Some(lease), limit, "take_many_leased")
            .await?;
        taken.deliveries(self)
    }
}
