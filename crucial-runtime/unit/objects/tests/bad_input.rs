//! Bad input to collections and atomics: every error names the thing, and nothing has changed.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{check, on_every_store};
use crate::{Atomic, Error, List, Map, Result, Set, Shared, SortedMap, codec, merge};

on_every_store! {
    elements_of_other_types_are_refused
    keys_that_are_no_numbers_have_their_place
}

/// The object as somebody takes it who was given its key by hand, and believes it to be of another type.
fn taken_for<P: Shared>(object: &impl Shared) -> P {
    codec::decode(&codec::encode_own(object.key()).unwrap()).unwrap()
}

fn names<T: std::fmt::Debug>(result: Result<T>, parts: &[&str]) {
    let text = result.unwrap_err().to_string();
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in: {text}");
    }
}

async fn elements_of_other_types_are_refused() -> Result<()> {
    let map = Map::create("map", HashMap::from([("a".to_owned(), 200_u32)])).await?;
    names(
        Map::<String, String>::open("map").await,
        &[
            "/map`",
            "Map<alloc::string::String, u32>",
            "String, alloc::string::String>",
            "another name",
        ],
    );
    let wrong: Map<String, String> = taken_for(&map);
    for result in [
        wrong.get("a").await.map(drop),
        wrong.entries().await.map(drop),
        wrong.pages(10).next().await.map(drop),
        wrong.update("a".into(), |value| value).await.map(drop),
        wrong
            .merge("a".into(), "b".into(), merge::keep)
            .await
            .map(drop),
        wrong
            .merge_many([("a".into(), "b".into())], merge::keep)
            .await
            .map(drop),
    ] {
        names(result, &["/map`", "a value"]);
    }
    assert_eq!(
        map.get("a").await?,
        Some(200),
        "nothing of that changed anything"
    );

    let sorted = SortedMap::create("sorted", BTreeMap::from([(7_u64, 1_u8)])).await?;
    names(
        SortedMap::<i64, u8>::open("sorted").await,
        &["SortedMap<u64, u8>", "SortedMap<i64, u8>"],
    );
    let wrong: SortedMap<(String, String), u8> = taken_for(&sorted);
    names(wrong.first().await, &["/sorted`", "a key"]);
    names(wrong.pages(1).next().await, &["/sorted`", "a key"]);
    let list = List::create("list", vec![f64::NAN]).await?;
    names(List::<f32>::open("list").await, &["List<f64>", "List<f32>"]);
    let wrong: List<bool> = taken_for(&list);
    names(wrong.get(0).await, &["/list`", "an element"]);
    names(
        wrong.update(0, |flag| !flag).await,
        &["/list`", "an element"],
    );
    let set = Set::create("set", ["text".to_owned()].into()).await?;
    names(
        Set::<char>::open("set").await,
        &["Set<alloc::string::String>", "Set<char>"],
    );
    names(
        taken_for::<Set<bool>>(&set).to_hash_set().await,
        &["/set`", "an element"],
    );
    let text = Atomic::create("text", "x".to_owned()).await?;
    names(
        taken_for::<Atomic<u8>>(&text).load().await,
        &["/text`", "\"x\"", "u8"],
    );
    let error = taken_for::<Atomic<u8>>(&text)
        .checked_fetch_add(1)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("/text`"), "{error}");
    assert_eq!(text.load().await?, "x");
    Ok(())
}

/// A float as a key: in the order in which such keys are kept.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}

/// NaN comes last, and with a sign first: that is what the documentation says of keys.
async fn keys_that_are_no_numbers_have_their_place() -> Result<()> {
    let ordered = [
        -f64::NAN,
        f64::NEG_INFINITY,
        -1.0,
        -0.0,
        0.0,
        f64::INFINITY,
        f64::NAN,
    ];
    let map = SortedMap::<Total, usize>::create("map", BTreeMap::new()).await?;
    for (place, key) in ordered.iter().enumerate().rev() {
        assert_eq!(map.insert(Total(*key), place).await?, None, "{key}");
    }
    assert_eq!(map.values().await?, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(
        map.insert(Total(f64::NAN), 7).await?,
        Some(6),
        "NaN is itself"
    );
    assert_eq!(map.rank(&Total(f64::NAN)).await?, Some(6));
    assert_eq!(map.last().await?, Some((Total(f64::NAN), 7)));
    let numbers = Total(f64::NEG_INFINITY)..=Total(f64::INFINITY);
    assert_eq!(map.range_len(numbers).await?, 5);
    Ok(())
}

#[tokio::test]
async fn large_elements_are_refused_everywhere() {
    fn check_error<T>(what: &str, result: Result<T>) {
        match result {
            Err(error @ Error::TooLarge { limit: 100, .. }) => {
                let text = error.to_string();
                assert!(
                    text.contains("max_value_bytes") && text.contains(what),
                    "{text}"
                );
            }
            Err(error) => panic!("{what}: {error}"),
            Ok(_) => panic!("{what} took it"),
        }
    }
    async fn nothing_is_made<P: Shared>(name: &str, init: P::Init) {
        check_error(
            name,
            P::create_at(crate::object::key_here(name).unwrap(), init).await,
        );
        assert!(
            !crate::admin::remove(&crate::object::key_here(name).unwrap())
                .await
                .unwrap()
        );
    }
    let long = || "x".repeat(101);
    check(
        crate::config::Builder::new().max_value_bytes(100),
        || async {
            let map = Map::<u8, String>::create("map", HashMap::new()).await?;
            check_error("insert", map.insert(1, long()).await);
            check_error(
                "insert_all",
                map.extend((0..20).map(|n| (n, "12345".into()))).await,
            );
            check_error("exchange", map.update(1, |_| Some(long())).await);
            check_error("insert_if_absent", map.get_or_insert_with(1, long).await);
            let sorted = SortedMap::<String, u8>::create("sorted", BTreeMap::new()).await?;
            check_error("insert", sorted.insert(long(), 1).await);
            let set = Set::<String>::create("set", [].into()).await?;
            check_error("insert_all", set.insert(long()).await);
            let list = List::<String>::create("list", vec![]).await?;
            check_error("push_back", list.push_back(long()).await);
            assert!(map.is_empty().await? && sorted.is_empty().await?);
            assert!(set.is_empty().await? && list.is_empty().await?);
            nothing_is_made::<List<String>>("new-list", vec![long()]).await;
            nothing_is_made::<Map<u8, String>>("new-map", [(1, long())].into()).await;
            nothing_is_made::<Atomic<String>>("new-text", long()).await;
            Ok(())
        },
    )
    .await;
}
