//! Attributes in pairs, and types that write themselves otherwise for people within what serde buffers.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::crates::{decimal, id, moment};
use super::{exact, shapes};

macro_rules! plain {
    ($($item:item)+) => {
        $(#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)] $item)+
    };
}

plain! {
    struct FlattenedEnum {
        id: u8,
        #[serde(flatten)]
        kind: Kind,
        last: Option<u8>,
    }

    #[serde(tag = "kind")]
    enum Kind {
        Small { size: u8 },
        Large { size: u64, #[serde(default, skip_serializing_if = "Option::is_none")] note: Option<String> },
        None,
    }

    struct FlattenedAdjacent {
        id: u8,
        #[serde(flatten)]
        event: Event,
    }

    #[serde(tag = "event", content = "data")]
    enum Event {
        Joined(IpAddr),
        Left,
    }

    struct FlattenedUntagged {
        id: u8,
        #[serde(flatten)]
        either: Either,
    }

    #[serde(untagged)]
    enum Either {
        Left { left: u8 },
        Right { right: IpAddr },
    }

    struct FlattenedSkipped {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<u8>,
        #[serde(flatten)]
        part: Part,
    }

    struct Part {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        list: Vec<u8>,
        after: u8,
    }

    struct FlattenedExternal {
        id: u8,
        #[serde(flatten)]
        choice: Choice,
    }

    enum Choice {
        Number(u8),
        Pair { a: u8, b: Uuid },
    }

    #[serde(untagged)]
    enum Address {
        Number(u16),
        Ip(IpAddr),
    }

    #[serde(tag = "kind")]
    enum Peer {
        Known { address: IpAddr, port: u16 },
        Unknown,
    }

    #[serde(tag = "kind")]
    enum Record {
        Id { id: Uuid },
        At { at: DateTime<Utc> },
        Cost { cost: Decimal },
        After { pause: Duration },
        Result { result: Result<u8, String> },
    }

    #[serde(untagged)]
    enum Amount {
        Exact { cost: Decimal, currency: String },
        Id(Uuid),
        Absent(Option<bool>),
    }

    struct FlattenedTime {
        name: String,
        #[serde(flatten)]
        when: When,
    }

    struct When {
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
        by: Uuid,
        cost: Decimal,
    }

    #[serde(tag = "kind")]
    enum Packed {
        Raw { raw: Bytes, packed: Vec<u8> },
    }

    #[serde(tag = "outer")]
    enum Outer {
        A { inner: Inner },
        B(Inner),
    }

    #[serde(tag = "inner")]
    enum Inner {
        X { x: Address },
        Y,
    }

    #[serde(tag = "kind", rename_all = "UPPERCASE")]
    enum Wide {
        Small { n: u64, m: i64 },
    }

    #[serde(tag = "kind")]
    enum Widest {
        Whole { n: u128 },
    }

    #[serde(untagged)]
    enum Options {
        One { a: Option<Option<u8>> },
    }

    #[serde(default)]
    struct RenamedDefaults {
        #[serde(rename = "b", skip_serializing_if = "Option::is_none")]
        a: Option<u8>,
        #[serde(rename = "a", alias = "c")]
        b: u8,
    }

    #[serde(transparent)]
    struct TransparentWith {
        #[serde(with = "serde_bytes")]
        bytes: Vec<u8>,
    }

    struct Marker;

    #[serde(tag = "kind")]
    enum Marked {
        Field { marker: Marker, list: Vec<Marker>, option: Option<Marker> },
        Newtype(Marker),
    }

    #[serde(untagged)]
    enum Unmarked {
        Number(u8),
        Field { marker: Marker, unit: () },
    }

    struct FlattenedRest {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }

    #[serde(tag = "kind")]
    enum TaggedMap {
        Numbers { by: BTreeMap<u64, String> },
        Pairs { by: Vec<((u8, u8), IpAddr)> },
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct FlattenedJson {
    id: u8,
    #[serde(flatten)]
    rest: serde_json::Map<String, serde_json::Value>,
}

impl Default for RenamedDefaults {
    fn default() -> Self {
        Self { a: None, b: 9 }
    }
}

fn ip() -> IpAddr {
    [10, 0, 0, 1].into()
}

fn six() -> IpAddr {
    [0xfe80, 0, 0, 0, 0, 0, 0, 1].into()
}

shapes! {
    flattened_enum, "`flatten` of a tagged enum", key further, exact, FlattenedEnum,
        [FlattenedEnum { id: 1, kind: Kind::Small { size: 2 }, last: None },
         FlattenedEnum { id: 1, kind: Kind::Large { size: 1 << 40, note: None }, last: Some(3) },
         FlattenedEnum { id: 1, kind: Kind::None, last: Some(3) }];
    flattened_adjacent, "`flatten` of an adjacently tagged enum", key, exact, FlattenedAdjacent,
        [FlattenedAdjacent { id: 1, event: Event::Joined(ip()) }, FlattenedAdjacent { id: 1, event: Event::Left }];
    flattened_untagged, "`flatten` of an `untagged` enum", key, exact, FlattenedUntagged,
        [FlattenedUntagged { id: 1, either: Either::Left { left: 2 } }, FlattenedUntagged { id: 1, either: Either::Right { right: six() } }];
    flattened_external, "`flatten` of an enum", key, exact, FlattenedExternal,
        [FlattenedExternal { id: 1, choice: Choice::Number(2) }, FlattenedExternal { id: 1, choice: Choice::Pair { a: 1, b: id() } }];
    flattened_skipped, "`flatten` with `skip_serializing_if`", key, exact, FlattenedSkipped,
        [FlattenedSkipped { before: None, part: Part { list: vec![], after: 1 } },
         FlattenedSkipped { before: Some(1), part: Part { list: vec![2], after: 0 } }];
    tagged_skipped, "tagged with `skip_serializing_if`", key, exact, Kind,
        [Kind::Large { size: 1, note: None }, Kind::Large { size: 1, note: Some("n".into()) }];
    untagged_address, "`untagged` with `IpAddr`", key further, exact, Address, [Address::Ip(ip()), Address::Number(7), Address::Ip(six())];
    tagged_address, "tagged with `IpAddr`", key, exact, Peer, [Peer::Known { address: ip(), port: 1 }, Peer::Known { address: six(), port: 0 }, Peer::Unknown];
    tagged_record, "tagged with `Uuid`, `DateTime`, `Decimal`, `Duration`, `Result`", key further, exact, Record,
        [Record::Id { id: id() }, Record::At { at: moment() }, Record::Cost { cost: decimal() }, Record::After { pause: Duration::MAX },
         Record::Result { result: Err("x".into()) }];
    untagged_amount, "`untagged` with `Decimal`, `Uuid`, `Option`", key, exact, Amount,
        [Amount::Exact { cost: decimal(), currency: "EUR".into() }, Amount::Id(id()), Amount::Absent(None), Amount::Absent(Some(true))];
    flattened_time, "`flatten` with `DateTime`, `Uuid`, `Decimal`", key, exact, FlattenedTime,
        [FlattenedTime { name: "n".into(), when: When { from: moment(), until: None, by: id(), cost: decimal() } }];
    packed, "tagged with `Bytes`", key, exact, Packed, [Packed::Raw { raw: Bytes::from_static(b"\0\xff"), packed: vec![0, 255] }];
    outer, "tagged within tagged within `untagged`", key, exact, Outer,
        [Outer::A { inner: Inner::X { x: Address::Ip(ip()) } }, Outer::B(Inner::Y), Outer::B(Inner::X { x: Address::Number(1) })];
    wide, "tagged with `u64`, `i64`", key, exact, Wide, [Wide::Small { n: u64::MAX, m: i64::MIN }];
    widest, "tagged with `u128`", value, exact, Widest, [Widest::Whole { n: u128::MAX }];
    options, "`untagged` with `Option<Option>`", key, exact, Options, [Options::One { a: None }, Options::One { a: Some(Some(1)) }];
    renamed_defaults, "`rename` crosswise, `alias`, `default`", key, exact, RenamedDefaults,
        [RenamedDefaults { a: None, b: 1 }, RenamedDefaults { a: Some(2), b: 3 }];
    transparent_with, "`transparent` with `with`", key, exact, TransparentWith, [TransparentWith { bytes: vec![0, 255] }];
    marked, "tagged with unit structs", key, exact, Marked,
        [Marked::Field { marker: Marker, list: vec![Marker, Marker], option: Some(Marker) }, Marked::Newtype(Marker),
         Marked::Field { marker: Marker, list: vec![], option: None }];
    unmarked, "`untagged` with units", value, exact, Unmarked, [Unmarked::Number(1), Unmarked::Field { marker: Marker, unit: () }];
    flattened_same_key, "`flatten` of a map that has the key of a field", value, exact, FlattenedRest,
        [FlattenedRest { id: 1, rest: [("id".into(), 2)].into() }];
    flattened_json, "`flatten` of a `serde_json::Map`", hashed, exact, FlattenedJson,
        [FlattenedJson { id: 1, rest: serde_json::json!({ "a": [1, null], "b": { "c": -1.5 } }).as_object().unwrap().clone() }];
    tagged_map, "tagged with a map of numbers, a list of pairs", hashed, exact, TaggedMap,
        [TaggedMap::Numbers { by: [(1, "a".into()), (u64::MAX, "b".into())].into() }, TaggedMap::Pairs { by: vec![((1, 2), ip())] }];
}
