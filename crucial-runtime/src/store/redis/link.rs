//! The multiplexed connection that the calls of this process share, made again when it breaks.

use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::{ErrorKind, PushInfo, PushKind};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};
use url::Url;

use super::capabilities::{Capabilities, milliseconds};
use super::clock::Clock;
use super::entry::NoEntry;
use super::fault::Fault;
use super::gather;
use super::loss::{Loss, Losses};
use super::renewed::{FIRST, Made, Renewed};
use super::subscriptions::Subscriptions;
use super::wire::{Connector, Pushes, RESPONSE_LIMIT, RedisClient, Wire};
use crate::error::{Error, Result};
use crate::pause::Pause;

/// How many calls may be sent by a connection of their own at a time.
const ALONE: usize = 4;

/// How this process is connected: its calls by this, and [`Subscriptions`] by a connection of their own.
#[derive(Debug)]
pub(super) struct Link {
    connector: Box<dyn Connector>,
    address: String,
    calls: Renewed<Connection>,
    /// Of those that send by a connection of their own.
    alone: Semaphore,
    pub(super) subscriptions: Subscriptions,
    /// The clock of the server at the other end.
    pub(super) clock: Arc<Clock>,
    this: Weak<Link>,
}

/// A connection for calls and its generation.
pub(super) type Connected = Made<Connection>;

/// A connection for calls.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) wire: Arc<dyn Wire>,
    /// What is at the other end.
    pub(super) server: Arc<Capabilities>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Link {
    /// Connects. What another moment mends is tried again, for as long as [`Mends`](super::entry::Mends) says.
    pub(super) async fn connect(url: &Url) -> Result<Arc<Self>> {
        let address = redacted(url);
        let client = RedisClient::of(url).map_err(|error| Error::Config {
            setting: crate::config::STORE,
            reason: format!("`{address}` is no address of a server: {error}"),
        })?;
        Self::over(Box::new(client), address).await
    }

    /// [`connect`](Self::connect) by connections of any making.
    pub(super) async fn over(connector: Box<dyn Connector>, address: String) -> Result<Arc<Self>> {
        let link = Arc::new_cyclic(|this| Self {
            connector,
            address,
            // Each call pauses by itself before it is sent again.
            calls: Renewed::new(Duration::ZERO),
            alone: Semaphore::new(ALONE),
            subscriptions: Subscriptions::new(),
            clock: Arc::new(Clock::new()),
            this: this.clone(),
        });
        let first = link.enter().await?;
        first.server.warn(&link.address);
        link.calls.put(first);
        Ok(link)
    }

    /// Makes the first connection. A thousand processes may do so at once, so the pauses grow and are of random length.
    async fn enter(&self) -> Result<Connection> {
        let began = Instant::now();
        let mut pause = Pause::new(Duration::from_millis(20), Duration::from_secs(1));
        let mut tries = 0;
        loop {
            tries += 1;
            let refused = match self.make(FIRST).await {
                Ok(connected) => return Ok(connected),
                Err(refused) => refused,
            };
            let (waited, next) = (began.elapsed(), pause.next());
            if waited + next > refused.mends.patience() {
                return Err(refused.after(tries, waited));
            }
            tracing::debug!(error = %refused.error, "connecting again");
            sleep(next).await;
        }
    }

    /// The server's address without its password.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The connection, made anew if it broke; tried until `deadline`.
    pub(super) async fn connected(&self, deadline: Instant) -> Result<Connected, Fault> {
        if self.subscriptions.is_deaf()
            && let Some(link) = self.this.upgrade()
        {
            self.subscriptions.mend(&link);
        }
        match self.calls.get() {
            Some(connected) => Ok(connected),
            None => Box::pin(self.connected_anew(deadline)).await,
        }
    }

    async fn connected_anew(&self, deadline: Instant) -> Result<Connected, Fault> {
        let make = async |generation| {
            let made = self.make(generation).await;
            made.map_err(|refused| self.unreachable(*refused.error))
        };
        self.calls.get_or_make(deadline, |_| false, make).await
    }

    /// A connection for [`Subscriptions`].
    pub(super) async fn connect_anew(&self, pushes: Pushes) -> Result<Arc<dyn Wire>, Fault> {
        match self.connector.connect(pushes, RESPONSE_LIMIT).await {
            Ok(wire) => Ok(wire),
            Err(error) => Err(self.unreachable(*self.refused(&error).await.error)),
        }
    }

    pub(super) fn unreachable(&self, error: Error) -> Fault {
        Fault::Unreachable {
            store: self.address.clone(),
            reason: match error {
                Error::Unreachable { reason, .. }
                | Error::Login { reason, .. }
                | Error::Unsupported { reason, .. } => reason,
                other => other.to_string(),
            },
        }
    }

    /// Sends commands once, in order, and gives the reply of each. [`Loss`]: the connection broke, and nobody knows
    /// what the server did.
    pub(super) async fn send(
        &self,
        connected: &Connected,
        mut commands: redis::Pipeline,
    ) -> Result<Vec<redis::Value>, Loss> {
        let looks = self.clock.is_due();
        if looks {
            commands.cmd("TIME");
        }
        let asked = Instant::now();
        match gather::send(&connected.it.wire, &commands).await {
            Ok(mut replies) => {
                if looks && let Some(time) = replies.pop().as_ref().and_then(milliseconds) {
                    self.clock.told(asked, time);
                }
                Ok(replies)
            }
            Err(error) => {
                tracing::debug!(%error, store = self.address, "the connection broke");
                self.broken(connected.generation);
                Err(Loss::of(&error))
            }
        }
    }

    /// Sends commands as [`send`](Self::send) does, by a connection of their own if others were lost with them.
    pub(super) async fn send_after(
        &self,
        losses: &mut Losses,
        connected: &Connected,
        commands: redis::Pipeline,
        deadline: Instant,
    ) -> Result<Vec<redis::Value>, Loss> {
        let alone = match losses.are_suspicious() {
            true => losses.alone(&self.alone, deadline).await,
            false => None,
        };
        let sent = match alone {
            // Seldom, so that what is not stays small.
            Some(_turn) => {
                let left = deadline.saturating_duration_since(Instant::now());
                let patience = losses.patience().min(left).max(RESPONSE_LIMIT);
                Box::pin(self.send_alone(connected, &commands, patience)).await
            }
            None => self.send(connected, commands).await,
        };
        sent.inspect_err(|loss| losses.note(*loss))
    }

    /// Sends commands by a connection of their own, so that others are not lost with them.
    async fn send_alone(
        &self,
        connected: &Connected,
        commands: &redis::Pipeline,
        patience: Duration,
    ) -> Result<Vec<redis::Value>, Loss> {
        let wire = self.connector.connect(Arc::new(drop), patience).await;
        let wire = wire.map_err(|error| Loss::of(&error))?;
        match wire.send(commands).await {
            Ok(replies) => Ok(replies),
            Err(error) if error.is_timeout() => Err(Loss::Silent),
            Err(_) => {
                // Whether the server has ended others as well.
                let mut ping = redis::Pipeline::new();
                ping.cmd("PING");
                let others = self.send(connected, ping).await;
                Err(others.map_or(Loss::Ended, |_| Loss::EndedAlone))
            }
        }
    }

    /// Gives up a connection, unless that has been done.
    pub(super) fn broken(&self, generation: u64) {
        self.calls.broken(generation);
    }

    /// Makes a connection to a server that will do.
    async fn make(&self, generation: u64) -> Result<Connection, NoEntry> {
        let this = self.this.clone();
        let pushes = move |push: PushInfo| {
            if push.kind == PushKind::Disconnection
                && let Some(link) = this.upgrade()
            {
                link.broken(generation);
            }
        };
        let connected = self
            .connector
            .connect(Arc::new(pushes), RESPONSE_LIMIT)
            .await;
        let wire = match connected {
            Ok(wire) => wire,
            Err(error) => return Err(self.refused(&error).await),
        };
        let asked = Instant::now();
        let replies = match wire.send(&Capabilities::questions()).await {
            Ok(replies) => replies,
            Err(error) => return Err(self.refused(&error).await),
        };
        let server = Arc::new(Capabilities::of(&replies, &self.address)?);
        self.clock.told(asked, server.time_of(Instant::now()));
        // Where another server answers by now, that is the one to listen to.
        if let Some(link) = self.this.upgrade() {
            self.subscriptions.keep_to(&link, &server.identity);
        }
        Ok(Connection { wire, server })
    }

    /// Why the server let this process not in. It is asked once more where it may have said so to nobody.
    async fn refused(&self, error: &redis::RedisError) -> NoEntry {
        let broke = matches!(error.kind(), ErrorKind::Io | ErrorKind::Parse)
            && !error.is_connection_refusal();
        let greeting = if broke {
            self.connector.greeting().await
        } else {
            None
        };
        NoEntry::of(&self.address, self.connector.is_tls(), error, greeting)
    }
}

/// The address as people may see it.
fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() || !url.username().is_empty() {
        // An address without a host can't have a user, and has been refused before.
        let _ = url.set_password(None);
        let _ = url.set_username("***");
    }
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

#[cfg(test)]
#[path = "../../../unit/store/redis/link/tests.rs"]
mod tests;
