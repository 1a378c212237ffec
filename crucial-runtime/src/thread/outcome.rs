//! How a cloud thread ended.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::panics::Panic;

/// How a cloud thread ended, as a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// It returned this, encoded.
    Returned(Bytes),
    /// It ended without a result.
    Ended(JoinFailure),
}

/// A cloud thread ended without a result.
///
/// ```
/// #[crucial::cloud_thread]
/// async fn divide(a: u32, b: u32) -> u32 {
///     a / b
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let Err(error) = divide::spawn(1, 0).await else { panic!("it divided") };
/// assert!(error.thread.ends_with("::divide"));
/// assert!(error.to_string().contains("panicked: attempt to divide by zero"), "{error}");
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cloud thread `{thread}` {failure}")]
pub struct JoinError {
    /// The thread's name.
    pub thread: String,
    /// Why there is no result.
    pub failure: JoinFailure,
}

/// Why a cloud thread has no result.
///
/// ```
/// use crucial::JoinFailure;
///
/// #[crucial::cloud_thread]
/// async fn rows(file: String) -> Result<usize, &'static str> {
///     let rows = file.lines().count();
///     if rows > 0 { Ok(rows) } else { Err("the file has no rows") }
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let failure = rows::spawn(String::new()).await.map_err(|error| error.failure);
/// assert_eq!(failure, Err(JoinFailure::Failed("the file has no rows".to_owned())));
/// assert_eq!(rows::spawn("a\nb".to_owned()).await?, 2);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum JoinFailure {
    /// It panicked.
    #[error("panicked: {0}")]
    Panicked(Panic),
    /// It returned an error; its text.
    #[error("failed: {0}")]
    Failed(String),
    /// It did not end within its time.
    #[error("did not end within {0:?}; give it more time with `task(…).timeout(…)`")]
    TimedOut(Duration),
    /// Its process ran out of memory.
    #[error("ran out of memory: {0}")]
    OutOfMemory(String),
    /// Its process died, or nothing was heard of it any more.
    #[error("is lost: {0}")]
    Lost(String),
    /// It was cancelled.
    #[error("was cancelled")]
    Cancelled,
    /// Whoever runs threads had no room for it.
    #[error("was refused for too many threads: {0}")]
    Throttled(String),
    /// The far side was built from other code.
    #[error("can't run there: {0}; deploy the program that is calling")]
    Skew(String),
    /// It could not be started.
    #[error("was not started: {0}")]
    NotStarted(String),
    /// What it took or returned can't be encoded or decoded.
    #[error("{0}")]
    Codec(String),
}
