//! Numbers as arguments: decimal text, which servers and people read as well.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;

use crate::object::{Refusal, Value, milliseconds, now_ms};

/// Makes of a time that is left, at that place of a reply, some time, as [`Object::timeless`](crate::object::Object::timeless) asks for; one that
/// is not is told by a negative number.
pub(super) fn some_time(parts: &mut [Value], place: usize) {
    if let Some(Value::Int(left)) = parts.get_mut(place) {
        *left = (*left).min(0);
    }
}

/// A number on its way to an object.
pub(super) fn number(number: impl itoa::Integer) -> Bytes {
    Bytes::copy_from_slice(itoa::Buffer::new().format(number).as_bytes())
}

/// A number that has arrived.
pub(super) fn parse<N: FromStr>(argument: &[u8]) -> Result<N, Refusal> {
    std::str::from_utf8(argument)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| {
            Refusal::args(format!(
                "{:?} is no `{}`",
                String::from_utf8_lossy(argument),
                std::any::type_name::<N>()
            ))
        })
}

/// Bytes on their way to an object, or the lack of them.
pub(super) fn option(bytes: Option<Bytes>) -> Bytes {
    match bytes {
        Some(bytes) => [&b"+"[..], &bytes].concat().into(),
        None => Bytes::from_static(b"-"),
    }
}

/// Bytes that have arrived, or the lack of them.
pub(super) fn optional(argument: &Bytes) -> Result<Option<Bytes>, Refusal> {
    match argument.first() {
        Some(b'+') => Ok(Some(argument.slice(1..))),
        Some(b'-') if argument.len() == 1 => Ok(None),
        _ => Err(Refusal::args("it is neither bytes nor the lack of them")),
    }
}

/// Keys and values in turn.
pub(super) fn pairs(arguments: &[Bytes]) -> Result<&[[Bytes; 2]], Refusal> {
    match arguments.as_chunks() {
        (pairs, []) => Ok(pairs),
        _ => Err(Refusal::args("a key has no value")),
    }
}

/// The largest count that scripts take exactly; there are never as many elements.
const LARGEST: u64 = 1 << 53;

/// A count or an index on its way to an object.
pub(super) fn count(count: usize) -> Bytes {
    number((count as u64).min(LARGEST))
}

/// How far an index is from the back.
pub(super) fn size(index: i64) -> usize {
    usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)
}

/// A length of time on its way to an object: whole milliseconds, within bounds.
pub(super) fn duration(duration: Duration) -> Bytes {
    number(milliseconds(duration))
}

/// The time of a call as a proxy sends it: nothing, for the time where the object lives.
pub(super) fn now() -> Bytes {
    Bytes::new()
}

/// The time of a call in milliseconds since 1970: what a test says, or the time here.
pub(super) fn instant(argument: &[u8]) -> Result<u64, Refusal> {
    if argument.is_empty() {
        Ok(now_ms())
    } else {
        parse(argument)
    }
}
