//! Everything of the user's: arguments, results, values, keys and states, as MessagePack with named fields.
//!
//! A value arrives as it was sent, or is refused before anything is sent. What the format itself would lose, the
//! [writer](super::writer) refuses. What a type loses on its way (a field that is not written and not defaulted, a tagged
//! enum that can't hold its bytes back) shows when it is read back; a value is read back where it has a feature that no
//! value of its type has come back from in this thread.

use std::any::type_name;
use std::cell::Cell;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::notes::{self, Notes};
use super::read_back::{Fidelity, read_back};
use super::reader::{Reader, path};
use super::writer::Writer;
use super::{CodecError, bulk};

/// How many bytes of room a thread keeps for its next value.
const ROOM: usize = 1 << 20;

thread_local! {
    /// Room for a value: to copy it from there costs less than to let its place grow.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Encodes a value.
pub(crate) fn encode<T>(value: &T) -> Result<Bytes, CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
{
    match bulk::written(value) {
        Some(bytes) => Ok(bytes),
        None => encode_as::<T, T>(value),
    }
}

/// Encodes a value that is read as a `T`.
pub(crate) fn encode_as<T, V>(value: &V) -> Result<Bytes, CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
    V: Serialize + ?Sized,
{
    proven::<T, V, _>(value, Fidelity::Same, taken)
}

/// Encodes a value that is read as a `T`, and whose bytes are compared: equal values have the same.
pub(crate) fn encode_exact<T, V>(value: &V) -> Result<Bytes, CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
    V: Serialize + ?Sized,
{
    proven::<T, V, _>(value, Fidelity::Exact, taken)
}

/// Encodes a value of a type of the library's own, which is known to come back.
pub(crate) fn encode_own<V: Serialize + ?Sized>(value: &V) -> Result<Bytes, CodecError> {
    written(value, Writer::compact, |bytes, _| Ok(taken(bytes)))
}

/// How many bytes the value takes: that it can be encoded, without the bytes.
pub(crate) fn size<T>(value: &T) -> Result<usize, CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
{
    proven::<T, T, _>(value, Fidelity::Same, |bytes| bytes.len())
}

/// Decodes a value; bytes left over are an error. The error names the field and the type.
pub(crate) fn decode<T: DeserializeOwned + 'static>(bytes: &[u8]) -> Result<T, CodecError> {
    if let Some(value) = bulk::read(bytes) {
        return Ok(value);
    }
    let mut reader = Reader::new(bytes);
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| at(&reader.place(), &error, type_name::<T>()))
}

/// Marks the notes of values whose bytes are compared.
struct Exact;

/// Writes a value that is read as a `T`, and hands on its bytes. It is read back where it has features that no value of its
/// type has come back from.
fn proven<T, V, R>(
    value: &V,
    fidelity: Fidelity,
    hand_on: fn(&mut Vec<u8>) -> R,
) -> Result<R, CodecError>
where
    T: Serialize + DeserializeOwned + 'static,
    V: Serialize + ?Sized,
{
    let notes = match fidelity {
        Fidelity::Same => Notes::about::<T>(),
        Fidelity::Exact => Notes::about::<(Exact, T)>(),
    };
    written(
        value,
        |room| Writer::new(room, notes),
        |bytes, notes| {
            let unproven = notes.unproven();
            if !unproven.is_empty() {
                read_back::<T>(bytes, fidelity)?;
                notes::proven(unproven);
            }
            Ok(hand_on(bytes))
        },
    )
}

/// Writes a value, and hands on its bytes.
fn written<V: Serialize + ?Sized, R>(
    value: &V,
    writer: impl FnOnce(Vec<u8>) -> Writer,
    hand_on: impl FnOnce(&mut Vec<u8>, Notes) -> Result<R, CodecError>,
) -> Result<R, CodecError> {
    let mut room = SCRATCH.take();
    room.clear();
    let mut writer = writer(room);
    let result = value.serialize(&mut writer);
    let Writer {
        mut bytes,
        notes,
        place,
        ..
    } = writer;
    let result = match result {
        Ok(()) => hand_on(&mut bytes, notes),
        Err(error) => {
            let place = path(place.iter().rev().flat_map(|name| [".", name]));
            Err(at(&place, &error, type_name::<V>()))
        }
    };
    if bytes.capacity() <= ROOM {
        SCRATCH.set(bytes);
    }
    result
}

/// The bytes, which are there no longer.
fn taken(bytes: &mut Vec<u8>) -> Bytes {
    if bytes.capacity() > ROOM {
        Bytes::from(std::mem::take(bytes))
    } else {
        Bytes::copy_from_slice(bytes)
    }
}

fn at(place: &str, error: &CodecError, name: &str) -> CodecError {
    match place {
        "" => CodecError(format!("{error} (as a `{name}`)")),
        place => CodecError(format!("field `{place}`: {error} (as a `{name}`)")),
    }
}

#[cfg(test)]
#[path = "../../unit/codec/value/tests.rs"]
mod tests;
