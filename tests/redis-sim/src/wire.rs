//! The simulated wire.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::{Arg, Cmd, Pipeline, PushInfo, RedisError, RedisResult, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::database::Connection;
use super::host::Clock;
use super::network::{HostId, Shared};

/// Takes the messages of channels, and the news that the connection broke.
pub type Pushes = Arc<dyn Fn(PushInfo) + Send + Sync>;

/// How long a process waits for a connection, as the client library is set up.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Connects one host to the server.
#[derive(Clone)]
pub struct Socket {
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

/// A connection of a host, which ends when it is dropped.
pub struct Established {
    socket: Socket,
    connection: Connection,
    patience: Duration,
}

impl Socket {
    /// Makes a connection, on which a reply may take so long.
    ///
    /// # Errors
    ///
    /// The server has not taken it in five seconds.
    pub async fn open(&self, pushes: Pushes, patience: Duration) -> RedisResult<Established> {
        let (waiting, connected) = oneshot::channel();
        let at = self.clock.now();
        self.network.lock().connect(self.host, at, pushes, waiting);
        match timeout(CONNECT_LIMIT, connected).await {
            Ok(Ok(connection)) => Ok(Established {
                socket: self.clone(),
                connection,
                patience,
            }),
            _ => Err(timed_out()),
        }
    }
}

impl Established {
    /// Sends commands, and gives the reply of each.
    ///
    /// # Errors
    ///
    /// The connection broke, or the replies took too long: the server has done all, some or none of it.
    pub async fn ask(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        self.send(commands.cmd_iter().map(words).collect()).await
    }

    /// Subscribes to channels.
    ///
    /// # Errors
    ///
    /// As of [`ask`](Self::ask).
    pub async fn listen(&self, channels: &[String]) -> RedisResult<()> {
        let channels = channels.iter().map(|channel| Bytes::from(channel.clone()));
        let command = [Bytes::from_static(b"SUBSCRIBE")]
            .into_iter()
            .chain(channels);
        self.send(vec![command.collect()]).await.map(drop)
    }

    /// Ends the subscription to a channel.
    ///
    /// # Errors
    ///
    /// As of [`ask`](Self::ask).
    pub async fn ignore(&self, channel: &str) -> RedisResult<()> {
        let channel = Bytes::copy_from_slice(channel.as_bytes());
        let command = vec![Bytes::from_static(b"UNSUBSCRIBE"), channel];
        self.send(vec![command]).await.map(drop)
    }

    async fn send(&self, commands: Vec<Vec<Bytes>>) -> RedisResult<Vec<Value>> {
        let (waiting, replies) = oneshot::channel();
        let Socket {
            host,
            clock,
            network,
        } = &self.socket;
        network
            .lock()
            .request(*host, clock.now(), self.connection, commands, waiting);
        match timeout(self.patience, replies).await {
            Ok(Ok(replies)) => replies,
            _ => Err(timed_out()),
        }
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
