//! Cloud threads: a task, its outcome, the registry of functions that may run, and joining.
//!
//! This module knows the trait [`Executor`](crate::executor::Executor), never a backend.

mod completions;
mod encoded_error;
mod handle;
mod invocation;
mod join;
mod join_error;
mod outcome;
mod portable;
mod registry;
mod returned;
mod task;

pub(crate) use completions::{Completions, Progress};
pub use encoded_error::EncodedError;
pub use handle::JoinHandle;
pub(crate) use invocation::Invocation;
pub use invocation::ThreadId;
#[cfg(feature = "lambda")]
pub(crate) use invocation::unix_ms;
pub(crate) use invocation::{THREAD, ThreadContext};
#[cfg(feature = "lambda")]
pub(crate) use join::BEAT;
pub(crate) use join::Joins;
pub use join_error::{JoinError, JoinFailure};
pub(crate) use outcome::{Ending, Outcome};
pub use portable::Portable;
#[cfg(feature = "lambda")]
pub(crate) use registry::find_by_end;
pub use registry::{Running, ThreadEntry, Wire};
pub(crate) use registry::{find, run_async, run_blocking};
pub use returned::{AsResult, AsValue, ReturnKind};
pub use task::Task;
