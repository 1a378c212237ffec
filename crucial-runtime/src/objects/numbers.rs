//! Many numbers as one value: what vectors and matrices are made of.

mod all;
mod element;
mod entry;
mod party;
mod proxy;
mod reduction;
mod rounds;
mod sessions;
mod slices;

use std::fmt;
use std::marker::PhantomData;
use std::task::Poll;

use bytes::Bytes;
use serde::de::{self, DeserializeOwned, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec;
use crate::object::{Refusal, Value};
use crate::objects::argument;

pub(in crate::objects) use all::All;
pub use element::Element;
use entry::placed;
pub(in crate::objects) use entry::{Entry, check_lines};
pub(in crate::objects) use party::{Reducing, reduce};
use party::{contribution, renewal, session};
pub(in crate::objects) use proxy::numbers;
pub use reduction::Reduction;
pub(in crate::objects) use rounds::{Contribution, End, Part, Rounds};
pub use slices::Norm;
pub(in crate::objects) use slices::{Bound, Slices};

/// A reply about rounds without what the time alone tells of it.
pub(in crate::objects) fn timeless<T: Element>(method: &str, mut reply: Value) -> Value {
    match (method, &mut reply) {
        ("renew", Value::List(parts)) => argument::some_time(parts, 1),
        ("contribute", Value::Bytes(encoded)) => {
            let Ok(mut became) = codec::decode::<Contribution<T>>(encoded) else {
                return reply;
            };
            if let Contribution::Came { left, .. } | Contribution::Whole { left, .. } = &mut became
            {
                *left = (*left).min(0);
            }
            if let Ok(timeless) = codec::encode_own(&became) {
                *encoded = timeless;
            }
        }
        _ => {}
    }
    reply
}

/// Numbers that travel and rest as bytes, eight each, lowest byte first: as an array of numbers they would take more
/// room, and forty times as long. Formats for people still get an array.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::objects) struct Numbers<T>(pub(in crate::objects) Vec<T>);

impl<T> Numbers<T> {
    /// About how many bytes they rest in.
    pub(in crate::objects) fn size(&self) -> usize {
        16 + 8 * self.0.len()
    }
}

/// The same, borrowed.
#[derive(Debug, Clone, Copy)]
pub(in crate::objects) struct Borrowed<'a, T>(pub(in crate::objects) &'a [T]);

impl<T: Element> Serialize for Borrowed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.0);
        }
        let mut bytes = vec![0; self.0.len() * 8];
        for (place, number) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *place = number.to_bytes();
        }
        serializer.serialize_bytes(&bytes)
    }
}

impl<T: Element> Serialize for Numbers<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Borrowed(&self.0).serialize(serializer)
    }
}

impl<'de, T: Element> Deserialize<'de> for Numbers<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

/// Reads numbers from their bytes, or from a list.
struct Either<T>(PhantomData<T>);

impl<'de, T: Element> Visitor<'de> for Either<T> {
    type Value = Numbers<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("numbers, or their bytes, eight each")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut numbers = Vec::new();
        while let Some(number) = list.next_element()? {
            numbers.push(number);
        }
        Ok(Numbers(numbers))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        let (numbers, rest) = bytes.as_chunks();
        if rest.is_empty() {
            Ok(Numbers(numbers.iter().copied().map(T::of_bytes).collect()))
        } else {
            Err(E::invalid_length(bytes.len(), &self))
        }
    }
}

/// The arguments of a method, a tuple.
pub(in crate::objects) fn arguments<A: DeserializeOwned + 'static>(
    args: &[Bytes],
) -> Result<A, Refusal> {
    match args {
        [args] => Ok(codec::decode(args)?),
        _ => Err(Refusal::args("one tuple was expected")),
    }
}

/// The reply of a method.
pub(in crate::objects) fn reply<R: Serialize>(reply: &R) -> Result<Poll<Value>, Refusal> {
    match codec::encode_own(reply) {
        Ok(bytes) => Ok(Poll::Ready(Value::Bytes(bytes))),
        Err(error) => Err(Refusal::Reply(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_travel_and_rest_as_their_bytes() {
        let floats = Numbers(vec![0.0, -0.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE]);
        let bits = |numbers: &Numbers<f64>| {
            let bits: Vec<_> = numbers.0.iter().map(|n| n.to_bits()).collect();
            bits
        };
        let travelled: Numbers<f64> = codec::decode(&codec::encode_own(&floats).unwrap()).unwrap();
        assert_eq!(bits(&travelled), bits(&floats));
        let state = codec::encode_own(&floats).unwrap();
        assert_eq!(state.len(), 2 + 5 * 8);
        let rested: Numbers<f64> = codec::decode(&state).unwrap();
        assert_eq!(bits(&rested), bits(&floats));

        let whole = Numbers(vec![i64::MIN, -1, 0, i64::MAX]);
        assert_eq!(
            codec::decode::<Numbers<i64>>(&codec::encode_own(&whole).unwrap()).unwrap(),
            whole
        );
        assert_eq!(
            serde_json::to_string(&whole).unwrap(),
            "[-9223372036854775808,-1,0,9223372036854775807]"
        );
        assert_eq!(
            serde_json::from_str::<Numbers<i64>>("[1,2]").unwrap(),
            Numbers(vec![1, 2])
        );
        let cut = codec::encode_own(&Bytes::from_static(b"no number")).unwrap();
        let error = codec::decode::<Numbers<i64>>(&cut).unwrap_err().to_string();
        assert!(!error.is_empty(), "{error}");
    }
}
