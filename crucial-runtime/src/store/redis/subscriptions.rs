//! The channels that somebody in this process watches.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::fault::Fault;
use super::link::Link;
use super::wire::Wire;
use crate::store::{Change, Changes, Watch};

/// How long a subscription outlives its last watcher: waiting again soon is common (a cyclic barrier).
const LINGER: Duration = Duration::from_secs(5);

/// The channels that somebody in this process watches.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    // Held for a look-up, never across an await. In order, so that a new connection asks for the same in the same way.
    channels: Mutex<BTreeMap<String, Changes>>,
    // SUBSCRIBE and UNSUBSCRIBE of one channel must reach the server in the order of their reasons.
    order: tokio::sync::Mutex<()>,
}

impl Subscriptions {
    /// One more watcher of a channel; the server has confirmed the subscription when this returns.
    pub(super) async fn watch(
        &self,
        link: &std::sync::Arc<Link>,
        channel: String,
    ) -> Result<Watch, Fault> {
        let end = std::sync::Arc::new(Lingering {
            link: std::sync::Arc::downgrade(link),
            channel: channel.clone(),
        });
        if let Some(changes) = self.lock().get(&channel) {
            return Ok(changes.watch(Some(end)));
        }
        let _order = self.order.lock().await;
        if let Some(changes) = self.lock().get(&channel) {
            return Ok(changes.watch(Some(end)));
        }
        let deadline = Instant::now() + super::CALL_LIMIT;
        loop {
            let connected = link.connected(deadline).await?;
            match connected
                .wire
                .subscribe(std::slice::from_ref(&channel))
                .await
            {
                Ok(()) => {}
                Err(error) if error.is_io_error() => {
                    link.broken(connected.generation);
                    continue;
                }
                Err(error) => {
                    return Err(Fault::of_text(
                        error.code().unwrap_or("ERR"),
                        error.detail().unwrap_or_default(),
                    ));
                }
            }
            let watch = self
                .lock()
                .entry(channel.clone())
                .or_default()
                .watch(Some(end.clone()));
            // A connection made meanwhile has renewed only what was known before: subscribe there as well.
            if link.connected(deadline).await?.generation == connected.generation {
                return Ok(watch);
            }
        }
    }

    /// Subscribes to all channels on a new connection.
    pub(super) async fn renew(&self, wire: &dyn Wire) -> redis::RedisResult<()> {
        let channels: Vec<String> = self.lock().keys().cloned().collect();
        if channels.is_empty() {
            Ok(())
        } else {
            wire.subscribe(&channels).await
        }
    }

    /// Tells all watchers to look for themselves.
    pub(super) fn resync(&self) {
        for changes in self.lock().values() {
            changes.announce(Change::Resync);
        }
    }

    /// Tells the watchers of a message's channel.
    pub(super) fn announce(&self, message: Vec<redis::Value>) {
        let mut parts = message.into_iter();
        let (Some(redis::Value::BulkString(channel)), Some(redis::Value::BulkString(payload))) =
            (parts.next(), parts.next())
        else {
            return;
        };
        if let Ok(channel) = std::str::from_utf8(&channel)
            && let Some(changes) = self.lock().get(channel)
        {
            changes.announce(Change::Hint(Bytes::from(payload)));
        }
    }

    /// Whether anybody watches anything.
    pub(super) fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    async fn end_unless_watched(&self, link: &Link, channel: &str) {
        let _order = self.order.lock().await;
        {
            let mut channels = self.lock();
            if channels.get(channel).is_none_or(Changes::is_watched) {
                return;
            }
            channels.remove(channel);
        }
        if let Ok(connected) = link.connected(Instant::now()).await
            && connected.wire.unsubscribe(channel).await.is_err()
        {
            // A new connection subscribes to what is watched, and no longer to this.
            link.broken(connected.generation);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Changes>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the subscription some time after its last watcher.
struct Lingering {
    link: Weak<Link>,
    channel: String,
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let (link, channel) = (self.link.clone(), std::mem::take(&mut self.channel));
        let Ok(tokio) = tokio::runtime::Handle::try_current() else {
            return;
        };
        tokio.spawn(async move {
            tokio::time::sleep(LINGER).await;
            if let Some(link) = link.upgrade() {
                link.subscriptions.end_unless_watched(&link, &channel).await;
            }
        });
    }
}
