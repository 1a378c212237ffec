//! Types that change between two programs which share stored data.
//!
//! An old and a new program have a type of the same path; here the two stand in nameless blocks of one module, whose
//! paths are the same too. Each is given a runtime of its own. What is stored is bytes for both: as states on a server
//! alone, since nobody else sees the states of an embedded store.

use std::any::type_name;
use std::collections::HashMap;
use std::fmt::Debug;
use std::pin::Pin;

use crucial::{Map, Portable, Queue, QueueInit, Result, Runtime};

use crate::stage::{Stage, Store};

type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + 'a>>;

/// One program's version of a type.
trait Version {
    type Value: Portable + Clone + Debug + PartialEq;

    /// What it stores.
    fn writes() -> Vec<Self::Value>;

    /// What it reads of what the other version has stored: values, or words of the error.
    fn reads() -> Vec<std::result::Result<Self::Value, &'static [&'static str]>>;

    /// Stores a state.
    fn keep(name: String, value: Self::Value) -> Work<'static, ()>;

    /// Reads a state, with a method and as a snapshot.
    fn kept(name: String) -> Work<'static, [Self::Value; 2]>;

    /// Changes a state without looking into it.
    fn touch(name: String) -> Work<'static, u32>;
}

/// A change: the items of a version, what it writes, and what it reads of the other's.
macro_rules! change {
    ($change:ident,
        old { $($old:item)+ } writes [$($old_writes:expr),+] reads [$($old_reads:expr),+],
        new { $($new:item)+ } writes [$($new_writes:expr),+] reads [$($new_reads:expr),+]
    ) => {
        mod $change {
            use super::*;

            version!(Old { $($old)+ } [$($old_writes),+] [$($old_reads),+]);
            version!(New { $($new)+ } [$($new_writes),+] [$($new_reads),+]);

            #[tokio::test(flavor = "multi_thread")]
            async fn is_read_by_both() {
                check::<Old, New>().await;
            }
        }
    };
}

macro_rules! version {
    ($version:ident { $($item:item)+ } [$($writes:expr),+] [$($reads:expr),+]) => {
        struct $version;

        const _: () = {
            $(
                #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
                $item
            )+

            /// A state with a value in it, in a list too.
            #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
            struct Keeper {
                touched: u32,
                value: Value,
                list: Vec<Value>,
            }

            #[crucial::shared]
            impl Keeper {
                pub fn touch(&mut self) -> u32 {
                    self.touched += 1;
                    self.touched
                }

                pub fn value(&self) -> Value {
                    self.value.clone()
                }
            }

            impl Version for $version {
                type Value = Value;

                fn writes() -> Vec<Value> {
                    vec![$($writes),+]
                }

                fn reads() -> Vec<std::result::Result<Value, &'static [&'static str]>> {
                    vec![$($reads),+]
                }

                fn keep(name: String, value: Value) -> Work<'static, ()> {
                    Box::pin(async move {
                        let list = vec![value.clone()];
                        let keeper = Keeper { touched: 0, value, list };
                        KeeperProxy::create(&name, keeper).await.map(drop)
                    })
                }

                fn kept(name: String) -> Work<'static, [Value; 2]> {
                    Box::pin(async move {
                        let keeper = KeeperProxy::open(&name).await?;
                        let value = keeper.value().await?;
                        let mut snapshot = keeper.snapshot().await?;
                        assert_eq!(snapshot.list, [snapshot.value]);
                        Ok([value, snapshot.list.remove(0)])
                    })
                }

                fn touch(name: String) -> Work<'static, u32> {
                    Box::pin(async move { KeeperProxy::open(&name).await?.touch().await })
                }
            }
        };
    };
}

/// Both read what the other has stored.
async fn check<Old: Version, New: Version>() {
    assert_eq!(
        type_name::<Old::Value>(),
        type_name::<New::Value>(),
        "to the stores they are one type"
    );
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let other = stage.stranger().await;
        exchange::<Old, New>("onwards", store, &stage.runtime, &other).await;
        exchange::<New, Old>("back", store, &stage.runtime, &other).await;
    }
}

async fn exchange<From: Version, To: Version>(
    way: &str,
    store: Store,
    writer: &Runtime,
    reader: &Runtime,
) {
    assert_eq!(From::writes().len(), To::reads().len());
    for (number, (written, wanted)) in From::writes().into_iter().zip(To::reads()).enumerate() {
        let name = |what: &str| format!("{way}{number}{what}");
        let wrote = async {
            Map::create(&name("map"), HashMap::from([(1_u32, written.clone())])).await?;
            let queue = Queue::create(&name("queue"), QueueInit::unbounded()).await?;
            queue.put(written.clone()).await?;
            From::keep(name("state"), written.clone()).await
        };
        writer.scope(wrote).await.unwrap();
        let judge = |place: &str, read: Result<To::Value>| match (read, &wanted) {
            (Ok(read), Ok(wanted)) => assert_eq!(read, *wanted, "{way}: {place}"),
            (Err(error), Err(words)) => {
                let error = error.to_string();
                for word in *words {
                    assert!(
                        error.contains(word),
                        "{way}, {place}: {word:?} is missing in: {error}"
                    );
                }
            }
            (read, _) => panic!("{way}, {place}: {written:?} is {read:?}, not {wanted:?}"),
        };
        let map = async {
            Map::<u32, To::Value>::open(&name("map"))
                .await?
                .get(&1)
                .await
        };
        judge(
            "map",
            reader
                .scope(map)
                .await
                .map(|value| value.expect("it is there")),
        );
        let queue = async { Queue::<To::Value>::open(&name("queue")).await?.peek().await };
        judge(
            "queue",
            reader
                .scope(queue)
                .await
                .map(|value| value.expect("it is there")),
        );
        if store == Store::Embedded {
            continue;
        }
        match reader.scope(To::kept(name("state"))).await {
            Ok(values) => values
                .into_iter()
                .for_each(|value| judge("state", Ok(value))),
            Err(error) => judge("state", Err(error)),
        }
        // A program that can't read a state leaves it alone; one that can, changes it, and both go on.
        let touched = reader.scope(To::touch(name("state"))).await;
        assert_eq!(touched.ok(), wanted.as_ref().ok().map(|_| 1), "{way}");
        let again = writer.scope(From::touch(name("state"))).await;
        match (again, &wanted) {
            (Ok(count), Ok(_)) => assert_eq!(count, 2, "{way}"),
            (Ok(count), Err(_)) => assert_eq!(count, 1, "{way}"),
            // What the reader has written anew lacks what it does not know, which the writer may need.
            (Err(error), _) => assert!(
                error.to_string().contains("missing field"),
                "{way}: {error}"
            ),
        }
    }
}

fn three() -> u8 {
    3
}

// Added with a default, added as an option, reordered, renamed with an alias, widened, removed, wrapped in a newtype,
// moved into a flattened struct, written under a condition; and known variants beside others that are new.
change! {
    fields,
    old {
        struct Value {
            id: u64,
            whole: u8,
            signed: i16,
            float: f32,
            #[serde(alias = "color")]
            colour: String,
            #[serde(default)]
            gone: Option<Vec<String>>,
            x: i8,
            y: Option<String>,
            low: Option<u8>,
            list: Vec<u32>,
            steps: Vec<Step>,
        }
        enum Step { Start, Pay(u32), Refund { amount: u32 } }
    }
    writes [Value {
        id: 7, whole: 255, signed: -300, float: 0.5, colour: "red".into(), gone: Some(vec!["g".into()]), x: -1,
        y: Some("y".into()), low: None, list: vec![70_000], steps: vec![Step::Refund { amount: 1 }, Step::Pay(2), Step::Start],
    }]
    reads [Ok(Value {
        id: 8, whole: 1, signed: -1, float: 1.5, colour: "blue".into(), gone: None, x: 1, y: None, low: None,
        list: vec![0, 1], steps: vec![Step::Pay(7)],
    })],
    new {
        struct Value {
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            steps: Vec<Step>,
            #[serde(flatten)]
            place: Place,
            id: Id,
            whole: u64,
            signed: i64,
            float: f64,
            #[serde(alias = "colour")]
            color: Box<str>,
            #[serde(default)]
            tags: Vec<String>,
            #[serde(default = "three")]
            retries: u8,
            note: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            low: Option<u8>,
            list: Vec<i128>,
        }
        struct Id(u64);
        struct Place { x: i8, y: Option<String> }
        enum Step { Hold(u32), Refund { amount: u32 }, Pay(u64), Start, Ship }
    }
    writes [Value {
        id: Id(8), whole: 1, signed: -1, float: 1.5, color: "blue".into(), place: Place { x: 1, y: None }, low: None,
        list: vec![0, 1], steps: vec![Step::Pay(7)], tags: vec!["t".into()], retries: 9, note: Some("n".into()),
    }]
    reads [Ok(Value {
        id: Id(7), whole: 255, signed: -300, float: 0.5, color: "red".into(), place: Place { x: -1, y: Some("y".into()) },
        low: None, list: vec![70_000], steps: vec![Step::Refund { amount: 1 }, Step::Pay(2), Step::Start], tags: vec![],
        retries: 3, note: None,
    })]
}

change! {
    variants,
    old { enum Value { Start, Pay(u32), Refund(u32) } }
    writes [Value::Start, Value::Pay(7), Value::Refund(7)]
    reads [Ok(Value::Pay(7)), Ok(Value::Refund(7)), Err(&["Hold"]), Err(&["Ship"])],
    new { enum Value { Start, Hold(u32), Refund(u32), Pay(u32), Ship { to: String } } }
    writes [Value::Pay(7), Value::Refund(7), Value::Hold(7), Value::Ship { to: "there".into() }]
    reads [Ok(Value::Start), Ok(Value::Pay(7)), Ok(Value::Refund(7))]
}

change! {
    unknown_variants,
    old { #[serde(tag = "kind")] enum Value { Known { id: u8 }, #[serde(other)] Unknown } }
    writes [Value::Known { id: 1 }, Value::Unknown]
    reads [Ok(Value::Known { id: 1 }), Ok(Value::Unknown)],
    new { #[serde(tag = "kind")] enum Value { Known { id: u8 }, Further { text: String }, #[serde(other)] Unknown } }
    writes [Value::Known { id: 1 }, Value::Further { text: "t".into() }]
    reads [Ok(Value::Known { id: 1 }), Ok(Value::Unknown)]
}

change! {
    another_type,
    old { struct Value { id: u32, parts: HashMap<String, Vec<u8>> } }
    writes [Value { id: 7, parts: [("a".into(), vec![1])].into() }]
    reads [Err(&["parts.a[0]"])],
    new { struct Value { id: u32, parts: HashMap<String, Vec<String>> } }
    writes [Value { id: 7, parts: [("a".into(), vec!["1".into()])].into() }]
    reads [Err(&["parts.a[0]", "integer `1`"])]
}

change! {
    added_without_a_default_or_too_wide,
    old { struct Value { id: u8 } }
    writes [Value { id: 7 }]
    reads [Ok(Value { id: 255 }), Err(&["`256`", "id"])],
    new { struct Value { id: u32, wanted: u8 } }
    writes [Value { id: 255, wanted: 1 }, Value { id: 256, wanted: 1 }]
    reads [Err(&["missing field `wanted`"])]
}
