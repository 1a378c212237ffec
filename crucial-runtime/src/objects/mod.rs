//! The library of shared objects: one file an object, with the state machine that specifies it and
//! the server script that does the same.
//!
//! Values in collections are encoded by the proxies: machines and scripts see bytes, never a type.

#[cfg(feature = "test-util")]
use crate::object::ObjectType;

mod argument;
mod keyed;
mod lock;
pub mod merge;
mod pages;
mod permits;
mod proxy;
mod reply;
#[cfg(test)]
#[cfg(feature = "redis")]
#[path = "../../unit/objects/spec.rs"]
mod spec;
#[cfg(test)]
#[path = "../../unit/objects/tests/mod.rs"]
pub(crate) mod tests;
mod view;

mod atomic;
mod barrier;
mod condvar;
mod latch;
mod list;
mod map;
mod matrix;
mod mutex;
mod notify;
mod numbers;
mod promise;
mod queue;
mod rate_limiter;
mod rw_lock;
mod semaphore;
mod set;
mod sorted_map;
mod topic;
mod vector;

/// The types of all objects of the library, by which recorded histories of them are checked.
#[cfg(feature = "test-util")]
pub(crate) const TYPES: &[&ObjectType] = &[
    ObjectType::of::<atomic::machine::AtomicState>(),
    ObjectType::of::<barrier::machine::BarrierState>(),
    ObjectType::of::<latch::machine::LatchState>(),
    ObjectType::of::<list::machine::ListState>(),
    ObjectType::of::<map::machine::MapState>(),
    ObjectType::of::<matrix::machine::MatrixState<f64>>(),
    ObjectType::of::<matrix::machine::MatrixState<i64>>(),
    ObjectType::of::<permits::machine::Permits>(),
    ObjectType::of::<promise::machine::PromiseState>(),
    ObjectType::of::<queue::machine::QueueState>(),
    ObjectType::of::<rate_limiter::machine::RateLimiterState>(),
    ObjectType::of::<set::machine::SetState>(),
    ObjectType::of::<sorted_map::machine::SortedMapState>(),
    ObjectType::of::<topic::machine::TopicState>(),
    ObjectType::of::<vector::machine::VectorState<f64>>(),
    ObjectType::of::<vector::machine::VectorState<i64>>(),
];

#[cfg(test)]
pub(crate) use atomic::machine::AtomicState;
pub use atomic::{Atomic, AtomicBits, AtomicNumber};
pub use barrier::{Arrival, Barrier, BarrierWait};
pub use condvar::Condvar;
pub use latch::Latch;
pub use list::List;
pub use map::Map;
pub use matrix::{Grid, Matrix};
pub use mutex::{Mutex, MutexGuard};
pub use notify::Notify;
pub use numbers::{Element, Norm, Reduction};
pub use pages::Pages;
pub use promise::Promise;
pub use queue::{Delivery, Queue, QueueInit};
pub use rate_limiter::{Rate, RateLimiter};
pub use rw_lock::{RwLock, RwLockReadGuard, RwLockWriteGuard};
pub use semaphore::{Semaphore, SemaphorePermit};
pub use set::Set;
pub use sorted_map::SortedMap;
pub use topic::{Subscription, Topic, TopicInit};
pub use vector::Vector;
pub(crate) use view::{View, view};
