//! What the server remembers of calls, and for how long.

use std::time::Duration;

use crucial_tests::{Options, RedisServer};

use super::conformance::Bench;
use crate::config::Builder;
use crate::object::Key;
use crate::objects::Atomic;

/// What was drained has been given; the server need not keep it for the case that somebody asks again.
#[tokio::test]
async fn large_replies_are_not_remembered() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    let element = "x".repeat(100);
    let list = crate::List::create("list", vec![element; 10_000])
        .await
        .unwrap();
    for n in 0..4 {
        assert_eq!(
            list.drain().await.unwrap().len(),
            if n == 0 { 10_000 } else { 0 }
        );
    }
    let mut raw = server.connection().await;
    let records = records(list.key().as_str());
    let mut usage = redis::cmd("MEMORY");
    usage.arg("USAGE").arg(&records);
    let bytes: u64 = usage.query_async(&mut raw).await.unwrap();
    assert!(bytes < 1_000, "{records} takes {bytes} bytes");
    runtime.shutdown().await.unwrap();
}

fn records(key: &str) -> String {
    format!("crucial:{{{key}}}:r")
}

async fn number(server: &RedisServer, command: &[&str]) -> i64 {
    match server.command(command).await {
        redis::Value::Int(number) => number,
        other => panic!("{command:?}: {other:?}"),
    }
}

/// An object of the library and one of a user.
async fn both(bench: &Bench) -> [Key; 2] {
    let counter = Atomic::<u64>::open_or_create("counter", 0);
    let counter = bench.runtime.scope(counter).await.unwrap();
    let account = bench.key("account");
    let _ = bench.try_create(&account, 0).await;
    call_both(bench).await;
    [counter.key().clone(), account]
}

async fn call_both(bench: &Bench) {
    let call = async {
        let counter = Atomic::<u64>::open("counter").await.unwrap();
        counter.fetch_add(1).await.unwrap();
    };
    bench.runtime.scope(call).await;
    bench.add(&bench.key("account"), 1).await.unwrap();
}

/// Records live as long as their object, and after it for as long as calls on it may be repeated.
#[tokio::test]
async fn records_outlive_their_object_and_end() {
    const LIFE: i64 = 600_000;
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let keys = both(&bench).await;
    let left = async |key: &Key| number(&server, &["PTTL", &records(key.as_str())]).await;
    for key in &keys {
        assert_eq!(left(key).await, -1, "{key} has no end");
        let day = Duration::from_secs(86_400);
        assert!(bench.store().expire(key, Some(day)).await.unwrap());
        let ends = left(key).await;
        assert!(ends > 86_400_000 + LIFE - 60_000, "{key}: {ends}");
        assert!(bench.store().expire(key, None).await.unwrap());
        assert_eq!(left(key).await, -1, "{key} has no end any more");
        assert!(bench.store().destroy(key).await.unwrap());
        let ends = left(key).await;
        assert!(ends > 0 && ends <= LIFE, "{key}: {ends}");
        // There is nothing that could be kept.
        assert!(!bench.store().expire(key, None).await.unwrap());
        assert!(left(key).await > 0);
    }
    for key in both(&bench).await {
        assert_eq!(left(&key).await, -1, "{key} has begun anew");
        assert!(
            bench
                .store()
                .expire(&key, Some(Duration::from_secs(9)))
                .await
                .unwrap()
        );
        // A session of which nothing is remembered here.
        let other = Bench::joining(&server.url(), bench.runtime.namespace()).await;
        call_both(&other).await;
        assert!(left(&key).await > 0, "{key} is to end");
    }
    bench.runtime.shutdown().await.unwrap();
    let left = server.command(&["KEYS", "*"]).await;
    assert_eq!(
        left,
        redis::Value::Array(Vec::new()),
        "all end with the job"
    );
}

/// Sessions come and go; what is remembered of those that are gone goes, a few with each that comes.
#[tokio::test]
async fn records_of_ended_sessions_are_removed() {
    const OLD: usize = 500;
    let server = RedisServer::start(Options::default()).await;
    let bench = Bench::on(&server.url()).await;
    let keys = both(&bench).await;
    for key in &keys {
        for session in 0..OLD {
            let field = format!("{session:016x}0");
            let record = format!("{:016x}{:08x}r", 1, 1_700_000_000);
            let records = records(key.as_str());
            server.command(&["HSET", &records, &field, &record]).await;
        }
    }
    for come in 1..=30 {
        let other = Bench::joining(&server.url(), bench.runtime.namespace()).await;
        call_both(&other).await;
        for key in &keys {
            let count = number(&server, &["HLEN", &records(key.as_str())]).await;
            // The first, those that have come since, and old ones, of which 64 go at a time while there are many.
            let old = count - 1 - come;
            let most = i64::try_from(OLD).unwrap() - 32 * come;
            assert!(
                (0..=most.max(1 + come)).contains(&old),
                "{key}, {come}: {count}"
            );
        }
    }
    bench.runtime.shutdown().await.unwrap();
}
