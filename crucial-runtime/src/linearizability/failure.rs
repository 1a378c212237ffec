//! Why a check did not succeed.

use std::path::PathBuf;

use super::report::Violation;

/// Why a check did not succeed.
///
/// ```
/// # use std::sync::atomic::{AtomicU32, Ordering};
/// # use crucial::linearizability::{CheckError, Recorder, Recording};
/// # use serde::{Deserialize, Serialize};
/// # static NEXT: AtomicU32 = AtomicU32::new(0);
/// # #[derive(Clone, Serialize, Deserialize)]
/// # struct Tickets;
/// # #[crucial::shared]
/// # impl Tickets {
/// #     pub fn draw(&mut self) -> u32 {
/// #         NEXT.fetch_add(1, Ordering::Relaxed)
/// #     }
/// # }
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let missing = Recording::read("no/such/directory");
/// assert!(matches!(missing, Err(CheckError::Unreadable { .. })));
/// let recorder = Recorder::new();
/// let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
/// let _entered = runtime.enter();
/// let tickets = TicketsProxy::create("tickets", Tickets).await?;
/// tickets.draw().await?; // counts outside of its state, so no order of the calls explains the number
/// assert!(matches!(recorder.check(), Err(CheckError::NotLinearizable(_))));
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// No order of the calls explains the answers.
    #[error(transparent)]
    NotLinearizable(Violation),
    /// There are too many orders to try them all.
    #[error(
        "whether it is was not found out in {tried} steps, which got as far as this: {furthest}\nrecord fewer calls at a time, or calls whose replies tell more about the state"
    )]
    Undecided {
        /// After how many steps it was given up.
        tried: usize,
        /// The first answer that was not explained in any of them.
        furthest: Box<Violation>,
    },
    /// A recording has an object of a type that the checking program was not told about.
    #[error(
        "object `{object}` is a `{type_name}`, which is not known here; name the type with `Recording::object`"
    )]
    UnknownType {
        /// The object.
        object: String,
        /// The name of its type.
        type_name: String,
    },
    /// A file of a recording can't be written or read.
    #[error("the recording {} can't be used: {reason}", path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}
