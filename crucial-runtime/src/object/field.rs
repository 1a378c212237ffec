//! From the type of a field to the proxy that it becomes.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::hash::Hash;

use super::Shared;
use crate::objects::{
    Atomic, Barrier, Condvar, Latch, List, Map, Matrix, Mutex, Notify, Promise, Queue, RateLimiter,
    RwLock, Semaphore, Set, SortedMap, Topic, Vector,
};
use crate::thread::Portable;

/// A type that may stand in a field of a `#[crucial::shared]` struct.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a shared struct",
    label = "no shared object stands for this type",
    note = "put `#[crucial::shared]` on an `impl` block of `{Self}` to make it a shared object",
    note = "or keep it a plain value that travels with the struct: `#[shared(local)]`"
)]
pub trait Field {
    /// The proxy that the field becomes.
    type Proxy: Shared<Init = Self::Init>;
    /// The plain value that it starts from.
    type Init: Send;
}

macro_rules! atomic_fields {
    ($($type:ty)*) => {$(
        impl Field for $type {
            type Proxy = Atomic<$type>;
            type Init = $type;
        }
    )*};
}

atomic_fields!(i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char String);

impl<T: Portable> Field for Option<T> {
    type Proxy = Atomic<Self>;
    type Init = Self;
}

impl<T: Portable> Field for Vec<T> {
    type Proxy = List<T>;
    type Init = Self;
}

impl<T: Portable> Field for VecDeque<T> {
    type Proxy = List<T>;
    type Init = Vec<T>;
}

impl<K: Portable + Eq + Hash, V: Portable> Field for HashMap<K, V> {
    type Proxy = Map<K, V>;
    type Init = Self;
}

impl<K: Portable + Ord, V: Portable> Field for BTreeMap<K, V> {
    type Proxy = SortedMap<K, V>;
    type Init = Self;
}

impl<T: Portable + Eq + Hash> Field for HashSet<T> {
    type Proxy = Set<T>;
    type Init = Self;
}

macro_rules! proxy_fields {
    ($($proxy:ident $(<$($parameter:ident),+>)?;)+) => {$(
        impl $(<$($parameter),+>)? Field for $proxy $(<$($parameter),+>)?
        where
            Self: Shared,
        {
            type Proxy = Self;
            type Init = <Self as Shared>::Init;
        }
    )+};
}

proxy_fields! {
    Atomic<T>;
    Map<K, V>;
    List<T>;
    Set<T>;
    SortedMap<K, V>;
    Promise<T>;
    Queue<T>;
    Topic<T>;
    RateLimiter;
    Latch;
    Barrier;
    Semaphore;
    Mutex<T>;
    RwLock<T>;
    Notify;
    Condvar;
    Vector<T>;
    Matrix<T>;
}
