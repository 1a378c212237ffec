//! What may go to a cloud thread and come back from it.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that crosses processes: an argument or a result.
///
/// Every owned serde type is one; so is every proxy, which travels by reference. A value arrives as it was sent, or it
/// is refused before it is sent, by an error that names its type and field: `Some(None)` would arrive as `None`, and a
/// field that is not written (`#[serde(skip_serializing)]`) needs a `#[serde(default)]`.
///
/// ```
/// use crucial::{Atomic, Portable};
///
/// /// Puts a value in for as long as `work` takes.
/// async fn instead<T: Portable>(cell: &Atomic<T>, value: T, work: impl Future) -> crucial::Result<()> {
///     let before = cell.swap(value).await?;
///     work.await;
///     cell.store(before).await
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let state = Atomic::create("state", "idle".to_owned()).await?;
/// instead(&state, "busy".to_owned(), async { assert_eq!(state.load().await.ok().as_deref(), Some("busy")) }).await?;
/// assert_eq!(state.load().await?, "idle");
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
