//! How objects come into being, and end.

use std::time::Duration;

use super::{Account, BALANCE, Bench, Other, call, suite};
use crate::codec;
use crate::error::Error;
use crate::object::Object;

suite! {
    creation_is_once
    absent_objects_are_errors
    other_types_are_refused
    objects_expire
    a_job_ends_with_its_objects
}

async fn creation_is_once(bench: Bench) {
    let key = bench.key("account");
    assert_eq!(bench.store().describe(&key).await.unwrap(), None);
    assert!(!bench.store().destroy(&key).await.unwrap());
    assert!(bench.create(&key, 5).await);
    assert!(!bench.create(&key, 6).await);
    assert_eq!(
        bench.store().describe(&key).await.unwrap().unwrap().object,
        Account::NAME
    );
    assert_eq!(bench.balance(&key).await, 5);
    assert!(bench.store().destroy(&key).await.unwrap());
    assert!(!bench.store().destroy(&key).await.unwrap());
    assert!(matches!(
        bench.add(&key, 1).await,
        Err(Error::NotFound { .. })
    ));
    assert!(bench.create(&key, 7).await, "a key can be used again");
    assert_eq!(bench.add(&key, 1).await.unwrap(), 8);
}

async fn absent_objects_are_errors(bench: Bench) {
    let key = bench.key("nothing");
    assert!(
        matches!(bench.add(&key, 1).await, Err(Error::NotFound { key: named, lost: false }) if named == key)
    );
    let read = bench
        .store()
        .call(call::<Account>(
            &key,
            &BALANCE,
            vec![codec::encode_own(&0i64).unwrap()],
        ))
        .await;
    assert!(matches!(read, Err(Error::NotFound { .. })));
}

async fn other_types_are_refused(bench: Bench) {
    let key = bench.account("account", 0).await;
    let runtime = bench.runtime.clone();
    let handle = crate::object::Handle::<Other>::at(key.clone());
    let opened = runtime.scope(handle.open(Other::NAME)).await;
    let text = opened.unwrap_err().to_string();
    assert!(
        text.contains("tests::Account")
            && text.contains("tests::Other")
            && text.contains(key.as_str()),
        "{text}"
    );
}

async fn objects_expire(bench: Bench) {
    let key = bench.account("account", 0).await;
    assert!(
        !bench
            .store()
            .expire(&bench.key("nothing"), None)
            .await
            .unwrap()
    );
    assert!(
        bench
            .store()
            .expire(&key, Some(Duration::from_secs(3600)))
            .await
            .unwrap()
    );
    assert_eq!(bench.add(&key, 1).await.unwrap(), 1);
    assert!(bench.store().expire(&key, None).await.unwrap());
    assert!(
        bench
            .store()
            .expire(&key, Some(Duration::from_millis(1)))
            .await
            .unwrap()
    );
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while bench.store().describe(&key).await.unwrap().is_some() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    let added = bench.add(&key, 1).await;
    assert!(matches!(added, Err(Error::NotFound { .. })), "{added:?}");
}

async fn a_job_ends_with_its_objects(bench: Bench) {
    let keys = [bench.account("a", 0).await, bench.account("b/c.d", 0).await];
    let elsewhere = bench.runtime.application().key("kept").unwrap();
    bench.store().destroy(&elsewhere).await.unwrap();
    assert!(bench.create(&elsewhere, 1).await);
    assert!(
        bench
            .store()
            .prolong(bench.runtime.namespace(), Duration::from_secs(60))
            .await
            .unwrap()
    );
    bench
        .store()
        .clear(bench.runtime.namespace(), false)
        .await
        .unwrap();
    for key in &keys {
        assert_eq!(bench.store().describe(key).await.unwrap(), None);
    }
    assert_eq!(bench.balance(&elsewhere).await, 1);
    assert!(bench.store().destroy(&elsewhere).await.unwrap());
}
