//! The methods of consumers that take until the queue has ended.

use futures_util::{Stream, stream};

use super::Queue;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::thread::Portable;

impl<T: Portable> Queue<T> {
    /// [`take`](Self::take), with `None` once the queue is [closed](Self::close) and nothing is left in it, so that
    /// `while let` ends there. As many round trips as `take`.
    ///
    /// While elements are out on lease, a closed queue is not at its end: the caller waits, since they may come back.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// jobs.put_many(["wash".to_owned(), "dry".to_owned()]).await?;
    /// jobs.close().await?;
    /// let mut done = Vec::new();
    /// while let Some(job) = jobs.recv().await? {
    ///     done.push(job);
    /// }
    /// assert_eq!(done, ["wash", "dry"]);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![7], ..Default::default() }).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert_eq!(jobs.recv().timeout(limit).await?, Some(7));
    /// assert!(matches!(jobs.recv().timeout(limit).await, Err(Error::TimedOut { .. }))); // more may come
    /// jobs.close().await?;
    /// assert_eq!(jobs.recv().timeout(limit).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`] after the runtime's [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn recv(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            match self.take_within("recv").await {
                Err(Error::Closed { .. }) => Ok(None),
                taken => taken.map(Some),
            }
        })
    }

    /// The elements as a stream, which ends where [`recv`](Self::recv) gives `None`, and costs what `recv` does. Any
    /// number of streams, of any processes, share a queue: each element goes to one of them.
    ///
    /// Errors are items of it. It goes on after an error that time may mend: [`Error::TimedOut`],
    /// [`Error::Unreachable`], [`Error::InDoubt`], [`Error::Unanswered`] and [`Error::Server`]. Any other is its last item,
    /// such as [`Error::NotFound`] where the queue is gone.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    /// use futures_util::TryStreamExt;
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1, 2, 3], ..Default::default() }).await?;
    /// jobs.close().await?;
    /// // Up to eight jobs at a time; the first that fails ends it.
    /// jobs.stream().try_for_each_concurrent(8, async |job| {
    ///     println!("{job}");
    ///     Ok(())
    /// }).await?;
    /// assert!(jobs.is_empty().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To stop asking for the next item loses nothing: the next poll goes on with what was begun. A stream that is
    /// dropped takes nothing more, as [`take`](Self::take). One that is kept and not polled may hold an element that has
    /// come for it meanwhile, until it is polled or dropped.
    pub fn stream(&self) -> impl Stream<Item = Result<T>> + Send + use<T> {
        stream::unfold(Some(self.clone()), async |queue| {
            let queue = queue?;
            match queue.recv().await {
                Ok(None) => None,
                Ok(Some(element)) => Some((Ok(element), Some(queue))),
                Err(error) => {
                    let goes_on = error.may_pass();
                    Some((Err(error), goes_on.then_some(queue)))
                }
            }
        })
    }
}
