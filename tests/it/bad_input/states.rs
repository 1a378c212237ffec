//! What is stored and can't be read.

use crucial::{Atomic, Runtime};
use crucial_tests::{Options, RedisServer};

use super::check;
use super::objects::{Fickle, FickleProxy};

#[tokio::test]
async fn corrupt_states() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Runtime::builder()
        .store(server.url())
        .build()
        .await
        .unwrap();
    let _entered = runtime.enter();
    let fickle = FickleProxy::create("fickle", Fickle::default())
        .await
        .unwrap();
    let counter = Atomic::<u64>::create("counter", 1).await.unwrap();
    let mut raw = server.connection().await;
    for (key, value) in [
        (format!("crucial:{{{}}}:s", fickle.key()), &b"no"[..]),
        (
            format!("crucial:{{{}}}:s", fickle.key()),
            b"12345678 is the version, the rest no state",
        ),
        (format!("crucial:{{{}}}", counter.key()), b"seven"),
    ] {
        redis::cmd("SET")
            .arg(&key)
            .arg(value)
            .exec_async(&mut raw)
            .await
            .unwrap();
        let error = if key.ends_with(":s") {
            // A call of another process, which has no copy of its own.
            let other = Runtime::builder()
                .store(server.url())
                .build()
                .await
                .unwrap();
            other.scope(fickle.step()).await.expect_err("garbage")
        } else {
            counter.fetch_add(1).await.expect_err("garbage")
        };
        let name = if key.ends_with(":s") {
            "/fickle`"
        } else {
            "/counter`"
        };
        check(
            "corrupt",
            &error.to_string(),
            &[
                "state of object",
                name,
                "can't be read",
                "remove the object",
            ],
        );
    }
    // What Crucial did not put there.
    let key = format!("crucial:{{{}}}", counter.key());
    redis::cmd("DEL")
        .arg(&key)
        .exec_async(&mut raw)
        .await
        .unwrap();
    redis::cmd("RPUSH")
        .arg(&key)
        .arg("x")
        .exec_async(&mut raw)
        .await
        .unwrap();
    let error = counter.fetch_add(1).await.expect_err("a list");
    check(
        "another structure",
        &error.to_string(),
        &["/counter`", "remove"],
    );
}
