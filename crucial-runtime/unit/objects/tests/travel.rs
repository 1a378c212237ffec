//! What all proxies have in common.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use super::on_every_store;
use crate::{
    Atomic, Barrier, Condvar, Error, Field, Grid, Latch, List, Map, Matrix, Mutex, Notify, Promise,
    Queue, QueueInit, Rate, RateLimiter, Result, RwLock, Semaphore, Set, Shared, SortedMap, Topic,
    TopicInit, Vector, codec,
};

on_every_store! {
    proxies_travel_as_their_keys
    other_types_are_refused
    names_are_taken_once
    objects_expire
    collections_that_were_empty_expire_all_the_same
}

async fn proxies_travel_as_their_keys() -> Result<()> {
    let here = Map::<String, u8>::create("map", HashMap::new()).await?;
    let bytes = codec::encode_own(&here).unwrap();
    let there: Map<String, u8> = codec::decode(&bytes).unwrap();
    assert_eq!(here, there);
    assert_eq!(here.key(), there.key());
    there.insert("a".into(), 1).await?;
    assert_eq!(here.get("a").await?, Some(1));
    assert!(format!("{here:?}").contains(here.key().as_str()));
    assert_eq!(
        format!("{:?}", Latch::create("latch", 1).await?),
        format!("Latch({})", here.key().as_str().replace("/map", "/latch"))
    );
    Ok(())
}

async fn other_types_are_refused() -> Result<()> {
    Atomic::create("number", 1_u64).await?;
    for error in [
        Atomic::<u32>::open("number").await.unwrap_err(),
        Map::<u8, String>::open("number").await.unwrap_err(),
        Promise::<u64>::open_or_create("number", None)
            .await
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::WrongType { .. }), "{error}");
        assert!(error.to_string().contains("Atomic<u64>"), "{error}");
    }
    // A key by itself, as a person may write it into an event, is trusted until it is used.
    let name = codec::encode_own(Atomic::<u64>::open("number").await?.key()).unwrap();
    let list: List<u8> = codec::decode(&name).unwrap();
    assert!(matches!(
        list.push_back(1).await,
        Err(Error::WrongType { .. })
    ));
    assert!(matches!(list.to_vec().await, Err(Error::WrongType { .. })));
    Ok(())
}

async fn names_are_taken_once() -> Result<()> {
    Set::create("name", [1].into()).await?;
    let again = Set::create("name", [2].into()).await.unwrap_err();
    assert!(matches!(again, Error::Exists { .. }), "{again}");
    assert_eq!(
        Set::<i32>::open("name").await?.snapshot().await?,
        [1].into()
    );
    let bad = Latch::create("", 1).await.unwrap_err();
    assert!(matches!(bad, Error::Name { .. }), "{bad}");
    Ok(())
}

async fn objects_expire() -> Result<()> {
    async fn gone<T: Field>(name: &str, init: T::Init) -> Result<()>
    where
        T::Proxy: Shared,
    {
        let key = crate::object::key_here(name)?;
        let proxy = T::Proxy::create_at(key.clone(), init).await?;
        let store = crate::runtime::current()?.store().clone();
        assert!(store.expire(&key, Some(Duration::from_millis(1))).await?);
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        while store.describe(&key).await?.is_some() {
            assert!(tokio::time::Instant::now() < deadline, "{name} stays");
            tokio::task::yield_now().await;
        }
        assert!(!proxy.destroy().await?);
        Ok(())
    }
    gone::<Option<u8>>("atomic", Some(1)).await?;
    gone::<HashMap<u8, u8>>("map", [(1, 1)].into()).await?;
    gone::<BTreeMap<u8, u8>>("sorted", [(1, 1)].into()).await?;
    gone::<Vec<u8>>("list", vec![1]).await?;
    gone::<HashSet<u8>>("set", [1].into()).await?;
    gone::<Promise<u8>>("promise", None).await?;
    gone::<Queue<u8>>("queue", QueueInit::default()).await?;
    gone::<Topic<u8>>("topic", TopicInit::default()).await?;
    gone::<Vector<f64>>("vector", vec![1.0]).await?;
    gone::<Matrix<i64>>("matrix", Grid::filled(1, 1, 1)).await?;
    gone::<Latch>("latch", 1).await?;
    gone::<Barrier>("barrier", 1).await?;
    gone::<Semaphore>("semaphore", 1).await?;
    gone::<RateLimiter>("rate-limiter", Rate::per_second(1)).await?;
    gone::<Mutex<u8>>("mutex", 1).await?;
    gone::<RwLock<u8>>("rw-lock", 1).await?;
    gone::<Notify>("notify", ()).await?;
    gone::<Condvar>("condvar", ()).await
}

/// A server drops the key of an empty collection, and with it the time that it had to live.
async fn collections_that_were_empty_expire_all_the_same() -> Result<()> {
    let (list, map) = loop {
        let list = List::open_or_create("list", vec![1]).await?;
        let map = SortedMap::open_or_create("map", [(1, 1)].into()).await?;
        let soon = Some(Duration::from_millis(200));
        assert!(list.expire(soon).await? && map.expire(soon).await?);
        let refilled = async {
            list.drain().await?;
            map.drain().await?;
            list.push_back(2).await?;
            map.insert(2, 2).await
        };
        // On a busy machine they may be gone before that.
        match refilled.await {
            Ok(_) => break (list, map),
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !(list.is_empty().await? && map.is_empty().await? && map.keys().await?.is_empty()) {
        assert!(tokio::time::Instant::now() < deadline, "they stay");
        tokio::task::yield_now().await;
    }
    Ok(())
}

#[tokio::test]
async fn large_values_are_refused() {
    let builder = crate::config::Builder::new().max_value_bytes(100);
    super::check(builder, || async {
        let text = Atomic::create("text", "x".repeat(100)).await?;
        let error = text.store("x".repeat(101)).await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::TooLarge {
                    size: 101,
                    limit: 100,
                    ..
                }
            ),
            "{error}"
        );
        assert!(error.to_string().contains("max_value_bytes"), "{error}");
        let list = List::create("list", vec![]).await?;
        assert!(matches!(
            list.extend(0..101_u8).await,
            Err(Error::TooLarge { .. })
        ));
        assert_eq!(list.len().await?, 0);
        Ok(())
    })
    .await;
}
