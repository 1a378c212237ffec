//! The types of users' objects that this program knows.

use bytes::Bytes;

use super::{Object, ObjectType};
use crate::codec::CodecError;

/// A type of users' objects; `#[crucial::shared]` on an `impl` submits it.
#[derive(Debug)]
pub struct ObjectEntry {
    object: fn() -> &'static ObjectType,
}

inventory::collect!(ObjectEntry);

impl ObjectEntry {
    /// The entry of `T`.
    #[must_use]
    pub const fn of<T: Object>() -> Self {
        Self {
            object: ObjectType::of::<T>,
        }
    }
}

/// The state as this program has it, from the state as it is stored; nothing for types that this program does not know.
pub(crate) fn renewed(object: &str, state: &[u8]) -> Option<Result<Bytes, CodecError>> {
    let mut known = inventory::iter::<ObjectEntry>().map(|entry| (entry.object)());
    let known = known.find(|known| known.name == object)?;
    Some(known.decode(state).and_then(|state| known.encode(&state)))
}
