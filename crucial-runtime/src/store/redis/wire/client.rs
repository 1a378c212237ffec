//! The wire that is one: a multiplexed connection of the client library.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, FutureExt};
use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo,
    PushKind, RedisResult, Value,
};
use tokio::sync::watch;
use url::Url;

use super::{Connector, Greeting, Pushes, Wire, greeting};

/// Where servers listen unless told otherwise.
const PORT: u16 = 6379;
/// How long the server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Makes connections of the client library.
#[derive(Debug)]
pub(in crate::store::redis) struct RedisClient {
    client: Client,
    /// Where it listens on a network.
    place: Option<(String, u16)>,
    tls: bool,
}

impl RedisClient {
    /// For the server of that address, which is not asked yet.
    pub(in crate::store::redis) fn of(url: &Url) -> RedisResult<Self> {
        if url.scheme() == "rediss" {
            // The one provider of the whole program. Other code may have installed it before: it is the same one.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let info = url.as_str().into_connection_info()?;
        let settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        let client = Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp))?;
        Ok(Self {
            client,
            place: url
                .host_str()
                .filter(|host| !host.is_empty())
                .map(|host| host.trim_matches(['[', ']']).to_owned())
                .map(|host| (host, url.port().unwrap_or(PORT))),
            tls: url.scheme() == "rediss",
        })
    }
}

#[async_trait]
impl Connector for RedisClient {
    async fn connect(&self, pushes: Pushes, patience: Duration) -> RedisResult<Arc<dyn Wire>> {
        Ok(Arc::new(self.multiplexed(pushes, patience).await?))
    }

    async fn greeting(&self) -> Option<Greeting> {
        let (host, port) = self.place.as_ref()?;
        greeting::hear(host, *port).await
    }

    fn is_tls(&self) -> bool {
        self.tls
    }
}

impl RedisClient {
    async fn multiplexed(&self, pushes: Pushes, patience: Duration) -> RedisResult<Multiplexed> {
        let (life, end) = watch::channel(());
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(patience))
            .set_push_sender(move |push: PushInfo| {
                if push.kind == PushKind::Disconnection {
                    life.send_replace(());
                }
                pushes(push);
                Ok::<_, SendError>(())
            });
        let connection = self
            .client
            .get_multiplexed_async_connection_with_config(&config);
        let connection = before(&end, pin!(connection)).await?;
        Ok(Multiplexed { connection, end })
    }
}

/// A connection, and the news of its end.
struct Multiplexed {
    connection: MultiplexedConnection,
    /// Changes, or loses its sender, when the task that reads from the connection has ended.
    end: watch::Receiver<()>,
}

/// What comes of a request, unless the connection ends before.
///
/// The client library drops what waits for replies when it ends, which tells the callers. A request that is handed to
/// it in the very moment is neither sent nor dropped, since the channel in between keeps what is put into it while
/// its receiver goes (tokio issue 7714), and its caller would wait for as long as a reply may take.
async fn before<T>(
    end: &watch::Receiver<()>,
    mut request: Pin<&mut impl Future<Output = RedisResult<T>>>,
) -> RedisResult<T> {
    let mut end = end.clone();
    tokio::select! {
        biased;
        outcome = &mut request => outcome,
        // The last replies are handed out before the end is told, perhaps since the look above.
        _ = end.changed() => request
            .now_or_never()
            .unwrap_or_else(|| Err(io::Error::from(io::ErrorKind::BrokenPipe).into())),
    }
}

#[async_trait]
impl Wire for Multiplexed {
    // Two futures, each of which is large enough.
    fn send<'a>(&'a self, commands: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
        let mut connection = self.connection.clone();
        match (commands.len(), commands.cmd_iter().next()) {
            (_, None) => Box::pin(async { Ok(Vec::new()) }),
            (1, Some(command)) => Box::pin(async move {
                let reply = pin!(connection.send_packed_command(command));
                before(&self.end, reply).await.map(|reply| vec![reply])
            }),
            (count, _) => Box::pin(async move {
                let replies = pin!(connection.send_packed_commands(commands, 0, count));
                before(&self.end, replies).await
            }),
        }
    }

    async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        let mut connection = self.connection.clone();
        before(&self.end, pin!(connection.subscribe(channels))).await
    }

    async fn unsubscribe(&self, channel: &str) -> RedisResult<()> {
        let mut connection = self.connection.clone();
        before(&self.end, pin!(connection.unsubscribe(channel))).await
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use crucial_tests::{Options, RedisServer};

    use super::*;
    use crate::store::redis::wire::RESPONSE_LIMIT;

    #[tokio::test]
    async fn a_connection_that_is_cut_ends() {
        let server = RedisServer::start(Options::default()).await;
        let url = Url::parse(&server.url()).unwrap();
        let client = RedisClient::of(&url).unwrap();
        let connection = client
            .multiplexed(Arc::new(drop), RESPONSE_LIMIT)
            .await
            .unwrap();
        let mut ping = Pipeline::new();
        ping.cmd("PING");
        let pong = Value::SimpleString("PONG".to_owned());
        assert_eq!(connection.send(&ping).await.unwrap(), [pong]);
        assert!(!connection.end.has_changed().unwrap());
        server.kill_clients().await;
        // What the client library has lost sight of.
        let lost = before(&connection.end, pin!(pending::<RedisResult<()>>())).await;
        assert!(lost.unwrap_err().is_io_error());
        assert!(connection.send(&ping).await.unwrap_err().is_io_error());
    }

    #[tokio::test]
    async fn a_reply_that_came_before_the_end_counts() {
        let (life, end) = watch::channel(());
        drop(life);
        assert_eq!(before(&end, pin!(async { Ok(1) })).await.unwrap(), 1);
        let lost = before(&end, pin!(pending::<RedisResult<()>>())).await;
        assert!(lost.unwrap_err().is_io_error());
    }
}
