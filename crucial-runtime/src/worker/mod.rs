//! The far side: runs tasks.

#[cfg(feature = "lambda")]
mod by_hand;
#[cfg(feature = "lambda")]
mod event;
#[cfg(feature = "lambda")]
mod handler;
#[cfg(feature = "lambda")]
mod lambda;
#[cfg(feature = "lambda")]
mod last_word;
#[cfg(feature = "lambda")]
mod parcel;
mod run;
#[cfg(test)]
#[cfg(all(feature = "lambda", feature = "redis"))]
#[path = "../../unit/worker/tests/mod.rs"]
mod tests;

#[cfg(feature = "lambda")]
pub(crate) use event::{Event, Hello};
#[cfg(feature = "lambda")]
pub(crate) use handler::Worker;
#[cfg(feature = "lambda")]
pub(crate) use lambda::serve;
#[cfg(feature = "lambda")]
pub(crate) use parcel::pack;
pub(crate) use run::run;
