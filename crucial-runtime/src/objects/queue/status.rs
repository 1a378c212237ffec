//! What is known of a queue: how many elements are in it, and how many callers wait.

use super::{Queue, machine};
use crate::call::Call;
use crate::error::Result;
use crate::object::Value;
use crate::objects::argument;
use crate::thread::Portable;

/// What is known of a queue.
struct Status {
    capacity: u64,
    closed: bool,
    ready: usize,
    leased: usize,
    takers: usize,
    putters: usize,
}

impl<T: Portable> Queue<T> {
    /// How many elements can be taken now, in constant time. Those out on lease are not among them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// jobs.put_many(1..=3).await?;
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert_eq!(jobs.len().await?, 2);
    /// job.release().await?;
    /// assert_eq!(jobs.len().await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn len(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { Ok(self.status().await?.ready) })
    }

    /// Whether nothing can be taken now.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1], ..Default::default() }).await?;
    /// assert!(!jobs.is_empty().await?);
    /// jobs.take().await?;
    /// assert!(jobs.is_empty().await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_empty(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.len().await? == 0) })
    }

    /// How many elements are out on lease.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// jobs.put_many(1..=3).await?;
    /// let batch = jobs.take_many_leased(2, Duration::from_secs(30)).await?;
    /// assert_eq!(jobs.leased().await?, 2);
    /// jobs.ack_many(batch).await?;
    /// assert_eq!(jobs.leased().await?, 0);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn leased(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { Ok(self.status().await?.leased) })
    }

    /// How many callers wait for an element.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// let feed = async {
    ///     while jobs.waiting_to_take().await? == 0 {
    ///         tokio::task::yield_now().await;
    ///     }
    ///     jobs.put(1).await
    /// };
    /// assert_eq!(tokio::try_join!(jobs.take(), feed)?, (1, ()));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn waiting_to_take(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { Ok(self.status().await?.takers) })
    }

    /// How many callers wait for room.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a'], ..QueueInit::bounded(1) }).await?;
    /// let drain = async {
    ///     while jobs.waiting_to_put().await? == 0 {
    ///         tokio::task::yield_now().await;
    ///     }
    ///     jobs.take().await
    /// };
    /// assert_eq!(tokio::try_join!(jobs.put('b'), drain)?, ((), 'a'));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn waiting_to_put(&self) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { Ok(self.status().await?.putters) })
    }

    /// How many elements it holds at the most; `None` for any number.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let some = Queue::<u8>::create("some", QueueInit::bounded(10)).await?;
    /// assert_eq!(some.capacity().await?, Some(10));
    /// let any = Queue::<u8>::create("any", QueueInit::unbounded()).await?;
    /// assert_eq!(any.capacity().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn capacity(&self) -> Call<impl Future<Output = Result<Option<u32>>>> {
        Call::new(async move {
            let capacity = self.status().await?.capacity;
            Ok(u32::try_from(capacity)
                .ok()
                .filter(|capacity| *capacity > 0))
        })
    }

    /// Whether the queue is closed.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec!['a'], ..Default::default() }).await?;
    /// assert!(!jobs.is_closed().await?);
    /// jobs.close().await?;
    /// assert!(jobs.is_closed().await?);
    /// assert_eq!(jobs.take().await?, 'a'); // what is in it can still be taken
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_closed(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move { Ok(self.status().await?.closed) })
    }

    async fn status(&self) -> Result<Status> {
        let now = vec![argument::now()];
        let reply = self.handle.call(&machine::STATUS, now).await?;
        if reply == Value::Nil {
            return Err(self.handle.not_found());
        }
        let [capacity, _, closed, ready, leased, _, takers, putters] = self.handle.list(&reply)?
        else {
            return Err(self.handle.unexpected("the status", &reply));
        };
        Ok(Status {
            capacity: self.handle.number(capacity)?,
            closed: self.handle.flag(closed)?,
            ready: self.handle.number(ready)?,
            leased: self.handle.number(leased)?,
            takers: self.handle.number(takers)?,
            putters: self.handle.number(putters)?,
        })
    }
}
