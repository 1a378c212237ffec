//! What producers do.

use bytes::Bytes;

use super::Queue;
use super::caller::Caller;
use super::machine::{self, CLOSED, DONE, NOT_NOW};
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Limit, Method, MethodKind, Value};
use crate::thread::Portable;

impl<T: Portable> Queue<T> {
    /// Puts an element at the end; waits while the queue is full. One round trip if it is not;
    /// otherwise up to four more and an announcement.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::bounded(1)).await?;
    /// jobs.put('a').await?;
    /// let (taken, ()) = tokio::try_join!(jobs.take(), jobs.put('b'))?; // 'b' waits until 'a' is gone
    /// assert_eq!(taken, 'a');
    /// assert_eq!(jobs.take().await?, 'b');
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::bounded(1)).await?;
    /// jobs.put("first".to_owned()).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// let late = jobs.put("second".to_owned()).timeout(limit).await;
    /// assert!(matches!(late, Err(Error::TimedOut { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A future that is dropped while it waits leaves the line, and the element is not put. If its
    /// request is on its way, the element may be put.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::TimedOut`] after the runtime's [wait limit](crate::Builder::wait_limit);
    /// [`Error::TooLarge`].
    pub fn put(&self, element: T) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let element = self.handle.encode("an element", &element)?;
            let limit = Limit::here()?;
            match self.put_some(&[element], &limit).await? {
                0 => Err(limit.error(self.key(), "put")),
                _ => Ok(()),
            }
        })
    }

    /// Puts an element at the end; `false`, and nothing is done, if the queue is full or others wait
    /// to put.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::bounded(1)).await?;
    /// assert!(jobs.try_put('a').await?);
    /// assert!(!jobs.try_put('b').await?);
    /// assert_eq!(jobs.drain().await?, ['a']);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::TooLarge`].
    pub fn try_put(&self, element: T) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let element = self.handle.encode("an element", &element)?;
            let caller = Caller::new(&self.handle, &machine::LEAVE_PUTTERS)?;
            let (_, visited) = self.visit(caller, &machine::PUT, &[element]).await?;
            Ok(visited > 0)
        })
    }

    /// Puts several elements at the end, in their order. As long as there is room for all of them that
    /// is one round trip, and none comes in between; otherwise they go in as there is room. Gives how many have been put:
    /// all of them, or with a [limit](crate::Call::timeout) those, from the first on, for which there was room in time.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Queue, QueueInit};
    ///
    /// let numbers = Queue::create("numbers", QueueInit::default()).await?;
    /// numbers.put_many(1..=5).await?;
    /// assert_eq!(numbers.take_many(3).await?, [1, 2, 3]);
    /// assert_eq!(numbers.drain().await?, [4, 5]);
    /// # Ok(()) }
    /// ```
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let numbers = Queue::create("numbers", QueueInit::bounded(3)).await?;
    /// let limit = std::time::Duration::from_millis(5);
    /// assert_eq!(numbers.put_many(1..=5).timeout(limit).await?, 3);
    /// assert_eq!(numbers.drain().await?, [1, 2, 3]); // 4 and 5 are to be put again
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// What has been put when the future is dropped stays in the queue.
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put); [`Error::TooLarge`] if all together are too large for one call. What has been put
    /// before the error stays in the queue.
    pub fn put_many(
        &self,
        elements: impl IntoIterator<Item = T> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let elements = self.handle.encode_all("an element", elements)?;
            let limit = Limit::here()?;
            let put = self.put_some(&elements, &limit).await?;
            // The caller that has set the limit itself counts on an answer when it is over.
            if put < elements.len() && Limit::asked().is_none() {
                return Err(limit.error(self.key(), "put"));
            }
            Ok(put)
        })
    }

    /// Puts what can be put in time, and gives how many that were.
    async fn put_some(&self, elements: &[Bytes], limit: &Limit) -> Result<usize> {
        let mut put = 0;
        while put < elements.len() {
            let putting = self.put_next(&elements[put..], limit);
            match limit.answer(putting).await {
                Some(Ok(0)) => break,
                Some(Ok(count)) => put += count,
                Some(Err(Error::TimedOut { .. })) if put > 0 => break,
                Some(Err(error)) => return Err(error),
                // The elements on their way arrive, so the caller must not hear that they were not put.
                None => return Err(limit.unanswered(self.key(), "put", MethodKind::Update)),
            }
        }
        Ok(put)
    }

    /// Waits until one or more have been put; none if the time is over first.
    async fn put_next(&self, elements: &[Bytes], limit: &Limit) -> Result<usize> {
        let mut caller = Caller::new(&self.handle, &machine::LEAVE_PUTTERS)?;
        let mut count;
        if limit.is_zero() || !caller.is_expected() {
            (caller, count) = self.visit(caller, &machine::PUT, elements).await?;
            if count > 0 || limit.is_zero() {
                return Ok(count);
            }
        }
        caller.take_ticket().await?;
        (caller, count) = self.visit(caller, &machine::PUT, elements).await?;
        while count == 0 {
            if limit.is_over() {
                caller.leave().await?;
                return Ok(0);
            }
            // What is large is sent again only when there is room for it.
            let mut room = caller.called(None, limit).await;
            if !room {
                let looked = self.visit(caller, &machine::AWAIT_ROOM, &[]).await?;
                (caller, room) = (looked.0, looked.1 > 0);
            }
            if room {
                (caller, count) = self.visit(caller, &machine::PUT, elements).await?;
            }
        }
        Ok(count)
    }

    /// Asks once, and gives how many elements went in, or would.
    async fn visit(
        &self,
        mut caller: Caller,
        method: &'static Method,
        elements: &[Bytes],
    ) -> Result<(Caller, usize)> {
        let mut arguments = caller.introduction();
        arguments.extend_from_slice(elements);
        let queue = self.clone();
        let errand = caller.errand.clone();
        let visit = async move {
            let reply = queue.change(method, arguments).await?;
            match queue.handle.list(&reply)? {
                [Value::Int(NOT_NOW), ..] => Ok((caller, 0)),
                // It is the caller's turn, and it stays in line until it has put something.
                [Value::Int(DONE), _] => Ok((caller, 1)),
                [Value::Int(DONE), _, count] => Ok((caller.served(), queue.handle.number(count)?)),
                [Value::Int(CLOSED), ..] => {
                    caller.served();
                    Err(queue.closed())
                }
                _ => Err(queue.handle.unexpected("the reply", &reply)),
            }
        };
        errand.finish(visit).await
    }
}
