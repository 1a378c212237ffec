//! What a refusal says: the type, the field, and the mend.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use crucial::{Atomic, List, Map, Set, SortedMap};
use serde::{Deserialize, Serialize};

use crate::fate::Reason;
use crate::stage::{Stage, Store};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Outer {
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Part {
    Limits { low: Option<Option<u8>> },
    Flat(Flat),
    Hidden(Hidden),
    Wide(Wide),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, u8>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Hidden {
    #[serde(skip_serializing)]
    hint: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Wide {
    Whole { wide: u128 },
}

/// Keeps one value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Holder {
    outer: Option<Outer>,
}

#[crucial::shared]
impl Holder {
    pub fn hold(&mut self, outer: Outer) {
        self.outer = Some(outer);
    }
}

async fn check_error(part: Part, reason: Reason, words: &[&str]) {
    let outer = Outer {
        name: "n".to_owned(),
        parts: vec![part],
    };
    let map = Map::<u8, Outer>::open_or_create("map", HashMap::new())
        .await
        .unwrap();
    let holder = HolderProxy::open_or_create("holder", Holder::default())
        .await
        .unwrap();
    let errors = [
        map.insert(1, outer.clone()).await.unwrap_err(),
        Atomic::create("atomic", outer.clone()).await.unwrap_err(),
        holder.hold(outer.clone()).await.unwrap_err(),
        HolderProxy::create("created", Holder { outer: Some(outer) })
            .await
            .unwrap_err(),
    ];
    for (object, error) in ["map", "atomic", "holder", "created"]
        .into_iter()
        .zip(errors)
    {
        let error = error.to_string();
        assert_eq!(Reason::of(&error), Some(reason), "{error}");
        for word in words.iter().chain([&object, &"refusals::"]) {
            assert!(error.contains(word), "{word:?} is missing in: {error}");
        }
    }
    assert!(map.is_empty().await.unwrap());
    assert_eq!(holder.snapshot().await.unwrap().outer, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_type_the_field_and_the_mend() {
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let _entered = stage.runtime.enter();
        check_error(
            Part::Limits { low: Some(None) },
            Reason::NestedNone,
            &["low", "an enum"],
        )
        .await;
        check_error(
            Part::Flat(Flat {
                id: 1,
                rest: [("id".into(), 2)].into(),
            }),
            Reason::SameKey,
            &["rename the field"],
        )
        .await;
        check_error(
            Part::Hidden(Hidden { hint: 0 }),
            Reason::NotReadBack,
            &["hint", "`#[serde(default)]`"],
        )
        .await;
        check_error(
            Part::Wide(Wide::Whole { wide: u128::MAX }),
            Reason::NotReadBack,
            &["Wide", "u128"],
        )
        .await;
    }
}

/// A key that is equal to others whose bytes differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Unordered {
    names: HashSet<String>,
    counts: HashMap<u32, u32>,
}

impl Hash for Unordered {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.names.len().hash(state);
    }
}

fn unordered(size: u32) -> Unordered {
    Unordered {
        names: (0..size).map(|n| n.to_string()).collect(),
        counts: (0..size).map(|n| (n, n)).collect(),
    }
}

fn refused<T: Debug>(result: crucial::Result<T>) {
    let error = result.unwrap_err().to_string();
    assert_eq!(Reason::of(&error), Some(Reason::AnyOrder), "{error}");
    for word in ["Unordered", "`BTreeMap`", "`BTreeSet`"] {
        assert!(error.contains(word), "{word:?} is missing in: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_compared_by_its_bytes_has_an_order_or_is_refused() {
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let _entered = stage.runtime.enter();
        let map = Map::<Unordered, u8>::create("map", HashMap::new())
            .await
            .unwrap();
        let set = Set::<Unordered>::create("set", HashSet::new())
            .await
            .unwrap();
        let list = List::create("list", vec![unordered(20)]).await.unwrap();
        let atomic = Atomic::create("atomic", unordered(20)).await.unwrap();
        let values = Map::create("values", [(1, unordered(20))].into())
            .await
            .unwrap();
        for size in [2, 3, 20] {
            let key = unordered(size);
            refused(map.insert(key.clone(), 1).await);
            refused(map.insert_if_absent(key.clone(), 1).await);
            refused(map.extend([(key.clone(), 1)]).await);
            refused(map.get(&key).await);
            refused(map.contains_key(&key).await);
            refused(map.remove(&key).await);
            refused(map.update(key.clone(), |_| Some(1)).await);
            refused(set.insert(key.clone()).await);
            refused(set.extend([key.clone()]).await);
            refused(set.contains(&key).await);
            refused(set.remove(&key).await);
            refused(list.contains(&key).await);
            refused(list.position(&key).await);
            refused(list.remove_first(&key).await);
            refused(list.compare_exchange(0, key.clone(), unordered(1)).await);
            refused(atomic.compare_exchange(key.clone(), unordered(1)).await);
            refused(
                values
                    .compare_exchange(&1, Some(key.clone()), Some(unordered(1)))
                    .await,
            );
            refused(values.remove_if(&1, key.clone()).await);
            refused(Map::create("another", [(key.clone(), 1)].into()).await);
            refused(Set::create("another", [key].into()).await);
        }
        assert!(map.is_empty().await.unwrap() && set.is_empty().await.unwrap());
        assert_eq!(list.to_vec().await.unwrap(), [unordered(20)]);
        assert_eq!(values.get(&1).await.unwrap(), Some(unordered(20)));
        // To read and write them compares nothing; nor does an update, which compares what has been read.
        assert_eq!(atomic.load().await.unwrap(), unordered(20));
        atomic.store(unordered(3)).await.unwrap();
        assert_eq!(atomic.swap(unordered(4)).await.unwrap(), unordered(3));
        let updated = atomic.update_and_get(|_| unordered(5)).await.unwrap();
        assert_eq!(updated, unordered(5));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_a_sorted_map_has_no_map_in_it() {
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let _entered = stage.runtime.enter();
        type Key = (u8, BTreeMap<u8, u8>);
        let map = SortedMap::<Key, u8>::create("sorted", BTreeMap::new())
            .await
            .unwrap();
        let error = map
            .insert((1, [(2, 3)].into()), 4)
            .await
            .unwrap_err()
            .to_string();
        assert_eq!(Reason::of(&error), Some(Reason::NoOrder), "{error}");
        assert!(error.contains("BTreeMap<u8, u8>"), "{error}");
        assert!(map.is_empty().await.unwrap());
    }
}
