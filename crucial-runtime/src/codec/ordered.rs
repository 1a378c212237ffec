//! Keys that servers keep in order: bytes that compare as the keys do.
//!
//! Whole numbers and floats are written highest byte first, with the sign turned over; text ends with what no text
//! contains; lists say before each element that there is one. No key's bytes are the beginning of another's, so what
//! follows them does not matter to the order: the key itself, as any value is written, from which it is read again.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::{self, Serializer};

use super::CodecError;

/// Encodes a key of a sorted collection whose keys are `K`.
pub(crate) fn encode_key<K, T>(key: &T) -> Result<Bytes, CodecError>
where
    K: Serialize + DeserializeOwned + 'static,
    T: Serialize + ?Sized,
{
    let mut ordered = Ordered(Vec::new());
    key.serialize(&mut ordered).map_err(|error| {
        CodecError::new(format!(
            "{error} in a `{}`, which can't be a key of a sorted map",
            std::any::type_name::<T>()
        ))
    })?;
    let plain = super::encode_exact::<K, T>(key)?;
    let length = u32::try_from(plain.len()).map_err(CodecError::new)?;
    let mut bytes = ordered.0;
    bytes.extend_from_slice(&plain);
    bytes.extend_from_slice(&length.to_be_bytes());
    Ok(bytes.into())
}

/// Decodes a key of a sorted collection.
pub(crate) fn decode_key<T: DeserializeOwned + 'static>(bytes: &[u8]) -> Result<T, CodecError> {
    let plain = plain_key(bytes);
    super::decode(plain.ok_or_else(|| CodecError::new("it is no key of a sorted map"))?)
}

/// The key within, encoded as any value is.
pub(crate) fn plain_key(bytes: &[u8]) -> Option<&[u8]> {
    let (rest, length) = bytes.split_last_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.get(rest.len().checked_sub(length)?..)
}

/// Writes the bytes that compare as the value does.
struct Ordered(Vec<u8>);

impl Ordered {
    /// Bytes of any content, and their end.
    fn text(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0.push(*byte);
            if *byte == 0 {
                self.0.push(0xff);
            }
        }
        self.0.extend_from_slice(&[0, 0]);
    }
}

macro_rules! unsigned {
    ($($method:ident: $type:ty;)+) => {$(
        fn $method(self, value: $type) -> Result<(), CodecError> {
            self.0.extend_from_slice(&value.to_be_bytes());
            Ok(())
        }
    )+};
}

macro_rules! signed {
    ($($method:ident: $type:ty;)+) => {$(
        fn $method(self, value: $type) -> Result<(), CodecError> {
            self.0.extend_from_slice(&(value ^ <$type>::MIN).to_be_bytes());
            Ok(())
        }
    )+};
}

macro_rules! floats {
    ($($method:ident: $type:ty, $bits:ty;)+) => {$(
        fn $method(self, value: $type) -> Result<(), CodecError> {
            let (bits, sign) = (value.to_bits(), 1 << (<$bits>::BITS - 1));
            let ordered = if bits & sign == 0 { bits | sign } else { !bits };
            self.0.extend_from_slice(&ordered.to_be_bytes());
            Ok(())
        }
    )+};
}

impl<'a> Serializer for &'a mut Ordered {
    type Ok = ();
    type Error = CodecError;
    type SerializeSeq = List<'a>;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = ser::Impossible<(), CodecError>;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    unsigned! {
        serialize_u8: u8;
        serialize_u16: u16;
        serialize_u32: u32;
        serialize_u64: u64;
        serialize_u128: u128;
    }

    signed! {
        serialize_i8: i8;
        serialize_i16: i16;
        serialize_i32: i32;
        serialize_i64: i64;
        serialize_i128: i128;
    }

    // As `total_cmp` orders them.
    floats! {
        serialize_f32: f32, u32;
        serialize_f64: f64, u64;
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Result<(), CodecError> {
        self.serialize_u8(value.into())
    }

    fn serialize_char(self, value: char) -> Result<(), CodecError> {
        self.serialize_u32(value.into())
    }

    fn serialize_str(self, value: &str) -> Result<(), CodecError> {
        self.text(value.as_bytes());
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), CodecError> {
        self.text(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CodecError> {
        self.serialize_u8(0)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CodecError> {
        self.serialize_u8(1)?;
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CodecError> {
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CodecError> {
        Ok(())
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
    ) -> Result<(), CodecError> {
        self.serialize_u32(index)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), CodecError> {
        self.serialize_u32(index)?;
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a>, CodecError> {
        Ok(List(self))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, CodecError> {
        Ok(self)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, CodecError> {
        Ok(self)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, CodecError> {
        self.serialize_u32(index)?;
        Ok(self)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, CodecError> {
        Err(CodecError::new("there is a map, which has no order,"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, CodecError> {
        Ok(self)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        index: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self, CodecError> {
        self.serialize_u32(index)?;
        Ok(self)
    }
}

/// A list: shorter ones come before longer ones that begin with them.
struct List<'a>(&'a mut Ordered);

impl ser::SerializeSeq for List<'_> {
    type Ok = ();
    type Error = CodecError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.0.serialize_u8(1)?;
        value.serialize(&mut *self.0)
    }

    fn end(self) -> Result<(), CodecError> {
        self.0.serialize_u8(0)
    }
}

/// Fields, one after the other: all values of a type have the same.
macro_rules! fields {
    ($($trait:ident: $method:ident($($name:ty)?);)+) => {$(
        impl ser::$trait for &mut Ordered {
            type Ok = ();
            type Error = CodecError;

            fn $method<T: Serialize + ?Sized>(
                &mut self,
                $(_: $name,)?
                value: &T,
            ) -> Result<(), CodecError> {
                value.serialize(&mut **self)
            }

            $(fn skip_field(&mut self, name: $name) -> Result<(), CodecError> {
                Err(CodecError::new(format!("the field `{name}` is skipped, so that keys do not compare")))
            })?

            fn end(self) -> Result<(), CodecError> {
                Ok(())
            }
        }
    )+};
}

fields! {
    SerializeTuple: serialize_element();
    SerializeTupleStruct: serialize_field();
    SerializeTupleVariant: serialize_field();
    SerializeStruct: serialize_field(&'static str);
    SerializeStructVariant: serialize_field(&'static str);
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn check<T: Serialize + DeserializeOwned + Debug + 'static>(a: &T, b: &T, order: Ordering) {
        let (x, y) = (
            encode_key::<T, T>(a).unwrap(),
            encode_key::<T, T>(b).unwrap(),
        );
        assert_eq!(x.cmp(&y), order, "{a:?} {b:?}");
        let read: T = decode_key(&x).unwrap();
        assert_eq!(encode_key::<T, T>(&read).unwrap(), x, "{a:?}");
    }

    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    enum Place {
        Nowhere,
        Named(String),
        At { x: i32, y: i32 },
        Between(Box<Place>, Option<i8>),
    }

    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Id(u16);

    fn place() -> impl Strategy<Value = Place> {
        let text = prop::collection::vec(
            prop::sample::select(vec!['\0', '\u{1}', 'a', 'b', '🦀']),
            0..4,
        )
        .prop_map(|chars| chars.into_iter().collect());
        let leaf = prop_oneof![
            Just(Place::Nowhere),
            text.prop_map(Place::Named),
            (any::<i32>(), -1..2).prop_map(|(x, y)| Place::At { x, y }),
        ];
        leaf.prop_recursive(2, 4, 1, |inner| {
            (inner, any::<Option<i8>>()).prop_map(|(place, n)| Place::Between(Box::new(place), n))
        })
    }

    fn small() -> impl Strategy<Value = i64> + Clone {
        prop_oneof![-3_i64..3, any::<i64>()]
    }

    proptest! {
        #[test]
        fn keys_compare_as_their_bytes(
            a in (small(), place(), prop::collection::vec(0_u8..3, 0..4)),
            b in (small(), place(), prop::collection::vec(0_u8..3, 0..4)),
        ) {
            check(&a, &b, a.cmp(&b));
            let (a, b) = ((0, a.1, a.2), (0, b.1, b.2));
            check(&a, &b, a.cmp(&b));
            check(&a.1, &b.1, a.1.cmp(&b.1));
            check(&a.2, &b.2, a.2.cmp(&b.2));
        }

        #[test]
        fn floats_compare_in_their_total_order(a: u64, b: u64) {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            check(&a, &b, a.total_cmp(&b));
        }
    }

    #[test]
    fn every_kind_of_key_has_its_order() {
        check(&false, &true, Ordering::Less);
        check(&u128::MAX, &(1 << 127), Ordering::Greater);
        check(&i128::MIN, &-1, Ordering::Less);
        check(&'a', &'ß', Ordering::Less);
        check(&None, &Some(0_u8), Ordering::Less);
        check(&Id(255), &Id(256), Ordering::Less);
        check(&-0.0_f32, &0.0, Ordering::Less);
        check(&f32::NEG_INFINITY, &f32::MIN, Ordering::Less);
        check(
            &Bytes::from_static(b"a"),
            &Bytes::from_static(b"a\0"),
            Ordering::Less,
        );
        check(&(String::new(), 1), &("\0".to_owned(), 0), Ordering::Less);
        check(&(), &(), Ordering::Equal);
    }

    #[test]
    fn what_has_no_order_is_refused() {
        let error = encode_key::<Vec<BTreeMap<i32, i32>>, _>(&vec![BTreeMap::from([(1, 2)])])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("a map") && error.contains("BTreeMap<i32, i32>"),
            "{error}"
        );
        for bytes in [&b""[..], b"abc", b"\0\0\0\x09", b"\xff\xff\xff\xff"] {
            assert!(decode_key::<u8>(bytes).is_err(), "{bytes:?}");
        }
    }
}
