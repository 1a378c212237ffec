//! The errors of std and of serde_json, as errors of the caller's own.

use std::num::{ParseFloatError, ParseIntError, TryFromIntError};
use std::str::{ParseBoolError, Utf8Error};
use std::string::FromUtf8Error;

use super::Error;

/// The listed types: a blanket `impl` for all errors would meet `impl From<T> for T`, as `Error` is one of them.
macro_rules! foreign {
    ($($error:ty)+) => {$(
        impl From<$error> for Error {
            /// An [`Error::Other`] that holds it.
            fn from(error: $error) -> Self {
                Self::other(error)
            }
        }
    )+};
}

foreign! {
    std::io::Error
    ParseIntError
    ParseFloatError
    ParseBoolError
    std::char::ParseCharError
    TryFromIntError
    Utf8Error
    FromUtf8Error
    serde_json::Error
}
