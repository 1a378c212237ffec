//! What carries commands to a server and replies and pushes back. The rest of this store sees connections only
//! through this, so a test can put a network of its own making underneath.

mod client;
mod greeting;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use redis::{Pipeline, PushInfo, RedisResult, Value};

use super::entry::Greeting;

pub(super) use client::RedisClient;

/// Takes what comes without having been asked for: messages of channels, and the news that the connection broke.
pub(super) type Pushes = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// How long the server may take to answer before the connection counts as broken. A call that is
/// sent again is the same call, so being wrong here costs time, not correctness.
pub(super) const RESPONSE_LIMIT: Duration = Duration::from_secs(10);

/// Makes connections to one server.
#[async_trait]
pub(super) trait Connector: Debug + Send + Sync {
    /// Makes one, logged in and ready, whose server may take so long to answer.
    async fn connect(&self, pushes: Pushes, patience: Duration) -> RedisResult<Arc<dyn Wire>>;

    /// What the server says to whoever comes, after a connection has broken while it was made.
    async fn greeting(&self) -> Option<Greeting>;

    /// Whether connections are encrypted.
    fn is_tls(&self) -> bool;
}

/// One connection: commands reach the server in the order of sending, and so do the replies.
#[async_trait]
pub(super) trait Wire: Send + Sync {
    /// Sends commands and gives the reply of each, errors of the server among them. An error here means that the
    /// connection broke: the server has done all, some or none of it.
    fn send<'a>(&'a self, commands: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>>;

    /// Subscribes to channels; the server has confirmed it when this returns.
    async fn subscribe(&self, channels: &[String]) -> RedisResult<()>;

    /// Ends the subscription to a channel.
    async fn unsubscribe(&self, channel: &str) -> RedisResult<()>;
}
