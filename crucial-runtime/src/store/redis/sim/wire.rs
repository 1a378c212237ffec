//! The simulated wire.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use redis::{Arg, Cmd, Pipeline, RedisError, RedisResult, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::database::Connection;
use super::host::Clock;
use super::network::{HostId, Shared};
use crate::store::redis::wire::{Connector, Pushes, Wire};

// As the client library is set up.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const RESPONSE_LIMIT: Duration = Duration::from_secs(10);

/// Connects one host to the server.
#[derive(Clone)]
pub(in crate::store::redis) struct Socket {
    pub(super) host: HostId,
    pub(super) clock: Clock,
    pub(super) network: Shared,
}

impl std::fmt::Debug for Socket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Socket")
            .field("host", &self.host)
            .finish_non_exhaustive()
    }
}

struct Established {
    socket: Socket,
    connection: Connection,
}

#[async_trait]
impl Connector for Socket {
    async fn connect(&self, pushes: Pushes) -> RedisResult<Arc<dyn Wire>> {
        let (waiting, connected) = oneshot::channel();
        let at = self.clock.now();
        self.network.lock().connect(self.host, at, pushes, waiting);
        match timeout(CONNECT_LIMIT, connected).await {
            Ok(Ok(connection)) => Ok(Arc::new(Established {
                socket: self.clone(),
                connection,
            })),
            _ => Err(timed_out()),
        }
    }
}

impl Established {
    async fn ask(&self, commands: Vec<Vec<Bytes>>) -> RedisResult<Vec<Value>> {
        let (waiting, replies) = oneshot::channel();
        let Socket {
            host,
            clock,
            network,
        } = &self.socket;
        network
            .lock()
            .request(*host, clock.now(), self.connection, commands, waiting);
        match timeout(RESPONSE_LIMIT, replies).await {
            Ok(Ok(replies)) => replies,
            _ => Err(timed_out()),
        }
    }
}

#[async_trait]
impl Wire for Established {
    fn send<'a>(&'a self, commands: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
        Box::pin(self.ask(commands.cmd_iter().map(words).collect()))
    }

    async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        let channels = channels.iter().map(|channel| Bytes::from(channel.clone()));
        let command = [Bytes::from_static(b"SUBSCRIBE")]
            .into_iter()
            .chain(channels);
        self.ask(vec![command.collect()]).await.map(drop)
    }

    async fn unsubscribe(&self, channel: &str) -> RedisResult<()> {
        let channel = Bytes::copy_from_slice(channel.as_bytes());
        let command = vec![Bytes::from_static(b"UNSUBSCRIBE"), channel];
        self.ask(vec![command]).await.map(drop)
    }
}

impl Drop for Established {
    fn drop(&mut self) {
        // A host that has died does not hang up: the network has seen to its connections.
        if let Some(now) = self.socket.clock.now_if_alive() {
            self.socket.network.lock().close(self.connection, now);
        }
    }
}

/// A command as the server reads it.
pub(super) fn words(command: &Cmd) -> Vec<Bytes> {
    let words = command.args_iter().map(|word| match word {
        Arg::Simple(word) => Bytes::copy_from_slice(word),
        _ => Bytes::from_static(b"0"),
    });
    words.collect()
}

fn timed_out() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
