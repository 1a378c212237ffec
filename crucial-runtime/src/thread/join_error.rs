//! Why joining a cloud thread gives no result.

use std::fmt::Display;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::panics::Panic;

/// A cloud thread ended without a result.
///
/// `E` is the error type of the thread's function where that can travel
/// ([`Portable`](crate::Portable)), and `String` for all other threads:
/// [`#[cloud_thread]`](macro@crate::cloud_thread#errors-of-your-own) has the rules.
///
/// ```
/// use crucial::{JoinError, JoinFailure};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Debug, Serialize, Deserialize, thiserror::Error)]
/// enum DivideError {
///     #[error("division by zero")]
///     ByZero,
///     #[error("{0} is odd")]
///     Odd(u32),
/// }
///
/// #[crucial::cloud_thread]
/// async fn divide(a: u32, b: u32) -> Result<u32, DivideError> {
///     a.checked_div(b).ok_or(DivideError::ByZero)
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// match divide::spawn(1, 0).await {
///     Ok(quotient) => println!("{quotient}"),
///     Err(JoinError { failure: JoinFailure::Failed(DivideError::ByZero), .. }) => println!("infinity"),
///     Err(other) => return Err(other.into()),
/// }
/// # Ok(()) }
/// ```
///
/// The text says which thread it was and what ended it. `?` turns it into a [`crucial::Error`](crate::Error), in which
/// the thread's error is its text, or into an `anyhow::Error`, in which the whole `JoinError<E>` stays. As that text ends
/// with the text of the thread's error, the latter is not its [`source`](std::error::Error::source).
///
/// A `JoinError<E>` can travel where its `E` can: a thread that returns what joining others gave passes it on whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("cloud thread `{thread}` {failure}")]
#[non_exhaustive]
pub struct JoinError<E = String> {
    /// The thread's name.
    pub thread: String,
    /// Why there is no result.
    pub failure: JoinFailure<E>,
}

/// Why a cloud thread has no result. The guide tells of each [whether the thread has run](crate::guide::failed#threads).
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
pub enum JoinFailure<E = String> {
    /// It panicked.
    #[error("panicked: {0}")]
    Panicked(Panic),
    /// It returned this error. It is the text of the error where its type can't travel.
    #[error("failed: {0}")]
    Failed(E),
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

impl<E> JoinError<E> {
    /// Whether the thread panicked.
    ///
    /// ```
    /// #[crucial::cloud_thread]
    /// async fn divide(a: u32, b: u32) -> u32 {
    ///     a / b
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let Err(error) = divide::spawn(1, 0).await else { panic!("it divided") };
    /// assert!(error.is_panic());
    /// assert!(error.thread.ends_with("::divide"));
    /// assert!(error.to_string().contains("panicked: attempt to divide by zero"), "{error}");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_panic(&self) -> bool {
        matches!(self.failure, JoinFailure::Panicked(_))
    }

    /// Whether the thread did not end within its time ([`Task::timeout`](crate::Task::timeout)).
    ///
    /// ```
    /// # use std::time::Duration;
    /// #[crucial::cloud_thread]
    /// async fn forever() {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let joined = forever::task().timeout(Duration::from_millis(20)).spawn().await;
    /// assert!(joined.is_err_and(|error| error.is_timeout()));
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.failure, JoinFailure::TimedOut(_))
    }

    /// Whether the thread was cancelled.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn divide(a: u32, b: u32) -> u32 {
    /// #     a / b
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let joined = divide::spawn(1, 0).await;
    /// assert!(joined.is_err_and(|error| !error.is_cancelled())); // it panicked
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.failure, JoinFailure::Cancelled)
    }

    /// The panic of the thread, as tokio's `into_panic` gives it.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn divide(a: u32, b: u32) -> u32 {
    /// #     a / b
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let Err(error) = divide::spawn(1, 0).await else { panic!("it divided") };
    /// if error.is_panic() {
    ///     assert_eq!(error.into_panic().message, "attempt to divide by zero");
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// The thread did not panic; [`try_into_panic`](Self::try_into_panic) gives the error back instead.
    #[must_use]
    #[track_caller]
    pub fn into_panic(self) -> Panic {
        match self.try_into_panic() {
            Ok(panic) => panic,
            Err(error) => panic!("cloud thread `{}` did not panic", error.thread),
        }
    }

    /// The panic of the thread.
    ///
    /// ```
    /// # #[crucial::cloud_thread]
    /// # async fn divide(a: u32, b: u32) -> u32 {
    /// #     a / b
    /// # }
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let Err(error) = divide::spawn(1, 0).await else { panic!("it divided") };
    /// assert_eq!(error.try_into_panic()?.message, "attempt to divide by zero");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The error itself where the thread did not panic.
    pub fn try_into_panic(self) -> Result<Panic, Self> {
        match self.failure {
            JoinFailure::Panicked(panic) => Ok(panic),
            failure => Err(Self { failure, ..self }),
        }
    }

    /// The error that the thread's function returned, if that is what ended the thread.
    ///
    /// ```
    /// #[crucial::cloud_thread]
    /// async fn half(n: u32) -> Result<u32, String> {
    ///     if n % 2 == 0 { Ok(n / 2) } else { Err(format!("{n} is odd")) }
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let Err(error) = half::spawn(3).await else { panic!("3 has no half") };
    /// assert_eq!(error.failed().map(String::as_str), Some("3 is odd"));
    /// # Ok(()) }
    /// ```
    pub fn failed(&self) -> Option<&E> {
        match &self.failure {
            JoinFailure::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// The error that the thread's function returned, with `?` for all else that may have ended the thread.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    ///
    /// #[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
    /// #[error("{0} is odd")]
    /// struct Odd(u32);
    ///
    /// #[crucial::cloud_thread]
    /// async fn half(n: u32) -> Result<u32, Odd> {
    ///     if n % 2 == 0 { Ok(n / 2) } else { Err(Odd(n)) }
    /// }
    ///
    /// /// The thread's own error is a case that is worked on; any other ends this function.
    /// async fn half_or_less(n: u32) -> crucial::Result<u32> {
    ///     match half::spawn(n).await {
    ///         Ok(half) => Ok(half),
    ///         Err(error) => {
    ///             let Odd(n) = error.try_into_failed()?;
    ///             Ok((n - 1) / 2)
    ///         }
    ///     }
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// assert_eq!(half_or_less(7).await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The error itself where the thread ended otherwise.
    pub fn try_into_failed(self) -> Result<E, Self> {
        match self.failure {
            JoinFailure::Failed(error) => Ok(error),
            failure => Err(Self { failure, ..self }),
        }
    }
}

impl<E: Display> JoinError<E> {
    /// The same with the text of the thread's error.
    pub(crate) fn into_text(self) -> JoinError {
        JoinError {
            thread: self.thread,
            failure: self
                .failure
                .after(|error| JoinFailure::Failed(error.to_string())),
        }
    }
}

impl<E> JoinFailure<E> {
    /// The same where the thread returned no error, otherwise what `failed` makes of that.
    pub(crate) fn after<F>(self, failed: impl FnOnce(E) -> JoinFailure<F>) -> JoinFailure<F> {
        match self {
            Self::Failed(error) => failed(error),
            Self::Panicked(panic) => JoinFailure::Panicked(panic),
            Self::TimedOut(limit) => JoinFailure::TimedOut(limit),
            Self::OutOfMemory(reason) => JoinFailure::OutOfMemory(reason),
            Self::Lost(reason) => JoinFailure::Lost(reason),
            Self::Cancelled => JoinFailure::Cancelled,
            Self::Throttled(reason) => JoinFailure::Throttled(reason),
            Self::Skew(reason) => JoinFailure::Skew(reason),
            Self::NotStarted(reason) => JoinFailure::NotStarted(reason),
            Self::Codec(reason) => JoinFailure::Codec(reason),
        }
    }
}
