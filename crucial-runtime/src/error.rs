//! What can go wrong, in the words of whoever has to mend it.

mod foreign;

use std::fmt::Display;
use std::time::Duration;

use crate::codec::CodecError;
use crate::object::{Key, Refusal};
use crate::panics::Panic;
use crate::thread::JoinError;

/// The result of an operation on a shared object or a job.
///
/// ```
/// async fn ticket(last: &crucial::Atomic<u64>) -> crucial::Result<u64> {
///     Ok(last.fetch_add(1).await? + 1)
/// }
///
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let last = crucial::Atomic::create("last", 6).await?;
/// assert_eq!(ticket(&last).await?, 7);
/// # Ok(()) }
/// ```
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong with a shared object, a store or a job.
///
/// Every error names the thing that it is about and, where there is one, the mend. The guide tells of each
/// [what has happened by then](crate::guide::failed#calls).
///
/// ```
/// # use crucial::Error;
/// # #[crucial::main] async fn main() -> crucial::Result<()> {
/// let missing = crucial::Atomic::<u64>::open("hits").await;
/// assert!(matches!(missing, Err(Error::NotFound { key, .. }) if key.object() == "hits"));
/// let first = crucial::Atomic::create("hits", 0_u64).await?;
/// let Err(second) = crucial::Atomic::create("hits", 0_u64).await else { panic!("{first:?}") };
/// assert!(second.to_string().ends_with("`open` it, `open_or_create` it, or `destroy` it first"));
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting is missing or makes no sense.
    #[error("{setting}: {reason}")]
    Config {
        /// The environment variable, or the method of the builder.
        setting: &'static str,
        /// What is wrong and how to mend it. Passwords are left out.
        reason: String,
    },
    /// A proxy or `spawn` was used outside of a runtime.
    #[error(
        "there is no Crucial runtime here; annotate `main` with `#[crucial::main]`, or build a `Runtime` and use it inside `Runtime::enter` or `Runtime::scope`"
    )]
    NoRuntime,
    /// A name is empty, too long, or that of a namespace with a slash in it.
    #[error("{name:?} can't name a {what}: {reason}")]
    Name {
        /// What was to be named.
        what: &'static str,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `create` found an object of that name.
    #[error("object `{key}` exists already; `open` it, `open_or_create` it, or `destroy` it first")]
    Exists {
        /// The object.
        key: Key,
    },
    /// `open`, or a call, found no object of that name.
    #[error("object `{key}` {}", if *lost { LOST } else { MISSING })]
    NotFound {
        /// The object.
        key: Key,
        /// Whether it has been there: this process has had an answer of it, and has neither removed it nor set its end.
        lost: bool,
    },
    /// The job of the object has ended, or its lease has run out: its objects are removed, and nothing is created any more.
    #[error(
        "the job of object `{key}` has ended; whatever outlives a job uses `#[shared(persistent)]` objects, or ends with it"
    )]
    Ended {
        /// The object.
        key: Key,
    },
    /// There is an object of that name, of another type.
    #[error("object `{key}` is {found}, not {expected}; use another name, or remove it")]
    WrongType {
        /// The object.
        key: Key,
        /// The type that was asked for.
        expected: String,
        /// What is stored there.
        found: String,
    },
    /// What is stored for an object does not decode.
    #[error(
        "the state of object `{key}` can't be read: {reason}; if its type has changed, give new fields `#[serde(default)]`, otherwise remove the object"
    )]
    Corrupt {
        /// The object.
        key: Key,
        /// What did not decode.
        reason: String,
    },
    /// The object was stored by a version of Crucial that stores things in another way.
    #[error(
        "object `{key}` is stored in format {found}, and this program reads format {known}; use the version of Crucial that stored it, another database or namespace, or remove the object"
    )]
    Format {
        /// The object.
        key: Key,
        /// The format that it is stored in.
        found: String,
        /// The format that this program reads and writes.
        known: &'static str,
    },
    /// An argument or a reply can't be encoded or decoded.
    #[error("{what} of `{key}`: {source}")]
    Codec {
        /// The object.
        key: Key,
        /// Which part of the call.
        what: &'static str,
        /// Why.
        source: CodecError,
    },
    /// The object refused the call: its code differs from the caller's.
    #[error("object `{key}` refused `{method}`: {reason}")]
    Refused {
        /// The object.
        key: Key,
        /// The method.
        method: String,
        /// Why.
        reason: String,
    },
    /// The method panicked. The object's state is as before the call.
    #[error("method `{method}` of object `{key}` panicked: {panic}")]
    Panicked {
        /// The object.
        key: Key,
        /// The method.
        method: String,
        /// The panic.
        panic: Panic,
    },
    /// A method ended each process that ran it, or did not end: it is not run again. Or a method does not end in this
    /// process, and holds up the calls behind it: the reason says which, and whether the call has an effect.
    #[error(
        "`{method}` of object `{key}` could not be run: {reason}; look in its methods for what aborts, loops without end, recurses too deeply or allocates too much"
    )]
    Poison {
        /// The object.
        key: Key,
        /// The method that was called. Where one does not end in this process, that is the one that the reason names.
        method: String,
        /// What happened.
        reason: String,
    },
    /// A call waited for its object as long as it was allowed to.
    #[error(
        "`{method}` of object `{key}` waited {waited:?} for nothing; is whoever should change the object still there?"
    )]
    TimedOut {
        /// The object.
        key: Key,
        /// The method.
        method: &'static str,
        /// How long.
        waited: Duration,
    },
    /// A barrier broke while, or before, somebody waited at it.
    #[error("barrier `{key}` is broken: a party gave up or died; `reset` it to use it again")]
    BrokenBarrier {
        /// The barrier.
        key: Key,
    },
    /// A round of `reduce` broke while, or before, this party waited for its result.
    #[error(
        "round {round} of `{key}` is broken: a party gave up or died, or brought a part that does not fit; `reset_rounds` to begin a new one"
    )]
    BrokenRound {
        /// The vector or matrix.
        key: Key,
        /// The number of the round, from 0.
        round: u64,
    },
    /// What was held of an object is held no more: its lease ended, and others may have it.
    #[error(
        "what was held of `{key}` is lost: its lease was not renewed in time (was this process frozen, or cut off from the store?), or the object was made anew; nothing was changed. Acquire it again, or allow longer pauses with `Builder::lease` or CRUCIAL_LEASE"
    )]
    LeaseLost {
        /// The object.
        key: Key,
    },
    /// It was closed, so nothing is taken from it or put into it any more.
    #[error("`{key}` is closed; whoever closed it wants those who wait to stop")]
    Closed {
        /// The object.
        key: Key,
    },
    /// A delivery is held no more: its lease has ended.
    #[error(
        "a delivery of `{key}` is held no more: its lease has ended, and its element may be with somebody else; nothing was changed. Take with a longer lease, or `extend` it while you work"
    )]
    DeliveryLost {
        /// The queue.
        key: Key,
    },
    /// A subscriber of a topic fell behind further than the topic keeps messages.
    #[error(
        "{missed} messages of topic `{key}` were dropped before they were received; receiving goes on with the oldest that is kept. Receive faster, or create the topic with a larger backlog"
    )]
    Lagged {
        /// The topic.
        key: Key,
        /// How many messages.
        missed: u64,
    },
    /// Permits of a rate limiter would take longer to come than the caller is ready to wait.
    #[error(
        "rate limiter `{key}` would have such permits in {wait:?}, later than is to be waited for; nothing was reserved. Try again then, wait longer, or create it with a higher rate"
    )]
    RateLimited {
        /// The rate limiter.
        key: Key,
        /// How long it would take.
        wait: Duration,
    },
    /// A promise was failed by whoever should have kept it.
    #[error("promise `{key}` was failed: {reason}")]
    PromiseFailed {
        /// The promise.
        key: Key,
        /// What [`Promise::fail`](crate::Promise::fail) was told.
        reason: String,
    },
    /// The server can't be reached.
    #[error("the store at {store} can't be reached: {reason}")]
    Unreachable {
        /// The server's address, without user and password.
        store: String,
        /// Why, in the words of the server where it said something, and the mend.
        reason: String,
    },
    /// The server refused the user's name or password.
    #[error("the store at {store} refused the log-in: {reason}")]
    Login {
        /// The server's address, without its password.
        store: String,
        /// The server's words, without the password, and the mend.
        reason: String,
    },
    /// The server lacks something that is needed.
    #[error("the store at {store} won't do: {reason}")]
    Unsupported {
        /// The server's address, without its password.
        store: String,
        /// What it lacks.
        reason: String,
    },
    /// The server refused a call for a reason of its own (full memory, read-only replica, access rules).
    #[error("the store refused `{method}` of object `{key}`: {reason}")]
    Server {
        /// The object.
        key: Key,
        /// The method.
        method: String,
        /// What the server said.
        reason: String,
    },
    /// The connection broke, and the server did not answer again in time, or the tokio runtime was shut down that had sent the
    /// call: it may have run, once.
    #[error(
        "nobody knows whether `{method}` of object `{key}` ran: no answer has come for {waited:?}, since {reason}"
    )]
    InDoubt {
        /// The object.
        key: Key,
        /// The method.
        method: String,
        /// For how long no answer came.
        waited: Duration,
        /// Why.
        reason: String,
    },
    /// No answer has come to a call that only reads, however often it was asked again. It can be made again at any time.
    #[error(
        "no answer to `{method}` of object `{key}` has come for {waited:?}, since {reason}; it reads and changes nothing, so it can be repeated"
    )]
    Unanswered {
        /// The object.
        key: Key,
        /// The method.
        method: String,
        /// For how long no answer came.
        waited: Duration,
        /// Why.
        reason: String,
    },
    /// A value is over the size limit.
    #[error(
        "{what} has {size} bytes, over the limit of {limit}; keep bulk data in an object of its own, or raise the limit with `Builder::max_value_bytes`"
    )]
    TooLarge {
        /// What is too large.
        what: String,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A cloud thread ended without a result.
    #[error(transparent)]
    Join(JoinError),
    /// An error of the caller's own: it has the text and the [source](std::error::Error::source) of the error that it
    /// holds.
    ///
    /// `?` makes it of [`std::io::Error`], [`serde_json::Error`], the errors of `str::parse` (of integers, floats, `bool` and
    /// `char`), [`TryFromIntError`](std::num::TryFromIntError), [`Utf8Error`](std::str::Utf8Error) and
    /// [`FromUtf8Error`](std::string::FromUtf8Error); [`Error::other`] makes it of any other error and of a text. A thread
    /// that fails by it gives the text to the caller that joins it.
    ///
    /// ```
    /// use std::num::ParseIntError;
    /// use crucial::{Error, JoinFailure};
    ///
    /// fn sum_of(rows: &str) -> crucial::Result<u64> {
    ///     rows.lines().map(|row| Ok(row.trim().parse::<u64>()?)).sum()
    /// }
    ///
    /// #[crucial::cloud_thread]
    /// async fn sum(rows: String) -> crucial::Result<u64> {
    ///     sum_of(&rows)
    /// }
    ///
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// assert_eq!(sum::spawn("3\n4".to_owned()).await?, 7);
    /// let failure = sum::spawn("3\nfour".to_owned()).await.map_err(|error| error.failure);
    /// assert_eq!(failure, Err(JoinFailure::Failed("invalid digit found in string".to_owned())));
    ///
    /// // Where the function is called, the error itself is there.
    /// let Err(Error::Other(held)) = sum_of("four") else { panic!("it is no number") };
    /// assert!(held.is::<ParseIntError>());
    /// # Ok(()) }
    /// ```
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

const MISSING: &str = "does not exist; `create` it first (a job's objects end with the job, unless they are `#[shared(persistent)]`)";
const LOST: &str = "is gone, though it has been there: the server has lost it, unless another process removed it or its job has ended. A server loses objects by a restart without persistence (set `appendonly yes`), by eviction (set `maxmemory-policy noeviction`), and by FLUSHALL";

impl Error {
    /// An error of the caller's own.
    ///
    /// ```
    /// let error = crucial::Error::other("the file has no rows");
    /// assert_eq!(error.to_string(), "the file has no rows");
    /// ```
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// Whether the same call may succeed at another moment, though nothing is mended.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::Unreachable { .. }
                | Self::InDoubt { .. }
                | Self::Unanswered { .. }
                | Self::Server { .. }
        )
    }

    /// What an object's refusal is to its caller.
    pub(crate) fn refused(key: &Key, method: &str, refusal: Refusal) -> Self {
        let (key, method) = (key.clone(), method.to_owned());
        match refusal {
            Refusal::Panicked(panic) => Self::Panicked { key, method, panic },
            Refusal::TooLarge { size, limit } => Self::TooLarge {
                what: format!("the state of object `{key}` after `{method}`"),
                size,
                limit,
            },
            other => Self::Refused {
                key,
                method,
                reason: other.to_string(),
            },
        }
    }
}

impl<E: Display> From<JoinError<E>> for Error {
    /// The thread's own error becomes its text.
    fn from(error: JoinError<E>) -> Self {
        Self::Join(error.into_text())
    }
}
