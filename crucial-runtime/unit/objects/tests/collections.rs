//! Maps, lists and sets.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;

use super::on_every_store;
use crate::{Error, List, Map, Result, Set, SortedMap};

on_every_store! {
    maps_take_bulk
    lists_take_bulk
    sets_take_bulk
    sets_are_compared
    maps_are_maps
    lists_are_lists
    popping_gives_each_element_once
    entries_are_updated_by_many_tasks
    absent_collections_read_as_empty
    sorted_maps_keep_the_order_of_their_keys
    sorted_maps_take_bulk
    keys_without_order_are_refused
}

const BULK: u32 = 10_000;

async fn maps_take_bulk() -> Result<()> {
    let pairs: HashMap<u32, String> = (0..BULK).map(|n| (n, format!("value {n}"))).collect();
    let map = Map::create("map", pairs.clone()).await?;
    assert_eq!(map.to_hash_map().await?, pairs);
    assert_eq!(
        map.extend((0..2 * BULK).map(|n| (n, String::new())))
            .await?,
        BULK as usize
    );
    assert_eq!(map.len().await?, 2 * BULK as usize);
    let keys: Vec<_> = (BULK..3 * BULK).collect();
    let found = map.get_many(&keys).await?;
    assert!(found[..BULK as usize].iter().all(Option::is_some));
    assert!(found[BULK as usize..].iter().all(Option::is_none));
    assert_eq!(map.remove_many(&keys).await?, BULK as usize);
    assert_eq!(map.drain().await?.len(), BULK as usize);
    assert!(map.is_empty().await?);
    Ok(())
}

async fn lists_take_bulk() -> Result<()> {
    let list = List::create("list", (0..BULK).collect()).await?;
    assert_eq!(list.extend(BULK..2 * BULK).await?, 2 * BULK as usize);
    assert_eq!(list.prepend(vec![7; 5000]).await?, 2 * BULK as usize + 5000);
    let all = list.to_vec().await?;
    assert!(all[..5000].iter().all(|n| *n == 7) && all[5000..].iter().copied().eq(0..2 * BULK));
    assert_eq!(list.pop_front_many(5000).await?, [7; 5000]);
    let last: Vec<_> = (BULK..2 * BULK).rev().collect();
    assert_eq!(list.pop_back_many(BULK as usize).await?, last);
    assert_eq!(list.drain().await?, (0..BULK).collect::<Vec<_>>());
    assert!(list.is_empty().await?);
    Ok(())
}

async fn sets_take_bulk() -> Result<()> {
    let set = Set::create("set", (0..BULK).collect()).await?;
    assert_eq!(set.extend(0..2 * BULK).await?, BULK as usize);
    let half: Vec<_> = (BULK..3 * BULK).collect();
    assert!(set.contains_all(&half[..BULK as usize]).await?);
    assert!(!set.contains_all(&half).await?);
    assert_eq!(set.remove_many(&half).await?, BULK as usize);
    assert_eq!(set.to_hash_set().await?, (0..BULK).collect());
    assert_eq!(set.drain().await?.len(), BULK as usize);
    assert!(set.is_empty().await?);
    Ok(())
}

async fn sets_are_compared() -> Result<()> {
    let low = Set::create("low", (0..BULK).collect()).await?;
    let high = Set::create("high", (BULK / 2..2 * BULK).collect()).await?;
    assert_eq!(low.union(&high).await?, (0..2 * BULK).collect());
    assert_eq!(low.intersection(&high).await?, (BULK / 2..BULK).collect());
    assert_eq!(low.difference(&high).await?, (0..BULK / 2).collect());
    assert_eq!(high.difference(&low).await?, (BULK..2 * BULK).collect());
    assert!(low.difference(&low).await?.is_empty());
    // Where there is none, nothing is in it.
    assert!(high.destroy().await?);
    assert!(low.intersection(&high).await?.is_empty());
    assert_eq!(high.union(&low).await?, (0..BULK).collect());
    Ok(())
}

async fn maps_are_maps() -> Result<()> {
    let map = Map::<String, Option<u8>>::create("map", HashMap::new()).await?;
    assert_eq!(map.insert("a".into(), None).await?, None);
    assert_eq!(
        map.get("a").await?,
        Some(None),
        "a value of `None` is a value"
    );
    assert_eq!(map.insert("a".into(), Some(1)).await?, Some(None));
    assert_eq!(
        map.insert_if_absent("a".into(), Some(2)).await?,
        Some(Some(1))
    );
    assert_eq!(map.insert_if_absent("b".into(), Some(2)).await?, None);
    assert_eq!(map.replace("c".into(), Some(3)).await?, None);
    assert!(!map.contains_key("c").await?);
    assert_eq!(
        map.compare_exchange("b", None, Some(None)).await?,
        Err(Some(Some(2)))
    );
    assert_eq!(map.compare_exchange("c", None, Some(None)).await?, Ok(None));
    assert!(!map.remove_if("c", Some(9)).await?);
    assert!(map.remove_if("c", None).await?);
    let mut keys = map.keys().await?;
    keys.sort_unstable();
    assert_eq!(keys, ["a", "b"]);
    let mut values = map.values().await?;
    values.sort_unstable();
    assert_eq!(values, [Some(1), Some(2)]);
    assert_eq!(map.remove("a").await?, Some(Some(1)));
    assert_eq!(map.remove("a").await?, None);
    assert_eq!(map.entries().await?, [("b".to_owned(), Some(2))]);
    map.clear().await?;
    assert_eq!(map.len().await?, 0);
    assert_eq!(map.get_many(&Vec::<String>::new()).await?, []);
    Ok(())
}

async fn lists_are_lists() -> Result<()> {
    let list = List::create("list", vec!["b".to_owned()]).await?;
    list.push_back("c".into()).await?;
    list.push_front("a".into()).await?;
    assert_eq!(list.first().await?.as_deref(), Some("a"));
    assert_eq!(list.last().await?.as_deref(), Some("c"));
    assert!(list.insert(1, "ab".into()).await?);
    assert!(list.insert(4, "d".into()).await?);
    assert!(!list.insert(6, "f".into()).await?);
    assert_eq!(list.to_vec().await?, ["a", "ab", "b", "c", "d"]);
    assert_eq!(list.range(1..=2).await?, ["ab", "b"]);
    assert_eq!(list.range(..0).await?, [""; 0]);
    assert_eq!(
        list.range((std::ops::Bound::Excluded(3), std::ops::Bound::Unbounded))
            .await?,
        ["d"]
    );
    assert_eq!(list.set(1, "x".into()).await?.as_deref(), Some("ab"));
    assert_eq!(list.set(9, "x".into()).await?, None);
    assert!(list.swap(0, 1).await?);
    assert!(!list.swap(0, 5).await?);
    assert_eq!(list.remove(2).await?.as_deref(), Some("b"));
    assert_eq!(list.remove(9).await?, None);
    assert_eq!(list.position(&"c".to_owned()).await?, Some(2));
    assert!(!list.contains(&"b".to_owned()).await?);
    assert_eq!(list.remove_many(["x", "d", "y"]).await?, 2);
    assert_eq!(
        list.update(0, |text| text + "!").await?.as_deref(),
        Some("a!")
    );
    assert_eq!(list.get_many([1, 2]).await?, [Some("c".to_owned()), None]);
    let (a, c, z) = ("a!".to_owned(), "c".to_owned(), "z".to_owned());
    let exchange = async |index, current: &String, new: &String| {
        list.compare_exchange(index, current.clone(), new.clone())
            .await
    };
    assert_eq!(exchange(1, &z, &a).await?, Err(Some(c.clone())));
    assert_eq!(exchange(1, &c, &a).await?, Ok(c.clone()));
    assert_eq!(exchange(2, &c, &a).await?, Err(None));
    assert_eq!(
        (list.position(&a).await?, list.last_position(&a).await?),
        (Some(0), Some(1))
    );
    assert_eq!(list.last_position(&z).await?, None);
    list.push_back(z).await?;
    assert!(list.remove_first("a!").await? && !list.remove_first("b").await?);
    assert_eq!(list.to_vec().await?, ["a!", "z"]);
    list.keep_last(5).await?;
    assert_eq!(list.len().await?, 2);
    list.truncate(1).await?;
    assert_eq!(list.pop_front().await?.as_deref(), Some("a!"));
    assert_eq!(list.pop_front().await?, None);
    assert_eq!(list.pop_back().await?, None);
    list.clear().await?;
    assert_eq!(list.snapshot().await?, [""; 0]);
    Ok(())
}

async fn popping_gives_each_element_once() -> Result<()> {
    let set = Set::create("set", (0..100).collect()).await?;
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let set = set.clone();
            tokio::spawn(async move {
                let mut popped = set.pop_many(7).await?;
                while let Some(element) = set.pop().await? {
                    popped.push(element);
                }
                Ok::<_, Error>(popped)
            })
        })
        .collect();
    let mut popped = Vec::new();
    for task in tasks {
        popped.extend(task.await.unwrap()?);
    }
    popped.sort_unstable();
    assert_eq!(popped, (0..100).collect::<Vec<u32>>());
    Ok(())
}

async fn entries_are_updated_by_many_tasks() -> Result<()> {
    let words = Map::<String, u32>::create("words", HashMap::new()).await?;
    let tasks: Vec<_> = (0..12)
        .map(|n| {
            let words = words.clone();
            tokio::spawn(async move {
                for word in ["the", if n % 2 == 0 { "even" } else { "odd" }] {
                    words
                        .update(word.into(), |count| Some(count.unwrap_or(0) + 1))
                        .await?;
                }
                Ok::<_, Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()?;
    }
    let counted = [
        ("the".to_owned(), 12),
        ("even".to_owned(), 6),
        ("odd".to_owned(), 6),
    ];
    assert_eq!(words.to_hash_map().await?, HashMap::from(counted));
    assert_eq!(words.update("the".into(), |_| None).await?, None);
    assert!(!words.contains_key("the").await?);
    Ok(())
}

async fn absent_collections_read_as_empty() -> Result<()> {
    let (map, set) = (
        Map::<u8, u8>::create("map", HashMap::new()).await?,
        Set::<u8>::create("set", HashSet::new()).await?,
    );
    assert!(map.destroy().await? && set.destroy().await?);
    assert_eq!(map.to_hash_map().await?, HashMap::new());
    assert_eq!(set.contains_many(&[1]).await?, [false]);
    assert!(matches!(
        map.insert(1, 1).await,
        Err(Error::NotFound { .. })
    ));
    assert!(matches!(set.insert(1).await, Err(Error::NotFound { .. })));
    Ok(())
}

async fn sorted_maps_keep_the_order_of_their_keys() -> Result<()> {
    type Key = (i32, String);
    let key = |n: i32, text: &str| (n, text.to_owned());
    let map = SortedMap::<Key, u8>::create("sorted", BTreeMap::new()).await?;
    assert_eq!(map.first().await?, None);
    assert_eq!(map.insert(key(5, ""), 1).await?, None);
    assert_eq!(map.insert(key(-1, "b"), 2).await?, None);
    assert_eq!(map.insert(key(-1, "a"), 3).await?, None);
    assert_eq!(map.insert(key(256, "z"), 4).await?, None);
    assert_eq!(map.insert(key(5, ""), 5).await?, Some(1));
    let keys = [key(-1, "a"), key(-1, "b"), key(5, ""), key(256, "z")];
    assert_eq!(map.keys().await?, keys);
    assert_eq!(map.values().await?, [3, 2, 5, 4]);
    assert_eq!(map.first().await?, Some((key(-1, "a"), 3)));
    assert_eq!(map.last().await?, Some((key(256, "z"), 4)));
    let within = map.range(key(-1, "aa")..=key(5, "")).await?;
    assert_eq!(within, [(key(-1, "b"), 2), (key(5, ""), 5)]);
    let after = (Bound::Excluded(key(5, "")), Bound::Unbounded);
    assert_eq!(map.range(after).await?, [(key(256, "z"), 4)]);
    assert_eq!(map.range(key(9, "")..key(6, "")).await?, []);
    let first = map.range_first(key(-1, "aa").., 2).await?;
    assert_eq!(first, [(key(-1, "b"), 2), (key(5, ""), 5)]);
    assert_eq!(map.range_first(.., 0).await?, []);
    assert_eq!(map.range_last(..key(5, ""), 1).await?, [(key(-1, "b"), 2)]);
    assert_eq!(map.range_keys(..key(5, "")).await?, keys[..2]);
    assert_eq!(map.range_len(key(-1, "b")..).await?, 3);
    assert_eq!(map.rank(&key(256, "z")).await?, Some(3));
    assert_eq!(map.rank(&key(256, "")).await?, None);
    assert_eq!(map.floor(&key(256, "")).await?, Some((key(5, ""), 5)));
    assert_eq!(map.floor(&key(5, "")).await?, Some((key(5, ""), 5)));
    assert_eq!(map.floor(&key(-2, "")).await?, None);
    assert_eq!(map.ceiling(&key(5, "a")).await?, Some((key(256, "z"), 4)));
    assert_eq!(map.get(&key(5, "")).await?, Some(5));
    assert_eq!(map.get_many(&keys[1..3]).await?, [Some(2), Some(5)]);
    assert_eq!(map.update(key(0, ""), |_| Some(9)).await?, Some(9));
    assert_eq!(
        map.compare_exchange(&key(0, ""), Some(9), None).await?,
        Ok(Some(9))
    );
    assert!(!map.contains_key(&key(0, "")).await?);
    assert_eq!(map.remove(&key(-1, "b")).await?, Some(2));
    assert_eq!(map.pop_first().await?, Some((key(-1, "a"), 3)));
    assert_eq!(map.pop_last().await?, Some((key(256, "z"), 4)));
    assert_eq!(map.snapshot().await?, BTreeMap::from([(key(5, ""), 5)]));
    assert_eq!(map.remove_range(..).await?, 1);
    assert!(map.is_empty().await?);
    Ok(())
}

async fn sorted_maps_take_bulk() -> Result<()> {
    let pairs: BTreeMap<u32, u32> = (0..BULK).map(|n| (n, n * 2)).collect();
    let map = SortedMap::create("sorted", pairs.clone()).await?;
    assert!(map.entries().await?.into_iter().eq(pairs));
    assert_eq!(
        map.extend((BULK..2 * BULK).map(|n| (n, 0))).await?,
        BULK as usize
    );
    let first = map.pop_first_many(5000).await?;
    assert!(first.into_iter().eq((0..5000).map(|n| (n, n * 2))));
    assert_eq!(map.remove_range(10..BULK + 5000).await?, 10_000);
    let last = map.pop_last_many(BULK as usize).await?;
    assert!(
        last.into_iter()
            .eq((BULK + 5000..2 * BULK).rev().map(|n| (n, 0)))
    );
    assert!(map.drain().await?.is_empty() && map.keys().await?.is_empty());
    Ok(())
}

async fn keys_without_order_are_refused() -> Result<()> {
    let map = SortedMap::<BTreeMap<u8, u8>, u8>::create("sorted", BTreeMap::new()).await?;
    let error = map.insert(BTreeMap::new(), 1).await.unwrap_err();
    assert!(matches!(error, Error::Codec { .. }));
    assert!(error.to_string().contains("BTreeMap<u8, u8>"), "{error}");
    Ok(())
}
