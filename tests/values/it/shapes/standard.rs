//! Types of the standard library.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, LinkedList, VecDeque};
use std::ffi::{CString, OsString};
use std::marker::PhantomData;
use std::net::{IpAddr, SocketAddr};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{equal, exact, shapes};

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Marker;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Meters(u32);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Pair(u8, String);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Place {
    row: u8,
    column: i16,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
enum Side {
    Left,
    Right,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Tree {
    name: Box<str>,
    left: Option<Box<Tree>>,
    right: Vec<Tree>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct Generic<T> {
    value: T,
    marker: PhantomData<T>,
}

type Nested = BTreeMap<i64, BTreeMap<char, Vec<Option<u8>>>>;

fn tree(depth: usize) -> Tree {
    Tree {
        name: "leaf".into(),
        left: depth.checked_sub(1).map(|depth| Box::new(tree(depth))),
        right: (0..depth.min(2)).map(|_| tree(0)).collect(),
    }
}

fn addresses() -> [IpAddr; 2] {
    [
        [10, 0, 0, 1].into(),
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1].into(),
    ]
}

shapes! {
    unit_struct, "unit struct", key, exact, Marker, [Marker];
    newtype, "newtype struct", key, exact, Meters, [Meters(0), Meters(u32::MAX)];
    tuple_struct, "tuple struct", key, exact, Pair, [Pair(7, "x".into())];
    plain_struct, "struct", key, exact, Place, [Place { row: 1, column: -1 }];
    generic, "generic struct, `PhantomData`", key, exact, Generic<String>,
        [Generic { value: "x".into(), marker: PhantomData }];
    tuple, "tuple", key, exact, (u8, (bool, String), (), [char; 1]), [(1, (true, "x".into()), (), ['c'])];
    array, "array", key, exact, ([u8; 4], [[i16; 2]; 3], [String; 0]), [([1, 2, 3, 255], [[1, -1], [2, -2], [3, -3]], [])];
    option, "`Option`", key, exact, Option<u32>, [None, Some(0), Some(u32::MAX)];
    option_twice, "`Option<Option>`: `None`, `Some(Some)`", key further, exact, Option<Option<u32>>, [None, Some(Some(7))];
    option_of_none, "`Option<Option>`: `Some(None)`", value, exact, Option<Option<u32>>, [Some(None)];
    option_of_unit, "`Option<()>`: `Some(())`", value, exact, Option<()>, [Some(())];
    option_without, "`Option<()>`: `None`", key, exact, Option<()>, [None];
    bytes, "`Vec<u8>`", key, exact, Vec<u8>, [vec![], vec![0, 255, 128], vec![7; 300]];
    list, "`Vec` of `Vec` of `Option`", key, exact, Vec<Vec<Option<String>>>, [vec![], vec![vec![], vec![None, Some("x".into())]]];
    deque, "`VecDeque`, `LinkedList`", key, exact, (VecDeque<String>, LinkedList<u8>),
        [(["a".into(), "b".into()].into(), [1, 2].into())];
    map_of_texts, "`HashMap<String, _>`", value atomic, equal, HashMap<String, u32>,
        [HashMap::new(), (0..40_u32).map(|n| (n.to_string(), n)).collect()];
    map_of_numbers, "`HashMap<u64, _>`", value, equal, HashMap<u64, String>, [[(0, "a".into()), (u64::MAX, "b".into())].into()];
    map_of_tuples, "`HashMap` with tuples as keys", value atomic, equal, HashMap<(u8, String), bool>,
        [[((1, "a".into()), true), ((2, "b".into()), false)].into()];
    map_of_structs, "`BTreeMap` with structs as keys", hashed, exact, BTreeMap<Place, u8>,
        [[(Place { row: 1, column: 2 }, 3), (Place { row: 1, column: 3 }, 4)].into()];
    map_of_variants, "`BTreeMap` with variants as keys", hashed, exact, BTreeMap<Side, u8>, [[(Side::Left, 1), (Side::Right, 2)].into()];
    map_of_options, "`BTreeMap` with options as keys", hashed, exact, BTreeMap<Option<i8>, bool>, [[(None, true), (Some(-3), false)].into()];
    map_of_flags, "`BTreeMap<bool, _>`", hashed, exact, BTreeMap<bool, char>, [[(true, 't'), (false, 'f')].into()];
    nested, "maps of maps of lists", hashed, exact, Nested, [[(-1, [('a', vec![Some(1), None])].into()), (7, [].into())].into()];
    map_as_key, "`BTreeMap` as a key of a `SortedMap`", ordered, exact, BTreeMap<u8, u8>, [[(1, 2)].into()];
    set, "`HashSet`", value atomic, equal, HashSet<String>, [HashSet::new(), (0..40).map(|n| n.to_string()).collect()];
    sorted_set, "`BTreeSet`", key, exact, BTreeSet<(i8, char)>, [[(1, 'a'), (-1, 'b')].into()];
    range, "`Range`, `RangeInclusive`", hashed, exact, (Range<u32>, RangeInclusive<i8>), [(1..4, -1..=7)];
    bound, "`Bound`", hashed, exact, [Bound<u8>; 3], [[Bound::Unbounded, Bound::Included(1), Bound::Excluded(2)]];
    duration, "`Duration`", key, exact, Duration, [Duration::ZERO, Duration::from_nanos(1_500_000_001), Duration::MAX];
    time, "`SystemTime`", key, exact, SystemTime, [SystemTime::UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789)];
    address, "`IpAddr`", key further, exact, IpAddr, [addresses()[0], addresses()[1]];
    socket, "`SocketAddr`", key, exact, SocketAddr, [(addresses()[0], 80).into(), (addresses()[1], 65_535).into()];
    path, "`PathBuf`", key, exact, PathBuf, ["".into(), "/a b/ß".into()];
    os_text, "`OsString`", key, exact, OsString, ["text".into()];
    c_text, "`CString`", key, exact, CString, [c"text".into()];
    boxed, "`Box<str>`, `Box<[_]>`", key, exact, (Box<str>, Box<[u16]>), [("x".into(), [1, 2].into())];
    cow, "`Cow<'static, str>`", key, exact, Cow<'static, str>, ["x".into(), String::from("y").into()];
    recursive, "recursive struct", key, exact, Tree, [tree(0), tree(12)];
    result, "`Result`", key, exact, Result<u8, String>, [Ok(7), Err("x".into())];
}
