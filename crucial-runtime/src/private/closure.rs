//! What a closure returns, found out by the compiler: a value, or a `Result`.

use std::fmt::Display;
use std::future::Future;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::thread::{AsResult, AsValue, Portable, ReturnKind};

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

/// The kind of a result whose error points to what it does not own. The compiler takes this trait first in
/// `(&&&&returned).kind()`, and the following ones where it is not there: each has one reference less.
pub trait ReturnsPointer {
    /// The kind.
    fn kind(&self) -> AsResult<false> {
        AsResult
    }
}

impl<T, E: Display + ?Sized> ReturnsPointer for &&&Returned<Result<T, &E>> {}
impl<T, E: Display + ?Sized> ReturnsPointer for &&&Returned<Result<T, Arc<E>>> {}
impl<T, E: Display + ?Sized> ReturnsPointer for &&&Returned<Result<T, Rc<E>>> {}

/// An error that travels as itself.
pub trait ReturnsError {
    /// The kind.
    fn kind(&self) -> AsResult<true> {
        AsResult
    }
}

impl<T, E: Portable + Display> ReturnsError for &&Returned<Result<T, E>> {}

/// An error that travels as its text.
pub trait ReturnsText {
    /// The kind.
    fn kind(&self) -> AsResult<false> {
        AsResult
    }
}

impl<T, E: Display> ReturnsText for &Returned<Result<T, E>> {}

/// Anything else.
pub trait ReturnsValue {
    /// The kind.
    fn kind(&self) -> AsValue {
        AsValue
    }
}

impl<T> ReturnsValue for Returned<T> {}

/// The type that joining the thread gives.
pub const fn value_of<K: ReturnKind<T>, T>(_: K, _: &Returned<T>) -> PhantomData<fn() -> K::Value> {
    PhantomData
}

/// The type of error that joining the thread gives where the closure returned one.
pub const fn error_of<K: ReturnKind<T>, T>(_: K, _: &Returned<T>) -> PhantomData<fn() -> K::Error> {
    PhantomData
}
