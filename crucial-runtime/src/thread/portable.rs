//! What may go to a cloud thread and come back from it.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that crosses processes: an argument or a result.
///
/// Every owned serde type is one; so is every proxy, which travels by reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't travel to a cloud thread or a shared object",
    label = "this type can't be sent to another process",
    note = "it must own its data and implement `serde::Serialize`, `serde::Deserialize` and `Send`"
)]
pub trait Portable: Serialize + DeserializeOwned + Send + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned + Send + 'static> Portable for T {}

/// What a cloud thread's function returns: a value, or a `Result` whose error becomes a
/// [`JoinFailure::Failed`](crate::JoinFailure::Failed).
pub trait ThreadReturn {
    /// What joining the thread gives.
    type Value;

    /// The value, or the error's text.
    ///
    /// # Errors
    ///
    /// The error's text.
    fn into_result(self) -> Result<Self::Value, String>;
}

impl<T, E: Display> ThreadReturn for Result<T, E> {
    type Value = T;

    fn into_result(self) -> Result<T, String> {
        self.map_err(|error| error.to_string())
    }
}
