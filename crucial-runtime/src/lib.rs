//! Multi-threaded Rust programs on AWS Lambda, with their shared state in Redis-compatible storage.
//!
//! Threads and what they share are annotated; the same program then runs, unchanged, in one process,
//! with its state on a server, in several processes, and on AWS Lambda.
//!
//! ```
//! use crucial::{Atomic, Barrier};
//!
//! /// What the threads share: each field becomes a proxy, here an `Atomic<u64>` and a `Barrier`.
//! #[crucial::shared]
//! struct Votes {
//!     yes: u64,
//!     counted: Barrier,
//! }
//!
//! /// A cloud thread, which still is an ordinary function.
//! #[crucial::cloud_thread]
//! async fn count(ballots: Vec<bool>, votes: Votes) -> crucial::Result<u64> {
//!     let yes = ballots.iter().filter(|yes| **yes).count();
//!     votes.yes.fetch_add(yes as u64).await?;
//!     votes.counted.wait().await?;
//!     votes.yes.load().await // what all of them have counted
//! }
//!
//! #[crucial::main]
//! async fn main() -> crucial::Result<()> {
//!     let votes = Votes::create("votes", VotesInit { yes: 0, counted: 3 }).await?;
//!     let urns = [vec![true, false], vec![true, true, true], vec![false]];
//!     let threads: Vec<_> = urns.map(|urn| count::spawn(urn, votes.clone())).into();
//!     for thread in threads {
//!         assert_eq!(thread.await?, 4);
//!     }
//!     Ok(())
//! }
//! ```
//!
//! # Shared objects
//!
//! A proxy, such as [`Atomic`], [`Map`] or the `NameProxy` of a type of yours, holds a key: it clones,
//! travels to threads, and works wherever a [`Runtime`] is. Each method call runs atomically where
//! the object lives, one at a time, and takes effect exactly once, though connections may break
//! meanwhile. [`shared`] makes a shared object of a type, and a struct of shared state of a struct.
//!
//! The [`guide`] tells which object to [choose](guide::choosing), what they [promise](guide::consistency), which
//! [values](guide::values) they take and what they [cost](guide::cost), how to [move](guide::moving) something from one to
//! another, and what to do when it [failed](guide::failed) or is [stuck](guide::stuck).
//!
//! # Cloud threads
//!
//! [`cloud_thread`] lets a function run as a thread: `name::spawn(…)` starts it and gives a
//! [`JoinHandle`], a future of what it returns or of the [`JoinError`] that says how it ended, with the thread's own error
//! in it where that can travel; `name::task(…)` gives a [`Task`] to be set up first. Arguments and results are any serde types.
//!
//! # Where it runs
//!
//! [`main`] sets up a [`Runtime`] from the environment; tests and embedders use [`Runtime::builder`].
//!
//! | variable | values | default |
//! |---|---|---|
//! | `CRUCIAL_STORE` | `embedded:` (this process), `redis://…`, `rediss://…`, `unix://…` (see [`Builder::store`]) | `embedded:` |
//! | `CRUCIAL_EXECUTOR` | `local` (this process), `process` (children of it), `lambda:<function>` | `local` |
//! | `CRUCIAL_PROCESSES` | how many processes `process` starts at the most | 128 |
//! | `CRUCIAL_NAMESPACE` | the name of the run, which its objects end with | random |
//! | `CRUCIAL_LEASE` | how many seconds a process that is silent keeps what it holds (permits, locks, places) | 10 |
//! | `CRUCIAL_WAIT_LIMIT` | how many seconds a call waits that has no limit of its own | 900 |
//! | `CRUCIAL_THREAD_LIMIT` | how many seconds a thread takes that has no limit of its own | 900 |
//! | `CRUCIAL_METHOD_LIMIT` | how many seconds a method of an object may run | 30 |
//! | `CRUCIAL_MAX_VALUE_BYTES` | how many bytes a value or a state may take | 67108864 |
//! | `CRUCIAL_APPLICATION` | the name under which `#[shared(persistent)]` fields are kept | the program's |
//!
//! A variable that looks like one of these and is none (`CRUCIAL_EXECUTER`) is named in a warning.
//!
//! The lease and the limits belong to the job and [travel](Builder#what-travels-with-a-job) to its threads. Arguments of
//! [`main`] set them in the source; a variable overrides these.
//!
//! # Features
//!
//! * `redis` (default): state on a Redis-compatible server.
//! * `lambda`: threads in other processes and on AWS Lambda, and the `emulator` of it.
//! * `emulator`: the program `crucial-emulator`.
//! * `test-util`: the module `linearizability`, which records calls and checks them against their objects.

pub mod admin;
mod batch;
mod call;
mod chance;
mod codec;
mod config;
#[cfg(feature = "lambda")]
pub mod emulator;
mod error;
mod executor;
pub mod guide;
mod interrupt;
mod job;
#[cfg(feature = "test-util")]
pub mod linearizability;
mod macros;
mod main_fn;
mod object;
mod objects;
mod panics;
mod pause;
#[doc(hidden)]
pub mod private;
mod runtime;
mod store;
mod thread;
mod worker;

#[doc(hidden)]
pub use private as __private;

pub use std::task::Poll;

pub use batch::{Batch, Slot, Slots, batch};
pub use call::Call;
pub use codec::CodecError;
pub use config::Builder;
pub use error::{Error, Result};
pub use macros::{cloud_thread, main, shared};
pub use object::{Field, Key, Namespace, Shared};
pub use objects::{
    Arrival, Atomic, AtomicBits, AtomicNumber, Barrier, BarrierWait, Delivery, Latch, List, Map,
    Promise, Queue, QueueInit, Rate, RateLimiter, Semaphore, SemaphorePermit, Set, SortedMap,
    Subscription, Topic, TopicInit,
};
pub use objects::{Condvar, Mutex, MutexGuard, Notify, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use objects::{Element, Grid, Matrix, Norm, Reduction, Vector};
pub use objects::{Pages, merge};
pub use panics::Panic;
pub use runtime::{Entered, Runtime};
pub use thread::{JoinError, JoinFailure, JoinHandle, Portable, Task, ThreadId};
