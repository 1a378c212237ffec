//! The one multiplexed connection of this process, made again when it breaks.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use redis::{PushInfo, PushKind};
use tokio::time::{Instant, sleep};
use url::Url;

use super::capabilities::{Capabilities, milliseconds};
use super::clock::Clock;
use super::fault::{Fault, connect_error};
use super::gather;
use super::subscriptions::Subscriptions;
use super::wire::{Connector, RedisClient, Wire};
use crate::chance;
use crate::error::{Error, Result};

/// The connection of this process.
#[derive(Debug)]
pub(super) struct Link {
    connector: Box<dyn Connector>,
    address: String,
    // Held for a clone, never across an await.
    current: Mutex<Option<Connected>>,
    // Held while a connection is made, so that a broken one is replaced once, not by each of its users.
    making: tokio::sync::Mutex<u64>,
    pub(super) subscriptions: Subscriptions,
    /// The clock of the server at the other end.
    pub(super) clock: Arc<Clock>,
    this: Weak<Link>,
}

/// A connection, and the how-manieth it is.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) generation: u64,
    pub(super) wire: Arc<dyn Wire>,
    /// What is at the other end.
    pub(super) server: Arc<Capabilities>,
}

impl std::fmt::Debug for Connected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connected")
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}

impl Link {
    /// Connects. A server that is not there now is an error now, not a wait.
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
            current: Mutex::default(),
            making: tokio::sync::Mutex::new(0),
            subscriptions: Subscriptions::default(),
            clock: Arc::new(Clock::new()),
            this: this.clone(),
        });
        link.make(0).await?.server.warn(&link.address);
        Ok(link)
    }

    /// The server's address without its password.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The connection, made anew if it broke; tried until `deadline`.
    pub(super) async fn connected(&self, deadline: Instant) -> Result<Connected, Fault> {
        let current = self.lock().clone();
        match current {
            Some(connected) => Ok(connected),
            None => Box::pin(self.connected_anew(deadline)).await,
        }
    }

    async fn connected_anew(&self, deadline: Instant) -> Result<Connected, Fault> {
        let mut pause = Duration::from_millis(5);
        loop {
            let error = match self.make_if_none().await {
                Ok(connected) => return Ok(connected),
                Err(error) => error,
            };
            if Instant::now() + pause >= deadline {
                return Err(Fault::Unreachable {
                    store: self.address.clone(),
                    reason: match error {
                        Error::Unreachable { reason, .. }
                        | Error::Login { reason, .. }
                        | Error::Unsupported { reason, .. } => reason,
                        other => other.to_string(),
                    },
                });
            }
            sleep(pause.mul_f64(chance::factor(0.5..1.0))).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// Sends commands once, in order, and gives the reply of each. `None`: the connection broke, and nobody knows
    /// what the server did.
    pub(super) async fn send(
        &self,
        connected: &Connected,
        mut commands: redis::Pipeline,
    ) -> Option<Vec<redis::Value>> {
        let looks = self.clock.is_due();
        if looks {
            commands.cmd("TIME");
        }
        let asked = Instant::now();
        match gather::send(&connected.wire, &commands).await {
            Ok(mut replies) => {
                if looks && let Some(time) = replies.pop().as_ref().and_then(milliseconds) {
                    self.clock.told(asked, time);
                }
                Some(replies)
            }
            Err(error) => {
                tracing::debug!(%error, store = self.address, "the connection broke");
                self.broken(connected.generation);
                None
            }
        }
    }

    /// Gives up a connection, unless that has been done.
    pub(super) fn broken(&self, generation: u64) {
        let mut current = self.lock();
        if current
            .as_ref()
            .is_some_and(|connected| connected.generation == generation)
        {
            *current = None;
        }
    }

    async fn make_if_none(&self) -> Result<Connected> {
        let mut made = self.making.lock().await;
        if let Some(connected) = self.lock().clone() {
            return Ok(connected);
        }
        *made += 1;
        self.make(*made).await
    }

    /// Makes a connection to a server that will do, with all subscriptions before it is used for anything else.
    async fn make(&self, generation: u64) -> Result<Connected> {
        let this = self.this.clone();
        let pushes = move |push| {
            if let Some(link) = this.upgrade() {
                link.pushed(generation, push);
            }
        };
        let error = |error| connect_error(&self.address, &error);
        let wire = self
            .connector
            .connect(Arc::new(pushes))
            .await
            .map_err(error)?;
        let asked = Instant::now();
        let replies = wire.send(&Capabilities::questions()).await.map_err(error)?;
        let server = Arc::new(Capabilities::of(&replies, &self.address)?);
        self.clock.told(asked, server.time_of(Instant::now()));
        self.subscriptions
            .renew(wire.as_ref())
            .await
            .map_err(error)?;
        let connected = Connected {
            generation,
            wire,
            server,
        };
        *self.lock() = Some(connected.clone());
        self.subscriptions.resync();
        Ok(connected)
    }

    fn pushed(&self, generation: u64, push: PushInfo) {
        match push.kind {
            PushKind::Message => self.subscriptions.announce(push.data),
            PushKind::Disconnection => {
                self.broken(generation);
                // Watchers must hear again without waiting for somebody's next call.
                if self.subscriptions.any()
                    && let Some(link) = self.this.upgrade()
                {
                    tokio::spawn(async move {
                        link.connected(Instant::now() + super::CALL_LIMIT)
                            .await
                            .map(drop)
                    });
                }
            }
            _ => {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Connected>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address as people may see it.
fn redacted(url: &Url) -> String {
    let mut url = url.clone();
    if url.password().is_some() {
        // An address without a host can't have a password, and has been refused before.
        let _ = url.set_password(Some("***"));
    }
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}
