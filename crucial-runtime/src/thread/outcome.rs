//! How a cloud thread ended, as its worker writes it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{EncodedError, JoinFailure};

/// How a cloud thread ended, as a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It returned this, encoded.
    Returned(Bytes),
    /// It ended without a result.
    Ended(Ending),
}

/// Why a thread has no result, where the type of its error is not known.
pub(crate) type Ending = JoinFailure<EncodedError>;
