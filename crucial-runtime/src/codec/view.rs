//! Bytes as people read them: as JSON, whatever they hold.

use std::fmt::Write;

use serde_json::{Map, Number, Value as Json, json};

use super::CodecError;
use super::tree::Tree;
use super::value::decode;

/// An encoded value or state, which says itself what its fields are called.
pub(crate) fn value_as_json(bytes: &[u8]) -> Result<Json, CodecError> {
    decode(bytes).map(tree_as_json)
}

fn tree_as_json(tree: Tree) -> Json {
    match tree {
        Tree::Nothing => Json::Null,
        Tree::Bool(value) => value.into(),
        Tree::Int(value) => whole_as_json(value),
        Tree::Float(bits) => float_as_json(f64::from_bits(bits)),
        Tree::Text(text) => text.into(),
        Tree::Bytes(bytes) => bytes_as_json(&bytes),
        Tree::List(items) => items.into_iter().map(tree_as_json).collect(),
        Tree::Map(entries) => {
            let entries = entries.into_iter();
            entries_as_json(
                entries
                    .map(|(key, value)| (tree_as_json(key), tree_as_json(value)))
                    .collect(),
            )
        }
    }
}

/// Bytes of which nothing is known.
pub(crate) fn bytes_as_json(bytes: &[u8]) -> Json {
    let digits = b"0123456789abcdef";
    let digit = |value: u8| char::from(digits[usize::from(value)]);
    let hex: String = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect();
    json!({ "hex": hex })
}

/// Text as text, other bytes in hexadecimal.
pub(crate) fn bytes_as_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => format!("{text:?}"),
        _ => bytes.iter().fold("0x".to_owned(), |mut hex, byte| {
            // Writing to a string does not fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    }
}

/// A float, also where JSON has no number for it.
pub(crate) fn float_as_json(value: f64) -> Json {
    Number::from_f64(value).map_or_else(|| Json::String(value.to_string()), Json::Number)
}

/// A whole number, also where readers of JSON would lose digits of it.
fn whole_as_json(value: i128) -> Json {
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => value.into(),
        (_, Ok(value)) => value.into(),
        _ => Json::String(value.to_string()),
    }
}

/// Entries as an object where its keys can be the keys of one, as pairs otherwise.
pub(crate) fn entries_as_json(entries: Vec<(Json, Json)>) -> Json {
    let plain = |key: &Json| !matches!(key, Json::Array(_) | Json::Object(_) | Json::Null);
    if entries.iter().all(|(key, _)| plain(key)) {
        let entries = entries.into_iter().map(|(key, value)| match key {
            Json::String(key) => (key, value),
            key => (key.to_string(), value),
        });
        Json::Object(entries.collect::<Map<_, _>>())
    } else {
        let pairs = entries.into_iter().map(|(key, value)| json!([key, value]));
        Json::Array(pairs.collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use serde::Serialize;

    use super::*;
    use crate::codec::encode_own;

    fn check(state: &impl Serialize, shown: &Json) {
        assert_eq!(&value_as_json(&encode_own(state).unwrap()).unwrap(), shown);
    }

    #[test]
    fn states_show_their_fields() {
        #[derive(Serialize)]
        enum Mood {
            Fair,
            Dark { since: u8 },
        }

        #[derive(Serialize)]
        struct State {
            name: &'static str,
            means: Vec<f64>,
            moods: [Mood; 2],
            wide: u128,
            by_place: BTreeMap<(u8, u8), Option<bool>>,
            by_number: BTreeMap<i8, ()>,
            raw: Bytes,
        }

        let state = State {
            name: "Grüße",
            means: vec![1.5, f64::NAN],
            moods: [Mood::Fair, Mood::Dark { since: 7 }],
            wide: 1 << 100,
            by_place: [((1, 2), Some(true)), ((3, 4), None)].into(),
            by_number: [(-1, ())].into(),
            raw: Bytes::from_static(b"\0\xff"),
        };
        let shown = value_as_json(&encode_own(&state).unwrap()).unwrap();
        assert_eq!(shown["name"], "Grüße");
        assert_eq!(shown["means"], json!([1.5, "NaN"]));
        assert_eq!(shown["moods"], json!(["Fair", { "Dark": { "since": 7 } }]));
        assert_eq!(shown["by_place"], json!([[[1, 2], true], [[3, 4], null]]));
        assert_eq!(shown["by_number"], json!({ "-1": null }));
        assert_eq!(shown["raw"], json!({ "hex": "00ff" }));
        check(&(u64::MAX, i64::MIN), &json!([u64::MAX, i64::MIN]));
        check(&(), &Json::Null);
    }

    #[test]
    fn what_is_no_state_is_an_error_and_no_panic() {
        for bytes in [
            &b""[..],
            b"\xc1",
            b"\x93\x01",
            b"\xdf\xff\xff\xff\xff",
            b"\x85\xa1",
        ] {
            assert!(value_as_json(bytes).is_err(), "{bytes:?}");
        }
        let deep = vec![0x91; 1 << 20];
        assert!(value_as_json(&deep).is_err());
    }

    #[test]
    fn values_show_themselves() {
        check(
            &(7_u8, -7_i8, 300_u16, -70_000_i32),
            &json!([7, -7, 300, -70_000]),
        );
        check(&(1.5_f64, f32::NEG_INFINITY), &json!([1.5, "-inf"]));
        check(&(true, 'ß', "text"), &json!([true, "ß", "text"]));
        check(&[Some(1_u8), None], &json!([1, null]));
        check(&BTreeMap::from([("a", 1_u8)]), &json!({ "a": 1 }));
        check(
            &BTreeMap::from([((1_u8, 2_u8), 3_u8)]),
            &json!([[[1, 2], 3]]),
        );
        check(
            &std::time::Duration::from_millis(1500),
            &json!({ "secs": 1, "nanos": 500_000_000 }),
        );
    }
}
