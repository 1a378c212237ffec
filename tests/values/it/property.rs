//! Random values of types within types.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use crucial::{Map, Runtime};
use proptest::collection::{btree_map, hash_map, vec};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::fate::Reason;
use crate::stage::{Stage, Store};

/// A value with everything in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Node {
    Unit,
    Flag(bool),
    Whole(i64),
    Wide(u128),
    Narrow(i8, u16),
    Float(f64),
    Letter(char),
    Text(String),
    Packed(ByteBuf),
    Maybe(Option<Box<Node>>),
    Twice(Option<Option<u8>>),
    Pair(Box<Node>, (u8, Box<Node>)),
    List(Vec<Node>),
    ByName(BTreeMap<String, Node>),
    ByPair(HashMap<(u8, bool), Node>),
    Sparse(Sparse),
    Tagged(Tagged),
    Flat(Flat),
    Either(Either),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sparse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_one: Option<u8>,
    second: u8,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    third: Vec<Node>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Box<Node>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Peer {
        address: IpAddr,
        since: DateTime<Utc>,
    },
    Price {
        amount: Decimal,
        pause: Duration,
    },
    Sparse(Sparse),
    Nested {
        node: Box<Node>,
    },
    Gone,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u16>,
    #[serde(flatten)]
    tagged: Tagged,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Either {
    Address(IpAddr),
    Named { name: String, node: Box<Node> },
    Numbers(Vec<i32>),
}

/// What of a value may be refused; everything else must not be.
#[derive(Default)]
struct Reasons {
    nested_none: bool,
    wide_in_a_buffer: bool,
}

impl Reasons {
    fn of(node: &Node) -> Self {
        let mut reasons = Self::default();
        reasons.node(node, false);
        reasons
    }

    fn node(&mut self, node: &Node, buffered: bool) {
        match node {
            Node::Wide(_) => self.wide_in_a_buffer |= buffered,
            Node::Twice(twice) => self.nested_none |= *twice == Some(None),
            Node::Maybe(Some(node)) => self.node(node, buffered),
            Node::Pair(a, (_, b)) => {
                self.node(a, buffered);
                self.node(b, buffered);
            }
            Node::List(nodes) => nodes.iter().for_each(|node| self.node(node, buffered)),
            Node::ByName(nodes) => nodes.values().for_each(|node| self.node(node, buffered)),
            Node::ByPair(nodes) => nodes.values().for_each(|node| self.node(node, buffered)),
            Node::Sparse(sparse) => self.sparse(sparse, buffered),
            Node::Tagged(tagged) => self.tagged(tagged),
            Node::Flat(flat) => self.tagged(&flat.tagged),
            Node::Either(Either::Named { node, .. }) => self.node(node, true),
            _ => {}
        }
    }

    fn sparse(&mut self, sparse: &Sparse, buffered: bool) {
        let nodes = sparse.third.iter().chain(sparse.last.as_deref());
        nodes.for_each(|node| self.node(node, buffered));
    }

    fn tagged(&mut self, tagged: &Tagged) {
        match tagged {
            Tagged::Sparse(sparse) => self.sparse(sparse, true),
            Tagged::Nested { node } => self.node(node, true),
            _ => {}
        }
    }

    /// Whether a refusal for that reason is one for which there is a cause.
    fn allow(&self, reason: Reason) -> bool {
        match reason {
            Reason::NestedNone => self.nested_none,
            Reason::NotReadBack | Reason::AnotherValue => self.wide_in_a_buffer,
            _ => false,
        }
    }

    fn none(&self) -> bool {
        !self.nested_none && !self.wide_in_a_buffer
    }
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u16; 8]>().prop_map(IpAddr::from)
    ]
}

fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0..4_000_000_000_i64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| DateTime::from_timestamp(seconds, nanos).unwrap())
}

fn amount() -> impl Strategy<Value = Decimal> {
    (any::<i64>(), 0..=28_u32).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

fn sparse(node: impl Strategy<Value = Node> + Clone + 'static) -> BoxedStrategy<Sparse> {
    let last = proptest::option::of(node.clone().prop_map(Box::new));
    (any::<Option<u8>>(), any::<u8>(), vec(node, 0..3), last)
        .prop_map(|(first_one, second, third, last)| Sparse {
            first_one,
            second,
            third,
            last,
        })
        .boxed()
}

fn tagged(node: impl Strategy<Value = Node> + Clone + 'static) -> BoxedStrategy<Tagged> {
    prop_oneof![
        (address(), moment()).prop_map(|(address, since)| Tagged::Peer { address, since }),
        (amount(), any::<Duration>()).prop_map(|(amount, pause)| Tagged::Price { amount, pause }),
        sparse(node.clone()).prop_map(Tagged::Sparse),
        node.prop_map(|node| Tagged::Nested {
            node: Box::new(node)
        }),
        Just(Tagged::Gone),
    ]
    .boxed()
}

fn leaf() -> BoxedStrategy<Node> {
    prop_oneof![
        Just(Node::Unit),
        any::<bool>().prop_map(Node::Flag),
        any::<i64>().prop_map(Node::Whole),
        any::<u128>().prop_map(Node::Wide),
        any::<u64>().prop_map(|wide| Node::Wide(wide.into())),
        any::<(i8, u16)>().prop_map(|(a, b)| Node::Narrow(a, b)),
        any::<f64>()
            .prop_filter("equal to itself", |float| !float.is_nan())
            .prop_map(Node::Float),
        any::<char>().prop_map(Node::Letter),
        any::<String>().prop_map(Node::Text),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Node::Packed(ByteBuf::from(bytes))),
        any::<Option<Option<u8>>>().prop_map(Node::Twice),
        Just(Node::Maybe(None)),
    ]
    .boxed()
}

fn node() -> impl Strategy<Value = Node> {
    leaf().prop_recursive(5, 40, 4, |node| {
        let boxed = node.clone().prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(|node| Node::Maybe(Some(node))),
            (boxed.clone(), any::<u8>(), boxed.clone()).prop_map(|(a, n, b)| Node::Pair(a, (n, b))),
            vec(node.clone(), 0..4).prop_map(Node::List),
            btree_map(any::<String>(), node.clone(), 0..4).prop_map(Node::ByName),
            hash_map(any::<(u8, bool)>(), node.clone(), 0..4).prop_map(Node::ByPair),
            sparse(node.clone()).prop_map(Node::Sparse),
            tagged(node.clone()).prop_map(Node::Tagged),
            (any::<Option<u16>>(), tagged(node))
                .prop_map(|(id, tagged)| Node::Flat(Flat { id, tagged })),
            (any::<String>(), boxed)
                .prop_map(|(name, node)| Node::Either(Either::Named { name, node })),
            address().prop_map(|address| Node::Either(Either::Address(address))),
            vec(any::<i32>(), 0..5).prop_map(|numbers| Node::Either(Either::Numbers(numbers))),
        ]
    })
}

/// Keeps one value.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Shelf {
    puts: u64,
    node: Option<Node>,
}

#[crucial::shared]
impl Shelf {
    pub fn put(&mut self, node: Node) -> Option<Node> {
        self.puts += 1;
        self.node.replace(node)
    }
}

/// The value is kept, in a map and in a state, or refused for a cause, and then nothing has changed.
async fn check(stage: &Runtime, stranger: &Runtime, node: &Node) -> Result<(), String> {
    let map = stage.scope(Map::<u8, Node>::open_or_create("map", HashMap::new()));
    let map = map.await.unwrap();
    let shelf = stage.scope(ShelfProxy::open_or_create("shelf", Shelf::default()));
    let shelf = shelf.await.unwrap();
    let look = || async {
        let map = stranger
            .scope(map.get(&0))
            .await
            .map_err(|error| error.to_string())?;
        let shelf = stranger
            .scope(shelf.snapshot())
            .await
            .map_err(|error| error.to_string())?;
        Ok::<_, String>((map, shelf.puts, shelf.node))
    };
    let before = look().await?;
    let inserted = stage.scope(map.insert(0, node.clone())).await;
    let put = stage.scope(shelf.put(node.clone())).await;
    let after = look().await?;
    let reasons = Reasons::of(node);
    match (inserted, put) {
        (Ok(old), Ok(shelved)) => {
            same("what was in the map", &old, &before.0)?;
            same("what was in the state", &shelved, &before.2)?;
            same(
                "what is kept",
                &after,
                &(Some(node.clone()), before.1 + 1, Some(node.clone())),
            )
        }
        (Err(inserted), Err(put)) => {
            same("what a refusal leaves", &after, &before)?;
            for error in [inserted, put] {
                let error = error.to_string();
                if !Reason::of(&error).is_some_and(|reason| reasons.allow(reason)) {
                    return Err(format!("it is refused without a cause: {error}"));
                }
            }
            if reasons.none() {
                return Err("it is refused".to_owned());
            }
            Ok(())
        }
        (inserted, put) => Err(format!("a map says {inserted:?}, a method {put:?}")),
    }
}

fn same<T: PartialEq + Debug>(what: &str, is: &T, was: &T) -> Result<(), String> {
    if is == was {
        Ok(())
    } else {
        Err(format!("{what} is {is:?}, not {was:?}"))
    }
}

fn random_values_are_kept_or_refused(store: Store, cases: u32) {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (stage, stranger) = tokio.block_on(async {
        let stage = Stage::on(store).await;
        let stranger = stage.stranger().await;
        (stage, stranger)
    });
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let run = runner.run(&node(), |node| {
        tokio
            .block_on(check(&stage.runtime, &stranger, &node))
            .map_err(TestCaseError::fail)
    });
    // The connections end within the runtime that they belong to.
    tokio.block_on(async { drop((stage, stranger)) });
    run.unwrap();
}

#[test]
fn random_values_on_the_embedded_store() {
    random_values_are_kept_or_refused(Store::Embedded, 1_000);
}

#[test]
fn random_values_on_redis() {
    random_values_are_kept_or_refused(Store::Redis, 500);
}
