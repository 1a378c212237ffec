//! An element out on lease.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;

use super::Queue;
use super::machine;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Errand, Method, Value};
use crate::objects::argument;
use crate::thread::Portable;

/// An element that was [taken on lease](Queue::take_leased), to be acknowledged.
///
/// It can be read as the element itself. Dropped without an acknowledgement, it is
/// [released](Self::release) in the background; if its process dies, that happens when the lease
/// ends. Where its lease has ended, by the time of the store, its methods give
/// [`Error::DeliveryLost`] and change nothing: the element may be with somebody else.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::time::Duration;
/// use crucial::{Error, Queue, QueueInit};
///
/// let jobs = Queue::create("jobs", QueueInit { elements: vec![7], ..Default::default() }).await?;
/// let slow = jobs.take_leased(Duration::from_millis(5)).await?;
/// // It takes too long, so somebody else gets it:
/// let other = jobs.take_leased(Duration::from_secs(30)).await?;
/// assert_eq!((*other, other.attempt()), (7, 2));
/// assert!(matches!(slow.ack().await, Err(Error::DeliveryLost { .. })));
/// assert_eq!(other.ack().await?, 7);
/// # Ok(()) }
/// ```
pub struct Delivery<T: Portable> {
    queue: Queue<T>,
    errand: Errand,
    id: u64,
    attempt: u64,
    /// `None` once it has been settled.
    element: Option<T>,
}

impl<T: Portable> Delivery<T> {
    pub(super) fn new(
        queue: Queue<T>,
        errand: Errand,
        (id, attempt): (u64, u64),
        element: T,
    ) -> Self {
        Self {
            queue,
            errand,
            id,
            attempt,
            element: Some(element),
        }
    }

    /// The how-manieth delivery of the element on lease this is, from 1.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let lease = Duration::from_secs(30);
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a'], ..Default::default() }).await?;
    /// let job = jobs.take_leased(lease).await?;
    /// assert_eq!(job.attempt(), 1);
    /// job.release().await?;
    /// assert_eq!(jobs.take_leased(lease).await?.attempt(), 2); // some of it may have been done
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// The number of the element in its queue, from 0 in the order of coming: the same in each delivery of it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a', 'a'], ..Default::default() }).await?;
    /// let batch = jobs.take_many_leased(2, Duration::from_secs(30)).await?;
    /// let ids: Vec<_> = batch.iter().map(|job| job.id()).collect();
    /// assert_eq!(ids, [0, 1]); // so that equal elements can be told apart
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Acknowledges the element, which leaves the queue for good, and gives it. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a'], ..Default::default() }).await?;
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert_eq!((jobs.len().await?, jobs.leased().await?), (0, 1));
    /// assert_eq!(job.ack().await?, 'a');
    /// assert_eq!((jobs.len().await?, jobs.leased().await?), (0, 0));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A future that has begun finishes in the background.
    ///
    /// # Errors
    ///
    /// [`Error::DeliveryLost`].
    pub fn ack(self) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let queue = self.queue.clone();
            match queue.settle(&machine::ACK, vec![self]).await? {
                (mut held, 0) => held.pop().ok_or_else(|| queue.lost()),
                _ => Err(queue.lost()),
            }
        })
    }

    /// Gives the element back to where it stood in the queue, to be delivered again. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a', 'b'], ..Default::default() }).await?;
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert_eq!(jobs.peek().await?, Some('b'));
    /// job.release().await?;
    /// assert_eq!(jobs.drain().await?, ['a', 'b']); // it is first again
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// The element goes back all the same, when its lease ends at the latest.
    ///
    /// # Errors
    ///
    /// [`Error::DeliveryLost`].
    pub fn release(self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let queue = self.queue.clone();
            match queue.settle(&machine::RELEASE, vec![self]).await? {
                (_, 0) => Ok(()),
                _ => Err(queue.lost()),
            }
        })
    }

    /// Makes the lease last for so long from now on, by the time of the store. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a'], ..Default::default() }).await?;
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// job.extend(Duration::from_secs(60)).await?; // it takes longer than thought
    /// job.extend(Duration::from_millis(1)).await?; // or not so long
    /// assert_eq!(jobs.take().await?, 'a');
    /// assert!(matches!(job.extend(Duration::from_secs(60)).await, Err(Error::DeliveryLost { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future does not take the call back once it is on its way: the lease may last longer or not.
    ///
    /// # Errors
    ///
    /// [`Error::DeliveryLost`]; [`Error::Refused`] for a lease of less than a millisecond.
    pub fn extend(&self, lease: Duration) -> impl Future<Output = Result<()>> + Send + use<T> {
        // Written out so that the future does not hold the element, which need not be `Sync`.
        let (queue, [id, attempt]) = (self.queue.clone(), self.name());
        async move {
            let arguments = vec![id, attempt, queue.lease(lease)?];
            let reply = queue.change(&machine::EXTEND, arguments).await?;
            match queue.handle.list(&reply)? {
                [_, _, held] if queue.handle.flag(held)? => Ok(()),
                _ => Err(queue.lost()),
            }
        }
    }

    fn name(&self) -> [Bytes; 2] {
        [argument::number(self.id), argument::number(self.attempt)]
    }
}

impl<T: Portable> Queue<T> {
    /// [Acknowledges](Delivery::ack) several deliveries of this queue at once; how many of them were
    /// still held. One round trip.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a', 'b'], ..Default::default() }).await?;
    /// let slow = jobs.take_many_leased(2, Duration::from_millis(1)).await?;
    /// let batch = jobs.take_many_leased(2, Duration::from_secs(30)).await?; // once the leases have ended
    /// assert_eq!(jobs.ack_many(slow).await?, 0);
    /// assert_eq!(jobs.ack_many(batch).await?, 2);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] for a delivery of another queue.
    pub fn ack_many(
        &self,
        deliveries: impl IntoIterator<Item = Delivery<T>> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let deliveries: Vec<_> = deliveries.into_iter().collect();
            if let Some(foreign) = deliveries.iter().find(|delivery| delivery.queue != *self) {
                return Err(Error::Refused {
                    key: self.handle.key().clone(),
                    method: "ack_all".to_owned(),
                    reason: format!("a delivery is of `{}`", foreign.queue.key()),
                });
            }
            let (held, _) = self.settle(&machine::ACK, deliveries).await?;
            Ok(held.len())
        })
    }

    /// Ends deliveries: the elements of those that were held, and how many were not.
    async fn settle(
        &self,
        method: &'static Method,
        mut deliveries: Vec<Delivery<T>>,
    ) -> Result<(Vec<T>, usize)> {
        let arguments = deliveries.iter().flat_map(Delivery::name).collect();
        // What is sent is settled, whatever becomes of the answer.
        let elements: Vec<_> = deliveries
            .iter_mut()
            .filter_map(|delivery| delivery.element.take())
            .collect();
        let reply = self.change(method, arguments).await?;
        let [Value::Int(_), _, held @ ..] = self.handle.list(&reply)? else {
            return Err(self.handle.unexpected("the reply", &reply));
        };
        let mut kept = Vec::new();
        let mut lost = 0;
        for (held, element) in held.iter().zip(elements) {
            if self.handle.flag(held)? {
                kept.push(element);
            } else {
                lost += 1;
            }
        }
        Ok((kept, lost))
    }

    fn lost(&self) -> Error {
        Error::DeliveryLost {
            key: self.handle.key().clone(),
        }
    }
}

impl<T: Portable> Deref for Delivery<T> {
    type Target = T;

    #[expect(
        clippy::expect_used,
        reason = "only methods that consume the delivery take the element out of it"
    )]
    fn deref(&self) -> &T {
        self.element.as_ref().expect("it has not been settled")
    }
}

impl<T: Portable> Drop for Delivery<T> {
    fn drop(&mut self) {
        if self.element.take().is_none() {
            return;
        }
        let (queue, mut arguments) = (self.queue.handle.clone(), self.name().to_vec());
        arguments.push(argument::now());
        self.errand.spawn(async move {
            match queue.call(&machine::RELEASE, arguments).await {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, queue = %queue.key(), "a delivery could not be given back; it ends with its lease");
                }
            }
        });
    }
}

impl<T: Portable> fmt::Debug for Delivery<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("queue", self.queue.key())
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
