//! A queue: producers put, consumers take, each element goes to one of them.

mod caller;
mod delivery;
mod line;
pub(super) mod machine;
mod put;
mod recv;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/queue/spec.rs"]
mod spec;
mod status;
mod take;
mod taken;

use std::marker::PhantomData;

use bytes::Bytes;

use self::machine::QueueState;
use super::argument;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Method, Value};
use crate::thread::Portable;

pub use delivery::Delivery;

/// A shared queue of any number of producers and consumers, as `tokio::sync::mpsc` with many receivers
/// or `java.util.concurrent.LinkedBlockingQueue`, bounded or not, with deliveries on lease.
///
/// **Order.** Elements leave in the order in which they came. Of callers who wait, the one that has
/// waited longest is served first; one that comes later does not push ahead. As many are awakened as
/// there are elements to take, or places to fill: a thousand waiting consumers and one element make
/// one call.
///
/// **Exactly once, or at least once.** [`take`](Self::take) and its kin remove an element and give it
/// to one caller, exactly once; if the caller dies then, the element is gone with it.
/// [`take_leased`](Self::take_leased) gives it for a time: what is not
/// [acknowledged](Delivery::ack) by then goes back to where it stood, before all that came later,
/// and is delivered again. So it is delivered *at least* once: to a consumer that works on when its
/// lease has ended, and to another.
///
/// **Waiting and going away.** Whoever waits holds a place in a line, not an element. A future that is
/// dropped leaves the line; if its request is on its way, that is finished in the background and the
/// element that it brings goes back to where it stood. A caller that died loses its place after three
/// seconds, by the time of the store.
///
/// **Closing.** A [closed](Self::close) queue refuses what is put, with [`Error::Closed`]; consumers get what is
/// left and then the same error, or `None` from [`recv`](Self::recv); a [`stream`](Self::stream) ends. While deliveries are out on lease, whoever takes waits for what
/// becomes of them.
///
/// Methods fail with [`Error::NotFound`] where the queue does not exist, with
/// [`Error::Codec`] where what is stored is no `T` (such an element stays in the queue), and with the
/// errors of the store. Each is one round trip unless it says otherwise.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Queue, QueueInit};
///
/// let jobs = Queue::create("jobs", QueueInit::bounded(2)).await?;
/// let producer = tokio::spawn({
///     let jobs = jobs.clone();
///     async move {
///         for job in 0..10 {
///             jobs.put(job).await?; // waits while two are there
///         }
///         jobs.close().await
///     }
/// });
/// let mut sum = 0;
/// while let Some(job) = jobs.recv().await? {
///     sum += job;
/// }
/// assert_eq!(sum, 45);
/// # producer.await.unwrap().map(drop) }
/// ```
pub struct Queue<T> {
    handle: Handle<QueueState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Queue<T: Portable>, machine: QueueState, init: QueueInit<T>);

/// What a [`Queue`] starts from, and what a snapshot of it gives; by default it is unbounded and empty.
///
/// ```
/// use crucial::QueueInit;
///
/// let init = QueueInit { max_deliveries: Some(3), ..QueueInit::<String>::bounded(100) };
/// assert_eq!((init.capacity, init.elements.len()), (Some(100), 0));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct QueueInit<T> {
    /// How many elements it holds at the most, those out on lease included; `None` for any number.
    pub capacity: Option<u32>,
    /// How often an element is delivered on lease; after that it is a
    /// [dead letter](Queue::dead_letters). `None` for any number of times.
    pub max_deliveries: Option<u32>,
    /// The elements, the first one first.
    pub elements: Vec<T>,
}

impl<T> QueueInit<T> {
    /// An empty queue of at most so many elements.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::bounded(1)).await?;
    /// jobs.put('a').await?;
    /// let job = jobs.take_leased(Duration::from_secs(30)).await?;
    /// assert!(!jobs.try_put('b').await?); // 'a' may have to go back
    /// job.ack().await?;
    /// assert!(jobs.try_put('b').await?);
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn bounded(capacity: u32) -> Self {
        Self {
            capacity: Some(capacity),
            ..Self::default()
        }
    }

    /// An empty queue of any number of elements.
    ///
    /// ```
    /// let init = crucial::QueueInit::<u32>::unbounded();
    /// assert_eq!(init.capacity, None);
    /// assert!(init.elements.is_empty());
    /// ```
    #[must_use]
    pub fn unbounded() -> Self {
        Self::default()
    }
}

impl<T> Default for QueueInit<T> {
    fn default() -> Self {
        Self {
            capacity: None,
            max_deliveries: None,
            elements: Vec::new(),
        }
    }
}

impl<T: Portable> Queue<T> {
    fn arguments(handle: &Handle<QueueState>, init: QueueInit<T>) -> Result<Vec<Bytes>> {
        let refused = |reason: &str| Error::Refused {
            key: handle.key().clone(),
            method: "create".to_owned(),
            reason: reason.to_owned(),
        };
        if init.capacity == Some(0) {
            return Err(refused(
                "a queue of capacity 0 could hold nothing; give it room for one element at least, or `None` for any number",
            ));
        }
        if init.max_deliveries == Some(0) {
            return Err(refused(
                "with `max_deliveries` 0 nothing could be delivered; allow one at least, or `None` for any number",
            ));
        }
        if let Some(capacity) = init.capacity
            && init.elements.len() as u64 > u64::from(capacity)
        {
            return Err(refused("it starts with more elements than it has room for"));
        }
        let mut arguments = vec![
            argument::number(init.capacity.unwrap_or(0)),
            argument::number(init.max_deliveries.unwrap_or(0)),
        ];
        for element in init.elements {
            arguments.push(handle.encode("an element", &element)?);
        }
        Ok(arguments)
    }

    async fn read(&self) -> Result<QueueInit<T>> {
        let reply = self.handle.call(&machine::CONTENTS, Vec::new()).await?;
        if reply == Value::Nil {
            return Err(self.handle.not_found());
        }
        let [capacity, max_deliveries, elements @ ..] = self.handle.list(&reply)? else {
            return Err(self.handle.unexpected("the contents", &reply));
        };
        let some = |number: &Value| {
            let number: u32 = self.handle.number(number)?;
            Result::<Option<u32>>::Ok((number > 0).then_some(number))
        };
        Ok(QueueInit {
            capacity: some(capacity)?,
            max_deliveries: some(max_deliveries)?,
            elements: elements
                .iter()
                .map(|element| self.handle.decode_value("an element", element))
                .collect::<Result<_>>()?,
        })
    }

    /// The element that would be taken next, which stays where it is; `None` if there is none, or no queue.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::unbounded()).await?;
    /// assert_eq!(jobs.peek().await?, None);
    /// jobs.put_many(['a', 'b']).await?;
    /// assert_eq!(jobs.peek().await?, Some('a'));
    /// assert_eq!(jobs.take().await?, 'a'); // unless somebody else took it meanwhile
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn peek(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let now = vec![argument::now()];
            let reply = self.handle.call(&machine::PEEK, now).await?;
            self.handle.element(&reply)
        })
    }

    /// Closes the queue: nothing more can be put. `false` if it was closed. Whoever waits to put gets
    /// [`Error::Closed`], and whoever takes does once nothing is left.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Error, Queue, QueueInit};
    ///
    /// let jobs = Queue::create("jobs", QueueInit::default()).await?;
    /// jobs.put('a').await?;
    /// assert!(jobs.close().await?);
    /// assert!(matches!(jobs.put('b').await, Err(Error::Closed { .. })));
    /// assert_eq!(jobs.take().await?, 'a');
    /// assert!(matches!(jobs.take().await, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn close(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::CLOSE, Vec::new()).await?;
            match self.handle.list(&reply)? {
                [open, ..] => self.handle.flag(open),
                _ => Err(self.handle.unexpected("the reply", &reply)),
            }
        })
    }

    /// The elements that have been delivered too often, oldest first. See [`QueueInit::max_deliveries`].
    /// None where there is no queue.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let init = QueueInit { max_deliveries: Some(2), elements: vec!["bad".to_owned()], ..Default::default() };
    /// let jobs = Queue::create("jobs", init).await?;
    /// for _ in 0..2 {
    ///     jobs.take_leased(Duration::from_secs(30)).await?.release().await?; // it can't be done
    /// }
    /// assert_eq!(jobs.dead_letters().await?, ["bad"]);
    /// assert_eq!(jobs.try_take().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn dead_letters(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let now = vec![argument::now()];
            let reply = self.handle.call(&machine::DEAD, now).await?;
            self.handle.elements(&reply)
        })
    }

    /// Removes the [dead letters](Self::dead_letters) and gives them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use std::time::Duration;
    /// use crucial::{Queue, QueueInit};
    ///
    /// let init = QueueInit { max_deliveries: Some(1), elements: vec![7], ..Default::default() };
    /// let jobs = Queue::create("jobs", init).await?;
    /// jobs.take_leased(Duration::from_secs(30)).await?.release().await?;
    /// jobs.put_many(jobs.drain_dead_letters().await?).await?; // once more, as if new
    /// assert_eq!(jobs.try_take().await?, Some(7));
    /// assert!(jobs.dead_letters().await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain_dead_letters(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let reply = self.change(&machine::DRAIN_DEAD, Vec::new()).await?;
            let elements = self.handle.list(&reply)?.iter().skip(2);
            elements
                .map(|element| self.handle.decode_value("an element", element))
                .collect()
        })
    }

    /// A call at the time where the queue lives.
    async fn change(&self, method: &'static Method, mut arguments: Vec<Bytes>) -> Result<Value> {
        arguments.push(argument::now());
        self.handle.call(method, arguments).await
    }

    fn closed(&self) -> Error {
        Error::Closed {
            key: self.handle.key().clone(),
        }
    }
}
