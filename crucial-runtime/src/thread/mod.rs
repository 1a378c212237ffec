//! Cloud threads: a task, its outcome, the registry of functions that may run, and joining.
//!
//! This module knows the trait [`Executor`](crate::executor::Executor), never a backend.

mod completions;
mod handle;
mod invocation;
mod join;
mod outcome;
mod portable;
mod registry;
mod task;

#[cfg(any(test, feature = "lambda"))]
pub(crate) use completions::Completions;
#[cfg(test)]
pub(crate) use completions::Progress;
pub use handle::JoinHandle;
pub(crate) use invocation::Invocation;
pub use invocation::ThreadId;
#[cfg(feature = "lambda")]
pub(crate) use invocation::unix_ms;
pub(crate) use invocation::{THREAD, ThreadContext};
#[cfg(feature = "lambda")]
pub(crate) use join::BEAT;
pub(crate) use join::Joins;
pub(crate) use outcome::Outcome;
pub use outcome::{JoinError, JoinFailure};
pub use portable::{Portable, ThreadReturn};
#[cfg(feature = "lambda")]
pub(crate) use registry::find_by_end;
pub use registry::{Plain, Running, ThreadEntry, Wire};
pub(crate) use registry::{find, run_async, run_blocking};
pub use task::Task;
