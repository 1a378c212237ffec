//! The channels that this process watches, and the connection that hears them.
//!
//! It is a connection of its own, made with the first watcher: a server ends one that has subscriptions as soon as
//! 32 MB wait for it, or 8 MB for a minute, and nobody bounds what calls ask for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use bytes::Bytes;
use redis::{Pipeline, PushInfo, PushKind, RedisError};
use tokio::time::Instant;

use super::capabilities::Capabilities;
use super::entry::NoEntry;
use super::fault::Fault;
use super::link::Link;
use super::renewed::{Made, Renewed};
use super::times::CALL_LIMIT;
use super::wire::Wire;
use crate::pause::Pause;
use crate::store::{Change, Changes, Watch};

/// How long a subscription outlives its last watcher: waiting again soon is common (a cyclic barrier).
const LINGER: Duration = Duration::from_secs(5);
/// A connection that breaks sooner may have to be made many times.
const SETTLED: Duration = Duration::from_secs(1);

/// The channels that this process watches.
#[derive(Debug)]
pub(super) struct Subscriptions {
    // Held for a look-up, never across an await. In order, so that a new connection asks for the same in the same way.
    channels: Mutex<BTreeMap<String, Changes>>,
    // SUBSCRIBE and UNSUBSCRIBE of one channel must reach the server in the order of their reasons.
    order: tokio::sync::Mutex<()>,
    listener: Renewed<Listener>,
    /// Whether the connection has ended while there were watchers, and nobody has begun to make another one.
    deaf: AtomicBool,
}

/// A connection that hears the channels.
#[derive(Clone)]
struct Listener {
    wire: Arc<dyn Wire>,
    /// Which run of which server is at its other end.
    server: String,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Subscriptions {
    /// None, and no connection.
    pub(super) fn new() -> Self {
        Self {
            channels: Mutex::default(),
            order: tokio::sync::Mutex::default(),
            listener: Renewed::new(SETTLED),
            deaf: AtomicBool::new(false),
        }
    }

    /// One more watcher of a channel; the server has confirmed the subscription when this returns.
    pub(super) async fn watch(&self, link: &Arc<Link>, channel: String) -> Result<Watch, Fault> {
        let end = Arc::new(Lingering {
            link: Arc::downgrade(link),
            channel: channel.clone(),
        });
        if let Some(changes) = self.lock().get(&channel) {
            return Ok(changes.watch(Some(end)));
        }
        let _order = self.order.lock().await;
        if let Some(changes) = self.lock().get(&channel) {
            return Ok(changes.watch(Some(end)));
        }
        let deadline = Instant::now() + CALL_LIMIT;
        let mut pause = Pause::new(Duration::from_millis(1), Duration::from_secs(1));
        loop {
            let listener = self.listener(link, deadline).await?;
            let wire = &listener.it.wire;
            if let Err(error) = wire.subscribe(std::slice::from_ref(&channel)).await {
                if !error.is_io_error() {
                    return Err(refused(&error));
                }
                self.ended(link, listener.generation);
                pause.wait().await;
                continue;
            }
            let watch = self
                .lock()
                .entry(channel.clone())
                .or_default()
                .watch(Some(end.clone()));
            // One that was made meanwhile has renewed only what was known before: subscribe there as well.
            let current = self.listener.get();
            if current.is_some_and(|current| current.generation == listener.generation) {
                return Ok(watch);
            }
        }
    }

    /// The connection that hears, made anew if it broke; tried until `deadline`, unless the server refuses.
    async fn listener(&self, link: &Arc<Link>, deadline: Instant) -> Result<Made<Listener>, Fault> {
        let is_final = |fault: &Fault| !matches!(fault, Fault::Unreachable { .. });
        let listen = |generation| self.listen(link, generation);
        self.listener.get_or_make(deadline, is_final, listen).await
    }

    /// Makes a connection that hears all channels, and has all watchers look for what they have missed.
    async fn listen(&self, link: &Arc<Link>, generation: u64) -> Result<Listener, Fault> {
        self.deaf.store(false, Ordering::Relaxed);
        let hearing = Hearing {
            link: Arc::downgrade(link),
            generation,
        };
        let wire = link
            .connect_anew(Arc::new(move |push| hearing.pushed(push)))
            .await?;
        let channels: Vec<String> = self.lock().keys().cloned().collect();
        let mut question = Pipeline::new();
        question.cmd("INFO").arg("server");
        let subscribed = async {
            match channels.is_empty() {
                true => Ok(()),
                false => wire.subscribe(&channels).await,
            }
        };
        let (server, ()) = tokio::try_join!(wire.send(&question), subscribed).map_err(|error| {
            match error.is_io_error() {
                true => {
                    let why = NoEntry::told(link.address(), &error.to_string(), &error);
                    link.unreachable(*why.error)
                }
                false => refused(&error),
            }
        })?;
        let server = Capabilities::identity_in(server.first());
        self.resync();
        Ok(Listener { wire, server })
    }

    /// Gives up a connection that broke, and has another one made if anybody watches.
    fn ended(&self, link: &Arc<Link>, generation: u64) {
        self.listener.broken(generation);
        if self.listener.get().is_none() && self.any() {
            self.deaf.store(true, Ordering::Relaxed);
            self.mend(link);
        }
    }

    /// Hears no other server than that one: calls are answered there from now on.
    pub(super) fn keep_to(&self, link: &Arc<Link>, server: &str) {
        if let Some(listener) = self.listener.get()
            && listener.it.server != server
        {
            self.ended(link, listener.generation);
        }
    }

    /// Whether a connection is to be made, and nobody does.
    pub(super) fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Relaxed)
    }

    /// Makes another connection in the background, if one has ended and nobody does so yet.
    pub(super) fn mend(&self, link: &Arc<Link>) {
        // Without a runtime here, which is being shut down, the next call from another one does it.
        let Ok(tokio) = tokio::runtime::Handle::try_current() else {
            return;
        };
        if !self.deaf.swap(false, Ordering::Relaxed) {
            return;
        }
        let mending = Mending(Arc::downgrade(link));
        tokio.spawn(async move { mending.mend().await });
    }

    /// Tells all watchers to look for themselves.
    fn resync(&self) {
        for changes in self.lock().values() {
            changes.announce(Change::Resync);
        }
    }

    /// Tells the watchers of a message's channel.
    fn announce(&self, message: Vec<redis::Value>) {
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
    fn any(&self) -> bool {
        !self.lock().is_empty()
    }

    async fn end_unless_watched(&self, link: &Arc<Link>, channel: &str) {
        let _order = self.order.lock().await;
        {
            let mut channels = self.lock();
            if channels.get(channel).is_none_or(Changes::is_watched) {
                return;
            }
            channels.remove(channel);
        }
        let Some(listener) = self.listener.get() else {
            return;
        };
        if !self.any() {
            // A connection less for the server, until the next watcher.
            self.listener.broken(listener.generation);
        } else if listener.it.wire.unsubscribe(channel).await.is_err() {
            // A new connection subscribes to what is watched, and no longer to this.
            self.ended(link, listener.generation);
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Changes>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a connection hears, and that it ends: it is dropped with the connection, at the latest.
struct Hearing {
    link: Weak<Link>,
    generation: u64,
}

impl Hearing {
    fn pushed(&self, push: PushInfo) {
        let Some(link) = self.link.upgrade() else {
            return;
        };
        match push.kind {
            PushKind::Message => link.subscriptions.announce(push.data),
            PushKind::Disconnection => link.subscriptions.ended(&link, self.generation),
            _ => {}
        }
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        if let Some(link) = self.link.upgrade() {
            link.subscriptions.ended(&link, self.generation);
        }
    }
}

/// The making of another connection.
struct Mending(Weak<Link>);

impl Mending {
    /// Tries until there is a connection, or nobody watches any more.
    async fn mend(&self) {
        while let Some(link) = self.0.upgrade() {
            let subscriptions = &link.subscriptions;
            // Not for longer at a time: the link may be needed by nobody else.
            let deadline = Instant::now() + Duration::from_secs(2);
            if !subscriptions.any() || subscriptions.listener(&link, deadline).await.is_ok() {
                return;
            }
        }
    }
}

impl Drop for Mending {
    fn drop(&mut self) {
        // Its runtime may have been shut down: the next call from another one goes on.
        if let Some(link) = self.0.upgrade()
            && link.subscriptions.any()
            && link.subscriptions.listener.get().is_none()
        {
            link.subscriptions.deaf.store(true, Ordering::Relaxed);
        }
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

fn refused(error: &RedisError) -> Fault {
    Fault::of_text(
        error.code().unwrap_or("ERR"),
        error.detail().unwrap_or_default(),
    )
}
