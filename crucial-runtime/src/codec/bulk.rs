//! Vectors of packed numbers in one piece: serde hands numbers on one by one, which takes longer than the rest of a call.

use std::any::Any;

use bytes::Bytes;
use rmp::encode;

use super::packed::{LEAST, Number};

/// The bytes of a value that is a vector of numbers, where those are packed.
pub(super) fn written<T: Any>(value: &T) -> Option<Bytes> {
    let value: &dyn Any = value;
    None.or_else(|| packed::<1, u8>(value.downcast_ref::<Vec<_>>()?))
        .or_else(|| packed::<4, f32>(value.downcast_ref::<Vec<_>>()?))
        .or_else(|| packed::<8, f64>(value.downcast_ref::<Vec<_>>()?))
}

fn packed<const SIZE: usize, N: Number<SIZE>>(numbers: &[N]) -> Option<Bytes> {
    let length = u32::try_from(numbers.len())
        .ok()
        .filter(|length| *length >= LEAST)?;
    let size = length.checked_mul(u32::try_from(SIZE).ok()?)?;
    let mut bytes = Vec::with_capacity(HEADER + numbers.len() * SIZE);
    encode::write_ext_meta(&mut bytes, size, N::PACK.code()).ok()?;
    bytes.extend(numbers.iter().flat_map(|number| number.bytes()));
    Some(bytes.into())
}

/// How many bytes stand before packed numbers, at the most.
const HEADER: usize = 6;

/// The value, where it is a vector of numbers, and they are packed.
pub(super) fn read<T: Any>(bytes: &[u8]) -> Option<T> {
    let mut value = None::<T>;
    let place: &mut dyn Any = &mut value;
    if let Some(place) = place.downcast_mut() {
        *place = unpacked::<1, u8>(bytes);
    } else if let Some(place) = place.downcast_mut() {
        *place = unpacked::<4, f32>(bytes);
    } else if let Some(place) = place.downcast_mut() {
        *place = unpacked::<8, f64>(bytes);
    }
    value
}

fn unpacked<const SIZE: usize, N: Number<SIZE>>(mut bytes: &[u8]) -> Option<Vec<N>> {
    let list = rmp::decode::read_ext_meta(&mut bytes).ok()?;
    let (numbers, rest) = bytes.as_chunks();
    let is_all = usize::try_from(list.size) == Ok(bytes.len()) && rest.is_empty();
    let is_one = is_all && list.typeid == N::PACK.code();
    is_one.then(|| numbers.iter().map(|bytes| N::of_bytes(*bytes)).collect())
}
