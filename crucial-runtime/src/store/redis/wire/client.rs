//! The wire that is one: a multiplexed connection of the client library.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{MultiplexedConnection, SendError};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, Pipeline, ProtocolVersion, PushInfo,
    RedisResult, Value,
};
use url::Url;

use super::{Connector, Pushes, Wire};

/// How long the server may take to accept a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long the server may take to answer before the connection counts as broken. A call that is
/// sent again is the same call, so being wrong here costs time, not correctness.
const RESPONSE_LIMIT: Duration = Duration::from_secs(10);

/// Makes connections of the client library.
#[derive(Debug)]
pub(in crate::store::redis) struct RedisClient(Client);

impl RedisClient {
    /// For the server of that address, which is not asked yet.
    pub(in crate::store::redis) fn of(url: &Url) -> RedisResult<Self> {
        if url.scheme() == "rediss" {
            // The one provider of the whole program; somebody else may have been first, with the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let info = url.as_str().into_connection_info()?;
        let settings = info
            .redis_settings()
            .clone()
            .set_protocol(ProtocolVersion::RESP3);
        let tcp = info.tcp_settings().clone().set_nodelay(true);
        Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp)).map(Self)
    }
}

#[async_trait]
impl Connector for RedisClient {
    async fn connect(&self, pushes: Pushes) -> RedisResult<Arc<dyn Wire>> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_LIMIT))
            .set_response_timeout(Some(RESPONSE_LIMIT))
            .set_push_sender(move |push: PushInfo| {
                pushes(push);
                Ok::<_, SendError>(())
            });
        let connection = self
            .0
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(Arc::new(connection))
    }
}

#[async_trait]
impl Wire for MultiplexedConnection {
    async fn send(&self, commands: &Pipeline) -> RedisResult<Vec<Value>> {
        let mut connection = self.clone();
        match commands.len() {
            1 => match commands.cmd_iter().next() {
                Some(command) => connection
                    .send_packed_command(command)
                    .await
                    .map(|reply| vec![reply]),
                None => Ok(Vec::new()),
            },
            count => connection.send_packed_commands(commands, 0, count).await,
        }
    }

    async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        MultiplexedConnection::subscribe(&mut self.clone(), channels).await
    }

    async fn unsubscribe(&self, channel: &str) -> RedisResult<()> {
        MultiplexedConnection::unsubscribe(&mut self.clone(), channel).await
    }
}
