//! What consumers do.

mod leased;

use std::time::Duration;

use bytes::Bytes;

use super::Queue;
use super::caller::Caller;
use super::machine::{self, CLOSED, DONE, NOT_NOW};
use super::taken::Taken;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Errand, Limit, Value};
use crate::objects::argument;
use crate::thread::Portable;

impl<T: Portable> Queue<T> {
    /// Takes the first element; waits while there is none. One round trip if there is one; otherwise
    /// up to four more and an announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// let (first, _) = tokio::try_join!(jobs.take(), jobs.put_many(["wash".to_owned(), "dry".to_owned()]))?;
    /// assert_eq!(first, "wash");
    /// assert_eq!(jobs.take().await?, "dry");
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert!(matches!(jobs.take().timeout(limit).await, Err(Error::TimedOut { .. })));
    /// jobs.put(1).await?;
    /// assert_eq!(jobs.take().timeout(limit).await?, 1);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A future that is dropped takes nothing: it leaves the line, and an element that is on its way to it goes
    /// back to where it stood (others may have taken later ones meanwhile).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once nothing is left, where [`recv`](Self::recv) gives `None`; [`Error::TimedOut`] after the
    /// runtime's [wait limit](crate::Builder::wait_limit).
    pub fn take(&self) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move { self.take_within("take").await })
    }

    /// Takes the first element; `None` if there is none, or if as many wait for one as there are.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1], ..Default::default() }).await?;
    /// assert_eq!(jobs.try_take().await?, Some(1));
    /// assert_eq!(jobs.try_take().await?, None);
    /// jobs.close().await?;
    /// assert!(matches!(jobs.try_take().await, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once nothing is left.
    pub fn try_take(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let taken = self.take_now(1, None).await?;
            Ok(taken.elements()?.pop())
        })
    }

    /// Takes up to so many elements, in their order; waits while there is none. As many round trips as
    /// [`take`](Self::take), however many elements there are.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// jobs.put_many(["wash".to_owned(), "dry".to_owned()]).await?;
    /// assert_eq!(jobs.take_many(10).await?, ["wash", "dry"]); // what there is: it does not wait for ten
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1, 2, 3], ..Default::default() }).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert_eq!(jobs.take_many(2).timeout(limit).await?, [1, 2]);
    /// assert_eq!(jobs.take_many(2).timeout(limit).await?, [3]);
    /// assert!(matches!(jobs.take_many(2).timeout(limit).await, Err(Error::TimedOut { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// As [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub fn take_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let taken = self.wait_to_take(count, None, "take_many").await?;
            taken.elements()
        })
    }

    /// Takes all elements at once, also those that others wait for.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit { elements: vec![1, 2], ..Default::default() }).await?;
    /// jobs.close().await?;
    /// assert_eq!(jobs.drain().await?, [1, 2]);
    /// assert!(jobs.drain().await?.is_empty()); // no error, although the queue is closed
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let caller = Caller::new(&self.handle, &machine::LEAVE_TAKERS)?;
            let (queue, errand) = (self.clone(), caller.errand.clone());
            let taken = errand.finish(async move {
                let reply = queue.change(&machine::DRAIN, Vec::new()).await?;
                Taken::read(&queue.handle, caller.errand.clone(), false, &reply)
            });
            taken.await?.elements()
        })
    }

    /// Takes one element for a caller of that method.
    pub(super) async fn take_within(&self, method: &'static str) -> Result<T> {
        let taken = self.wait_to_take(1, None, method).await?;
        self.only(taken.elements()?)
    }

    /// A lease as an argument, unless it is none.
    pub(super) fn lease(&self, lease: Duration) -> Result<Bytes> {
        if lease.as_millis() == 0 {
            return Err(Error::Refused {
                key: self.handle.key().clone(),
                method: "take_leased".to_owned(),
                reason: format!(
                    "a lease of {lease:?} would end before the element arrives; lend it for a millisecond at least, better for several times as long as the work takes"
                ),
            });
        }
        Ok(argument::duration(lease))
    }

    fn only<E>(&self, mut elements: Vec<E>) -> Result<E> {
        elements.pop().ok_or_else(|| {
            self.handle
                .unexpected("the reply", &Value::List(Vec::new()))
        })
    }

    async fn take_now(&self, count: usize, lease: Option<Bytes>) -> Result<Taken> {
        let caller = Caller::new(&self.handle, &machine::LEAVE_TAKERS)?;
        let errand = caller.errand.clone();
        match self.ask(caller, count, lease.as_ref()).await? {
            Answer::Taken(taken) => Ok(taken),
            Answer::NotNow(..) => Ok(Taken::nothing(&self.handle, errand)),
        }
    }

    async fn wait_to_take(
        &self,
        count: usize,
        lease: Option<Bytes>,
        method: &'static str,
    ) -> Result<Taken> {
        if count == 0 {
            return Ok(Taken::nothing(&self.handle, Errand::here()?));
        }
        let limit = Limit::here()?;
        let taking = async {
            let mut caller = Caller::new(&self.handle, &machine::LEAVE_TAKERS)?;
            if limit.is_zero() || !caller.is_expected() {
                match self.ask(caller, count, lease.as_ref()).await? {
                    Answer::Taken(taken) => return Ok(taken),
                    Answer::NotNow(..) if limit.is_zero() => {
                        return Err(limit.error(self.key(), method));
                    }
                    Answer::NotNow(back, _) => caller = back,
                }
            }
            caller.take_ticket().await?;
            loop {
                let soon = match self.ask(caller, count, lease.as_ref()).await? {
                    Answer::Taken(taken) => return Ok(taken),
                    Answer::NotNow(back, soon) => {
                        caller = back;
                        soon
                    }
                };
                if limit.is_over() {
                    caller.leave().await?;
                    return Err(limit.error(self.key(), method));
                }
                caller.called(soon, &limit).await;
            }
        };
        limit.asking(self.key(), method, taking).await
    }

    /// Asks once.
    async fn ask(&self, mut caller: Caller, count: usize, lease: Option<&Bytes>) -> Result<Answer> {
        let mut arguments = caller.introduction();
        arguments.extend([argument::count(count), lease.cloned().unwrap_or_default()]);
        let leased = lease.is_some();
        let (queue, errand) = (self.clone(), caller.errand.clone());
        let asking = async move {
            let reply = queue.change(&machine::TAKE, arguments).await?;
            match queue.handle.list(&reply)? {
                [Value::Int(DONE), ..] => {
                    let caller = caller.served();
                    Taken::read(&queue.handle, caller.errand.clone(), leased, &reply)
                        .map(Answer::Taken)
                }
                [Value::Int(NOT_NOW), _, rest @ ..] => {
                    let soon = match rest {
                        [Value::Int(left)] => u64::try_from(*left).ok(),
                        _ => None,
                    };
                    Ok(Answer::NotNow(caller, soon.map(Duration::from_millis)))
                }
                [Value::Int(CLOSED), ..] => {
                    caller.served();
                    Err(queue.closed())
                }
                _ => Err(queue.handle.unexpected("the reply", &reply)),
            }
        };
        errand.finish(asking).await
    }
}

enum Answer {
    Taken(Taken),
    /// And in how long a look may be worth while, if that is known.
    NotNow(Caller, Option<Duration>),
}
