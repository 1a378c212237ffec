//! What a server may do to its clients: cut connections, forget scripts, refuse, hold garbage.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crucial_tests::{Options, RedisServer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::conformance::Bench;
use crate::config::Builder;
use crate::error::Error;

/// The keys that a job should have taken with it.
pub(super) async fn job_keys(server: &RedisServer) -> Vec<String> {
    let mut connection = server.connection().await;
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*")
        .query_async(&mut connection)
        .await
        .unwrap();
    // Records of what sessions did last end by themselves.
    keys.into_iter()
        .filter(|key| !key.contains(":r:"))
        .collect()
}

/// Increments from several processes' worth of connections, whatever `disturb` does to them meanwhile.
async fn increments_are_exact<F: Future<Output = ()>>(url: String, disturb: impl Fn() -> F) {
    let driver = Bench::on(&url).await;
    let key = driver.account("account", 0).await;
    let done = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (url, key, done) = (url.clone(), key.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let own = Bench::on(&url).await;
                let mut replies = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let (a, b) = tokio::join!(own.add(&key, 1), own.add(&key, 1));
                    replies.extend([a.unwrap(), b.unwrap()]);
                }
                replies
            })
        })
        .collect();
    for _ in 0..30 {
        let before = driver.balance(&key).await;
        disturb().await;
        // The next disturbance comes when the last has been overcome.
        while driver.balance(&key).await < before + 20 {
            tokio::task::yield_now().await;
        }
    }
    done.store(true, Ordering::Relaxed);
    let mut replies = Vec::new();
    for task in tasks {
        replies.extend(task.await.unwrap());
    }
    replies.sort_unstable();
    let expected: Vec<i64> = (1..=i64::try_from(replies.len()).unwrap()).collect();
    assert!(replies == expected, "each acknowledged increment ran once");
    assert_eq!(driver.balance(&key).await, *expected.last().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_double_nothing() {
    let server = RedisServer::start(Options::default()).await;
    increments_are_exact(server.url(), async || {
        server.kill_clients().await;
    })
    .await;
}

/// A user for whom the server keeps no functions.
const PLAIN: &str = "plain on >pw ~* &* +@all -@dangerous +info -function -fcall";

async fn server_with_plain_user() -> RedisServer {
    RedisServer::start(Options {
        users: vec![PLAIN.to_owned()],
        ..Options::default()
    })
    .await
}

/// One command of the fixture's own.
async fn command(server: &RedisServer, words: &[&str]) -> redis::Value {
    let mut connection = server.connection().await;
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forgotten_functions_and_scripts_are_loaded_again() {
    let server = server_with_plain_user().await;
    for (url, kind) in [
        (server.url(), "FUNCTION"),
        (server.url_as("plain", "pw"), "SCRIPT"),
    ] {
        increments_are_exact(url, async || drop(command(&server, &[kind, "FLUSH"]).await)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_are_functions_where_the_user_may_have_them() {
    let server = server_with_plain_user().await;
    for (url, used, unused) in [
        (server.url(), "cmdstat_fcall:", "cmdstat_evalsha:"),
        (
            server.url_as("plain", "pw"),
            "cmdstat_evalsha:",
            "cmdstat_fcall:",
        ),
    ] {
        let bench = Bench::on(&url).await;
        command(&server, &["CONFIG", "RESETSTAT"]).await;
        let key = bench.account("account", 1).await;
        assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
        let statistics = format!("{:?}", command(&server, &["INFO", "commandstats"]).await);
        assert!(statistics.contains(used), "{used} {statistics}");
        assert!(!statistics.contains(unused), "{unused} {statistics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_server_is_found_again() {
    let mut server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    let mut watch = bench.store().watch(&key).await.unwrap();
    server.restart().await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
    // Whoever watched is told to look, and hears again.
    watch.changed().await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 3);
    watch.changed().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiters_outlast_cut_connections() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 0).await;
    let mut watch = bench.store().watch(&key).await.unwrap();
    for round in 1..=10 {
        server.kill_clients().await;
        watch.changed().await;
        assert_eq!(bench.add(&key, 1).await.unwrap(), round);
    }
}

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
async fn a_full_server_says_so_and_loses_nothing() {
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let key = bench.account("account", 1).await;
    let mut connection = server.connection().await;
    let limit = async |connection: &mut redis::aio::MultiplexedConnection, bytes: &str| {
        redis::cmd("CONFIG")
            .arg("SET")
            .arg("maxmemory")
            .arg(bytes)
            .exec_async(connection)
            .await
            .unwrap();
    };
    limit(&mut connection, "1").await;
    let error = bench.add(&key, 1).await.unwrap_err();
    assert!(error.to_string().contains("memory is full"), "{error}");
    assert_eq!(bench.balance(&key).await, 1);
    limit(&mut connection, "0").await;
    assert_eq!(bench.add(&key, 1).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_driver_left_is_swept() {
    let server = RedisServer::start(Options::default()).await;
    let dead = Bench::on(&server.url()).await;
    let key = dead.account("account", 1).await;
    let mut connection = server.connection().await;
    // As its lease would, had the driver died.
    redis::cmd("DEL")
        .arg(format!("crucial:{{{}}}:job", key.namespace()))
        .exec_async(&mut connection)
        .await
        .unwrap();
    let living = Bench::on(&server.url()).await;
    let other = living.account("account", 1).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while living.store().describe(&key).await.unwrap().is_some() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    assert!(living.store().describe(&other).await.unwrap().is_some());
}
