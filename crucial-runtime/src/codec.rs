//! The formats, named only here: MessagePack for everything of the user's, postcard for the project's own envelopes.

mod bulk;
#[cfg(any(test, feature = "redis", feature = "lambda", feature = "test-util"))]
mod envelope;
mod notes;
mod ordered;
mod packed;
mod read_back;
mod reader;
mod tree;
mod value;
mod view;
mod writer;

#[cfg(feature = "redis")]
pub(crate) use envelope::append;
#[cfg(any(test, feature = "redis", feature = "lambda", feature = "test-util"))]
pub(crate) use envelope::{pack, unpack};
pub(crate) use ordered::{decode_key, encode_key, plain_key};
#[cfg(feature = "test-util")]
pub(crate) use tree::Tree;
pub(crate) use value::{decode, encode, encode_as, encode_exact, encode_own, size};
#[cfg(feature = "test-util")]
pub(crate) use view::bytes_as_text;
pub(crate) use view::{bytes_as_json, entries_as_json, float_as_json, value_as_json};

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
