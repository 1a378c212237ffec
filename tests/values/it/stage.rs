//! The stores on which the values are tried.

use std::collections::BTreeMap;

use crucial::Runtime;
use crucial_tests::{Options, RedisServer};

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Store {
    Embedded,
    Redis,
}

impl Store {
    pub(crate) const ALL: [Self; 2] = [Self::Embedded, Self::Redis];
}

/// A runtime on a store of its own.
pub(crate) struct Stage {
    pub(crate) runtime: Runtime,
    server: Option<RedisServer>,
}

/// The name of the job that the runtimes of a stage work on.
const JOB: &str = "values";

impl Stage {
    pub(crate) async fn on(store: Store) -> Self {
        let server = match store {
            Store::Embedded => None,
            Store::Redis => Some(RedisServer::start(Options::default()).await),
        };
        let builder = Runtime::builder().namespace(JOB);
        let builder = match &server {
            None => builder,
            Some(server) => builder.store(server.url()),
        };
        let runtime = builder.build().await.unwrap();
        Self { runtime, server }
    }

    /// A runtime that knows nothing but what is stored: another process's, as far as the store can be shared.
    pub(crate) async fn stranger(&self) -> Runtime {
        match &self.server {
            None => self.runtime.clone(),
            Some(server) => {
                let builder = Runtime::builder().namespace(JOB).store(server.url());
                builder.build().await.unwrap()
            }
        }
    }

    /// Everything that a server has under keys with that word, byte by byte; nothing for the embedded store.
    pub(crate) async fn stored(&self, word: &str) -> BTreeMap<String, Vec<Vec<u8>>> {
        let Some(server) = &self.server else {
            return BTreeMap::new();
        };
        let mut connection = server.connection().await;
        let pattern = format!("*{word}*");
        let keys: Vec<String> = ask(&mut connection, &["KEYS", &pattern]).await;
        let mut stored = BTreeMap::new();
        for key in keys {
            let kind: String = ask(&mut connection, &["TYPE", &key]).await;
            let parts = match kind.as_str() {
                "string" => vec![ask(&mut connection, &["GET", &key]).await],
                "list" => ask(&mut connection, &["LRANGE", &key, "0", "-1"]).await,
                "hash" => ask(&mut connection, &["HGETALL", &key]).await,
                "set" => ask(&mut connection, &["SMEMBERS", &key]).await,
                "zset" => ask(&mut connection, &["ZRANGE", &key, "0", "-1", "WITHSCORES"]).await,
                "stream" => vec![ask(&mut connection, &["DUMP", &key]).await],
                // It has ended since.
                "none" => continue,
                other => panic!("`{key}` is a {other}"),
            };
            stored.insert(key, parts);
        }
        stored
    }
}

async fn ask<T: redis::FromRedisValue>(
    connection: &mut redis::aio::MultiplexedConnection,
    words: &[&str],
) -> T {
    let mut command = redis::Cmd::new();
    command.arg(words);
    command.query_async(connection).await.unwrap()
}
