//! Threads that nobody knows or that get what they don't take, and threads and objects without a runtime.

use std::time::Duration;

use crucial::__private::Signature;
use crucial::{Atomic, JoinHandle, Result, Runtime};

use super::{check, on_both};

#[crucial::cloud_thread]
async fn add(left: u32, right: u32) -> u32 {
    left + right
}

#[crucial::cloud_thread]
async fn swallow(_meal: Vec<u8>) {}

#[crucial::cloud_thread]
async fn sleeps() -> Result<()> {
    std::future::pending().await
}

/// Spawns as a caller does that was built from other code, in which the thread has fingerprint 7.
fn as_other_code_would(thread: &'static str) -> JoinHandle<u32> {
    let task = Signature::<(u32, u32), u32>::task(thread, 7, (1, 2));
    task.spawn()
}

#[tokio::test]
async fn threads() {
    on_both(async |store| {
        let runtime = Runtime::builder()
            .store(store)
            .max_value_bytes(10_000)
            .build()
            .await?;
        let _entered = runtime.enter();
        assert_eq!(add::spawn(1, 2).await?, 3);
        let path = concat!(module_path!(), "::add");
        let short = Duration::from_millis(50);
        for (what, result, parts) in [
            (
                "unknown",
                as_other_code_would("far::away").await,
                &["`far::away`", "knows no thread", path, "deploy"][..],
            ),
            (
                "fingerprint",
                as_other_code_would(path).await,
                &[path, "another signature", "0000000000000007", "deploy"],
            ),
            (
                "arguments",
                swallow::spawn(vec![0; 20_000]).await.map(|()| 0),
                &[
                    "::swallow`",
                    "20003 bytes",
                    "10000",
                    "shared object",
                    "max_value_bytes",
                ],
            ),
            (
                "time",
                sleeps::task().timeout(short).spawn().await.map(|()| 0),
                &["::sleeps`", "did not end within", "timeout"],
            ),
            (
                "a name",
                sleeps::task()
                    .name("sleepy")
                    .timeout(short)
                    .spawn()
                    .await
                    .map(|()| 0),
                &["`sleepy`"],
            ),
        ] {
            check(what, &result.expect_err(what).to_string(), parts);
        }
        Ok(())
    })
    .await;
}

#[test]
fn without_a_runtime() {
    let tokio = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    tokio.block_on(async {
        let error = Atomic::<u64>::create("n", 0).await.expect_err("no runtime");
        check(
            "objects",
            &error.to_string(),
            &["no Crucial runtime", "#[crucial::main]"],
        );
        let error = add::spawn(1, 2).await.expect_err("no runtime");
        check(
            "threads",
            &error.to_string(),
            &["::add`", "no Crucial runtime", "#[crucial::main]"],
        );
    });
}
