//! The ends of threads.

use bytes::Bytes;
use serde_json::json;

use super::{Bench, suite};
use crate::admin;
use crate::store::Change;
use crate::thread::{Completions, JoinFailure, Outcome, Progress, ThreadId};

suite! {
    threads_end_once
}

async fn threads_end_once(bench: Bench) {
    let runtime = bench.runtime.clone();
    let completions = Completions::of(runtime.namespace()).unwrap();
    let (one, two, three) = (ThreadId::random(), ThreadId::random(), ThreadId::random());
    let lost = Outcome::Ended(JoinFailure::Lost("gone".to_owned()));
    let small = Outcome::Returned(Bytes::from_static(b"small"));
    let large = Outcome::Returned(Bytes::from(vec![7; 20_000]));
    let failed = Outcome::Ended(JoinFailure::Cancelled);
    let mut watch = bench.store().watch(completions.key()).await.unwrap();
    runtime
        .scope(async {
            assert!(completions.begin(one, 0, "one").await.unwrap());
            assert!(
                !completions.begin(one, 0, "one").await.unwrap(),
                "an event that is delivered twice runs once"
            );
            assert!(
                completions.begin(one, 1, "one").await.unwrap(),
                "a later try may run"
            );
            assert!(!completions.begin(one, 0, "one").await.unwrap());
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
            assert!(!completions.begin(one, 2, "one").await.unwrap());
            assert!(completions.complete(two, &large).await.unwrap());
            let progress = completions.progress(&[two, one]).await.unwrap();
            assert_eq!(
                progress,
                [
                    Progress::Ended(large.clone()),
                    Progress::Ended(small.clone())
                ]
            );
            assert!(completions.begin(three, 0, "three").await.unwrap());
            let found = admin::inspect(completions.key()).await.unwrap().unwrap();
            let seen = |id: ThreadId, name: Option<&str>, state: &str| {
                json!({ "id": id.to_string(), "name": name, "state": state })
            };
            let shown = found.state.as_array().unwrap();
            assert_eq!((shown.len(), found.complete), (3, true));
            for thread in [
                seen(one, Some("one"), "returned"),
                seen(two, None, "ended"),
                seen(three, Some("three"), "running"),
            ] {
                assert!(shown.contains(&thread), "{thread} is not among {shown:?}");
            }
            let ended = completions.complete_named(three, "3", &lost).await;
            assert!(ended.unwrap());
            assert_eq!(completions.look(2).await.unwrap().len(), 2);
            let found = admin::inspect(completions.key()).await.unwrap().unwrap();
            let text = found.state.to_string();
            assert!(text.contains("\"3\"") && text.contains("gone"), "{text}");
        })
        .await;
    let mut announced = Vec::new();
    while announced.len() < 3 {
        if let Change::Hint(hint) = watch.changed().await {
            announced.extend(Completions::announced(&hint));
        }
    }
    assert_eq!(
        announced,
        [(one, Some(small)), (two, None), (three, Some(lost))],
        "large outcomes are fetched"
    );
}
