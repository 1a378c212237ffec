//! The functions that may run as cloud threads: no others can, whatever a task says.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{EncodedError, Ending, JoinFailure, Portable, ReturnKind, ThreadContext};
use crate::codec;
use crate::runtime::Runtime;

/// How long a sync function may take at the least. It has no first wait up to which it could run where its time is over.
const BLOCKING: Duration = Duration::from_millis(500);

/// How arguments and results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// As tasks carry them.
    Packed,
    /// As people write them in an event by hand: the arguments as one JSON array.
    Json,
}

/// A running thread.
pub type Running = Pin<Box<dyn Future<Output = Result<Bytes, Ending>> + Send>>;

/// One function that may run as a cloud thread. `#[crucial::cloud_thread]` registers it.
#[derive(Debug)]
pub struct ThreadEntry {
    name: &'static str,
    fingerprint: u64,
    /// Where it stands in the source.
    location: &'static Location<'static>,
    start: fn(Wire, Bytes) -> Running,
}

inventory::collect!(ThreadEntry);

impl ThreadEntry {
    /// The function of that full path and signature.
    #[must_use]
    #[track_caller]
    pub const fn new(
        name: &'static str,
        fingerprint: u64,
        start: fn(Wire, Bytes) -> Running,
    ) -> Self {
        Self {
            name,
            fingerprint,
            location: Location::caller(),
            start,
        }
    }

    /// The function's full path.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    #[cfg(test)]
    pub(crate) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(crate) fn start(&self, wire: Wire, args: Bytes) -> Running {
        (self.start)(wire, args)
    }
}

/// The function of that name; `fingerprint` must be its own if one is given.
pub(crate) fn find(name: &str, fingerprint: Option<u64>) -> Result<&'static ThreadEntry, Ending> {
    // A linear look: programs have a handful of thread functions.
    let mut named = inventory::iter::<ThreadEntry>()
        .filter(|entry| entry.name == name)
        .peekable();
    let Some(other) = named.peek().copied() else {
        let mut known: Vec<_> = inventory::iter::<ThreadEntry>()
            .map(|entry| entry.name)
            .collect();
        known.sort_unstable();
        return Err(JoinFailure::Skew(format!(
            "the worker knows no thread `{name}`, only {known:?}"
        )));
    };
    let mut fitting =
        named.filter(|entry| fingerprint.is_none_or(|wanted| wanted == entry.fingerprint));
    let Some(entry) = fitting.next() else {
        return Err(JoinFailure::Skew(format!(
            "the worker's `{name}` has another signature (fingerprint {:016x}, the caller's is {:016x})",
            other.fingerprint,
            fingerprint.unwrap_or_default(),
        )));
    };
    // A closure within a closure is registered twice from one place.
    match fitting.find(|other| other.location != entry.location) {
        Some(other) => Err(JoinFailure::NotStarted(format!(
            "two functions are called `{name}`, at {} and at {}; name one of them: `#[crucial::cloud_thread(name = \"…\")]`",
            entry.location, other.location,
        ))),
        None => Ok(entry),
    }
}

/// The function whose path is, or ends with, that name.
#[cfg(feature = "lambda")]
pub(crate) fn find_by_end(name: &str) -> Result<&'static ThreadEntry, Ending> {
    let exact = find(name, None);
    if exact.is_ok() {
        return exact;
    }
    let end = format!("::{name}");
    let mut entries = inventory::iter::<ThreadEntry>().filter(|entry| entry.name.ends_with(&end));
    match (entries.next(), entries.next()) {
        (Some(entry), None) => Ok(entry),
        (Some(first), Some(second)) => Err(JoinFailure::NotStarted(format!(
            "`{name}` is the end of `{}` and of `{}`; write one of them",
            first.name, second.name
        ))),
        (None, _) => exact,
    }
}

/// Runs an async function with decoded arguments.
pub(crate) fn run_async<A, F, K>(
    kind: K,
    wire: Wire,
    args: &[u8],
    function: impl FnOnce(A) -> F + Send + 'static,
) -> Running
where
    A: DeserializeOwned + Send + 'static,
    F: Future + Send + 'static,
    K: ReturnKind<F::Output, Value: Portable>,
{
    let args = arguments::<A>(wire, args);
    Box::pin(async move {
        let function = function(args?);
        let limit = ThreadContext::current().limit;
        match timeout(limit, function).await {
            Ok(returned) => ended(kind, wire, returned),
            Err(_) => Err(JoinFailure::TimedOut(limit)),
        }
    })
}

/// Runs a sync function with decoded arguments on the blocking pool, in the same runtime.
pub(crate) fn run_blocking<A, R, K>(
    kind: K,
    wire: Wire,
    args: &[u8],
    function: impl FnOnce(A) -> R + Send + 'static,
) -> Running
where
    A: DeserializeOwned + Send + 'static,
    K: ReturnKind<R, Value: Portable>,
{
    let args = arguments::<A>(wire, args);
    Box::pin(async move {
        let args = args?;
        let runtime =
            Runtime::current().map_err(|error| JoinFailure::NotStarted(error.to_string()))?;
        let thread = ThreadContext::current();
        let run = move || {
            // The panic of a sync thread is caught where it happens: its place is known only there.
            let run = || {
                let returned = thread.scope_blocking(|| runtime.scope_blocking(|| function(args)));
                ended(kind, wire, returned)
            };
            crate::panics::catch(run).unwrap_or_else(|panic| Err(JoinFailure::Panicked(panic)))
        };
        let running = tokio::task::spawn_blocking(run);
        match timeout(thread.limit.max(BLOCKING), running).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(JoinFailure::Cancelled),
            Err(_) => Err(JoinFailure::TimedOut(thread.limit)),
        }
    })
}

fn arguments<A: DeserializeOwned + 'static>(wire: Wire, args: &[u8]) -> Result<A, Ending> {
    let decoded = match wire {
        Wire::Packed => codec::decode(args).map_err(|error| error.to_string()),
        Wire::Json => serde_json::from_slice(args).map_err(|error| error.to_string()),
    };
    decoded.map_err(|error| {
        JoinFailure::Codec(format!(
            "got arguments that don't fit its signature: {error}"
        ))
    })
}

fn ended<R, K>(kind: K, wire: Wire, returned: R) -> Result<Bytes, Ending>
where
    K: ReturnKind<R, Value: Portable>,
{
    let value = kind
        .result(returned)
        .map_err(|error| EncodedError::ended(wire, &error))?;
    let encoded = match wire {
        Wire::Packed => codec::encode(&value).map_err(|error| error.to_string()),
        Wire::Json => serde_json::to_vec(&value)
            .map(Bytes::from)
            .map_err(|error| error.to_string()),
    };
    encoded.map_err(|error| {
        JoinFailure::Codec(format!("returned a value that can't be encoded: {error}"))
    })
}
