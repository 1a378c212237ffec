//! The attributes of serde on structs and fields, one at a time.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{equal, exact, shapes};

macro_rules! plain {
    ($($item:item)+) => {
        $(#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)] $item)+
    };
}

plain! {
    struct Renamed {
        #[serde(rename = "type")]
        kind: u8,
        #[serde(rename(serialize = "to", deserialize = "to"))]
        target: String,
    }

    #[serde(rename_all = "camelCase")]
    struct Camels {
        first_name: String,
        last_login_at: u64,
    }

    struct Aliased {
        #[serde(alias = "colour", alias = "farbe")]
        color: String,
        size: u8,
    }

    #[serde(default)]
    struct Defaulted {
        retries: u8,
        hosts: Vec<String>,
    }

    struct DefaultedBy {
        #[serde(default = "three")]
        retries: u8,
        host: String,
    }

    struct Skipped {
        before: u8,
        #[serde(skip)]
        cache: Option<u32>,
        after: String,
    }

    struct SkippedInTheMiddle {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        low: Option<u8>,
        retries: u8,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
        bytes: Vec<u8>,
    }

    struct SkippedAtTheEnd {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }

    struct SkippedWhereFalse {
        #[serde(default, skip_serializing_if = "is_false")]
        first: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        second: bool,
        count: u8,
    }

    struct NotWritten {
        before: u8,
        #[serde(skip_serializing, default)]
        hint: u32,
        after: u8,
    }

    struct NotRead {
        before: u8,
        #[serde(skip_deserializing)]
        hint: u32,
        after: u8,
    }

    struct NeverRead {
        before: u8,
        #[serde(skip_serializing)]
        hint: u32,
    }

    struct Inner {
        x: i8,
        y: Option<String>,
    }

    struct Flattened {
        id: u32,
        #[serde(flatten)]
        inner: Inner,
    }

    struct FlattenedTwice {
        #[serde(flatten)]
        outer: Flattened,
        last: bool,
    }

    struct FlattenedMap {
        id: u32,
        #[serde(flatten)]
        rest: BTreeMap<String, Inner>,
    }

    struct FlattenedOption {
        id: u32,
        #[serde(flatten)]
        inner: Option<Inner>,
    }

    #[serde(transparent)]
    struct Transparent {
        only: Vec<Inner>,
    }

    struct With {
        #[serde(with = "seconds")]
        pause: Duration,
        name: String,
    }

    struct SerializedWith {
        #[serde(serialize_with = "to_hex", deserialize_with = "from_hex")]
        color: u32,
        alpha: u8,
    }

    #[serde(from = "String", into = "String")]
    struct Converted(u32, u32);

    #[serde(try_from = "u8", into = "u8")]
    struct Percent(u8);

    struct Owned {
        text: Cow<'static, str>,
        bytes: Cow<'static, [u8]>,
    }

    #[serde(deny_unknown_fields)]
    struct Strict {
        a: u8,
        b: Option<u8>,
    }

    struct Distant {
        #[serde(with = "Local")]
        foreign: Foreign,
        near: u8,
    }

    #[serde(bound = "T: Serialize + serde::de::DeserializeOwned", expecting = "a bound")]
    struct Bounded<T> {
        value: T,
    }

    #[serde(tag = "type")]
    struct Tagged {
        x: u8,
    }

    #[serde(rename = "renamed container", rename_all = "kebab-case")]
    struct Container {
        one_field: u8,
    }

    struct TextInATuple(#[serde(with = "seconds")] Duration, u8);

    struct Raw {
        r#type: u8,
        größe: u8,
    }
}

/// Somebody else's type, which does not know serde.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Foreign {
    secs: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Foreign")]
struct Local {
    secs: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FlattenedHashMap {
    id: u32,
    #[serde(flatten)]
    rest: HashMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct FlattenedNumbers {
    #[serde(flatten)]
    rest: BTreeMap<u32, String>,
}

impl Default for Defaulted {
    fn default() -> Self {
        Self {
            retries: 3,
            hosts: vec!["here".into()],
        }
    }
}

fn three() -> u8 {
    3
}

fn is_false(flag: &bool) -> bool {
    !flag
}

mod seconds {
    use super::*;

    pub(super) fn serialize<S: Serializer>(
        pause: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        pause.as_secs().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

fn to_hex<S: Serializer>(color: &u32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("#{color:x}"))
}

fn from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    u32::from_str_radix(text.trim_start_matches('#'), 16).map_err(serde::de::Error::custom)
}

impl From<String> for Converted {
    fn from(text: String) -> Self {
        let (a, b) = text.split_once('x').unwrap();
        Self(a.parse().unwrap(), b.parse().unwrap())
    }
}

impl From<Converted> for String {
    fn from(Converted(a, b): Converted) -> Self {
        format!("{a}x{b}")
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(part: u8) -> Result<Self, String> {
        if part <= 100 {
            Ok(Self(part))
        } else {
            Err(format!("{part} are too many"))
        }
    }
}

impl From<Percent> for u8 {
    fn from(Percent(part): Percent) -> Self {
        part
    }
}

fn inner() -> Inner {
    Inner {
        x: -1,
        y: Some("y".into()),
    }
}

fn bare() -> Inner {
    Inner { x: 0, y: None }
}

fn flattened() -> Flattened {
    Flattened {
        id: 7,
        inner: inner(),
    }
}

shapes! {
    renamed, "`rename`", key, exact, Renamed, [Renamed { kind: 1, target: "t".into() }];
    camels, "`rename_all`", key, exact, Camels, [Camels { first_name: "Ada".into(), last_login_at: 1 << 40 }];
    container, "`rename` and `rename_all` of the container", key, exact, Container, [Container { one_field: 1 }];
    raw, "raw and foreign names of fields", key, exact, Raw, [Raw { r#type: 1, größe: 2 }];
    aliased, "`alias`", key, exact, Aliased, [Aliased { color: "red".into(), size: 1 }];
    defaulted, "`default` of the container", key, exact, Defaulted, [Defaulted::default(), Defaulted { retries: 0, hosts: vec![] }];
    defaulted_by, "`default = …`", key, exact, DefaultedBy, [DefaultedBy { retries: 0, host: "h".into() }];
    skipped, "`skip`", key, exact, Skipped, [Skipped { before: 1, cache: None, after: "a".into() }];
    skipped_middle, "`skip_serializing_if` in the middle", key further, exact, SkippedInTheMiddle,
        [SkippedInTheMiddle { low: None, retries: 0, tags: vec![], bytes: vec![0] },
         SkippedInTheMiddle { low: None, retries: 3, tags: vec!["t".into()], bytes: vec![1, 2, 3] },
         SkippedInTheMiddle { low: Some(0), retries: 0, tags: vec![], bytes: vec![] }];
    skipped_last, "`skip_serializing_if` at the end", key, exact, SkippedAtTheEnd,
        [SkippedAtTheEnd { name: "n".into(), note: None }, SkippedAtTheEnd { name: "n".into(), note: Some(String::new()) }];
    skipped_flags, "`skip_serializing_if` of neighbours", key, exact, SkippedWhereFalse,
        [SkippedWhereFalse { first: true, second: false, count: 1 }, SkippedWhereFalse { first: false, second: true, count: 1 },
         SkippedWhereFalse { first: false, second: false, count: 0 }];
    not_written, "`skip_serializing`, `default`", key, exact, NotWritten, [NotWritten { before: 1, hint: 0, after: 2 }];
    not_read, "`skip_deserializing`", key, exact, NotRead, [NotRead { before: 1, hint: 0, after: 2 }];
    never_read, "`skip_serializing` without `default`", value atomic, exact, NeverRead, [NeverRead { before: 1, hint: 0 }];
    flattened_struct, "`flatten` of a struct", key further, exact, Flattened, [flattened(), Flattened { id: 0, inner: bare() }];
    flattened_twice, "`flatten` within `flatten`", key, exact, FlattenedTwice, [FlattenedTwice { outer: flattened(), last: true }];
    flattened_map, "`flatten` of a `BTreeMap`", hashed, exact, FlattenedMap,
        [FlattenedMap { id: 1, rest: [].into() }, FlattenedMap { id: 1, rest: [("a".into(), inner()), ("b".into(), bare())].into() }];
    flattened_hash_map, "`flatten` of a `HashMap`", value, equal, FlattenedHashMap,
        [FlattenedHashMap { id: 1, rest: (0..20_u32).map(|n| (format!("k{n}"), n)).collect() }];
    flattened_numbers, "`flatten` of a map with numbers as keys", value, exact, FlattenedNumbers,
        [FlattenedNumbers { rest: [(1, "a".into()), (70_000, "b".into())].into() }];
    flattened_option, "`flatten` of an `Option`", key, exact, FlattenedOption,
        [FlattenedOption { id: 1, inner: Some(inner()) }, FlattenedOption { id: 1, inner: None }];
    transparent, "`transparent`", key, exact, Transparent, [Transparent { only: vec![inner(), bare()] }];
    with, "`with`", key, exact, With, [With { pause: Duration::from_secs(90), name: "n".into() }];
    with_in_a_tuple, "`with` in a tuple struct", key, exact, TextInATuple, [TextInATuple(Duration::from_secs(9), 1)];
    serialized_with, "`serialize_with`, `deserialize_with`", key, exact, SerializedWith, [SerializedWith { color: 0x00ff_8800, alpha: 1 }];
    converted, "`from`, `into`", key, exact, Converted, [Converted(3, 4)];
    tried, "`try_from`, `into`", key, exact, Percent, [Percent(0), Percent(100)];
    owned, "`Cow` without `borrow`", key, exact, Owned, [Owned { text: "t".into(), bytes: vec![1, 2].into() }];
    strict, "`deny_unknown_fields`", key, exact, Strict, [Strict { a: 1, b: None }, Strict { a: 1, b: Some(2) }];
    distant, "`remote`", key, exact, Distant, [Distant { foreign: Foreign { secs: -1 }, near: 1 }];
    bounded, "`bound`, `expecting`", key, exact, Bounded<Option<u8>>, [Bounded { value: Some(1) }, Bounded { value: None }];
    tagged_struct, "`tag` of a struct", key, exact, Tagged, [Tagged { x: 1 }];
}
