//! Whether shared objects did what their types say, although calls overlapped and connections broke.
//!
//! An object is *linearizable* if each of its calls seems to take effect at one moment between its start and
//! its answer. This module decides that from a history: which calls began and ended when, and what they were
//! answered. The specification is the type itself: its methods run, one after the other, on a copy.
//!
//! # Recorded histories
//!
//! Give the runtime of a test a [`Recorder`], use the objects from as many tasks as you like, and
//! [check](Recorder::check) it. Every object is checked against its own type, those of the library as well
//! as yours:
//!
//! ```
//! use crucial::linearizability::Recorder;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Default, Serialize, Deserialize)]
//! struct Tally {
//!     votes: u32,
//! }
//!
//! #[crucial::shared]
//! impl Tally {
//!     pub fn vote(&mut self) -> u32 {
//!         self.votes += 1;
//!         self.votes
//!     }
//! }
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let recorder = Recorder::new();
//! let runtime = crucial::Runtime::builder().recorder(&recorder).build().await?;
//! let _entered = runtime.enter();
//! let tally = TallyProxy::create("tally", Tally::default()).await?;
//! let tasks: Vec<_> = (0..4)
//!     .map(|_| {
//!         let tally = tally.clone();
//!         tokio::spawn(async move { tally.vote().await })
//!     })
//!     .collect();
//! for task in tasks {
//!     task.await??;
//! }
//! let checked = recorder.check()?;
//! assert_eq!((checked.objects, checked.operations), (1, 5)); // the creation and four votes
//! # Ok(()) }
//! ```
//!
//! Processes that a test starts record too: with `CRUCIAL_RECORD=<directory>` in its environment, every
//! runtime that is built [from the environment](crate::Runtime::from_env) (by [`main`](crate::main), in
//! workers) writes what it does to a file there, call by call, so that a process that is killed loses
//! nothing. [`Recording::read`] merges the files of a directory. Times are those of the machine's monotonic clock:
//! processes of one machine can be merged, those of several can't.
//!
//! # What is checked
//!
//! * Replies, and that a method was not ready ([`Poll::Pending`](std::task::Poll)), as observations at one moment
//!   during the call; `create`, `open`, `destroy`, `exists` and `expire` are operations like others.
//! * A call that failed in a way that leaves open whether it ran, or whose caller was dropped or died, may have
//!   taken effect once, at any time after its start, or never.
//! * A call that was refused, or whose method panicked, or that was never sent, has had no effect.
//! * A call of a method that is marked `#[shared(idempotent)]` may have taken effect once more before that.
//!
//! # What a test has to see to
//!
//! * Methods must be deterministic. A `HashMap` in a state is fine as long as no reply depends on its order.
//! * The check is made by a clock that stands still: leases and other times should be longer than the test.
//! * Methods marked `#[shared(read = "cached")]` may be answered with what was; they are left out.
//! * A check takes time that grows with the number of calls at a time rather than with that of all calls, for as
//!   long as replies tell something about the state. It gives up, with an error, rather than take for ever.
//!
//! # Histories made by hand
//!
//! [`History`] and [`Model`] are the same check without a store, for anything that answers calls.

mod bits;
mod event;
mod events;
mod failure;
mod history;
mod machine;
mod model;
mod recorder;
mod recording;
mod report;
mod search;
mod store;
#[cfg(test)]
#[path = "../../unit/linearizability/tests/mod.rs"]
mod tests;
mod text;
mod time;

pub use failure::CheckError;
pub use history::History;
pub use model::Model;
pub use recorder::Recorder;
pub use recording::{Checked, Recording};
pub use report::Violation;
pub(crate) use text::note;
