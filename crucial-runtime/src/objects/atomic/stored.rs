//! How the value of an atomic is stored: as text where people would write it as text, as any value otherwise.

use std::any::{Any, TypeId};

use bytes::Bytes;
use serde_json::Value as Json;

use crate::codec::{self, CodecError, bytes_as_json, value_as_json};
use crate::thread::Portable;

/// One implementation for all types, so that any serde type can be in an atomic without a trait of
/// its own; which of the types below it is, the compiler knows.
macro_rules! texts {
    ($($text:ty),+) => {
        fn to_text<T: Portable>(value: &T) -> Option<String> {
            let value: &dyn Any = value;
            $(if let Some(value) = value.downcast_ref::<$text>() {
                return Some(value.to_string());
            })+
            value.downcast_ref::<bool>().map(|flag| u8::from(*flag).to_string())
        }

        /// Whether values of the type of that name are stored as text.
        fn is_text(name: &str) -> bool {
            $(name == std::any::type_name::<$text>() ||)+ name == "bool"
        }

        fn of_text<T: Portable>(text: &[u8]) -> Option<Result<T, CodecError>> {
            let known = TypeId::of::<T>();
            $(if known == TypeId::of::<$text>() {
                return Some(parse::<$text, T>(text, |text| text.parse().ok()));
            })+
            (known == TypeId::of::<bool>()).then(|| {
                parse::<bool, T>(text, |text| match text {
                    "0" => Some(false),
                    "1" => Some(true),
                    _ => None,
                })
            })
        }
    };
}

texts!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, char, String
);

/// `T` is `P`, which the caller knows and the compiler doesn't.
fn parse<P: 'static, T: 'static>(
    text: &[u8],
    parse: impl FnOnce(&str) -> Option<P>,
) -> Result<T, CodecError> {
    let mut parsed = std::str::from_utf8(text).ok().and_then(parse);
    let parsed: &mut dyn Any = &mut parsed;
    parsed
        .downcast_mut::<Option<T>>()
        .and_then(Option::take)
        .ok_or_else(|| {
            CodecError::new(format!(
                "{:?} is no `{}`",
                String::from_utf8_lossy(text),
                std::any::type_name::<P>()
            ))
        })
}

/// The bytes of a value.
pub(super) fn encode<T: Portable>(value: &T) -> Result<Bytes, CodecError> {
    match to_text(value) {
        Some(text) => Ok(text.into()),
        None => codec::encode(value),
    }
}

/// The bytes of a value that is compared by them.
pub(super) fn encode_exact<T: Portable>(value: &T) -> Result<Bytes, CodecError> {
    match to_text(value) {
        Some(text) => Ok(text.into()),
        None => codec::encode_exact::<T, T>(value),
    }
}

/// Whole numbers are mostly counted, and then their text need not be written only to be read.
macro_rules! numbers {
    ($($whole:ty),+) => {
        fn of_number<T: Portable>(number: i64) -> Option<T> {
            $(if TypeId::of::<T>() == TypeId::of::<$whole>() {
                let mut value = <$whole>::try_from(number).ok();
                let value: &mut dyn Any = &mut value;
                return value.downcast_mut::<Option<T>>().and_then(Option::take);
            })+
            None
        }
    };
}

numbers!(
    i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

/// The value of a number that a server gave as such.
pub(super) fn decode_number<T: Portable>(number: i64) -> Result<T, CodecError> {
    of_number(number).map_or_else(|| decode(number.to_string().as_bytes()), Ok)
}

/// The value of bytes.
pub(super) fn decode<T: Portable>(bytes: &[u8]) -> Result<T, CodecError> {
    of_text(bytes).unwrap_or_else(|| codec::decode(bytes))
}

/// A value as people see it, of an atomic of the type of that name.
pub(in crate::objects) fn as_json(bytes: &[u8], atomic: &str) -> Json {
    let name = atomic
        .split_once('<')
        .and_then(|(_, name)| name.strip_suffix('>'))
        .unwrap_or_default();
    let text = std::str::from_utf8(bytes).ok().filter(|_| is_text(name));
    let shown = match (text, name) {
        (Some(text), "bool") => Some((text == "1").into()),
        // Readers of JSON would lose digits of the largest integers.
        (Some(text), "char" | "alloc::string::String" | "i128" | "u128") => Some(text.into()),
        (Some(text), _) => text.parse().ok(),
        (None, _) => value_as_json(bytes).ok(),
    };
    shown.unwrap_or_else(|| bytes_as_json(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Portable + PartialEq + std::fmt::Debug>(value: &T, stored: &[u8]) {
        assert_eq!(encode(value).unwrap(), stored);
        assert_eq!(&decode::<T>(stored).unwrap(), value);
    }

    #[test]
    fn what_people_write_as_text_is_stored_as_text() {
        check(&0_u8, b"0");
        check(&i64::MIN, b"-9223372036854775808");
        check(&u128::MAX, b"340282366920938463463374607431768211455");
        check(&true, b"1");
        check(&false, b"0");
        check(&'ß', "ß".as_bytes());
        check(&"Grüße\0".to_owned(), "Grüße\0".as_bytes());
        check(&String::new(), b"");
    }

    #[test]
    fn numbers_are_what_their_text_is() {
        for number in [0, 1, -1, 127, 128, 255, 256, i64::MAX, i64::MIN] {
            macro_rules! same {
                ($($whole:ty),+) => {$(
                    assert_eq!(
                        decode_number::<$whole>(number).ok(),
                        decode(number.to_string().as_bytes()).ok()
                    );
                )+};
            }
            same!(i8, u8, i64, u64, i128, usize, bool, char, String);
        }
    }

    #[test]
    fn everything_else_is_stored_as_any_value() {
        check(&1.5_f64, b"\xcb\x3f\xf8\0\0\0\0\0\0");
        check(&1.5_f32, b"\xca\x3f\xc0\0\0");
        check(&Some(3_u8), &[3]);
        check(&None::<u8>, b"\xc0");
        check(&(), b"\xc0");
        check(&vec!["a".to_owned()], b"\x91\xa1a");
    }

    #[test]
    fn text_that_is_no_such_value_is_refused() {
        for text in ["", "256", "-1", "1.0", "x"] {
            assert!(decode::<u8>(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(decode::<bool>(b"true").is_err());
        assert!(decode::<char>(b"ab").is_err());
        assert!(decode::<String>(&[0xff]).is_err());
        assert!(decode::<f64>(b"1.5").is_err());
    }
}
