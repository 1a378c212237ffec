//! Collections page by page.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use futures_util::future::FutureExt;
use futures_util::stream::TryStreamExt;

use super::on_every_store;
use crate::{List, Map, Pages, Result, Set, SortedMap};

on_every_store! {
    pages_show_everything
    pages_show_what_stays_while_the_rest_changes
    sorted_pages_show_no_key_twice
    a_page_that_was_given_up_comes_again
    nothing_has_no_pages
}

const MANY: u32 = 5_000;

async fn all<T: Send + 'static>(mut pages: Pages<T>, most: usize) -> Result<Vec<T>> {
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await? {
        assert!((1..=most).contains(&page.len()), "{} on a page", page.len());
        seen.extend(page);
    }
    assert!(pages.next().await?.is_none(), "an end is an end");
    Ok(seen)
}

async fn pages_show_everything() -> Result<()> {
    let pairs: HashMap<u32, String> = (0..MANY).map(|n| (n, n.to_string())).collect();
    let map = Map::create("map", pairs.clone()).await?;
    let set = Set::create("set", (0..MANY).collect()).await?;
    // A server looks at whole buckets: a page is about as large as asked for.
    let seen = all(map.pages(100), 1_000).await?;
    assert_eq!(
        seen.len(),
        pairs.len(),
        "nothing changes, so nothing comes twice"
    );
    assert_eq!(seen.into_iter().collect::<HashMap<_, _>>(), pairs);
    let seen = all(set.pages(100), 1_000).await?;
    assert_eq!(seen.len(), MANY as usize);
    assert!(seen.into_iter().collect::<HashSet<_>>() == (0..MANY).collect());
    for size in [0, 1, 7, 100, 5_000, usize::MAX] {
        let small = Map::open_or_create("small", (0..20_u8).map(|n| (n, n)).collect()).await?;
        assert_eq!(all(small.pages(size), 20).await?.len(), 20);
    }

    let list = List::create("list", (0..MANY).collect()).await?;
    let sorted = SortedMap::create("sorted", (0..MANY).map(|n| (n, n)).collect()).await?;
    for size in [999, 1_000, 5_000, usize::MAX] {
        let most = size.min(MANY as usize);
        assert!(all(list.pages(size), most).await?.into_iter().eq(0..MANY));
        let seen = all(sorted.pages(size), most).await?;
        assert!(seen.into_iter().eq((0..MANY).map(|n| (n, n))));
    }
    assert_eq!(all(list.pages(0), 1).await?.len(), MANY as usize);
    let seen = all(sorted.range_pages(10..=19, 3)?, 3).await?;
    assert!(seen.into_iter().eq((10..20).map(|n| (n, n))));

    let streamed: Vec<u32> = list.pages(64).into_stream().try_collect().await?;
    assert!(streamed.into_iter().eq(0..MANY));
    Ok(())
}

async fn pages_show_what_stays_while_the_rest_changes() -> Result<()> {
    let map = Map::create("map", (0..2 * MANY).map(|n| (n, n)).collect()).await?;
    let set = Set::create("set", (0..2 * MANY).collect()).await?;
    let (mut entries, mut elements) = (map.pages(50), set.pages(50));
    let (mut keys, mut seen) = (HashSet::new(), HashSet::new());
    let mut turn = 0;
    while let Some(page) = entries.next().await? {
        keys.extend(page.into_iter().map(|(key, _)| key));
        // The upper half goes and new entries come, so that the server's table grows and shrinks.
        let (first, last) = (MANY + 100 * turn, MANY + 100 * (turn + 1));
        map.remove_many(&(first..last).collect::<Vec<_>>()).await?;
        map.extend((first..last).map(|n| (n + 100_000, n))).await?;
        map.extend((0..10).map(|n| (n, turn))).await?;
        turn += 1;
    }
    while let Some(page) = elements.next().await? {
        seen.extend(page);
        if let Some(first) = set.len().await?.checked_sub(MANY as usize + 100) {
            let first = MANY + u32::try_from(first).unwrap_or(0);
            set.remove_many(&(first..first + 100).collect::<Vec<_>>())
                .await?;
        }
    }
    for n in 0..MANY {
        assert!(
            keys.contains(&n) && seen.contains(&n),
            "{n} was there all the time"
        );
    }
    Ok(())
}

async fn sorted_pages_show_no_key_twice() -> Result<()> {
    let map = SortedMap::create("map", (0..1_000).map(|n| (n * 10, 0)).collect()).await?;
    let mut pages = map.pages(37);
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await? {
        keys.extend(page.into_iter().map(|(key, _)| key));
        let last = keys[keys.len() - 1];
        map.extend([(last - 5, 1), (last + 5, 1)]).await?;
        map.remove(&(last - 10)).await?;
    }
    assert!(keys.is_sorted_by(|a, b| a < b), "in order, and none twice");
    let seen: HashSet<i32> = keys.into_iter().collect();
    assert!((0..1_000).all(|n| seen.contains(&(n * 10))));
    Ok(())
}

async fn a_page_that_was_given_up_comes_again() -> Result<()> {
    let list = List::create("list", (0..100).collect()).await?;
    let mut pages = list.pages(10);
    let mut seen = Vec::new();
    loop {
        // Given up at once; then in the middle of things, wherever that is.
        if let Some(page) = pages.next().now_or_never() {
            seen.extend(page?.unwrap_or_default());
        }
        let patience = Duration::from_micros(u64::try_from(seen.len()).unwrap_or(0) * 10);
        match tokio::time::timeout(patience, pages.next()).await {
            Ok(Ok(Some(page))) => seen.extend(page),
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(error),
            Err(_) => match pages.next().await? {
                Some(page) => seen.extend(page),
                None => break,
            },
        }
    }
    assert!(seen.into_iter().eq(0..100));
    Ok(())
}

async fn nothing_has_no_pages() -> Result<()> {
    let map = Map::<u8, u8>::create("map", HashMap::new()).await?;
    let sorted = SortedMap::<u8, u8>::create("sorted", BTreeMap::new()).await?;
    let set = Set::<u8>::create("set", HashSet::new()).await?;
    let list = List::<u8>::create("list", vec![]).await?;
    for _ in 0..2 {
        assert!(map.pages(10).next().await?.is_none());
        assert!(sorted.pages(10).next().await?.is_none());
        assert!(set.pages(10).next().await?.is_none());
        assert!(list.pages(10).next().await?.is_none());
        // What is not there at all reads as empty.
        map.destroy().await?;
        sorted.destroy().await?;
        set.destroy().await?;
        list.destroy().await?;
    }
    Ok(())
}
