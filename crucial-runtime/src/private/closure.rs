//! What a closure returns, found out by the compiler: a value, or a `Result`.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;

use crate::thread::{Plain, ThreadReturn};

/// The type that a closure returns.
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

/// That of the future which a closure returns.
pub const fn returned_async<A, F: Future>(_: &impl FnOnce(A) -> F) -> Returned<F::Output> {
    Returned(PhantomData)
}

/// That of a closure which is not async.
pub const fn returned_blocking<A, T>(_: &impl FnOnce(A) -> T) -> Returned<T> {
    Returned(PhantomData)
}

/// How to make a thread's return value of a `T`.
pub trait ReturnKind<T>: Copy + Send + 'static {
    /// The return value.
    type Return: ThreadReturn;

    /// Makes it.
    fn wrap(self, returned: T) -> Self::Return;
}

/// A `Result`: its error ends the thread without a value.
#[derive(Debug, Clone, Copy)]
pub struct AsResult;

impl<T, E: Display> ReturnKind<Result<T, E>> for AsResult {
    type Return = Result<T, E>;

    fn wrap(self, returned: Result<T, E>) -> Result<T, E> {
        returned
    }
}

/// Anything else.
#[derive(Debug, Clone, Copy)]
pub struct AsValue;

impl<T> ReturnKind<T> for AsValue {
    type Return = Plain<T>;

    fn wrap(self, returned: T) -> Plain<T> {
        Plain(returned)
    }
}

/// Taken first by the compiler in `(&returned).kind()`: it needs no further reference.
pub trait ReturnsResult {
    /// The kind.
    fn kind(&self) -> AsResult {
        AsResult
    }
}

impl<T, E: Display> ReturnsResult for Returned<Result<T, E>> {}

/// Taken where [`ReturnsResult`] is not there.
pub trait ReturnsValue {
    /// The kind.
    fn kind(&self) -> AsValue {
        AsValue
    }
}

impl<T> ReturnsValue for &Returned<T> {}

/// What joining the thread gives, as a type.
pub const fn value_of<K: ReturnKind<T>, T>(
    _: K,
    _: &Returned<T>,
) -> PhantomData<fn() -> <K::Return as ThreadReturn>::Value> {
    PhantomData
}
