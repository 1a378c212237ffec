//! The formats, named only here: postcard for calls, replies and tasks; MessagePack with named fields for state at rest.

mod ordered;

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

/// Decodes the state of an object as it is stored.
pub(crate) fn decode_state<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes)
        .map_err(|error| CodecError(format!("{error} (as a `{}`)", std::any::type_name::<T>())))
}
