//! Entries that become other ones: merged, in bulk and alone, and made where there are none.

use std::collections::{BTreeMap, HashMap};

use super::{check, on_every_store};
use crate::{Error, Map, Result, SortedMap, merge};

on_every_store! {
    merges_of_many_tasks_all_count
    values_of_one_key_are_merged_in_their_order
    merging_tells_how_many_keys_were_new
    values_are_made_where_there_are_none
    insertions_side_by_side_see_one_another
}

async fn merges_of_many_tasks_all_count() -> Result<()> {
    const TASKS: u64 = 8;
    const KEYS: u64 = 3_000;
    let map = Map::<u64, u64>::create("map", HashMap::new()).await?;
    let sorted = SortedMap::<u64, u64>::create("sorted", BTreeMap::new()).await?;
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (map, sorted) = (map.clone(), sorted.clone());
            tokio::spawn(async move {
                let mut new = 0;
                for _ in 0..2 {
                    // Each task has half of its keys in common with the next.
                    let first = task * KEYS / 2;
                    let entries = (first..first + KEYS).map(|key| (key, key + 1));
                    new += map.merge_many(entries, merge::sum).await?;
                    let few = (0..10).map(|key| (key, task));
                    sorted.merge_many(few, merge::max).await?;
                    sorted.merge(10, 1, merge::sum).await?;
                }
                Ok::<_, Error>(new)
            })
        })
        .collect();
    let mut new = 0;
    for task in tasks {
        new += task.await.unwrap()?;
    }
    let expected: HashMap<u64, u64> = (0..(TASKS + 1) * KEYS / 2)
        .map(|key| {
            let half = key / (KEYS / 2);
            let times = if half == 0 || half == TASKS { 2 } else { 4 };
            (key, times * (key + 1))
        })
        .collect();
    assert_eq!(new, expected.len(), "each key was new once");
    assert!(
        map.to_hash_map().await? == expected,
        "each value was merged once"
    );
    let expected = (0..10).map(|key| (key, TASKS - 1)).chain([(10, 2 * TASKS)]);
    assert!(sorted.entries().await?.into_iter().eq(expected));
    Ok(())
}

async fn values_of_one_key_are_merged_in_their_order() -> Result<()> {
    let map = Map::<u8, Vec<u8>>::create("map", [(1, vec![0])].into()).await?;
    let entries = [(1, vec![1]), (2, vec![7]), (1, vec![2, 3]), (2, vec![8])];
    assert_eq!(map.merge_many(entries, merge::extend).await?, 1);
    assert_eq!(map.get(&1).await?, Some(vec![0, 1, 2, 3]));
    assert_eq!(map.get(&2).await?, Some(vec![7, 8]));
    // A function that neither commutes nor associates.
    let numbers = Map::<u8, i64>::create("numbers", [(1, 100)].into()).await?;
    let less = |present: i64, new: i64| present - new;
    numbers
        .merge_many([(1, 1), (1, 2), (2, 5), (2, 3), (2, 1)], less)
        .await?;
    assert_eq!(numbers.get_many(&[1, 2]).await?, [Some(97), Some(1)]);
    Ok(())
}

async fn merging_tells_how_many_keys_were_new() -> Result<()> {
    let map = Map::<u32, u32>::create("map", HashMap::new()).await?;
    assert_eq!(map.merge_many([], merge::sum).await?, 0);
    assert_eq!(
        map.merge_many((0..10_000).map(|n| (n, 1)), merge::sum)
            .await?,
        10_000
    );
    assert_eq!(
        map.merge_many((5_000..15_000).map(|n| (n, 1)), merge::sum)
            .await?,
        5_000
    );
    assert_eq!(map.values().await?.into_iter().sum::<u32>(), 20_000);
    assert_eq!(map.merge_many([(0, 7)], merge::keep).await?, 0);
    assert_eq!(map.merge(0, 9, merge::keep).await?, 1);
    assert_eq!(map.merge(20_000, 9, merge::sum).await?, 9);
    map.destroy().await?;
    let gone = map.merge_many([(0, 7)], merge::sum).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    Ok(())
}

async fn values_are_made_where_there_are_none() -> Result<()> {
    let map = Map::<u8, String>::create("map", HashMap::new()).await?;
    assert_eq!(map.get_or_insert_with(1, || "made".into()).await?, "made");
    let unneeded = || -> String { panic!("there is a value") };
    assert_eq!(map.get_or_insert_with(1, unneeded).await?, "made");
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let map = map.clone();
            tokio::spawn(async move { map.get_or_insert_with(2, || task.to_string()).await })
        })
        .collect();
    let mut got = Vec::new();
    for task in tasks {
        got.push(task.await.unwrap()?);
    }
    got.dedup();
    assert_eq!(Some(&got[0]), map.get(&2).await?.as_ref());
    assert_eq!(got.len(), 1, "all got the same: {got:?}");
    Ok(())
}

/// Insertions of one process travel together; each still sees the one before it.
async fn insertions_side_by_side_see_one_another() -> Result<()> {
    let map = Map::<u8, u32>::create("map", HashMap::new()).await?;
    let tasks: Vec<_> = (1..=200_u32)
        .map(|n| {
            let map = map.clone();
            tokio::spawn(async move { map.insert(u8::try_from(n % 3).unwrap(), n).await })
        })
        .collect();
    let mut before = Vec::new();
    for task in tasks {
        before.push(task.await.unwrap()?);
    }
    // What each replaced, and what is left, is every value once, and the lack of one for each key.
    assert_eq!(before.iter().filter(|value| value.is_none()).count(), 3);
    let mut values: Vec<u32> = before.into_iter().flatten().collect();
    values.extend(map.values().await?);
    values.sort_unstable();
    assert!(values.into_iter().eq(1..=200));
    Ok(())
}

#[tokio::test]
async fn merges_keep_to_the_limit_of_a_call() {
    let builder = crate::config::Builder::new().max_value_bytes(1_000);
    check(builder, || async {
        let map = Map::<u32, String>::create("map", HashMap::new()).await?;
        let long = "x".repeat(300);
        for _ in 0..2 {
            map.merge_many((0..50).map(|n| (n, long.clone())), merge::max)
                .await?;
        }
        assert_eq!(map.len().await?, 50);
        let error = map
            .merge(0, "y".repeat(1_000), merge::max)
            .await
            .unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: 1_000, .. }),
            "{error}"
        );
        let entries = (0..3).map(|n| (n, "y".repeat(300 * n as usize + 300)));
        let error = map.merge_many(entries, merge::max).await.unwrap_err();
        assert!(
            matches!(error, Error::TooLarge { limit: 1_000, .. }),
            "{error}"
        );
        Ok(())
    })
    .await;
}
