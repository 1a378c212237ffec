use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Debug;
use std::net::IpAddr;

use serde::Deserialize;

use super::*;
use crate::codec::tree::Tree;
use crate::codec::writer::DEEPEST;

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug + 'static>(value: &T) {
    let bytes = encode(value).unwrap();
    assert_eq!(&decode::<T>(&bytes).unwrap(), value);
    assert_eq!(size(value).unwrap(), bytes.len());
}

fn refused<T: Serialize + DeserializeOwned + 'static>(value: &T, parts: &[&str]) {
    // As often as it is tried.
    for _ in 0..2 {
        let error = encode(value).unwrap_err().to_string();
        for part in parts.iter().chain([&type_name::<T>()]) {
            assert!(error.contains(part), "{part:?} is missing in: {error}");
        }
        assert!(size(value).is_err());
    }
}

#[derive(Debug, Serialize)]
struct Old {
    name: String,
    parts: Vec<HashMap<String, u8>>,
    gone: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
struct New {
    name: String,
    parts: Vec<HashMap<String, u64>>,
    #[serde(default)]
    added: Option<u8>,
}

#[derive(Debug, Deserialize)]
struct Other {
    #[expect(dead_code, reason = "it never comes to be")]
    parts: Vec<HashMap<String, String>>,
}

#[derive(Debug, Deserialize)]
struct Missing {
    #[expect(dead_code, reason = "it never comes to be")]
    wanted: u8,
}

#[test]
fn values_evolve_and_say_which_field_does_not() {
    let parts = vec![HashMap::new(), HashMap::from([("a".to_owned(), 1)])];
    let old = encode_own(&Old {
        name: "old".to_owned(),
        parts,
        gone: true,
    })
    .unwrap();
    let new: New = decode(&old).unwrap();
    assert_eq!((new.name.as_str(), new.added), ("old", None));
    assert_eq!(new.parts[1]["a"], 1, "numbers may get wider");
    fn check<T: DeserializeOwned + Debug + 'static>(bytes: &[u8], parts: &[&str]) {
        let text = decode::<T>(bytes).unwrap_err().to_string();
        for part in parts.iter().chain([&type_name::<T>()]) {
            assert!(text.contains(part), "{part:?} is missing in: {text}");
        }
    }
    check::<Other>(&old, &["field `parts[1].a`", "integer `1`", "string"]);
    check::<Missing>(&old, &["missing field `wanted`"]);
    check::<u8>(&old, &["map"]);
    check::<New>(&old[..9], &[]);
    check::<u8>(&[1, 1], &["too many"]);
    check::<u8>(&[], &[]);
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Patch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    low: Option<u8>,
    retries: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Step {
    Start,
    #[serde(skip)]
    Internal,
    Pay(u32),
    Move {
        to: (i8, i8),
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Peer {
    Known { address: IpAddr },
    Lost,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    rest: HashMap<String, u8>,
}

#[test]
fn values_come_back_as_they_were() {
    same(&Patch {
        low: None,
        retries: 3,
    });
    same(&Patch {
        low: Some(0),
        retries: 3,
    });
    same(&vec![Step::Start, Step::Pay(7), Step::Move { to: (-1, 1) }]);
    same(&vec![
        Peer::Known {
            address: [10, 0, 0, 1].into(),
        },
        Peer::Lost,
    ]);
    same(&serde_json::json!({ "a": [1, null, { "b": 1.5 }] }));
    same(&Flat {
        id: 1,
        rest: [("a".to_owned(), 2)].into(),
    });
    same(&(u128::MAX, i128::MIN, 1_u128, -1_i128, u64::MAX, i64::MIN));
    same(&HashMap::from([
        ((1, 'a'), HashSet::from([1_u8, 2, 3])),
        ((2, 'b'), HashSet::new()),
    ]));
    same(&vec![Some(1_u8), None]);
    same(&BTreeMap::from([(Some(true), ()), (None, ())]));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Metres(f64);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Cell {
    Number(f64),
    Text(String),
    Many(Vec<f64>),
}

#[test]
fn lists_of_numbers_are_packed() {
    fn check<T>(value: &T, packed: bool)
    where
        T: Serialize + DeserializeOwned + PartialEq + Debug + 'static,
    {
        same(value);
        let bytes = encode(value).unwrap();
        assert_eq!(bytes[0] == 0xc7 || bytes[0] == 0xd8, packed, "{bytes:?}");
        // Number by number it is the same.
        assert_eq!(encode_as::<T, T>(value).unwrap(), bytes);
        let mut reader = Reader::new(&bytes);
        assert_eq!(&T::deserialize(&mut reader).unwrap(), value);
        // As what is held back, too.
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        enum Tagged<T> {
            Of { value: T },
        }
        let held = encode_own(&Tagged::Of { value }).unwrap();
        let read: Tagged<T> = decode(&held).unwrap();
        assert_eq!(
            read,
            Tagged::Of {
                value: decode(&bytes).unwrap()
            }
        );
    }
    check(&vec![7_u8; 15], false);
    check(&vec![200_u8; 16], true);
    check(&vec![-0.0_f64; 16], true);
    check(&vec![f32::MAX; 17], true);
    check(&(0..20).map(|n| Metres(n.into())).collect::<Vec<_>>(), true);
    check(
        &(0..20).map(|n| vec![f64::from(n); 20]).collect::<Vec<_>>(),
        false,
    );
    check(
        &(0..20)
            .map(|n| (n % 3 > 0).then_some(0.5))
            .collect::<Vec<Option<f64>>>(),
        false,
    );
    check(&(0..20).collect::<Vec<i64>>(), false);
    // The list is one of numbers only as far as that.
    for odd in [Cell::Text("a".to_owned()), Cell::Many(vec![0.5; 16])] {
        let mut cells: Vec<_> = (0..20).map(|n| Cell::Number(f64::from(n) + 0.5)).collect();
        cells[19] = odd;
        let shown = decode::<Tree>(&encode_own(&cells).unwrap()).unwrap();
        assert!(
            matches!(&shown, Tree::List(items) if items.len() == 20),
            "{shown}"
        );
        let read: Vec<Cell> = decode(&encode(&cells).unwrap()).unwrap();
        assert_eq!(read[..19], cells[..19]);
    }
    let numbers = encode(&vec![1_u8; 16]).unwrap();
    assert_eq!(
        decode::<Bytes>(&numbers).unwrap(),
        [1; 16][..],
        "a list may become bytes"
    );
    let bytes = encode_own(&Bytes::from_static(&[1; 16])).unwrap();
    assert_eq!(
        decode::<Vec<u8>>(&bytes).unwrap(),
        [1; 16],
        "and bytes a list"
    );
    assert!(decode::<Vec<u8>>(&numbers[..17]).is_err());
    let longer = [&numbers[..], &[1]].concat();
    assert!(decode::<Vec<u8>>(&longer).is_err());
    assert!(
        decode::<Vec<f32>>(&numbers).is_ok_and(|read| read == [1.0; 16]),
        "as numbers that widen"
    );
    // A number that is none keeps its bits.
    let nan = vec![f64::from_bits(0x7ff8_dead_beef_0001); 16];
    let read: Vec<f64> = decode(&encode(&nan).unwrap()).unwrap();
    assert!(
        read.iter()
            .all(|number| number.to_bits() == nan[0].to_bits())
    );
    assert!(
        decode::<Vec<f64>>(b"\xc7\x09\x03123456789").is_err(),
        "no whole numbers"
    );
    assert!(
        decode::<Vec<f64>>(b"\xd4\x630")
            .unwrap_err()
            .to_string()
            .contains("99")
    );
}

#[test]
fn bytes_that_are_nothing_are_errors() {
    for length in 0..4 {
        for n in 0..1_u32 << (8 * length.min(2)) {
            let bytes = n.to_be_bytes();
            // No type that they are read as panics.
            let _ = decode::<Tree>(&bytes[4 - length..]);
            let _ = decode::<Peer>(&bytes[4 - length..]);
            let _ = decode::<Vec<Step>>(&bytes[4 - length..]);
        }
    }
    // A type that holds itself takes no bytes to go on.
    #[derive(Debug, Serialize, Deserialize)]
    struct Endless(Option<Box<Endless>>);
    assert!(decode::<Endless>(&[7]).is_err());
    assert!(encode(&Endless(None)).is_ok());
}

#[test]
fn what_would_be_lost_is_refused() {
    refused(&Step::Internal, &["Internal"]);
    refused(&Some(None::<u8>), &["Some(None)", "enum"]);
    refused(&Some(()), &["Some(())"]);
    #[derive(Serialize, Deserialize)]
    struct Deep {
        at: (u8, Option<Option<u8>>),
    }
    refused(
        &Deep {
            at: (1, Some(None)),
        },
        &["field `at`"],
    );
    refused(
        &Flat {
            id: 1,
            rest: [("id".to_owned(), 2)].into(),
        },
        &["same key"],
    );

    // It comes back at first, and not once it is skipped.
    #[derive(Serialize, Deserialize)]
    struct Five {
        #[serde(default = "five", skip_serializing_if = "is_zero")]
        n: u8,
    }
    fn five() -> u8 {
        5
    }
    fn is_zero(n: &u8) -> bool {
        *n == 0
    }
    assert!(encode(&Five { n: 1 }).is_ok());
    refused(&Five { n: 0 }, &["field `n`", "another value"]);

    #[derive(Serialize, Deserialize)]
    struct Unread {
        n: u8,
        #[serde(skip_serializing)]
        #[expect(dead_code, reason = "it is not written, which is what is refused")]
        hint: u32,
    }
    refused(
        &Unread { n: 1, hint: 2 },
        &["missing field `hint`", "default"],
    );

    // A wide number within what is held back until its tag is known.
    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Wide {
        Number(u128),
        Text(String),
    }
    assert!(encode(&Wide::Text(String::new())).is_ok());
    refused(&Wide::Number(u128::MAX), &["Wide"]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Node {
    next: Option<Box<Node>>,
}

fn chain(length: u32) -> Node {
    (1..length).fold(Node { next: None }, |next, _| Node {
        next: Some(Box::new(next)),
    })
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    same(&chain(DEEPEST / 2));
    refused(&chain(DEEPEST / 2 + 1), &["deeper than", "next.next"]);
    refused(&chain(2_000), &["deeper than"]);
    let deep = vec![0x91; 1 << 20];
    assert!(decode::<Vec<Tree>>(&deep).is_err());
}

#[test]
fn what_is_compared_has_one_order() {
    fn exact<T: Serialize + DeserializeOwned + 'static>(value: &T) -> Result<Bytes, CodecError> {
        encode_exact::<T, T>(value)
    }
    assert!(exact(&BTreeSet::from([1, 2, 3])).is_ok());
    assert!(exact(&(1, "a".to_owned(), [Some(2.5)])).is_ok());
    assert!(exact(&HashSet::from([1])).is_ok());
    for _ in 0..2 {
        let error = exact(&HashSet::from([1, 2])).unwrap_err().to_string();
        assert!(
            error.contains("HashSet") && error.contains("BTreeSet"),
            "{error}"
        );
        assert!(exact(&HashMap::from([(1, 1), (2, 2)])).is_err());
    }
    // Where nothing is compared, they come back.
    same(&HashSet::from([1, 2]));
}
