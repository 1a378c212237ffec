//! Servers that let nobody in, and the many ways to write where they are.

use crucial_tests::{Options, RedisServer};
use tokio::net::TcpStream;

use crate::config::Builder;
use crate::store::conformance::Bench;

async fn check(url: &str, parts: &[&str]) {
    let error = Builder::new().store(url).build().await.unwrap_err();
    let error = error.to_string();
    for part in parts {
        assert!(
            error.contains(part),
            "{url}: {part:?} is missing in: {error}"
        );
    }
    assert!(!error.contains("s3cret"), "{url}: {error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_says_is_passed_on() {
    let server = RedisServer::start(Options::default()).await;
    let port = server.port();
    check(
        &format!("redis://127.0.0.1:{port}/999"),
        &["DB index is out of range", "`databases`", "won't do"],
    )
    .await;
    check(
        &format!("rediss://127.0.0.1:{port}"),
        &["does not speak TLS", "`redis://` instead of `rediss://`"],
    )
    .await;
    let locked = RedisServer::start(Options {
        password: Some("right".to_owned()),
        ..Options::default()
    })
    .await;
    let place = format!("127.0.0.1:{}", locked.port());
    check(
        &format!("redis://{place}"),
        &["NOAUTH", "asks for a password"],
    )
    .await;
    check(
        &format!("redis://s3cret:s3cret@{place}"),
        &["WRONGPASS", "percent-encoded"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowded_server_is_tried_until_there_is_room() {
    let server = RedisServer::start(Options {
        settings: vec!["maxclients 4".to_owned()],
        ..Options::default()
    })
    .await;
    let mut watching = server.connection().await;
    let mut crowd = Vec::new();
    let mut rejected = async || {
        let stats: String = redis::cmd("INFO")
            .arg("stats")
            .query_async(&mut watching)
            .await
            .unwrap();
        let count = stats
            .lines()
            .find_map(|line| line.strip_prefix("rejected_connections:"))
            .unwrap();
        count.parse::<u32>().unwrap()
    };
    while rejected().await == 0 {
        let guest = TcpStream::connect(("127.0.0.1", server.port())).await;
        crowd.push(guest.unwrap());
    }
    let before = rejected().await;
    let url = server.url();
    let coming = tokio::spawn(async move { Bench::on(&url).await });
    while rejected().await < before + 3 {
        tokio::task::yield_now().await;
    }
    drop(crowd);
    coming.await.unwrap().account("account", 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_are_found_by_every_kind_of_address() {
    let server = RedisServer::start(Options {
        settings: vec!["requirepass \"p@ss/word#1\"".to_owned()],
        ..Options::default()
    })
    .await;
    let (port, socket) = (server.port(), server.socket().display().to_string());
    for (index, url) in [
        format!("redis://:p%40ss%2Fword%231@127.0.0.1:{port}/3"),
        format!("valkey://default:p%40ss%2Fword%231@127.0.0.1:{port}/3"),
        format!("unix://{socket}?pass=p%40ss%2Fword%231&db=3"),
        format!("redis+unix://{socket}?user=default&pass=p%40ss%2Fword%231&db=3"),
    ]
    .into_iter()
    .enumerate()
    {
        let bench = Bench::on(&url).await;
        let key = bench.runtime.application().key("account").unwrap();
        assert_eq!(
            bench.try_create(&key, 1).await.unwrap(),
            index == 0,
            "{url}"
        );
        let shown = format!("{:?} {}", bench.runtime, bench.store().address());
        assert!(
            !shown.contains("ss/word") && !shown.contains("p%40"),
            "{url}"
        );
    }
    check(
        &format!("redis://:p@s3cret/word#1@127.0.0.1:{port}"),
        &["percent-encoded", "`%2F` for `/`"],
    )
    .await;
}
