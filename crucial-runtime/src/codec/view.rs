//! Bytes as people read them: as JSON, whatever they hold.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde_json::{Map, Number, Value as Json, json};

use super::{CodecError, Shape};

/// How deep a state may be nested to be shown: what is deeper was made to overflow somebody's stack.
const DEEPEST: usize = 100;

/// A state at rest, which says itself what its fields are called.
pub(crate) fn state_as_json(bytes: &[u8]) -> Result<Json, CodecError> {
    let mut state = rmp_serde::Deserializer::from_read_ref(bytes);
    state.set_max_depth(DEEPEST);
    let Shown(json) = Shown::deserialize(&mut state).map_err(CodecError::new)?;
    Ok(json)
}

/// An encoded value, which has to be of that shape.
pub(crate) fn value_as_json(bytes: &[u8], shape: &Shape) -> Result<Json, CodecError> {
    let mut value = postcard::Deserializer::from_bytes(bytes);
    let json = shape.deserialize(&mut value).map_err(CodecError::new)?;
    let rest = value.finalize().map_err(CodecError::new)?;
    if rest.is_empty() {
        Ok(json)
    } else {
        Err(CodecError::new("there are bytes too many"))
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

/// A float, also where JSON has no number for it.
pub(crate) fn float_as_json(value: f64) -> Json {
    Number::from_f64(value).map_or_else(|| Json::String(value.to_string()), Json::Number)
}

/// A whole number, also where readers of JSON would lose digits of it.
pub(super) fn whole_as_json(value: i128) -> Json {
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

/// What a self-describing format holds.
struct Shown(Json);

impl<'de> Deserialize<'de> for Shown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShownVisitor).map(Self)
    }
}

struct ShownVisitor;

impl<'de> Visitor<'de> for ShownVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i128<E>(self, value: i128) -> Result<Json, E> {
        Ok(whole_as_json(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(float_as_json(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<Json, E> {
        Ok(bytes_as_json(value))
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_none<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json, A::Error> {
        let mut elements = Vec::new();
        while let Some(Shown(element)) = seq.next_element()? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json, A::Error> {
        let mut entries = Vec::new();
        while let Some((Shown(key), Shown(value))) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(entries_as_json(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Json, A::Error> {
        let (Shown(name), value) = data.variant()?;
        let Shown(value) = value.newtype_variant()?;
        Ok(entries_as_json(vec![(name, value)]))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use serde::Serialize;

    use super::*;
    use crate::codec::{encode, encode_state};

    fn check_state(state: &impl Serialize, shown: &Json) {
        assert_eq!(
            &state_as_json(&encode_state(state).unwrap()).unwrap(),
            shown
        );
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
        let shown = state_as_json(&encode_state(&state).unwrap()).unwrap();
        assert_eq!(shown["name"], "Grüße");
        assert_eq!(shown["means"], json!([1.5, "NaN"]));
        assert_eq!(shown["moods"], json!(["Fair", { "Dark": { "since": 7 } }]));
        assert_eq!(shown["by_place"], json!([[[1, 2], true], [[3, 4], null]]));
        assert_eq!(shown["by_number"], json!({ "-1": null }));
        assert_eq!(shown["raw"], json!({ "hex": "00ff" }));
        check_state(&(u64::MAX, i64::MIN), &json!([u64::MAX, i64::MIN]));
        check_state(&(), &Json::Null);
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
            assert!(state_as_json(bytes).is_err(), "{bytes:?}");
        }
        let deep = vec![0x91; 1 << 20];
        assert!(state_as_json(&deep).is_err());
    }

    fn check_value<T: Serialize>(value: &T, shown: &Json) {
        let shape = Shape::of(std::any::type_name::<T>()).unwrap();
        let bytes = encode(value).unwrap();
        assert_eq!(&value_as_json(&bytes, &shape).unwrap(), shown);
        assert!(value_as_json(&[&bytes[..], b"\0"].concat(), &shape).is_err());
    }

    #[test]
    fn values_of_known_types_show_themselves() {
        check_value(
            &(7_u8, -7_i8, 300_u16, -70_000_i32),
            &json!([7, -7, 300, -70_000]),
        );
        check_value(&(u64::MAX, i64::MIN), &json!([u64::MAX, i64::MIN]));
        check_value(&(u128::MAX, 1_i128), &json!([u128::MAX.to_string(), 1]));
        check_value(&(1.5_f64, f32::NEG_INFINITY), &json!([1.5, "-inf"]));
        check_value(&(true, 'ß', "text".to_owned()), &json!([true, "ß", "text"]));
        check_value(&vec![Some(1_u8), None], &json!([1, null]));
        check_value(&Some(()), &Json::Null);
        check_value(&[1_u8, 2, 3], &json!([1, 2, 3]));
        check_value(
            &BTreeMap::from([("a".to_owned(), 1_u8)]),
            &json!({ "a": 1 }),
        );
        check_value(
            &BTreeMap::from([((1_u8, 2_u8), 3_u8)]),
            &json!([[[1, 2], 3]]),
        );
        check_value(&std::collections::BTreeSet::from([1_u8]), &json!([1]));
        check_value(&Box::new((1_u8,)), &json!([1]));
        check_value(
            &std::time::Duration::from_millis(1500),
            &json!([1, 500_000_000]),
        );
    }
}
