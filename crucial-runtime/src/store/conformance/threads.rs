//! The ends of threads.

use bytes::Bytes;

use super::{Bench, suite};
use crate::store::Change;
use crate::thread::{Completions, JoinFailure, Outcome, Progress, ThreadId};

suite! {
    threads_end_once
}

async fn threads_end_once(bench: Bench) {
    let runtime = bench.runtime.clone();
    let completions = Completions::of(runtime.namespace()).unwrap();
    let (one, two) = (ThreadId::random(), ThreadId::random());
    let small = Outcome::Returned(Bytes::from_static(b"small"));
    let large = Outcome::Returned(Bytes::from(vec![7; 20_000]));
    let failed = Outcome::Ended(JoinFailure::Cancelled);
    let mut watch = bench.store().watch(completions.key()).await.unwrap();
    runtime
        .scope(async {
            assert!(completions.begin(one, 0).await.unwrap());
            assert!(
                !completions.begin(one, 0).await.unwrap(),
                "an event that is delivered twice runs once"
            );
            assert!(
                completions.begin(one, 1).await.unwrap(),
                "a later try may run"
            );
            assert!(!completions.begin(one, 0).await.unwrap());
            assert!(completions.beat(one).await.unwrap());
            assert!(!completions.beat(two).await.unwrap());
            let progress = completions.progress(&[one, two]).await.unwrap();
            assert_eq!(progress, [Progress::Running(1), Progress::Waiting]);
            assert!(completions.complete(one, &small).await.unwrap());
            assert!(
                !completions.complete(one, &failed).await.unwrap(),
                "the first outcome stays"
            );
            assert!(!completions.beat(one).await.unwrap());
            assert!(!completions.begin(one, 2).await.unwrap());
            assert!(completions.complete(two, &large).await.unwrap());
            let progress = completions.progress(&[two, one]).await.unwrap();
            assert_eq!(
                progress,
                [
                    Progress::Ended(large.clone()),
                    Progress::Ended(small.clone())
                ]
            );
        })
        .await;
    let mut announced = Vec::new();
    while announced.len() < 2 {
        if let Change::Hint(hint) = watch.changed().await {
            announced.extend(Completions::announced(&hint));
        }
    }
    assert_eq!(
        announced,
        [(one, Some(small)), (two, None)],
        "large outcomes are fetched"
    );
}
