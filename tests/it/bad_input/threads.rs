//! Threads that nobody knows or that get what they don't take, and threads and objects without a runtime.

use std::fmt;
use std::time::Duration;

use crucial::__private::{AsResult, Body, Signature, ThreadEntry, inventory};
use crucial::{Atomic, JoinHandle, Result, Runtime};
use serde::{Deserialize, Serialize};

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

/// The error of a thread as the worker was built.
#[derive(Debug, Serialize, Deserialize)]
struct Odd {
    number: u32,
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd", self.number)
    }
}

/// The same error as the caller was built, which gave it a field.
#[derive(Debug, Serialize, Deserialize)]
struct OddOne {
    number: u32,
    since: String,
}

impl fmt::Display for OddOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is odd since {}", self.number, self.since)
    }
}

const HALF: (&str, u64) = ("half", 7);

inventory::submit! {
    ThreadEntry::new(HALF.0, HALF.1, |wire, args| {
        Body::<(u32,), std::result::Result<u32, Odd>, _>::run_async(
            AsResult::<true>, wire, &args, async |(number,)| Err(Odd { number }),
        )
    })
}

/// An error that serde loses a part of.
#[derive(Debug, Serialize, Deserialize)]
struct Leaky {
    #[serde(skip_serializing)]
    lost: u8,
}

impl fmt::Display for Leaky {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a leak of {}", self.lost)
    }
}

#[crucial::cloud_thread]
async fn leaks() -> Result<(), Leaky> {
    Err(Leaky { lost: 7 })
}

#[crucial::cloud_thread]
async fn complains(bytes: usize) -> Result<(), String> {
    Err("no".repeat(bytes / 2))
}

#[tokio::test]
async fn errors_of_threads() {
    on_both(async |store| {
        let runtime = Runtime::builder()
            .store(store)
            .max_value_bytes(10_000)
            .build()
            .await?;
        let _entered = runtime.enter();
        let half = Signature::<(u32,), u32>::task::<Odd>(HALF.0, HALF.1, (3,));
        let error = half.spawn().await.expect_err("3 is odd");
        assert_eq!(error.try_into_failed()?.number, 3);

        let half = Signature::<(u32,), u32>::task::<OddOne>(HALF.0, HALF.1, (3,));
        let error = half.spawn().await.expect_err("another error");
        check(
            "another build",
            &error.to_string(),
            &["`half`", "can't be decoded", "since", "OddOne", "3 is odd"],
        );
        let error = leaks::spawn().await.expect_err("it leaks");
        check(
            "an error that does not come back",
            &error.to_string(),
            &[
                "::leaks`",
                "can't be encoded",
                "lost",
                "Leaky",
                "a leak of 7",
            ],
        );
        let error = complains::spawn(9_000).await.expect_err("long");
        assert_eq!(error.try_into_failed()?.len(), 9_000);
        let error = complains::spawn(20_000).await.expect_err("too long");
        check(
            "a large error",
            &error.to_string(),
            &[
                "::complains`",
                "20003 bytes",
                "10000",
                "nono",
                "max_value_bytes",
            ],
        );
        assert!(error.to_string().len() < 6_000);
        Ok(())
    })
    .await;
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
                    "20005 bytes",
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
