//! What consumers do.

use std::time::Duration;

use bytes::Bytes;

use super::Queue;
use super::caller::{Caller, Limit, milliseconds};
use super::delivery::Delivery;
use super::machine::{self, CLOSED, DONE, NOT_NOW};
use super::taken::Taken;
use crate::error::{Error, Result};
use crate::object::{Errand, Value};
use crate::objects::argument;
use crate::runtime;
use crate::thread::Portable;

impl<T: Portable> Queue<T> {
    /// Takes the first element; waits while there is none. One round trip if there is one; otherwise
    /// up to four more and an announcement.
    ///
    /// # Cancellation
    ///
    /// A future that is dropped takes nothing: it leaves the line, and an element that is on its way to it goes
    /// back to where it stood (others may have taken later ones meanwhile).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once nothing is left; [`Error::TimedOut`] after the runtime's
    /// [wait limit](crate::Builder::wait_limit).
    pub async fn take(&self) -> Result<T> {
        self.take_timeout(runtime::current()?.wait_limit()).await
    }

    /// [`take`](Self::take), at most for so long.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub async fn take_timeout(&self, limit: Duration) -> Result<T> {
        let taken = self.wait_to_take(1, None, limit, "take").await?;
        self.only(taken.elements()?)
    }

    /// Takes the first element; `None` if there is none, or if as many wait for one as there are.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once nothing is left.
    pub async fn try_take(&self) -> Result<Option<T>> {
        let taken = self.take_now(1, None).await?;
        Ok(taken.elements()?.pop())
    }

    /// Takes up to so many elements, in their order; waits while there is none. As many round trips as
    /// [`take`](Self::take), however many elements there are.
    ///
    /// # Cancellation
    ///
    /// As [`take`](Self::take).
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub async fn take_many(&self, count: usize) -> Result<Vec<T>> {
        let limit = runtime::current()?.wait_limit();
        self.take_many_timeout(count, limit).await
    }

    /// [`take_many`](Self::take_many), at most for so long.
    ///
    /// # Errors
    ///
    /// As [`take`](Self::take).
    pub async fn take_many_timeout(&self, count: usize, limit: Duration) -> Result<Vec<T>> {
        let taken = self.wait_to_take(count, None, limit, "take_many").await?;
        taken.elements()
    }

    /// Takes all elements at once, also those that others wait for.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn drain(&self) -> Result<Vec<T>> {
        let caller = Caller::new(&self.handle, &machine::LEAVE_TAKERS)?;
        let (queue, errand) = (self.clone(), caller.errand.clone());
        let taken = errand.finish(async move {
            let reply = queue.change(&machine::DRAIN, Vec::new()).await?;
            Taken::read(&queue.handle, caller.errand.clone(), false, &reply)
        });
        taken.await?.elements()
    }

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
    /// As [`take`](Self::take); [`Error::Refused`] for a lease of less than a millisecond.
    pub async fn take_leased(&self, lease: Duration) -> Result<Delivery<T>> {
        let limit = runtime::current()?.wait_limit();
        self.take_leased_timeout(lease, limit).await
    }

    /// [`take_leased`](Self::take_leased), waiting for at most `limit`.
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
    /// # Cancellation
    ///
    /// As [`take_leased`](Self::take_leased).
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] once nothing is left; [`Error::Refused`] for a lease of less than a millisecond.
    pub async fn try_take_leased(&self, lease: Duration) -> Result<Option<Delivery<T>>> {
        let lease = self.lease(lease)?;
        let taken = self.take_now(1, Some(lease)).await?;
        Ok(taken.deliveries(self)?.pop())
    }

    /// Takes up to so many elements on lease, in their order; waits while there is none. As many round trips as
    /// [`take`](Self::take), however many elements there are.
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
        Ok(milliseconds(lease))
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
        limit: Duration,
        method: &'static str,
    ) -> Result<Taken> {
        if count == 0 {
            return Ok(Taken::nothing(&self.handle, Errand::here()?));
        }
        let limit = Limit::new(limit);
        let taking = async {
            let mut caller = Caller::new(&self.handle, &machine::LEAVE_TAKERS)?;
            if !caller.is_expected() {
                match self.ask(caller, count, lease.as_ref()).await? {
                    Answer::Taken(taken) => return Ok(taken),
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
                    return Err(limit.error(&self.handle, method));
                }
                caller.called(soon, &limit).await;
            }
        };
        limit.keep(&self.handle, method, taking).await
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
