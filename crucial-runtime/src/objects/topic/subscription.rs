//! One subscriber's way through the messages of a topic.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::time::timeout;

use super::{Topic, machine, news};
use crate::call::Call;
use crate::chance;
use crate::error::{Error, Result};
use crate::object::{Limit, Value};
use crate::objects::argument;
use crate::store::{Change, Watch};
use crate::thread::Portable;

/// What somebody who [subscribed](Topic::subscribe) to a [`Topic`] receives. Dropped, it ends.
///
/// ```
/// # #[tokio::main] async fn main() -> crucial::Result<()> {
/// # let runtime = crucial::Runtime::builder().build().await?;
/// # let _entered = runtime.enter();
/// use std::pin::pin;
/// use crucial::{Topic, TopicInit};
/// use futures_util::TryStreamExt;
///
/// let steps = Topic::create("steps", TopicInit::default()).await?;
/// let received = steps.subscribe().await?.into_stream();
/// steps.publish_many(1..=4).await?;
/// steps.close().await?;
/// assert_eq!(received.try_collect::<Vec<u32>>().await?, [1, 2, 3, 4]);
/// # Ok(()) }
/// ```
pub struct Subscription<T> {
    topic: Topic<T>,
    watch: Watch,
    /// The number of the next message to be received.
    next: u64,
    /// Messages that have come, from `next` on.
    here: VecDeque<Bytes>,
    /// Whether all that was published has come, as far as is known.
    current: bool,
}

impl<T: Portable> Subscription<T> {
    pub(super) fn new(topic: Topic<T>, watch: Watch, next: u64, current: bool) -> Self {
        Self {
            topic,
            watch,
            next,
            here: VecDeque::new(),
            current,
        }
    }

    /// The number of the message that is received next.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// let mut reader = steps.subscribe_from(0).await?;
    /// steps.publish_many(['a', 'b', 'c']).await?;
    /// assert_eq!(reader.recv().await?, 'a');
    /// let mut other = steps.subscribe_from(reader.position()).await?; // goes on where that one is
    /// assert_eq!(other.recv().await?, 'b');
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn position(&self) -> u64 {
        self.next
    }

    /// Receives the next message; waits until there is one. No round trip for a small message when
    /// this subscriber is not behind, otherwise one for up to 128 of them.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// let mut reader = steps.subscribe().await?;
    /// assert_eq!(tokio::try_join!(reader.recv(), steps.publish('a'))?, ('a', 0));
    /// assert_eq!(reader.position(), 1);
    /// # Ok(()) }
    /// ```
    ///
    /// With a [limit](crate::Call::timeout):
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// let mut reader = steps.subscribe().await?;
    /// let late = reader.recv().timeout(std::time::Duration::from_millis(5)).await;
    /// assert!(matches!(late, Err(Error::TimedOut { .. })));
    /// steps.publish('a').await?;
    /// assert_eq!(reader.recv().await?, 'a'); // nothing is missed by that
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// A future that is dropped has received nothing: the message is received next time.
    ///
    /// # Errors
    ///
    /// [`Error::Lagged`] if messages have been dropped from the backlog before they were received: the
    /// next call goes on with the oldest that is kept. [`Error::Closed`] after the last message of a
    /// closed topic; [`Error::TimedOut`] after the runtime's [wait limit](crate::Builder::wait_limit).
    pub fn recv(&mut self) -> Call<impl Future<Output = Result<T>>> {
        Call::new(async move {
            let limit = Limit::here()?;
            if !limit.is_zero()
                && let Some(received) = limit.waiting(self.receive()).await
            {
                return received;
            }
            let key = self.topic.key().clone();
            let now = limit.asking(&key, "recv", self.try_recv()).await?;
            now.ok_or_else(|| limit.error(&key, "recv"))
        })
    }

    /// Receives the next message if it has been published; `None` if there is none. One round trip, or none
    /// if a message is here.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Topic, TopicInit};
    ///
    /// let steps = Topic::create("steps", TopicInit::default()).await?;
    /// let mut reader = steps.subscribe().await?;
    /// assert_eq!(reader.try_recv().await?, None);
    /// steps.publish('a').await?;
    /// steps.close().await?;
    /// assert_eq!(reader.try_recv().await?, Some('a'));
    /// assert!(matches!(reader.try_recv().await, Err(Error::Closed { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv), but for [`Error::TimedOut`].
    pub fn try_recv(&mut self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            if self.here.is_empty() {
                self.fetch().await?;
            }
            self.take()
        })
    }

    /// The messages as a stream, which ends when the topic is closed. It costs what [`recv`](Self::recv) does.
    ///
    /// Other errors are items of it. It goes on after messages that it has missed ([`Error::Lagged`]) or can't decode
    /// ([`Error::Codec`]), and after an error that time may mend, as [`Queue::stream`](crate::Queue::stream) does. Any other
    /// is its last item, such as [`Error::NotFound`] where the topic is gone.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// use crucial::{Error, Topic, TopicInit};
    /// use futures_util::StreamExt;
    ///
    /// let steps = Topic::create("steps", TopicInit { backlog: 2 }).await?;
    /// steps.publish_many(0..5).await?;
    /// steps.close().await?;
    /// let received: Vec<_> = steps.subscribe_from(0).await?.into_stream().collect().await;
    /// assert!(matches!(received[..], [Err(Error::Lagged { missed: 3, .. }), Ok(3), Ok(4)]));
    /// # Ok(()) }
    /// ```
    pub fn into_stream(self) -> impl Stream<Item = Result<T>> + Send {
        futures_util::stream::unfold(Some(self), |subscription| async {
            let mut subscription = subscription?;
            match subscription.recv().await {
                Err(Error::Closed { .. }) => None,
                Err(error) => {
                    let goes_on = error.may_pass()
                        || matches!(error, Error::Lagged { .. } | Error::Codec { .. });
                    Some((Err(error), goes_on.then_some(subscription)))
                }
                Ok(message) => Some((Ok(message), Some(subscription))),
            }
        })
    }

    async fn receive(&mut self) -> Result<T> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(message);
            }
            if self.current {
                self.hear().await;
            } else {
                self.fetch().await?;
            }
        }
    }

    /// The next message, if it is here.
    fn take(&mut self) -> Result<Option<T>> {
        let Some(message) = self.here.pop_front() else {
            return Ok(None);
        };
        self.next += 1;
        self.topic.handle.decode("a message", &message).map(Some)
    }

    /// Waits for an announcement, or for the time of a slow look.
    async fn hear(&mut self) {
        let slow = Duration::from_secs(1).mul_f64(chance::factor(0.5..1.0));
        let Ok(Change::Hint(hint)) = timeout(slow, self.watch.changed()).await else {
            self.current = false;
            return;
        };
        self.current = match news::read(&hint) {
            Some(news) => {
                let known = self.next + self.here.len() as u64;
                let end = news.first + news.messages.len() as u64;
                if news.first <= known && known < end {
                    let new = usize::try_from(known - news.first).unwrap_or(usize::MAX);
                    self.here.extend(news.messages.into_iter().skip(new));
                }
                // Where nothing is carried the message has to be fetched, as has what is missing before it.
                end > news.first && news.first <= known
            }
            None => false,
        };
    }

    /// Asks for what is here not yet.
    async fn fetch(&mut self) -> Result<()> {
        let known = self.next + self.here.len() as u64;
        let handle = &self.topic.handle;
        let reply = handle
            .call(&machine::READ, vec![argument::number(known)])
            .await?;
        if reply == Value::Nil {
            return Err(handle.not_found());
        }
        let [next, closed, first, messages @ ..] = handle.list(&reply)? else {
            return Err(handle.unexpected("the messages", &reply));
        };
        let (next, first): (u64, u64) = (handle.number(next)?, handle.number(first)?);
        let closed = handle.flag(closed)?;
        if first > known {
            // What is here was received before the gap.
            debug_assert!(
                self.here.is_empty(),
                "messages are fetched when none is here"
            );
            self.next = first;
            self.current = false;
            return Err(Error::Lagged {
                key: self.topic.key().clone(),
                missed: first - known,
            });
        }
        for message in messages {
            match message {
                Value::Bytes(message) => self.here.push_back(message.clone()),
                _ => return Err(handle.unexpected("a message", message)),
            }
        }
        self.current = first + messages.len() as u64 >= next;
        if closed && self.here.is_empty() && known >= next {
            self.current = false;
            return Err(self.topic.closed());
        }
        Ok(())
    }
}

impl<T> fmt::Debug for Subscription<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("topic", &self.topic.handle.key())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}
