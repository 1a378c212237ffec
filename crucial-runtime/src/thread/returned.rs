//! How the return value of a cloud thread's function is read: as a value, or as a `Result`.

use std::fmt::Display;

use super::Portable;

/// How the return value `T` of a thread's function is read.
pub trait ReturnKind<T>: Copy + Send + 'static {
    /// The type that joining the thread gives.
    type Value;

    /// The type of error that joining the thread gives where its function returned one.
    type Error: Portable + Display;

    /// The value or the error.
    ///
    /// # Errors
    ///
    /// The error that the function returned, as it travels.
    fn result(self, returned: T) -> Result<Self::Value, Self::Error>;
}

/// As a value, whatever it is.
#[derive(Debug, Clone, Copy)]
pub struct AsValue;

/// As a `Result`, whose error ends the thread without a value and travels as itself (`TRAVELS`) or as its text.
#[derive(Debug, Clone, Copy)]
pub struct AsResult<const TRAVELS: bool>;

impl<T> ReturnKind<T> for AsValue {
    type Value = T;
    type Error = String;

    fn result(self, returned: T) -> Result<T, String> {
        Ok(returned)
    }
}

impl<T, E: Portable + Display> ReturnKind<Result<T, E>> for AsResult<true> {
    type Value = T;
    type Error = E;

    fn result(self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }
}

impl<T, E: Display> ReturnKind<Result<T, E>> for AsResult<false> {
    type Value = T;
    type Error = String;

    fn result(self, returned: Result<T, E>) -> Result<T, String> {
        // The alternate form of an error that holds others, as that of anyhow, has the texts of all of them.
        returned.map_err(|error| format!("{error:#}"))
    }
}
