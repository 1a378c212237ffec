//! What may go to a cloud thread and come back from it.

use std::fmt::Display;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that crosses processes: an argument or a result.
///
/// Every owned serde type is one; so is every proxy, which travels by reference.
///
/// ```
/// use crucial::{Atomic, Portable};
///
/// /// Puts a value in for as long as `work` takes.
/// async fn instead<T: Portable>(cell: &Atomic<T>, value: T, work: impl Future) -> crucial::Result<()> {
///     let before = cell.swap(value).await?;
///     work.await;
///     cell.set(before).await
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let state = Atomic::create("state", "idle".to_owned()).await?;
/// instead(&state, "busy".to_owned(), async { assert_eq!(state.get().await.ok().as_deref(), Some("busy")) }).await?;
/// assert_eq!(state.get().await?, "idle");
/// # Ok(()) }
/// ```
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
