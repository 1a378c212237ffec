//! What the server remembers of calls, and for how long.

use crucial_tests::{Options, RedisServer};

use crate::config::Builder;

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
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg("*:r:*")
        .query_async(&mut raw)
        .await
        .unwrap();
    assert!(!keys.is_empty());
    for key in keys {
        let mut usage = redis::cmd("MEMORY");
        usage.arg("USAGE").arg(&key);
        let bytes: u64 = usage.query_async(&mut raw).await.unwrap();
        assert!(bytes < 1_000, "{key} takes {bytes} bytes");
    }
    runtime.shutdown().await.unwrap();
}
