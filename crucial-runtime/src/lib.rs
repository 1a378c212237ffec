//! Multi-threaded Rust programs on AWS Lambda, with their shared state in Redis-compatible storage.

mod codec;
mod config;
#[cfg(feature = "lambda")]
pub mod emulator;
mod error;
mod executor;
mod job;
mod macros;
mod main_fn;
mod object;
mod objects;
mod panics;
#[doc(hidden)]
pub mod private;
mod runtime;
mod store;
mod thread;
mod worker;

#[doc(hidden)]
pub use private as __private;

pub use std::task::Poll;

pub use codec::CodecError;
pub use config::Builder;
pub use error::{Error, Result};
pub use macros::{cloud_thread, main, shared};
pub use object::{Field, Key, Namespace, Shared};
pub use objects::{
    Arrival, Atomic, AtomicBits, AtomicNumber, Barrier, BarrierWait, Latch, List, Map, Promise, Set,
};
pub use panics::Panic;
pub use runtime::{Entered, Runtime};
pub use thread::{JoinError, JoinFailure, JoinHandle, Portable, Task, ThreadId};
