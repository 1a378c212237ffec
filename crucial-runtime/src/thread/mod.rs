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

pub(crate) use completions::{Completions, Progress};
pub use handle::JoinHandle;
pub use invocation::{Invocation, ThreadId};
pub(crate) use invocation::{THREAD, ThreadContext};
pub(crate) use join::Joins;
pub use outcome::{JoinError, JoinFailure, Outcome};
pub use portable::{Portable, ThreadReturn};
pub(crate) use registry::find;
pub use registry::{Plain, Running, ThreadEntry, Wire};
pub(crate) use registry::{run_async, run_blocking};
pub use task::Task;
