//! Calls on objects that are not there or are others, and methods that misbehave.

use std::task::Poll;
use std::time::Duration;

use crucial::{Atomic, Runtime};
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};

use super::{check, on_both};

/// An object whose methods misbehave.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Fickle {
    steps: u32,
}

#[crucial::shared]
impl Fickle {
    pub fn step(&mut self) -> u32 {
        self.steps += 1;
        self.steps
    }

    pub fn stumble(&mut self) -> u32 {
        self.steps += 1;
        panic!("stumbled at {}", self.steps)
    }

    pub fn never(&self) -> Poll<()> {
        Poll::Pending
    }

    pub fn swallow(&mut self, _meal: Vec<u8>) {}
}

/// An object of the same name as another one has, and of another type.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Other {
    text: String,
}

#[crucial::shared]
impl Other {
    pub fn text(&self) -> String {
        self.text.clone()
    }
}

#[tokio::test]
async fn objects() {
    on_both(async |store| {
        let runtime = Runtime::builder()
            .store(store)
            .wait_limit(Duration::from_millis(50))
            .max_value_bytes(10_000)
            .build()
            .await?;
        let _entered = runtime.enter();
        let fickle = FickleProxy::create("fickle", Fickle::default()).await?;
        let counter = Atomic::<u64>::create("counter", 1).await?;
        let absent = Atomic::<u64>::create("absent", 1).await?;
        absent.destroy().await?;

        for (what, result, parts) in [
            (
                "taken",
                FickleProxy::create("fickle", Fickle::default())
                    .await
                    .map(drop),
                &["/fickle`", "exists already", "`open`"][..],
            ),
            (
                "absent",
                FickleProxy::open("nobody").await.map(drop),
                &["/nobody`", "does not exist", "`create`"],
            ),
            (
                "destroyed",
                absent.load().await.map(drop),
                &["/absent`", "does not exist", "`create`"],
            ),
            (
                "other user type",
                OtherProxy::open("fickle").await.map(drop),
                &["/fickle`", "Fickle", "Other", "another name"],
            ),
            (
                "a counter",
                OtherProxy::open("counter").await.map(drop),
                &["/counter`", "Other", "another name"],
            ),
            (
                "no counter",
                Atomic::<u64>::open("fickle").await.map(drop),
                &["/fickle`", "Fickle", "another name"],
            ),
            (
                "a name",
                Atomic::<u64>::create(&"long".repeat(300), 0)
                    .await
                    .map(drop),
                &["longlong", "1200 bytes", "1024"],
            ),
            (
                "a panic",
                fickle.stumble().await.map(drop),
                &[
                    "`stumble`",
                    "/fickle`",
                    "panicked",
                    "stumbled at 1",
                    "objects.rs",
                ],
            ),
            (
                "a wait",
                fickle.never().await,
                &["`never`", "/fickle`", "50ms"],
            ),
            (
                "arguments",
                fickle.swallow(vec![0; 20_000]).await,
                &["20", "10000", "max_value_bytes"],
            ),
        ] {
            let error = result.expect_err(what);
            check(what, &error.to_string(), parts);
        }
        // None of these changed anything.
        assert_eq!(fickle.snapshot().await?, Fickle { steps: 0 });
        assert_eq!(counter.load().await?, 1);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_reaches_its_own_caller_alone() {
    on_both(async |store| {
        let runtime = Runtime::builder().store(store).build().await?;
        let _entered = runtime.enter();
        let fickle = FickleProxy::create("fickle", Fickle::default()).await?;
        // At once, so that calls of both kinds share batches.
        let calls = (0..60).map(|n| {
            let fickle = fickle.clone();
            async move {
                match n % 3 {
                    0 => (true, fickle.stumble().await),
                    _ => (false, fickle.step().await),
                }
            }
        });
        let mut steps = Vec::new();
        for (stumbles, result) in join_all(calls).await {
            assert_eq!(stumbles, result.is_err(), "{result:?}");
            steps.extend(result);
        }
        steps.sort_unstable();
        assert!(steps.iter().copied().eq(1..=40), "{steps:?}");
        assert_eq!(fickle.snapshot().await?, Fickle { steps: 40 });
        Ok(())
    })
    .await;
}
