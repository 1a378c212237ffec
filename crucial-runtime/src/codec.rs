//! The formats, named only here: postcard for calls, replies and tasks; MessagePack with named fields for state at rest.

mod ordered;

use std::io::{self, Write};

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) use ordered::{decode_key, encode_key};

/// Why bytes could not be made from a value, or a value from bytes.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct CodecError(String);

impl CodecError {
    pub(crate) fn new(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

impl serde::ser::Error for CodecError {
    fn custom<T: std::fmt::Display>(reason: T) -> Self {
        Self::new(reason)
    }
}

/// Encodes an argument, a reply or a task.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bytes, CodecError> {
    postcard::to_stdvec(value)
        .map(Bytes::from)
        .map_err(CodecError::new)
}

/// Decodes an argument, a reply or a task; bytes left over are an error.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(CodecError::new)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(CodecError(format!(
            "{} bytes too many for a `{}`",
            rest.len(),
            std::any::type_name::<T>()
        )))
    }
}

/// Encodes the state of an object as it is stored.
pub(crate) fn encode_state<T: Serialize>(state: &T) -> Result<Bytes, CodecError> {
    rmp_serde::to_vec_named(state)
        .map(Bytes::from)
        .map_err(CodecError::new)
}

/// How many bytes the state of an object takes as it is stored: that it can be encoded, without the bytes.
pub(crate) fn state_size<T: Serialize>(state: &T) -> Result<usize, CodecError> {
    let mut serializer = rmp_serde::Serializer::new(Count(0)).with_struct_map();
    state.serialize(&mut serializer).map_err(CodecError::new)?;
    Ok(serializer.into_inner().0)
}

/// Counts what is written.
struct Count(usize);

impl Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0 += bytes.len();
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Decodes the state of an object as it is stored.
pub(crate) fn decode_state<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| CodecError(format!("{error} (as a `{}`)", std::any::type_name::<T>())))
}
