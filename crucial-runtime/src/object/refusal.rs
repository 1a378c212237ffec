//! Why an object did not run a method.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;
use crate::panics::Panic;

/// Why an object did not run a method.
#[derive(Debug, Clone, thiserror::Error, Serialize, Deserialize)]
pub enum Refusal {
    /// The type has no such method: the caller was built from other code.
    #[error("it has no method `{0}`; caller and object were built from different code")]
    NoSuchMethod(String),
    /// The arguments do not decode.
    #[error("the arguments do not fit: {0}")]
    Args(String),
    /// The reply does not encode.
    #[error("the reply can't be encoded: {0}")]
    Reply(String),
    /// The state does not encode.
    #[error("its new state can't be stored: {0}")]
    State(String),
    /// The state has become too large.
    #[error("its new state would have {size} bytes, over the limit of {limit}")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// The method panicked; the state is to be thrown away.
    #[error("the method panicked: {0}")]
    Panicked(Panic),
}

impl Refusal {
    /// The arguments do not fit.
    pub fn args(reason: impl fmt::Display) -> Self {
        Self::Args(reason.to_string())
    }

    /// There is no such method.
    #[must_use]
    pub fn no_such_method(method: &str) -> Self {
        Self::NoSuchMethod(method.to_owned())
    }
}

impl From<CodecError> for Refusal {
    fn from(error: CodecError) -> Self {
        Self::args(error)
    }
}
