//! A topic: what is published reaches everybody who has subscribed.

pub(super) mod machine;
mod news;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/topic/spec.rs"]
mod spec;
mod subscription;

use std::marker::PhantomData;

use bytes::Bytes;

use self::machine::TopicState;
use super::argument;
use super::proxy::proxy;
use crate::call::Call;
use crate::error::{Error, Result};
use crate::object::{Handle, Value};
use crate::runtime;
use crate::thread::Portable;

pub use subscription::Subscription;

/// A shared topic, as `tokio::sync::broadcast`: every subscriber gets every message that is published
/// after it subscribed, all of them in the same order.
///
/// The store keeps the last messages, as many as the [backlog](TopicInit::backlog) says, and numbers all of
/// them from 0. A subscriber that falls behind further learns how many it has missed, by
/// [`Error::Lagged`], and goes on with the oldest that is left; one whose connection breaks misses
/// nothing within the backlog. Messages up to 8 KB travel in the announcement itself, so a subscriber that keeps up
/// makes no call for them; a call a second, about, sees to it that no lost announcement matters.
///
/// Methods are one round trip unless they say otherwise. They fail with [`Error::NotFound`] where the
/// topic does not exist, with [`Error::Codec`] where what was published is no `T`, and with the errors
/// of the store.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use crucial::{Topic, TopicInit};
///
/// let news = Topic::create("news", TopicInit::default()).await?;
/// let mut reader = news.subscribe().await?;
/// let mut other = news.subscribe().await?;
/// assert_eq!(news.publish("it rains".to_owned()).await?, 0);
/// assert_eq!(reader.recv().await?, "it rains");
/// assert_eq!(other.recv().await?, "it rains");
/// # Ok(()) }
/// ```
pub struct Topic<T> {
    handle: Handle<TopicState>,
    types: PhantomData<fn() -> (T,)>,
}

proxy!(Topic<T: Portable>, machine: TopicState, init: TopicInit);

/// What a [`Topic`] starts from, and what a snapshot of it gives.
///
/// ```
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// use crucial::{Error, Topic, TopicInit};
///
/// let news = Topic::<String>::create("news", TopicInit::default()).await?;
/// assert_eq!(news.snapshot().await?, TopicInit { backlog: 1024 });
/// let none = Topic::<String>::create("none", TopicInit { backlog: 0 }).await;
/// assert!(matches!(none, Err(Error::Refused { .. }))); // it could lose every message
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TopicInit {
    /// How many messages are kept for subscribers that are behind, at least 1; 1,024 by default.
    pub backlog: u32,
}

impl Default for TopicInit {
    fn default() -> Self {
        Self { backlog: 1024 }
    }
}

impl<T: Portable> Topic<T> {
    fn arguments(handle: &Handle<TopicState>, init: TopicInit) -> Result<Vec<Bytes>> {
        if init.backlog == 0 {
            return Err(Error::Refused {
                key: handle.key().clone(),
                method: "create".to_owned(),
                reason: "a topic that keeps no message could lose each of them; give it a backlog of at least 1, better of what is published in some seconds".to_owned(),
            });
        }
        Ok(vec![argument::number(init.backlog)])
    }

    async fn read(&self) -> Result<TopicInit> {
        let (backlog, ..) = self.status().await?;
        Ok(TopicInit { backlog })
    }

    /// Publishes a message, and gives its number.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Topic, TopicInit};
    ///
    /// let news = Topic::create("news", TopicInit::default()).await?;
    /// assert_eq!(news.publish("it rains".to_owned()).await?, 0); // nobody needs to listen
    /// assert_eq!(news.publish("it pours".to_owned()).await?, 1);
    /// news.close().await?;
    /// assert!(matches!(news.publish("too late".to_owned()).await, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::TooLarge`].
    pub fn publish(&self, message: T) -> Call<impl Future<Output = Result<u64>>> {
        Call::new(async move { self.publish_many([message]).await })
    }

    /// Publishes several messages, with none of others between them, and gives the number of the first.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit { backlog: 3 }).await?;
    /// steps.publish(0).await?;
    /// assert_eq!(steps.publish_many(1..=9).await?, 1);
    /// assert_eq!(steps.published().await?, 10);
    ///
    /// let mut late = steps.subscribe_from(5).await?;
    /// assert!(matches!(late.recv().await, Err(crucial::Error::Lagged { missed: 2, .. })));
    /// assert_eq!((late.recv().await?, late.recv().await?, late.recv().await?), (7, 8, 9));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::TooLarge`] if all together are too large for one call.
    pub fn publish_many(
        &self,
        messages: impl IntoIterator<Item = T> + Send,
    ) -> Call<impl Future<Output = Result<u64>>> {
        Call::new(async move {
            let messages = self.handle.encode_all("a message", messages)?;
            match self.handle.call(&machine::PUBLISH, messages).await? {
                Value::Nil => Err(self.closed()),
                number => self.handle.number(&number),
            }
        })
    }

    /// Subscribes to what is published from now on. Up to three round trips, two where this process
    /// has another subscription.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let news = Topic::create("news", TopicInit::default()).await?;
    /// news.publish("old".to_owned()).await?;
    /// let mut reader = news.subscribe().await?;
    /// news.publish("new".to_owned()).await?;
    /// assert_eq!(reader.recv().await?, "new");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn subscribe(&self) -> Call<impl Future<Output = Result<Subscription<T>>>> {
        Call::new(async move {
            let watch = runtime::current()?.store().watch(self.key()).await?;
            let (_, next, _) = self.status().await?;
            Ok(Subscription::new(self.clone(), watch, next, true))
        })
    }

    /// Subscribes to the messages from that number on: those that are past and still kept, and those to come.
    /// Up to two round trips, none where this process has another subscription.
    ///
    /// What is not kept any more is told of by [`Error::Lagged`], at the first
    /// [`recv`](Subscription::recv).
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// steps.publish_many(['a', 'b', 'c']).await?;
    /// let mut reader = steps.subscribe_from(1).await?;
    /// steps.publish('d').await?;
    /// assert_eq!((reader.recv().await?, reader.recv().await?, reader.recv().await?), ('b', 'c', 'd'));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn subscribe_from(
        &self,
        number: u64,
    ) -> Call<impl Future<Output = Result<Subscription<T>>>> {
        Call::new(async move {
            let watch = runtime::current()?.store().watch(self.key()).await?;
            Ok(Subscription::new(self.clone(), watch, number, false))
        })
    }

    /// How many messages have been published: the number of the next one.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit { backlog: 1 }).await?;
    /// steps.publish_many(['a', 'b']).await?;
    /// assert_eq!(steps.published().await?, 2); // also those that are not kept
    /// let mut last = steps.subscribe_from(steps.published().await? - 1).await?;
    /// assert_eq!(last.recv().await?, 'b');
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn published(&self) -> Call<impl Future<Output = Result<u64>>> {
        Call::new(async move {
            let (_, next, _) = self.status().await?;
            Ok(next)
        })
    }

    /// Closes the topic: nothing more can be published; `false` if it was closed. Subscribers get what they have
    /// not received, and then [`Error::Closed`].
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// let mut reader = steps.subscribe().await?;
    /// steps.publish(1).await?;
    /// assert!(steps.close().await?);
    /// assert_eq!(reader.recv().await?, 1);
    /// assert!(matches!(reader.recv().await, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn close(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::CLOSE, Vec::new()).await?;
            self.handle.flag(&reply)
        })
    }

    /// Whether the topic is closed.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// steps.publish(1).await?;
    /// steps.close().await?;
    /// assert!(steps.is_closed().await?);
    /// assert_eq!(steps.subscribe_from(0).await?.recv().await?, 1); // what is kept can still be read
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn is_closed(&self) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let (.., closed) = self.status().await?;
            Ok(closed)
        })
    }

    /// Backlog, number of the next message, and whether it is closed.
    async fn status(&self) -> Result<(u32, u64, bool)> {
        let reply = self.handle.call(&machine::STATUS, Vec::new()).await?;
        match &reply {
            Value::Nil => Err(self.handle.not_found()),
            Value::List(parts) => {
                let [backlog, next, closed] = &parts[..] else {
                    return Err(self.handle.unexpected("the status", &reply));
                };
                Ok((
                    self.handle.number(backlog)?,
                    self.handle.number(next)?,
                    self.handle.flag(closed)?,
                ))
            }
            _ => Err(self.handle.unexpected("the status", &reply)),
        }
    }

    fn closed(&self) -> Error {
        Error::Closed {
            key: self.handle.key().clone(),
        }
    }
}
