//! The function of a cloud thread, run where the thread is.

use std::fmt::Display;
use std::future::{Future, pending};
use std::marker::PhantomData;

use bytes::Bytes;

use crate::thread::{Portable, Running, ThreadReturn, Wire, run_async, run_blocking};

/// Takes the tuple `A` and returns a `T`.
#[derive(Debug)]
pub struct Body<A, T>(PhantomData<fn(A) -> T>);

impl<A, T> Body<A, T>
where
    A: Portable,
    T: ThreadReturn<Value: Portable>,
{
    /// Runs it.
    pub fn run_async<F>(
        wire: Wire,
        args: &Bytes,
        function: impl FnOnce(A) -> F + Send + 'static,
    ) -> Running
    where
        F: Future<Output = T> + Send + 'static,
    {
        run_async(wire, args, function)
    }

    /// Runs it on the blocking pool.
    pub fn run_blocking(
        wire: Wire,
        args: &Bytes,
        function: impl FnOnce(A) -> T + Send + 'static,
    ) -> Running {
        run_blocking(wire, args, function)
    }
}

/// What [`Body`]'s functions are for types that do not travel, as
/// [`Unportable`](super::Unportable) is for signatures.
pub trait Bodiless<A, T>: Sized {
    #![allow(missing_docs, reason = "named as above")]

    fn run_async<F>(_: Wire, _: &Bytes, _: impl FnOnce(A) -> F) -> Running
    where
        F: Future<Output = T>,
    {
        Box::pin(pending())
    }

    fn run_blocking(_: Wire, _: &Bytes, _: impl FnOnce(A) -> T) -> Running {
        Box::pin(pending())
    }
}

impl<A, T> Bodiless<A, T> for Body<A, T> {}

/// The two sides of a `Result`.
pub trait Fallible {
    /// What joining the thread gives.
    type Value;
    /// What ends the thread without a value.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
}

/// The error of a cloud thread.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the error of a cloud thread",
    label = "its error has no text",
    note = "the error of a cloud thread travels as its text, so it must implement `Display`"
)]
pub trait ErrorText {}

#[diagnostic::do_not_recommend]
impl<E: Display> ErrorText for E {}

/// Compiles for the errors of cloud threads.
pub const fn error_text<E: ErrorText>() {}
