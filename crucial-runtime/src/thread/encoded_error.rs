//! The error that a thread's function returned, on its way to the process that joins the thread.

use std::fmt::{self, Display};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{JoinFailure, Portable, Wire};
use crate::codec;

/// As much of an error's text as is kept beside the error.
const LONGEST_TEXT: usize = 4096;
/// More than what an outcome has besides the error and its text.
const ENVELOPE: usize = 128;

/// An error as bytes, and its text for those who do not know its type: lists of threads, logs, the answer to an event
/// by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodedError {
    text: String,
    error: Bytes,
}

impl EncodedError {
    /// How a thread ends whose function returned that error.
    pub(crate) fn ended<E: Portable + Display>(wire: Wire, error: &E) -> JoinFailure<Self> {
        let text = shortened(error.to_string(), LONGEST_TEXT);
        let encoded = match wire {
            Wire::Packed => codec::encode(error),
            // A person reads the text, and nobody decodes the error.
            Wire::Json => Ok(Bytes::new()),
        };
        match encoded {
            Ok(error) => JoinFailure::Failed(Self { text, error }),
            Err(reason) => JoinFailure::Codec(format!(
                "returned an error that can't be encoded: {reason}; without `Serialize` it travels as its text, which is: {text}"
            )),
        }
    }

    /// How the thread ended, for a process that knows the type of the error.
    pub(super) fn decoded<E: Portable>(self) -> JoinFailure<E> {
        match codec::decode(&self.error) {
            Ok(error) => JoinFailure::Failed(error),
            Err(reason) => JoinFailure::Codec(format!(
                "returned an error that can't be decoded: {reason}; its text is: {}",
                self.text
            )),
        }
    }

    /// With as much of the text as goes with the error into so many bytes.
    ///
    /// # Errors
    ///
    /// How the thread ended where the error alone is larger.
    pub(crate) fn within(self, limit: usize) -> Result<Self, JoinFailure<Self>> {
        let Self { text, error } = self;
        let size = error.len();
        if size <= limit {
            let text = shortened(text, limit.saturating_sub(size + ENVELOPE));
            return Ok(Self { text, error });
        }
        // The text may tell where the bytes come from.
        let text = shortened(text, limit / 2);
        Err(JoinFailure::Codec(format!(
            "returned an error of {size} bytes, over the limit of {limit}; put bulk data into a shared object, or raise the limit with `Builder::max_value_bytes`; its text is: {text}"
        )))
    }
}

impl Display for EncodedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn shortened(mut text: String, longest: usize) -> String {
    if text.len() > longest {
        text.truncate(text.floor_char_boundary(longest));
        text.push('…');
    }
    text
}
