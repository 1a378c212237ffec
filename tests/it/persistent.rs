//! What is marked as persistent outlives the job that made it, on a server.

use crucial::{Atomic, Error, Runtime};
use crucial_tests::{Options, RedisServer};
use serde::{Deserialize, Serialize};

/// A count.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Count(i64);

#[crucial::shared]
impl Count {
    /// Adds.
    pub fn add(&mut self, n: i64) -> i64 {
        self.0 += n;
        self.0
    }
}

/// What outlives its job, and what does not.
#[crucial::shared]
struct Kept {
    #[shared(persistent)]
    total: Count,
    #[shared(persistent)]
    runs: Atomic<u64>,
    run: Count,
}

/// A job of that application, from beginning to end: what it finds, after it has added to all.
async fn job(server: &RedisServer, application: &str) -> (i64, u64, i64) {
    let runtime = Runtime::builder()
        .store(server.url())
        .application(application)
        .build()
        .await
        .unwrap();
    let found = runtime.scope(async {
        let kept = Kept::create("k", KeptInit::default()).await?;
        assert_eq!(kept.total.key().as_str(), format!("{application}/k.total"));
        let found = (
            kept.total.add(2).await?,
            kept.runs.add_and_get(1).await?,
            kept.run.add(3).await?,
        );
        assert!(Kept::open("k").await?.total == kept.total);
        // The struct ends, what it keeps does not.
        assert!(kept.destroy().await?);
        Ok::<_, Error>(found)
    });
    let found = found.await.unwrap();
    runtime.shutdown().await.unwrap();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn persistent_fields_outlive_the_job_on_a_server() {
    let server = RedisServer::start(Options::default()).await;
    for runs in 1..=3 {
        assert_eq!(job(&server, "first").await, (2 * runs, runs as u64, 3));
    }
    assert_eq!(job(&server, "second").await, (2, 1, 3));
    // Nothing ends by itself that is to last.
    for key in ["crucial:{first/k.total}:s", "crucial:{first/k.runs}"] {
        let ends = server.command(&["PTTL", key]).await;
        assert_eq!(ends, redis::Value::Int(-1), "{key}");
    }
}
