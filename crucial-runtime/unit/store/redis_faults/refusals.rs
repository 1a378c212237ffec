//! Servers that refuse: who may log in, what their users may do, what is stored.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use crucial_tests::{Options, RedisServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::config::Builder;
use crate::error::Error;
use crate::objects::{Atomic, Barrier, Latch, List, Map};
use crate::store::conformance::Bench;

async fn refused(url: &str) -> String {
    Builder::new()
        .store(url)
        .build()
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_ins_are_checked_and_secrets_kept() {
    let users = vec!["app on >s3cret ~crucial:* &crucial:* +@all -@dangerous +info".to_owned()];
    let server = RedisServer::start(Options {
        password: Some("passw0rd".to_owned()),
        users,
        ..Options::default()
    })
    .await;
    Bench::on(&server.url())
        .await
        .account("by-password", 1)
        .await;
    Bench::on(&server.url_as("app", "s3cret"))
        .await
        .account("by-user", 1)
        .await;
    for url in [
        server.url_as("app", "wr0ng"),
        server.url_as("nobody", "wr0ng"),
        server.url_as("default", "wr0ng"),
    ] {
        let error = refused(&url).await;
        assert!(
            error.contains("refused the log-in") && error.contains("CRUCIAL_STORE"),
            "{error}"
        );
        assert!(!error.contains("wr0ng"), "{error}");
        let builder = format!("{:?}", Builder::new().store(url));
        assert!(!builder.contains("wr0ng"), "{builder}");
    }
    let without = refused(&format!("redis://127.0.0.1:{}", server.port())).await;
    assert!(without.contains("refused the log-in"), "{without}");
    let runtime = Bench::on(&server.url_as("app", "s3cret")).await.runtime;
    let shown = format!("{runtime:?} {}", runtime.store().address());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert!(shown.contains("***"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn access_rules_are_told() {
    let users = vec![
        "reader on >pw ~crucial:* &crucial:* +@read +@connection +info +time +smembers".to_owned(),
    ];
    let server = RedisServer::start(Options {
        users,
        ..Options::default()
    })
    .await;
    let error = refused(&server.url_as("reader", "pw")).await;
    assert!(error.contains("access rules"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_are_apart() {
    let server = RedisServer::start(Options::default()).await;
    let (zero, three) = (
        Bench::on(&server.url()).await,
        Bench::on(&format!("{}/3", server.url())).await,
    );
    let key = three.account("account", 1).await;
    assert!(zero.store().describe(&key).await.unwrap().is_none());
    assert_eq!(three.balance(&key).await, 1);
    let error = refused(&format!("{}/999", server.url())).await;
    assert!(
        error.contains("can't be reached") || error.contains("database"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_are_not_there_or_will_not_do() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Speaks just enough to say that it is too old.
    let old = tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(count) = socket.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                    let mut reply = String::new();
                    for command in text.split('*').skip(1) {
                        reply += match command {
                            _ if command.contains("HELLO") => {
                                "%1\r\n$7\r\nversion\r\n$5\r\n6.0.9\r\n"
                            }
                            _ if command.contains("INFO\r\n") && !command.contains("SETINFO") => {
                                "$20\r\nredis_version:6.0.9\n\r\n"
                            }
                            _ if command.contains("TIME") => "*2\r\n$1\r\n1\r\n$1\r\n1\r\n",
                            _ => "+OK\r\n",
                        };
                    }
                    if count == 0 || socket.write_all(reply.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    let error = refused(&format!("redis://127.0.0.1:{port}")).await;
    assert!(error.contains("6.0.9") && error.contains("6.2"), "{error}");
    old.abort();
    let _ = old.await;
    let error = refused(&format!("redis://user:s3cret@127.0.0.1:{port}")).await;
    assert!(
        error.contains("can't be reached") && error.contains(&port.to_string()),
        "{error}"
    );
    assert!(!error.contains("s3cret"), "{error}");

    let cluster = RedisServer::start(Options {
        settings: vec!["cluster-enabled yes".to_owned()],
        ..Options::default()
    })
    .await;
    let error = refused(&cluster.url()).await;
    assert!(error.contains("cluster"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_under_a_key_is_named() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    let stored = format!("crucial:{{{key}}}:s");
    let mut connection = server.connection().await;
    let reader = Bench::on(&server.url()).await;
    for garbage in ["x", "12345678not a state", "12345678"] {
        redis::cmd("SET")
            .arg(&stored)
            .arg(garbage)
            .exec_async(&mut connection)
            .await
            .unwrap();
        let error = reader.add(&key, 1).await.unwrap_err();
        assert!(
            matches!(error, Error::Corrupt { .. }) && error.to_string().contains(key.as_str()),
            "{error}"
        );
    }
    redis::cmd("DEL")
        .arg(&stored)
        .exec_async(&mut connection)
        .await
        .unwrap();
    redis::cmd("RPUSH")
        .arg(&stored)
        .arg("x")
        .exec_async(&mut connection)
        .await
        .unwrap();
    let error = reader.add(&key, 1).await.unwrap_err();
    assert!(matches!(error, Error::WrongType { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_under_the_keys_of_the_library_is_named() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    let counter = Atomic::<u64>::create("counter", 1).await.unwrap();
    let latch = Latch::create("latch", 1).await.unwrap();
    let barrier = Barrier::create("barrier", 2).await.unwrap();
    let map = Map::<u8, u8>::create("map", [(1, 1)].into()).await.unwrap();
    let list = List::<u8>::create("list", vec![1]).await.unwrap();
    for object in ["counter", "latch", "barrier"] {
        let stored = format!("crucial:{{{}}}", runtime.namespace().key(object).unwrap());
        server.command(&["SET", &stored, "garbage"]).await;
    }
    for (object, other) in [("map", "list"), ("list", "map")] {
        let key = |name| format!("crucial:{{{}}}", runtime.namespace().key(name).unwrap());
        server
            .command(&["COPY", &key(other), &format!("{}:copy", key(object))])
            .await;
    }
    for object in ["map", "list"] {
        let stored = format!("crucial:{{{}}}", runtime.namespace().key(object).unwrap());
        let copy = format!("{stored}:copy");
        server.command(&["RENAME", &copy, &stored]).await;
    }
    let corrupt = [
        ("counter", counter.fetch_add(1).await.unwrap_err()),
        ("counter", counter.load().await.unwrap_err()),
        ("latch", latch.count_down().await.unwrap_err()),
        ("barrier", barrier.wait().await.unwrap_err()),
        ("map", map.insert(1, 1).await.unwrap_err()),
        ("map", map.get(&1).await.unwrap_err()),
        ("list", list.push_back(1).await.unwrap_err()),
        ("list", list.to_vec().await.unwrap_err()),
    ];
    for (object, error) in corrupt {
        let named = runtime.namespace().key(object).unwrap();
        let text = error.to_string();
        assert!(text.contains(named.as_str()), "{object}: {text}");
        assert!(
            matches!(
                error,
                Error::Corrupt { .. } | Error::WrongType { .. } | Error::Codec { .. }
            ),
            "{object}: {error:?}"
        );
    }
    // What can't be read can still be removed.
    assert!(barrier.destroy().await.unwrap());
    assert!(map.destroy().await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_without_channels_are_refused_or_told() {
    let rights = "+@all -@dangerous +info ~crucial:*";
    let server = RedisServer::start(Options {
        users: vec![
            format!("mute on >pw {rights} resetchannels"),
            format!("deaf on >pw {rights} &crucial:* -subscribe"),
        ],
        ..Options::default()
    })
    .await;
    let error = refused(&server.url_as("mute", "pw")).await;
    for part in ["access rules", "PUBLISH", "&crucial:*"] {
        assert!(error.contains(part), "{part:?} is missing in {error}");
    }
    let deaf = Bench::on(&server.url_as("deaf", "pw")).await;
    let key = deaf.account("account", 1).await;
    assert_eq!(deaf.add(&key, 1).await.unwrap(), 2);
    let error = deaf.store().watch(&key).await.map(drop).unwrap_err();
    for part in ["access rules", "&crucial:*", key.as_str()] {
        assert!(
            error.to_string().contains(part),
            "{part:?} is missing in {error}"
        );
    }
}

#[tokio::test]
async fn a_server_that_drops_objects_is_warned_of() {
    let server = RedisServer::start(Options::default()).await;
    for (policy, drops) in [
        ("noeviction", ""),
        ("allkeys-lru", "may run twice"),
        ("volatile-lru", "that have a time to live"),
        ("volatile-ttl", "that have a time to live"),
    ] {
        server
            .command(&["CONFIG", "SET", "maxmemory-policy", policy])
            .await;
        let log = Log::default();
        // The connection is made in this task, so on this thread.
        let _guard = tracing::subscriber::set_default(log.clone());
        Builder::new().store(server.url()).build().await.unwrap();
        let warnings = log.0.lock().unwrap().join("\n");
        if drops.is_empty() {
            assert_eq!(warnings, "", "{policy}");
        }
        for part in ["noeviction", policy, drops] {
            let said = warnings.contains(part);
            assert!(said || drops.is_empty(), "{policy}: {warnings:?}");
        }
    }
}

/// The warnings of this thread.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN
    }

    fn event(&self, event: &Event<'_>) {
        let mut words = String::new();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            words += &format!("{field}={value:?} ");
        });
        self.0.lock().unwrap().push(words);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_of_another_format_are_refused() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let _entered = bench.runtime.enter();
    let made = [
        Atomic::create("number", 1).await.unwrap().key().clone(),
        Map::create("map", [(1, 2)].into())
            .await
            .unwrap()
            .key()
            .clone(),
        Latch::create("latch", 1).await.unwrap().key().clone(),
        bench.account("account", 1).await,
    ];
    for key in &made {
        let description = format!("crucial:{{{key}}}:m");
        let format = server.command(&["HGET", &description, "format"]).await;
        let written = redis::Value::BulkString(b"1".to_vec());
        assert_eq!(format, written, "{key}");
        assert!(bench.store().describe(key).await.unwrap().is_some());
        for change in [
            &["HSET", &description, "format", "2"][..],
            &["HDEL", &description, "format"],
        ] {
            server.command(change).await;
            let error = bench.store().describe(key).await.unwrap_err();
            assert!(matches!(error, Error::Format { .. }), "{error}");
            let found = crate::admin::inspect(key).await.unwrap();
            assert!(
                found.is_some(),
                "who looks after the server still sees {key}"
            );
        }
        let error = bench.store().describe(key).await.unwrap_err().to_string();
        assert!(
            error.contains("format 0") && error.contains(key.as_str()) && error.contains("remove"),
            "{error}"
        );
        assert!(bench.store().destroy(key).await.unwrap());
    }
    let opened = Atomic::<i32>::open("number").await.unwrap_err();
    assert!(matches!(opened, Error::NotFound { .. }), "{opened}");
}
